#pragma once
// Which weights made an observation or a vector.

#include <filesystem>
#include <string>

#include "captioner/local/weights.h"

namespace reelgraph::captioner::local {

/// "NAME@0123456789abcdef": the folder's last name and XXH3 of names, types, shapes and bytes of all tensors. How they are spread over
/// files does not matter.
[[nodiscard]] std::string weights_identity(const std::filesystem::path& folder, const Weights& weights);

}  // namespace reelgraph::captioner::local
