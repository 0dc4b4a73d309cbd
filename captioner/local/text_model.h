#pragma once
// Prose from a model folder that runs in the process: a Llama folder (ChatML, as SmolLM2-Instruct) or the text side of a SmolVLM folder.

#include <filesystem>
#include <memory>

#include "base/text_model.h"
#include "captioner/local/embedder.h"
#include "captioner/local/reply_guide.h"
#include "captioner/torch_plugin.h"

namespace reelgraph::captioner::local {

/// Pictures are left out. Thread-safe: calls wait for one another.
/// @throws base::Error kModel: folder or adapter refused, device absent; kInvalidArgument: `sampling` makes no sense
[[nodiscard]] std::unique_ptr<base::TextModel> make_text_model(const TorchPlugin& plugin, const std::filesystem::path& folder,
                                                               const RunOptions& options, const Sampling& sampling = {});

}  // namespace reelgraph::captioner::local
