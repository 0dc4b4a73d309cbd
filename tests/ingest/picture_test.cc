// Pictures: upright, square pixels, right colours, whatever the file holds.

#include "ingest/color.h"
#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

/// Red on the left, blue on the right; the upper half of both darker by nothing.
const std::vector<std::string> kRedBlue{"-f",
                                        "lavfi",
                                        "-i",
                                        "color=red:size=96x64:rate=5:duration=1",
                                        "-f",
                                        "lavfi",
                                        "-i",
                                        "color=blue:size=96x64:rate=5:duration=1",
                                        "-filter_complex",
                                        "hstack"};

std::vector<std::string> red_blue(std::initializer_list<std::string> more) {
  std::vector<std::string> all = kRedBlue;
  all.insert(all.end(), more);
  return all;
}

bool is_red(Rgb c) { return c.r > 200 && c.g < 60 && c.b < 60; }
bool is_blue(Rgb c) { return c.b > 200 && c.r < 60 && c.g < 60; }

}  // namespace

TEST_CASE("colours survive ranges, matrices, depths and subsamplings", "[ingest][picture]") {
  const TempDir dir;
  const std::vector<std::vector<std::string>> ways{
      {"-c:v", "libx264", "-pix_fmt", "yuv420p"},     {"-c:v", "libx264", "-pix_fmt", "yuvj420p"},
      {"-c:v", "libx264", "-pix_fmt", "yuv444p10le"}, {"-c:v", "libx264", "-vf", "null", "-pix_fmt", "yuv422p10le"},
      {"-c:v", "libx264rgb", "-pix_fmt", "rgb24"},    {"-c:v", "ffv1", "-pix_fmt", "yuv420p12le"},
      {"-c:v", "ffv1", "-pix_fmt", "gbrp10le"},       {"-c:v", "mpeg4", "-pix_fmt", "yuv420p"},
  };
  for (const auto& way : ways) {
    INFO(way[1] << " " << way.back());
    std::vector<std::string> arguments{"-f", "lavfi", "-i",
                                       "color=red:size=96x64:rate=5:duration=1,drawbox=x=48:w=48:h=64:color=blue:t=fill"};
    arguments.insert(arguments.end(), way.begin(), way.end());
    draw_film(arguments, dir / "film.mkv");
    const Reading reading = read_all(dir / "film.mkv");
    REQUIRE(reading.first_picture.width == 96);
    CHECK(is_red(pixel(reading.first_picture, 10, 30)));
    CHECK(is_blue(pixel(reading.first_picture, 85, 30)));
    CHECK(is_red(pixel(reading.last_picture, 5, 18)));
    CHECK(is_blue(pixel(reading.last_picture, 60, 18)));
  }
}

TEST_CASE("full and limited range give the same grey", "[ingest][picture]") {
  const TempDir dir;
  for (const char* range : {"tv", "pc"}) {
    INFO(range);
    draw_film({"-f", "lavfi", "-i", "color=0x808080:size=64x64:rate=5:duration=1", "-vf", std::string("scale=out_range=") + range,
               "-color_range", range, "-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv420p"},
              dir / "grey.mp4");
    const Reading reading = read_all(dir / "grey.mp4");
    const Rgb grey = pixel(reading.first_picture, 32, 32);
    CHECK(std::abs(grey.r - 128) <= 2);
    CHECK(std::abs(grey.g - 128) <= 2);
  }
}

TEST_CASE("the matrix the file names is the one that is used", "[ingest][picture]") {
  const TempDir dir;
  for (const char* matrix : {"bt709", "smpte170m"}) {
    INFO(matrix);
    const std::string name = std::string(matrix) == "bt709" ? "bt709" : "bt601";
    draw_film({"-f", "lavfi", "-i", "color=0x20C040:size=64x64:rate=5:duration=1", "-vf", "scale=out_color_matrix=" + name, "-colorspace",
               matrix, "-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv444p"},
              dir / "green.mp4");
    const Rgb green = pixel(read_all(dir / "green.mp4").first_picture, 32, 32);
    CHECK(std::abs(green.r - 0x20) <= 3);
    CHECK(std::abs(green.g - 0xC0) <= 3);
    CHECK(std::abs(green.b - 0x40) <= 3);
  }
}

