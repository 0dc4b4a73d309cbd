#include "captioner/local/model_facts.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace reelgraph::captioner::local {
namespace {

constexpr std::int64_t kPrefillBlock = 512;          ///< as in the plugin
constexpr std::int64_t kRuntimeBytes = 160'000'000;  ///< measured for libtorch 1.13
constexpr std::int64_t kWordsAround = 512;           ///< tokens of task, schema and subtitles
constexpr std::int64_t kReply = 512;
constexpr std::int64_t kWordsPerFrame = 16;  ///< "Frame from 00:07:" and the tokens around the picture

double best_of(int times, const std::function<void()>& work) {
  double best = 0;
  for (int i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = i == 0 ? seconds : std::min(best, seconds);
  }
  return best;
}

}  // namespace

MemoryNeed memory_need(const ModelFolder& folder, std::int64_t context, const RunOptions& options) {
  const TextConfig& text = folder.config.text;
  // A CPU keeps what is stored as bfloat16 so, and widens it as it reads.
  const bool narrow = options.dtype == "bf16" || (options.device == "cpu" && folder.dtype() == DType::kBF16);
  MemoryNeed need;
  need.weights = folder.parameters() * (narrow ? 2 : 4);
  need.cache = 2 * text.layers * text.kv_heads * text.head_dim * context * 4;  // float32 always
  const std::int64_t block = std::min(kPrefillBlock, context);
  need.activations = 4 * (context * text.hidden_size + block * (6 * text.hidden_size + 3 * text.intermediate_size) +
                          2 * text.heads * block * context + text.vocab_size);
  if (folder.has_vision()) {
    const VisionConfig& vision = folder.config.vision;
    const std::int64_t patches = vision.patches_per_side() * vision.patches_per_side();
    need.activations = std::max(
        need.activations, 4 * (patches * (8 * vision.hidden_size + 2 * vision.intermediate_size) + 2 * vision.heads * patches * patches));
  }
  need.runtime = kRuntimeBytes;
  return need;
}

std::int64_t usual_context(const ModelFolder& folder, std::int64_t frames) {
  const std::int64_t pictures = folder.has_vision() ? frames * (folder.config.image_seq_len() + kWordsPerFrame) : 0;
  return std::min(folder.config.text.max_positions, pictures + kWordsAround + kReply);
}

SpeedFacts measure_speed(LanguageModel& model) {
  const ModelConfig& config = model.folder().config;
  SpeedFacts speed;
  if (model.folder().has_vision()) {
    const auto side = static_cast<std::size_t>(config.vision.image_size);
    const std::vector<float> pixels(3 * side * side, 0.1F);
    speed.frame_s = best_of(2, [&] { static_cast<void>(model.connect(model.vision(pixels))); });
  }
  const std::int64_t n = std::min<std::int64_t>(128, config.text.max_positions / 2);
  constexpr std::int64_t kSteps = 8;
  ModelPrompt prompt;
  for (std::int64_t i = 0; i < n; ++i) prompt.ids.push_back(i % config.text.vocab_size);
  const double one = best_of(2, [&] { static_cast<void>(model.generate_greedily(prompt, 1)); });
  speed.prompt_token_s = one / static_cast<double>(n);
  std::size_t made = 0;
  const double more = best_of(2, [&] { made = model.generate_greedily(prompt, 1 + kSteps, false).ids.size(); });
  speed.reply_token_s = std::max(0.0, more - one) / static_cast<double>(std::max<std::size_t>(made, 2) - 1);
  return speed;
}

}  // namespace reelgraph::captioner::local
