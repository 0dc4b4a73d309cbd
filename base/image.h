#pragma once
// A picture in memory.

#include <cstdint>
#include <vector>

namespace reelgraph::base {

/// uint8 RGB [height, width, 3], row-major, no padding; owns its pixels. An empty image has width == height == 0.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  [[nodiscard]] bool empty() const { return pixels.empty(); }
  friend bool operator==(const Image&, const Image&) = default;
};

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

}  // namespace reelgraph::base
