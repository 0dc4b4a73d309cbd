#include "captioner/local/language_model.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "captioner/local/json_file.h"
#include "captioner/local/resize.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::int64_t kLeastShared = 32;  ///< tokens that are worth keeping

nlohmann::json spec_of(const ModelConfig& config, const RunOptions& options) {
  const TextConfig& text = config.text;
  nlohmann::json spec = run_spec(options);
  spec["kind"] = config.kind == ModelKind::kSmolVlm ? "smolvlm" : "llama";
  spec["text"] = {{"layers", text.layers},
                  {"heads", text.heads},
                  {"kv_heads", text.kv_heads},
                  {"head_dim", text.head_dim},
                  {"rms_norm_eps", text.rms_norm_eps},
                  {"rope_frequencies", rope_frequencies(text)}};
  if (config.kind != ModelKind::kSmolVlm) return spec;
  const VisionConfig& vision = config.vision;
  spec["vision"] = {{"layers", vision.layers},         {"heads", vision.heads},         {"image_size", vision.image_size},
                    {"patch_size", vision.patch_size}, {"gelu_tanh", vision.gelu_tanh}, {"layer_norm_eps", vision.layer_norm_eps}};
  spec["scale_factor"] = config.scale_factor;
  return spec;
}

}  // namespace

LanguageModel::LanguageModel(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options)
    : folder_(ModelFolder::open(folder, options.adapter)),
      model_(plugin, spec_of(folder_.config, options), folder_.tensors, folder.string()) {}

std::vector<float> LanguageModel::pixel_values(const std::vector<base::Image>& tiles) const {
  const PreprocessorConfig& config = folder_.preprocessor;
  return normalize(tiles, config.rescale, config.mean, config.deviation);
}

std::vector<float> LanguageModel::vision(std::span<const float> pixels, PositionIds positions) {
  const VisionConfig& vision = folder_.config.vision;
  const std::int64_t tile = 3 * vision.image_size * vision.image_size;
  return model_.vision(pixels, static_cast<std::int64_t>(pixels.size()) / tile,
                       vision.patches_per_side() * vision.patches_per_side() * vision.hidden_size, positions == PositionIds::kClamped);
}

std::vector<float> LanguageModel::connect(std::span<const float> vision) {
  const ModelConfig& config = folder_.config;
  const std::int64_t tile = config.vision.patches_per_side() * config.vision.patches_per_side() * config.vision.hidden_size;
  return model_.connect(vision, static_cast<std::int64_t>(vision.size()) / tile, config.image_seq_len() * config.text.hidden_size);
}

TorchFeatures LanguageModel::features_of(const ModelPrompt& prompt) const { return {prompt.features, prompt.feature_positions}; }

void LanguageModel::check_prompt(const ModelPrompt& prompt, std::int64_t more) const {
  const TextConfig& text = folder_.config.text;
  const std::string where = folder_.path.string();
  const auto n = static_cast<std::int64_t>(prompt.ids.size());
  if (n == 0) throw base::Error(base::ErrorCode::kInternal, "an empty prompt", where);
  if (n + more > text.max_positions) {
    throw base::Error(base::ErrorCode::kModel,
                      "a prompt of " + std::to_string(n) + " tokens and a reply of up to " + std::to_string(more) +
                          " do not fit the context of " + std::to_string(text.max_positions),
                      where, "use fewer frames or a shorter reply");
  }
  const auto inside = [&](std::int64_t id) { return id >= 0 && id < text.vocab_size; };
  if (!std::all_of(prompt.ids.begin(), prompt.ids.end(), inside))
    throw base::Error(base::ErrorCode::kInternal, "a token beyond the vocabulary", where);
  if (prompt.features.size() != prompt.feature_positions.size() * static_cast<std::size_t>(text.hidden_size) ||
      !std::all_of(prompt.feature_positions.begin(), prompt.feature_positions.end(), [n](std::int64_t at) { return at >= 0 && at < n; })) {
    throw base::Error(base::ErrorCode::kInternal, "picture features that do not fit their positions", where);
  }
}

