#pragma once
// Content hashes (XXH3-128) of an archive.

#include <string>
#include <string_view>

namespace reelgraph::graph {

/// 16 raw bytes, big-endian.
[[nodiscard]] std::string hash_bytes(std::string_view data);
/// 32 hexadecimal digits.
[[nodiscard]] std::string hash_hex(std::string_view data);

}  // namespace reelgraph::graph
