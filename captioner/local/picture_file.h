#pragma once
// PNG pictures of recorded cases and of few-shot examples.

#include <filesystem>

#include "captioner/local/resize.h"

namespace reelgraph::captioner::local {

/// @throws base::Error kBadInput: absent, no PNG, damaged, more than 64 megapixels
[[nodiscard]] RgbaImage read_png(const std::filesystem::path& file);

}  // namespace reelgraph::captioner::local