TEST_CASE("rotation is applied", "[ingest][picture]") {
  const TempDir dir;
  draw_film(red_blue({"-c:v", "libx264", "-pix_fmt", "yuv420p"}), dir / "flat.mp4");
  for (const int counter_clockwise : {90, 180, 270}) {
    INFO(counter_clockwise);
    // What this option writes is what ffprobe shows as rotation=N: N degrees against the clock.
    draw_film({"-i", (dir / "flat.mp4").string(), "-c", "copy", "-metadata:s:v:0", "rotate=" + std::to_string(counter_clockwise)},
              dir / "turned.mp4");
    const Reading reading = read_all(dir / "turned.mp4");
    const base::Image& p = reading.first_picture;
    CHECK(reading.info.rotation == 360 - counter_clockwise);
    if (counter_clockwise == 180) {
      REQUIRE(reading.info.display_size == base::Size{192, 64});
      CHECK(is_blue(pixel(p, 10, 30)));
      CHECK(is_red(pixel(p, 180, 30)));
    } else {
      REQUIRE(reading.info.display_size == base::Size{64, 192});
      REQUIRE(p.height == 192);
      CHECK(is_blue(pixel(p, 30, counter_clockwise == 90 ? 10 : 180)));
      CHECK(is_red(pixel(p, 30, counter_clockwise == 90 ? 180 : 10)));
    }
    // The ffmpeg program turns pictures upright by itself: the same corner must have the same colour there.
    draw_film({"-i", (dir / "turned.mp4").string(), "-c:v", "ffv1"}, dir / "upright.mkv");
    const base::Image upright = read_all(dir / "upright.mkv").first_picture;
    REQUIRE(upright.width == p.width);
    CHECK(is_red(pixel(upright, 5, 5)) == is_red(pixel(p, 5, 5)));
  }
}

TEST_CASE("mirroring and turning put each corner in its place", "[ingest][picture]") {
  // a b      the letters as red values
  // c d
  const base::Image image{2, 2, {1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0}};
  const auto reds = [](const base::Image& i) { return std::vector<int>{i.pixels[0], i.pixels[3], i.pixels[6], i.pixels[9]}; };
  CHECK(reds(ingest::turned(image, {0, false})) == std::vector<int>{1, 2, 3, 4});
  CHECK(reds(ingest::turned(image, {90, false})) == std::vector<int>{3, 1, 4, 2});
  CHECK(reds(ingest::turned(image, {180, false})) == std::vector<int>{4, 3, 2, 1});
  CHECK(reds(ingest::turned(image, {270, false})) == std::vector<int>{2, 4, 1, 3});
  CHECK(reds(ingest::turned(image, {0, true})) == std::vector<int>{2, 1, 4, 3});
  CHECK(reds(ingest::turned(image, {90, true})) == std::vector<int>{4, 2, 3, 1});
}

TEST_CASE("pixels become square", "[ingest][picture]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=72x58:rate=5:duration=1", "-vf", "setsar=16/11", "-c:v", "libx264"}, dir / "wide.mp4");
  const Reading reading = read_all(dir / "wide.mp4");
  CHECK(reading.info.display_size == base::Size{105, 58});
  CHECK(reading.first_picture.width == 105);
}

TEST_CASE("an interlaced picture shows one field", "[ingest][picture]") {
  const TempDir dir;
  // Alternate pictures black and white, woven: the fields of each picture differ wholly.
  draw_film({"-f", "lavfi", "-i", "color=black:size=64x64:rate=50:duration=1,geq=lum='235*mod(N,2)+16':cb=128:cr=128,interlace=lowpass=off",
             "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-q:v", "2"},
            dir / "woven.ts");
  const Reading reading = read_all(dir / "woven.ts");
  const Rgb upper = pixel(reading.first_picture, 32, 30), lower = pixel(reading.first_picture, 32, 31);
  CHECK(std::abs(upper.r - lower.r) < 20);
  const Rgb small = pixel(reading.last_picture, 32, 18);
  CHECK((small.r < 40 || small.r > 215));
}

TEST_CASE("HDR becomes plain colours of sensible brightness", "[ingest][picture]") {
  const TempDir dir;
  // PQ code for 203 nits, diffuse white, is 0.58 of full scale: 10-bit limited 64 + 0.58 * 876.
  for (const auto& [transfer, code] : {std::pair{"smpte2084", 572}, std::pair{"arib-std-b67", 721}}) {
    INFO(transfer);
    draw_film({"-f", "lavfi", "-i", "color=black:size=64x64:rate=5:duration=1", "-vf",
               "format=yuv420p10le,geq=lum=" + std::to_string(code) + ":cb=512:cr=512", "-c:v", "ffv1", "-color_trc", transfer,
               "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_range", "tv"},
              dir / "hdr.mkv");
    const Rgb white = pixel(read_all(dir / "hdr.mkv").first_picture, 32, 32);
    CHECK(white.r > 205);
    CHECK(std::abs(white.r - white.g) <= 3);
    CHECK(std::abs(white.r - white.b) <= 3);
  }
}

TEST_CASE("any size can be rendered, from one pixel on", "[ingest][picture]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=321x241:rate=5:duration=1", "-c:v", "libx264", "-pix_fmt", "yuv444p"}, dir / "odd.mp4");
  const auto reader = ingest::MediaReader::open(dir / "odd.mp4", {});
  const auto event = reader->next();
  const base::Frame& frame = *std::get<const base::Frame*>(*event);
  for (const base::Size size : {base::Size{1, 1}, base::Size{3, 500}, base::Size{500, 3}, base::Size{321, 241}, base::Size{643, 481}}) {
    const base::Image image = frame.render(size);
    CHECK(image.width == size.width);
    CHECK(image.pixels.size() == static_cast<std::size_t>(size.width * size.height * 3));
  }
  CHECK(error_of([&] { static_cast<void>(frame.render({0, 5})); }).code() == base::ErrorCode::kInvalidArgument);
}

}  // namespace reelgraph::test
