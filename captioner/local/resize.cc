#include "captioner/local/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace reelgraph::captioner::local {
namespace {

constexpr int kPrecision = 22;  ///< bits of a coefficient's fraction: 32 - 8 - 2
constexpr std::int64_t kMaxEdge = 4096;

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double weight_of(Filter filter, double x) {
  if (filter == Filter::kLanczos) return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// The weights of each output position along one axis, in 2^-kPrecision.
struct Kernel {
  struct Window {
    int begin = 0, count = 0;
    std::size_t at = 0;  ///< first weight
  };
  std::vector<Window> windows;
  std::vector<std::int32_t> weights;
};

Kernel make_kernel(int in, int out, Filter filter) {
  Kernel kernel;
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = (filter == Filter::kLanczos ? 3.0 : 2.0) * filter_scale;
  const double shrink = 1.0 / filter_scale;
  std::vector<double> row;
  for (int x = 0; x < out; ++x) {
    const double center = (x + 0.5) * scale;
    const int begin = std::max(0, static_cast<int>(center - support + 0.5));
    const int end = std::min(in, static_cast<int>(center + support + 0.5));
    row.clear();
    double sum = 0;
    for (int i = begin; i < end; ++i) {
      row.push_back(weight_of(filter, (i - center + 0.5) * shrink));
      sum += row.back();
    }
    kernel.windows.push_back({begin, end - begin, kernel.weights.size()});
    for (double weight : row) {
      if (sum != 0) weight *= 1.0 / sum;
      kernel.weights.push_back(static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kPrecision)));
    }
  }
  return kernel;
}

std::uint8_t clip(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kPrecision, 0, 255)); }

/// Either kind of picture: Channels bytes a pixel.
template <typename Picture, std::size_t kChannels>
Picture horizontal(const Picture& image, int width, Filter filter) {
  const Kernel kernel = make_kernel(image.width, width, filter);
  Picture out{width, image.height, {}};
  out.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(image.height) * kChannels);
  std::uint8_t* target = out.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* row = image.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) * kChannels;
    for (const Kernel::Window& window : kernel.windows) {
      std::array<std::int32_t, kChannels> sum;
      sum.fill(1 << (kPrecision - 1));
      const std::uint8_t* from = row + static_cast<std::size_t>(window.begin) * kChannels;
      const std::int32_t* weight = kernel.weights.data() + window.at;
      for (int i = 0; i < window.count; ++i, from += kChannels) {
        for (std::size_t c = 0; c < kChannels; ++c) sum[c] += from[c] * weight[i];
      }
      for (const std::int32_t value : sum) *target++ = clip(value);
    }
  }
  return out;
}

template <typename Picture, std::size_t kChannels>
Picture vertical(const Picture& image, int height, Filter filter) {
  const Kernel kernel = make_kernel(image.height, height, filter);
  Picture out{image.width, height, {}};
  const std::size_t stride = static_cast<std::size_t>(image.width) * kChannels;
  out.pixels.resize(stride * static_cast<std::size_t>(height));
  std::vector<std::int32_t> sums(stride);
  for (int y = 0; y < height; ++y) {
    const Kernel::Window& window = kernel.windows[static_cast<std::size_t>(y)];
    std::fill(sums.begin(), sums.end(), 1 << (kPrecision - 1));
    for (int i = 0; i < window.count; ++i) {
      const std::uint8_t* row = image.pixels.data() + static_cast<std::size_t>(window.begin + i) * stride;
      const std::int32_t weight = kernel.weights[window.at + static_cast<std::size_t>(i)];
      for (std::size_t x = 0; x < stride; ++x) sums[x] += row[x] * weight;
    }
    std::uint8_t* target = out.pixels.data() + static_cast<std::size_t>(y) * stride;
    for (std::size_t x = 0; x < stride; ++x) target[x] = clip(sums[x]);
  }
  return out;
}

