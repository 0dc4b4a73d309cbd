#include "captioner/local/text_model.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "captioner/local/language_model.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::int64_t kTextLimit = 80;  ///< tokens of one string of a reply that is held to a schema

class LocalTextModel final : public base::TextModel {
 public:
  LocalTextModel(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options, const Sampling& sampling)
      : model_(plugin, folder, options), sampling_(sampling), name_(model_.folder().identity()) {
    validate(sampling_);
  }

  std::string name() const override { return name_; }

  base::TextReply write(const base::TextRequest& request) override {
    const std::lock_guard lock(mutex_);
    const ModelFolder& folder = model_.folder();
    const std::string how = request.schema.empty() ? std::string() : "\nReply in JSON that fits this schema: " + request.schema;
    const std::vector<ChatMessage> messages{{"system", {}, std::nullopt, request.system + how}, {"user", {}, std::nullopt, request.text}};
    const std::vector<PromptPiece> pieces =
        folder.has_vision() ? PromptTemplate(static_cast<int>(folder.config.image_seq_len())).pieces(messages) : chat_ml_pieces(messages);
    ReplyRequest asked;
    asked.sampling = sampling_;
    asked.prompt.ids = encode_prompt(folder.tokenizer, pieces).ids;
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
      asked.guide = &*guide;
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
  std::mutex mutex_;
  LanguageModel model_;
  Sampling sampling_;
  std::string name_;
};

}  // namespace

std::unique_ptr<base::TextModel> make_text_model(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options,
                                                 const Sampling& sampling) {
  return std::make_unique<LocalTextModel>(plugin, folder, options, sampling);
}

}  // namespace reelgraph::captioner::local
