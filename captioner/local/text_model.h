#pragma once
// Prose from a model folder that runs in the process: a Llama folder (ChatML, as SmolLM2-Instruct) or the text side of a SmolVLM folder.

#include <filesystem>
#include <memory>

#include "base/text_model.h"
#include "captioner/local/embedder.h"
#include "captioner/torch_plugin.h"

namespace reelgraph::captioner::local {

/// Greedy. Pictures are left out. Thread-safe: calls wait for one another.
/// @throws base::Error kModel: folder refused, device absent
[[nodiscard]] std::unique_ptr<base::TextModel> make_text_model(const TorchPlugin& plugin, const std::filesystem::path& folder,
                                                               const RunOptions& options);

}  // namespace reelgraph::captioner::local
