#pragma once
// Content hashes of small texts (profiles, prompts, options).

#include <string>
#include <string_view>

namespace reelgraph::captioner {

/// 32 hexadecimal digits of XXH3-128; the same on every machine.
[[nodiscard]] std::string digest(std::string_view text);

}  // namespace reelgraph::captioner
