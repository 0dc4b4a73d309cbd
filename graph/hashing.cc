#include "graph/hashing.h"

#include <xxhash.h>

namespace reelgraph::graph {

std::string hash_bytes(std::string_view data) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data.data(), data.size()));
  return {reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest};
}

std::string hash_hex(std::string_view data) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const char c : hash_bytes(data)) {
    text += kHex[static_cast<unsigned char>(c) >> 4];
    text += kHex[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace reelgraph::graph
