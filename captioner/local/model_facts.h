#pragma once
// What a checked folder tells about a model before it is run: size, memory, and, once measured, speed.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "captioner/local/embedder.h"
#include "captioner/local/language_model.h"
#include "captioner/local/model_folder.h"

namespace reelgraph::captioner::local {

/// Bytes that a run needs, by what for.
struct MemoryNeed {
  std::int64_t weights = 0;      ///< in the type they are kept in; mapped rather than copied where the file has it
  std::int64_t cache = 0;        ///< keys and values of one conversation of `context` tokens, float32
  std::int64_t activations = 0;  ///< the larger of one tile in the vision tower and one block of the prompt
  std::int64_t runtime = 0;      ///< libtorch itself
  [[nodiscard]] std::int64_t total() const { return weights + cache + activations + runtime; }
};

/// @param context tokens of prompt and reply
/// @param options device and dtype count
[[nodiscard]] MemoryNeed memory_need(const ModelFolder& folder, std::int64_t context, const RunOptions& options);
/// Tokens of a prompt with that many frames, the words around them and a reply; at most the model's context.
[[nodiscard]] std::int64_t usual_context(const ModelFolder& folder, std::int64_t frames);

/// Seconds, each the best of a few short runs here and now.
struct SpeedFacts {
  double frame_s = 0;         ///< vision tower and connector, one frame; 0 without pictures
  double prompt_token_s = 0;  ///< prefill
  double reply_token_s = 0;   ///< decode, one conversation
};
[[nodiscard]] SpeedFacts measure_speed(LanguageModel& model);

}  // namespace reelgraph::captioner::local
