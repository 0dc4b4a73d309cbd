#pragma once
// Frames without a reader: pictures in memory, and films decoded by the ffmpeg program.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/image.h"
#include "base/media.h"

namespace reelgraph::test {

/// A picture in memory as a frame of a film. `render` takes box means, and the nearest pixel where it enlarges.
class StillFrame : public base::Frame {
 public:
  StillFrame(base::Timestamp at, base::Duration duration, base::Image image) : at_(at), duration_(duration), image_(std::move(image)) {}

  [[nodiscard]] base::Timestamp at() const override { return at_; }
  [[nodiscard]] base::Duration duration() const override { return duration_; }
  [[nodiscard]] bool is_keyframe() const override { return true; }
  [[nodiscard]] base::Size size() const override { return {image_.width, image_.height}; }
  [[nodiscard]] base::Image render(base::Size size) const override {
    if (size.width == image_.width && size.height == image_.height) return image_;
    base::Image out{size.width, size.height, {}};
    out.pixels.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3);
    for (int y = 0; y < size.height; ++y) {
      const int y0 = y * image_.height / size.height, y1 = std::max(y0 + 1, (y + 1) * image_.height / size.height);
      for (int x = 0; x < size.width; ++x) {
        const int x0 = x * image_.width / size.width, x1 = std::max(x0 + 1, (x + 1) * image_.width / size.width);
        for (int c = 0; c < 3; ++c) {
          int sum = 0;
          for (int v = y0; v < y1; ++v) {
            for (int u = x0; u < x1; ++u) sum += image_.pixels[static_cast<std::size_t>((v * image_.width + u) * 3 + c)];
          }
          out.pixels[static_cast<std::size_t>((y * size.width + x) * 3 + c)] = static_cast<std::uint8_t>(sum / ((y1 - y0) * (x1 - x0)));
        }
      }
    }
    return out;
  }

 private:
  base::Timestamp at_;
  base::Duration duration_;
  base::Image image_;
};

/// One colour all over.
inline base::Image plain_picture(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  base::Image image{width, height, {}};
  image.pixels.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int i = 0; i < width * height; ++i) image.pixels.insert(image.pixels.end(), {red, green, blue});
  return image;
}

/// Draws a film with ffmpeg's filters (`arguments`: inputs and filters) and hands each frame on, without a file in between.
/// @param size the drawn frames' size; @param fps their rate
inline void for_each_frame(const std::string& arguments, base::Size size, double fps, const std::function<void(const base::Frame&)>& use) {
  const std::string rate = std::to_string(fps);
  const std::string command = "ffmpeg -v error -nostdin " + arguments + " -r " + rate + " -s " + std::to_string(size.width) + "x" +
                              std::to_string(size.height) + " -f rawvideo -pix_fmt rgb24 -";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run ffmpeg");
  base::Image image{size.width, size.height, {}};
  image.pixels.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3);
  long n = 0;
  while (std::fread(image.pixels.data(), 1, image.pixels.size(), pipe) == image.pixels.size()) {
    const auto time = [fps](long frame) { return static_cast<base::Timestamp>(static_cast<double>(frame) * 1e6 / fps + 0.5); };
    use(StillFrame(time(n), time(n + 1) - time(n), image));
    ++n;
  }
  if (::pclose(pipe) != 0 || n == 0) throw std::runtime_error("ffmpeg drew nothing: " + command);
}

}  // namespace reelgraph::test