std::vector<float> LanguageModel::logits(const ModelPrompt& prompt, bool all) {
  check_prompt(prompt, 0);
  const auto n = static_cast<std::int64_t>(prompt.ids.size());
  TorchSequence sequence = model_.open_sequence(n);
  std::vector<float> logits(static_cast<std::size_t>((all ? n : 1) * folder_.config.text.vocab_size));
  model_.prefill(sequence, prompt.ids, features_of(prompt), logits, all);
  return logits;
}

Generated LanguageModel::generate_greedily(const ModelPrompt& prompt, std::int64_t max_new_tokens, bool stop) {
  check_prompt(prompt, max_new_tokens);
  Generated reply;
  if (max_new_tokens <= 0) return reply;
  TorchSequence sequence = model_.open_sequence(static_cast<std::int64_t>(prompt.ids.size()) + max_new_tokens);
  std::vector<float> logits(static_cast<std::size_t>(folder_.config.text.vocab_size));
  model_.prefill(sequence, prompt.ids, features_of(prompt), logits);
  const std::vector<std::int64_t>& ends = folder_.generation.end_ids;
  TorchSequence* const row = &sequence;
  while (true) {
    const auto best = std::max_element(logits.begin(), logits.end());
    if (!std::isfinite(*best)) refuse(folder_.path.string(), "the logits are not finite");
    const std::int64_t id = best - logits.begin();
    reply.ids.push_back(id);
    reply.step_max.push_back(*best);
    reply.ended = stop && std::find(ends.begin(), ends.end(), id) != ends.end();
    if (reply.ended || static_cast<std::int64_t>(reply.ids.size()) == max_new_tokens) return reply;
    model_.decode({&row, 1}, {&id, 1}, logits);
  }
}

TorchSequence LanguageModel::begin(const std::vector<std::int64_t>& ids, std::int64_t most, std::int64_t capacity) {
  const auto shared = [&](const std::vector<std::int64_t>& other) {
    const std::int64_t limit = std::min({most, static_cast<std::int64_t>(ids.size()) - 1, static_cast<std::int64_t>(other.size())});
    std::int64_t n = 0;
    while (n < limit && ids[static_cast<std::size_t>(n)] == other[static_cast<std::size_t>(n)]) ++n;
    return n;
  };
  // What two prompts in a row begin with is likely to come again: it is computed once and kept.
  const std::int64_t with_last = shared(last_ids_);
  if (with_last >= kLeastShared && with_last > shared(prefix_ids_)) {
    prefix_ = {};
    prefix_ids_.assign(ids.begin(), ids.begin() + with_last);
    prefix_ = model_.open_sequence(with_last);
    model_.prefill(prefix_, prefix_ids_, {}, {});
  }
  last_ids_ = ids;
  const std::int64_t known = shared(prefix_ids_);
  return known >= kLeastShared ? model_.fork(prefix_, known, capacity) : model_.open_sequence(capacity);
}