template <typename Picture, std::size_t kChannels>
Picture resample(const Picture& image, base::Size size, Filter filter) {
  const Picture out = image.width == size.width ? image : horizontal<Picture, kChannels>(image, size.width, filter);
  return image.height == size.height ? out : vertical<Picture, kChannels>(out, size.height, filter);
}

/// x / 255, rounded, for x up to 255 * 255.
std::uint8_t divide_by_255(int x) {
  x += 128;
  return static_cast<std::uint8_t>((x + (x >> 8)) >> 8);
}

std::int64_t round_up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step * step; }

template <typename Picture, std::size_t kChannels>
Picture cut(const Picture& image, int left, int top, int side) {
  Picture out{side, side, {}};
  out.pixels.reserve(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * kChannels);
  for (int y = top; y < top + side; ++y) {
    const std::size_t at = static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(left);
    const std::uint8_t* row = image.pixels.data() + at * kChannels;
    out.pixels.insert(out.pixels.end(), row, row + static_cast<std::size_t>(side) * kChannels);
  }
  return out;
}

base::Size square(std::int64_t side) { return {static_cast<int>(side), static_cast<int>(side)}; }

/// `finish` makes a tile's RGB.
template <typename Picture, std::size_t kChannels, typename Finish>
Tiles cut_tiles(const Picture& image, std::int64_t longest_edge, std::int64_t tile, bool split, Filter filter, Finish finish) {
  Tiles tiles;
  const TileGrid grid = tile_grid({image.width, image.height}, longest_edge, tile);
  const Picture resized = resize(image, grid.resized, filter);
  if (!split) {
    tiles.images.push_back(finish(resize(resized, square(tile), filter)));
    return tiles;
  }
  const Picture canvas = resize(resized, grid.canvas, filter);
  tiles.rows = grid.rows;
  tiles.cols = grid.cols;
  const int side = static_cast<int>(tile);
  for (int row = 0; row < grid.rows; ++row) {
    for (int col = 0; col < grid.cols; ++col) tiles.images.push_back(finish(cut<Picture, kChannels>(canvas, col * side, row * side, side)));
  }
  tiles.images.push_back(finish(resize(canvas, square(tile), filter)));
  return tiles;
}

}  // namespace

base::Image resize(const base::Image& image, base::Size size, Filter filter) { return resample<base::Image, 3>(image, size, filter); }

RgbaImage resize(const RgbaImage& image, base::Size size, Filter filter) {
  if (image.width == size.width && image.height == size.height) return image;
  RgbaImage multiplied = image;
  for (std::size_t i = 0; i < multiplied.pixels.size(); i += 4) {
    for (std::size_t c = i; c < i + 3; ++c) multiplied.pixels[c] = divide_by_255(multiplied.pixels[c] * multiplied.pixels[i + 3]);
  }
  RgbaImage out = resample<RgbaImage, 4>(multiplied, size, filter);
  for (std::size_t i = 0; i < out.pixels.size(); i += 4) {
    const int alpha = out.pixels[i + 3];
    if (alpha == 0 || alpha == 255) continue;
    for (std::size_t c = i; c < i + 3; ++c) out.pixels[c] = static_cast<std::uint8_t>(std::min(255, 255 * out.pixels[c] / alpha));
  }
  return out;
}

base::Image over_white(const RgbaImage& image) {
  base::Image out{image.width, image.height, {}};
  out.pixels.reserve(image.pixels.size() / 4 * 3);
  for (std::size_t i = 0; i < image.pixels.size(); i += 4) {
    const int alpha = image.pixels[i + 3];
    for (std::size_t c = i; c < i + 3; ++c) out.pixels.push_back(divide_by_255(image.pixels[c] * alpha + 255 * (255 - alpha)));
  }
  return out;
}

base::Image without_alpha(const RgbaImage& image) {
  base::Image out{image.width, image.height, {}};
  out.pixels.reserve(image.pixels.size() / 4 * 3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    if (i % 4 != 3) out.pixels.push_back(image.pixels[i]);
  }
  return out;
}

