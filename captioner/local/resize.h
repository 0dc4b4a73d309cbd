#pragma once
// Pillow's resampling of 8-bit pictures, bit for bit (libImaging/Resample.c of version 11), and the arithmetic of tile sizes.

#include <cstdint>
#include <vector>

#include "base/image.h"

namespace reelgraph::captioner::local {

enum class Filter { kBicubic, kLanczos };  ///< bicubic with a = -0.5; Lanczos with three lobes

/// uint8 RGBA [height, width, 4], row-major; alpha is not multiplied in.
struct RgbaImage {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};
/// Composited over white, or without its alpha.
[[nodiscard]] base::Image over_white(const RgbaImage& image);
[[nodiscard]] base::Image without_alpha(const RgbaImage& image);

/// Antialiased resize: a horizontal pass, then a vertical one, 8-bit between them. A picture with alpha is premultiplied for it.
/// REQUIRES: a picture and a size that are not empty.
[[nodiscard]] base::Image resize(const base::Image& image, base::Size size, Filter filter);
[[nodiscard]] RgbaImage resize(const RgbaImage& image, base::Size size, Filter filter);

/// Size with `longest_edge` as its longest side, the aspect kept (the short side even where it is rounded, at least 1). Sides beyond 4096
/// are brought back to it afterwards.
[[nodiscard]] base::Size fit_longest_edge(base::Size size, std::int64_t longest_edge);

/// How a still is laid out for the vision tower.
struct TileGrid {
  base::Size resized;      ///< after the first step
  base::Size canvas;       ///< whole tiles
  int rows = 0, cols = 0;  ///< 0 x 0: not split
};
/// The grid of a picture of this size when splitting is on.
[[nodiscard]] TileGrid tile_grid(base::Size size, std::int64_t longest_edge, std::int64_t tile);

/// Tiles of a still, row-major, the global view last; one tile if it is not split.
struct Tiles {
  int rows = 0, cols = 0;  ///< 0 x 0: not split
  std::vector<base::Image> images;
};
[[nodiscard]] Tiles cut_still(const base::Image& image, std::int64_t longest_edge, std::int64_t tile, bool split, Filter filter);
/// The same with alpha, which is composited over white last.
[[nodiscard]] Tiles cut_still(const RgbaImage& image, std::int64_t longest_edge, std::int64_t tile, bool split, Filter filter);
/// The first resize of a video frame: `longest_edge` is capped at 4096 before, not after.
[[nodiscard]] base::Size video_frame_size(base::Size size, std::int64_t longest_edge);
/// One video frame: to `longest_edge`, then squashed to the tile.
[[nodiscard]] base::Image squash_frame(const base::Image& image, std::int64_t longest_edge, std::int64_t tile,
                                       Filter filter = Filter::kBicubic);

/// (u8 * rescale - mean) / deviation in float32 [tiles, 3, side, side]. REQUIRES: square pictures of one size.
[[nodiscard]] std::vector<float> normalize(const std::vector<base::Image>& tiles, double rescale, const float (&mean)[3],
                                           const float (&deviation)[3]);

}  // namespace reelgraph::captioner::local