std::vector<Reply> LanguageModel::reply(std::span<const ReplyRequest> requests, const std::function<void(std::int64_t)>& progress) {
  struct Row {
    const ReplyRequest* request;
    Reply* reply;
    TorchSequence sequence;
    ReplyGuide::Place place;
    Sampler sampler;
    std::vector<std::int64_t> pending;  ///< tokens that the sequence has not seen
    std::vector<float> logits;          ///< after the last token that it has seen
    bool done = false;
  };
  const std::vector<std::int64_t>& ends = folder_.generation.end_ids;
  const auto vocabulary = static_cast<std::size_t>(folder_.config.text.vocab_size);
  std::vector<Reply> replies(requests.size());
  std::vector<Row> rows;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const ReplyRequest& request = requests[i];
    validate(request.sampling);
    check_prompt(request.prompt, request.max_new_tokens);
    if (request.guide != nullptr && request.max_new_tokens < request.guide->shortest()) {
      throw base::Error(base::ErrorCode::kInvalidArgument,
                        "a reply of " + std::to_string(request.max_new_tokens) +
                            " tokens is too short for the schema, whose shortest one may take " + std::to_string(request.guide->shortest()),
                        folder_.path.string(), "allow more tokens");
    }
    const std::vector<std::int64_t>& positions = request.prompt.feature_positions;
    const std::int64_t before_pictures =
        positions.empty() ? static_cast<std::int64_t>(request.prompt.ids.size()) : *std::min_element(positions.begin(), positions.end());
    if (request.max_new_tokens > 0)
      rows.push_back(
          {&request,
           &replies[i],
           begin(request.prompt.ids, before_pictures, static_cast<std::int64_t>(request.prompt.ids.size()) + request.max_new_tokens),
           {},
           Sampler(request.sampling),
           request.prompt.ids,
           std::vector<float>(vocabulary),
           false});
  }
  // What the schema leaves no choice about is appended without asking the model.
  const auto append_forced = [](Row& row) {
    if (row.request->guide == nullptr) return;
    const std::vector<std::int64_t> forced = row.request->guide->forced(row.place);
    row.pending.insert(row.pending.end(), forced.begin(), forced.end());
    row.reply->ids.insert(row.reply->ids.end(), forced.begin(), forced.end());
    row.reply->forced_tokens += static_cast<std::int64_t>(forced.size());
    row.done = row.reply->ended = row.request->guide->complete(row.place);
  };
  for (Row& row : rows) {
    append_forced(row);
    const std::int64_t known = row.reply->reused_tokens = row.sequence.length();
    // Pictures stand behind what is shared; their positions count from there.
    std::vector<std::int64_t> positions = row.request->prompt.feature_positions;
    for (std::int64_t& position : positions) position -= known;
    if (!row.done)
      model_.prefill(row.sequence, std::span(row.pending).subspan(static_cast<std::size_t>(known)),
                     {row.request->prompt.features, positions}, row.logits);
    row.pending.clear();
  }
  std::int64_t made = 0;
  while (true) {
    std::vector<Row*> single;  // rows that are one token on: they are decoded together
    for (Row& row : rows) {
      if (row.done) continue;
      const std::int64_t left = row.request->max_new_tokens - static_cast<std::int64_t>(row.reply->ids.size());
      if (left <= 0) {
        row.done = true;
        continue;
      }
      std::int64_t id = 0;
      if (row.request->guide != nullptr) {
        id = row.request->guide->choose(row.place, row.logits, left, row.sampler);
      } else {
        id = row.sampler.choose(row.logits, std::span<const std::uint64_t>());
      }
      ++row.reply->chosen_tokens;
      ++made;
      if (std::find(ends.begin(), ends.end(), id) != ends.end()) {
        row.done = row.reply->ended = true;
        continue;
      }
      row.reply->ids.push_back(id);
      row.pending = {id};
      if (row.request->guide != nullptr) row.request->guide->advance(row.place, id);
      append_forced(row);
      if (row.done || static_cast<std::int64_t>(row.reply->ids.size()) >= row.request->max_new_tokens) {
        row.done = true;
      } else if (row.pending.size() == 1) {
        single.push_back(&row);
      } else {
        model_.prefill(row.sequence, row.pending, {}, row.logits);
      }
    }
    if (std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.done; })) return replies;
    if (progress) progress(made);
    if (single.empty()) continue;
    std::vector<TorchSequence*> sequences;
    std::vector<std::int64_t> ids;
    for (Row* row : single) {
      sequences.push_back(&row->sequence);
      ids.push_back(row->pending.front());
    }
    std::vector<float> logits(single.size() * vocabulary);
    model_.decode(sequences, ids, logits);
    for (std::size_t i = 0; i < single.size(); ++i)
      std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(i * vocabulary), vocabulary, single[i]->logits.begin());
  }
}

}  // namespace reelgraph::captioner::local
