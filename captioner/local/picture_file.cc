#include "captioner/local/picture_file.h"

#include <png.h>

#include <cstdint>
#include <string>

#include "base/error.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::uint64_t kMaxPixels = std::uint64_t{64} << 20;

/// libpng's simplified interface; frees what it holds.
struct PngFile {
  png_image image{};
  PngFile() { image.version = PNG_IMAGE_VERSION; }
  ~PngFile() { png_image_free(&image); }
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;
};

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw base::Error(base::ErrorCode::kBadInput, "cannot be read as a PNG picture: " + why, file.string(), "use a sound PNG file");
}

}  // namespace

RgbaImage read_png(const std::filesystem::path& file) {
  PngFile png;
  if (png_image_begin_read_from_file(&png.image, file.c_str()) == 0) fail(file, png.image.message);
  if (std::uint64_t{png.image.width} * png.image.height > kMaxPixels) fail(file, "it is too large");
  png.image.format = PNG_FORMAT_RGBA;
  RgbaImage image{static_cast<int>(png.image.width), static_cast<int>(png.image.height), {}};
  image.pixels.resize(PNG_IMAGE_SIZE(png.image));
  if (png_image_finish_read(&png.image, nullptr, image.pixels.data(), 0, nullptr) == 0) fail(file, png.image.message);
  return image;
}

}  // namespace reelgraph::captioner::local
