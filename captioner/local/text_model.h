#pragma once
// Prose from a model folder that runs in the process: a Llama folder (ChatML, as SmolLM2-Instruct) or the text side of a SmolVLM folder.

#include <filesystem>
#include <functional>
#include <memory>

#include "base/image.h"
#include "base/text_model.h"
#include "captioner/local/embedder.h"
#include "captioner/local/reply_guide.h"
#include "captioner/torch_plugin.h"

namespace reelgraph::captioner::local {

/// Decodes the bytes of a JPEG file. @throws base::Error kBadInput
using PictureDecoder = std::function<base::Image(const std::string& jpeg)>;

/// Thread-safe: calls wait for one another. A folder with a vision tower looks at the pictures of a request, each as one tile; as many as
/// its context has room for, the first ones. Without a decoder, or without vision, they are left out.
/// @throws base::Error kModel: folder or adapter refused, device absent; kInvalidArgument: `sampling` makes no sense
[[nodiscard]] std::unique_ptr<base::TextModel> make_text_model(const TorchPlugin& plugin, const std::filesystem::path& folder,
                                                               const RunOptions& options, const Sampling& sampling = {},
                                                               PictureDecoder decode = {});

}  // namespace reelgraph::captioner::local