base::Size fit_longest_edge(base::Size size, std::int64_t longest_edge) {
  std::int64_t width = size.width, height = size.height;
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  if (width >= height) {
    width = longest_edge;
    height = static_cast<std::int64_t>(static_cast<double>(width) / aspect);
    if (height % 2 != 0) ++height;
  } else {
    height = longest_edge;
    width = static_cast<std::int64_t>(static_cast<double>(height) * aspect);
    if (width % 2 != 0) ++width;
  }
  width = std::max<std::int64_t>(width, 1);
  height = std::max<std::int64_t>(height, 1);
  // The library's upper bound; sides are scaled together.
  const double again = static_cast<double>(width) / static_cast<double>(height);
  if (width >= height && width > kMaxEdge) {
    width = kMaxEdge;
    height = static_cast<std::int64_t>(static_cast<double>(width) / again);
  } else if (height > width && height > kMaxEdge) {
    height = kMaxEdge;
    width = static_cast<std::int64_t>(static_cast<double>(height) * again);
  }
  return {static_cast<int>(std::max<std::int64_t>(width, 1)), static_cast<int>(std::max<std::int64_t>(height, 1))};
}

TileGrid tile_grid(base::Size size, std::int64_t longest_edge, std::int64_t tile) {
  TileGrid grid;
  grid.resized = fit_longest_edge(size, longest_edge);
  std::int64_t width = grid.resized.width, height = grid.resized.height;
  if (height == 1) {
    // The reference takes a picture one pixel high for one with its channels first: its width for the height, its three channels for the
    // width. Nobody films such a strip; the grid is the reference's all the same, so that every picture has the layout that models were
    // trained with.
    height = width;
    width = 3;
  }
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  if (width >= height) {
    width = round_up(width, tile);
    height = round_up(std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(width) / aspect)), tile);
  } else {
    height = round_up(height, tile);
    width = round_up(std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(height) * aspect)), tile);
  }
  grid.canvas = {static_cast<int>(width), static_cast<int>(height)};
  if (width > tile || height > tile) {
    grid.rows = static_cast<int>(height / tile);
    grid.cols = static_cast<int>(width / tile);
  }
  return grid;
}

Tiles cut_still(const base::Image& image, std::int64_t longest_edge, std::int64_t tile, bool split, Filter filter) {
  return cut_tiles<base::Image, 3>(image, longest_edge, tile, split, filter, [](base::Image picture) { return picture; });
}

Tiles cut_still(const RgbaImage& image, std::int64_t longest_edge, std::int64_t tile, bool split, Filter filter) {
  return cut_tiles<RgbaImage, 4>(image, longest_edge, tile, split, filter, over_white);
}

base::Size video_frame_size(base::Size size, std::int64_t longest_edge) { return fit_longest_edge(size, std::min(longest_edge, kMaxEdge)); }

base::Image squash_frame(const base::Image& image, std::int64_t longest_edge, std::int64_t tile, Filter filter) {
  return resize(resize(image, video_frame_size({image.width, image.height}, longest_edge), filter), square(tile), filter);
}

std::vector<float> normalize(const std::vector<base::Image>& tiles, double rescale, const float (&mean)[3], const float (&deviation)[3]) {
  float levels[3][256];
  for (std::size_t c = 0; c < 3; ++c) {
    for (int level = 0; level < 256; ++level) {
      levels[c][level] = (static_cast<float>(level) * static_cast<float>(rescale) - mean[c]) / deviation[c];
    }
  }
  std::vector<float> values;
  if (tiles.empty()) return values;
  const std::size_t plane = static_cast<std::size_t>(tiles.front().width) * static_cast<std::size_t>(tiles.front().height);
  values.resize(tiles.size() * 3 * plane);
  float* target = values.data();
  for (const base::Image& tile : tiles) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < plane; ++i) *target++ = levels[c][tile.pixels[3 * i + c]];
    }
  }
  return values;
}

}  // namespace reelgraph::captioner::local
