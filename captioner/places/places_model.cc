#include "captioner/places/places_model.h"

#include <algorithm>

#include "base/error.h"
#include "captioner/local/prompt.h"
#include "captioner/local/resize.h"

namespace reelgraph::captioner::places {
namespace {

constexpr std::size_t kSideBySide = 32;  ///< pictures whose replies are decoded together

}  // namespace

PlacesModel::PlacesModel(const TorchPlugin& plugin, const std::filesystem::path& folder, const base::LocalSettings& settings)
    : model_(plugin, folder, {settings.device, settings.dtype, settings.threads, settings.adapter}) {
  if (!model_.folder().has_vision()) {
    throw base::Error(base::ErrorCode::kModel, "is a text model: it cannot say what is where", folder.string(), "use a SmolVLM folder");
  }
  const local::PromptTemplate chat(static_cast<int>(model_.folder().config.image_seq_len()));
  prompt_ = local::encode_prompt(model_.folder().tokenizer, chat.pieces({{"user", {local::PromptStill{}}, std::nullopt, {}}}));
}

int PlacesModel::longest_side() const {
  return static_cast<int>(std::clamp<std::int64_t>(model_.folder().preprocessor.longest_edge, 1, 4096));
}

base::Image PlacesModel::tile_of(const base::Image& picture) const {
  const local::PreprocessorConfig& config = model_.folder().preprocessor;
  return local::cut_still(picture, config.longest_edge, config.tile, false,
                          config.lanczos ? local::Filter::kLanczos : local::Filter::kBicubic)
      .images.front();
}

std::vector<std::string> PlacesModel::say(const std::vector<base::Image>& tiles, int max_tokens, base::Usage& usage) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (std::size_t from = 0; from < tiles.size(); from += kSideBySide) {
    const auto at = [](std::size_t index) { return static_cast<std::ptrdiff_t>(index); };
    const std::vector<base::Image> part(tiles.begin() + at(from), tiles.begin() + at(std::min(tiles.size(), from + kSideBySide)));
    const std::vector<float> rows = model_.connect(model_.vision(model_.pixel_values(part)));
    const std::size_t each = rows.size() / part.size();
    std::vector<local::ReplyRequest> requests(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      requests[i].prompt = {prompt_.ids, prompt_.image_positions, {rows.begin() + at(i * each), rows.begin() + at((i + 1) * each)}};
      requests[i].max_new_tokens = max_tokens;
    }
    for (const local::Reply& reply : model_.reply(requests)) {
      usage.prompt_tokens += static_cast<std::int64_t>(prompt_.ids.size());
      usage.completion_tokens += static_cast<std::int64_t>(reply.ids.size());
      texts.push_back(reply.ended ? model_.folder().tokenizer.decode(reply.ids, true) : std::string());
    }
  }
  return texts;
}

}  // namespace reelgraph::captioner::places
