#include "captioner/local/text_model.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "captioner/local/language_model.h"
#include "captioner/local/resize.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::int64_t kTextLimit = 80;  ///< tokens of one string of a reply that is held to a schema

class LocalTextModel final : public base::TextModel {
 public:
  LocalTextModel(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options, const Sampling& sampling,
                 PictureDecoder decode)
      : model_(plugin, folder, options), sampling_(sampling), decode_(std::move(decode)), name_(model_.folder().identity()) {
    validate(sampling_);
  }

  std::string name() const override { return name_; }

  base::TextReply write(const base::TextRequest& request) override {
    const std::lock_guard lock(mutex_);
    const ModelFolder& folder = model_.folder();
    const std::string how = request.schema.empty() ? std::string() : "\nReply in JSON that fits this schema: " + request.schema;
    std::size_t shown = decode_ && folder.has_vision() ? request.pictures.size() : 0;
    EncodedPrompt encoded;
    for (;; --shown) {
      encoded = encode(request, how, shown);
      const std::int64_t room = folder.config.text.max_positions - static_cast<std::int64_t>(encoded.ids.size());
      if (shown == 0 || room >= request.max_tokens) break;
    }
    ReplyRequest asked;
    asked.sampling = sampling_;
    asked.prompt = {std::move(encoded.ids), std::move(encoded.image_positions), {}};
    for (std::size_t i = 0; i < shown; ++i) {
      const PreprocessorConfig& config = folder.preprocessor;
      const Tiles tiles = cut_still(decode_(request.pictures[i].jpeg), config.longest_edge, config.tile, false,
                                    config.lanczos ? Filter::kLanczos : Filter::kBicubic);
      const std::vector<float> rows = model_.connect(model_.vision(model_.pixel_values(tiles.images)));
      asked.prompt.features.insert(asked.prompt.features.end(), rows.begin(), rows.end());
    }
    const auto length = static_cast<std::int64_t>(asked.prompt.ids.size());
    asked.max_new_tokens = std::min<std::int64_t>(request.max_tokens, folder.config.text.max_positions - length);
    if (asked.max_new_tokens <= 0) {
      throw base::Error(base::ErrorCode::kModel,
                        "the question and its evidence take " + std::to_string(length) + " tokens, and the model's context is " +
                            std::to_string(folder.config.text.max_positions),
                        folder.path.string(), "show it less (--citations N), or use a model with a longer context");
    }
    std::optional<ReplyGuide> guide;
    if (!request.schema.empty()) {
      guide.emplace(request.schema, folder.tokenizer, folder.config.text.vocab_size, folder.generation.end_ids);
      guide->set_text_limit(kTextLimit);
      if (asked.max_new_tokens >= guide->shortest()) asked.guide = &*guide;  // else there is room for prose only
    }
    const Reply reply = model_.reply({&asked, 1}).front();
    base::TextReply text;
    text.text = folder.tokenizer.decode(reply.ids, false);
    text.text.erase(0, text.text.find_first_not_of(" \t\r\n"));
    text.cut_off = !reply.ended;
    text.usage = {.prompt_tokens = length, .completion_tokens = static_cast<std::int64_t>(reply.ids.size()), .cost_usd = 0};
    return text;
  }

 private:
  /// With the first `shown` pictures before the text, which says what they are.
  [[nodiscard]] EncodedPrompt encode(const base::TextRequest& request, const std::string& how, std::size_t shown) const {
    std::string labels;
    for (std::size_t i = 0; i < shown; ++i) labels += request.pictures[i].label + " picture " + std::to_string(i + 1) + ".\n";
    const std::vector<ChatMessage> messages{{"system", {}, std::nullopt, request.system + how},
                                            {"user", std::vector<PromptStill>(shown), std::nullopt, labels + request.text}};
    const ModelFolder& folder = model_.folder();
    return encode_prompt(folder.tokenizer, folder.has_vision()
                                               ? PromptTemplate(static_cast<int>(folder.config.image_seq_len())).pieces(messages)
                                               : chat_ml_pieces(messages));
  }

  std::mutex mutex_;
  LanguageModel model_;
  Sampling sampling_;
  PictureDecoder decode_;
  std::string name_;
};

}  // namespace

std::unique_ptr<base::TextModel> make_text_model(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options,
                                                 const Sampling& sampling, PictureDecoder decode) {
  return std::make_unique<LocalTextModel>(plugin, folder, options, sampling, std::move(decode));
}

}  // namespace reelgraph::captioner::local
