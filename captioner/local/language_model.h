#pragma once
// A SmolVLM or Llama folder run by the libtorch plugin: pictures to features, prompts to logits and replies.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/image.h"
#include "captioner/local/embedder.h"
#include "captioner/local/model_folder.h"
#include "captioner/local/prompt.h"
#include "captioner/local/reply_guide.h"
#include "captioner/torch_model.h"

namespace reelgraph::captioner::local {

/// Order of the vision tower's position table: its own, or as transformers 4.55 to 4.57 read it in float32.
enum class PositionIds { kIdentity, kClamped };

/// A prompt ready for the model.
struct ModelPrompt {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> feature_positions;  ///< into `ids`
  std::vector<float> features;                  ///< float32 [feature_positions.size(), hidden]
};

struct Generated {
  std::vector<std::int64_t> ids;  ///< the end token included if it came
  std::vector<float> step_max;    ///< the winning logit of each step
  bool ended = false;             ///< false: the limit was reached
};

/// A reply that is asked for.
struct ReplyRequest {
  ModelPrompt prompt;
  std::int64_t max_new_tokens = 0;
  ReplyGuide* guide = nullptr;  ///< holds the reply to a schema; may be shared by the requests of a batch; null: free
  Sampling sampling;
};
struct Reply {
  std::vector<std::int64_t> ids;   ///< without the end token
  bool ended = false;              ///< false: the limit was reached
  std::int64_t chosen_tokens = 0;  ///< by the model
  std::int64_t forced_tokens = 0;  ///< that the schema left no choice about
  std::int64_t reused_tokens = 0;  ///< of the prompt, that were computed before: a beginning shared with an earlier prompt
};

/// Owns folder and weights. Calls on one model must not run at the same time.
class LanguageModel {
 public:
  /// @throws base::Error kModel: folder refused, device absent
  LanguageModel(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options);

  [[nodiscard]] const ModelFolder& folder() const { return folder_; }

  /// Normalised values of tiles. float32 [tiles, 3, side, side].
  [[nodiscard]] std::vector<float> pixel_values(const std::vector<base::Image>& tiles) const;
  /// Vision tower. float32 [tiles, patches, width].
  [[nodiscard]] std::vector<float> vision(std::span<const float> pixels, PositionIds positions = PositionIds::kIdentity);
  /// Connector over what `vision` gave. float32 [tiles, image_seq_len, hidden].
  [[nodiscard]] std::vector<float> connect(std::span<const float> vision);

  /// Logits of the last position (float32 [vocab]), or of all of them (float32 [n, vocab]).
  [[nodiscard]] std::vector<float> logits(const ModelPrompt& prompt, bool all = false);
  /// Replies to several prompts, decoded side by side: the weights are read once a step for all; a row that ends leaves the batch.
  /// @param progress called after each step with the tokens made so far; may be null. Throwing from it ends the work.
  /// @throws base::Error as `generate_greedily`, and kInvalidArgument for a limit that is too small for the schema
  [[nodiscard]] std::vector<Reply> reply(std::span<const ReplyRequest> requests, const std::function<void(std::int64_t)>& progress = {});
  /// The likeliest token each time, to an end token or `max_new_tokens`. @param stop false: end tokens do not end it (to measure)
  /// @throws base::Error kModel if the logits are not finite, or the prompt and the reply do not fit the model's context
  [[nodiscard]] Generated generate_greedily(const ModelPrompt& prompt, std::int64_t max_new_tokens, bool stop = true);

 private:
  [[nodiscard]] TorchFeatures features_of(const ModelPrompt& prompt) const;
  /// A conversation with room for `capacity`, begun with what `ids` share with the prompt before.
  [[nodiscard]] TorchSequence begin(const std::vector<std::int64_t>& ids, std::int64_t most, std::int64_t capacity);
  void check_prompt(const ModelPrompt& prompt, std::int64_t more) const;

  ModelFolder folder_;  ///< before the model, which borrows its memory
  TorchModel model_;
  TorchSequence prefix_;                  ///< the beginning of earlier prompts
  std::vector<std::int64_t> prefix_ids_;  ///< its tokens
  std::vector<std::int64_t> last_ids_;    ///< the prompt before
};

}  // namespace reelgraph::captioner::local
