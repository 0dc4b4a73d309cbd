#include "ingest/clip.h"

#include "ingest/film_writer.h"
#include "ingest/media_files.h"
#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

using base::kMillisecond;
using base::kSecond;

/// Each second has its own colour: red, lime, blue, white.
std::filesystem::path colours(const TempDir& dir, const std::string& name, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments;
  for (const char* colour : {"red", "lime", "blue", "white"}) {
    arguments.insert(arguments.end(), {"-f", "lavfi", "-i", std::string("color=") + colour + ":size=96x64:rate=25:duration=1"});
  }
  arguments.insert(arguments.end(), {"-f", "lavfi", "-i", "sine=duration=4", "-filter_complex", "concat=n=4", "-c:v", "libx264", "-pix_fmt",
                                     "yuv420p", "-g", "25", "-sc_threshold", "0", "-c:a", "aac"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  draw_film(arguments, dir / name);
  return dir / name;
}

bool is(const base::Image& image, int r, int g, int b) {
  const Rgb c = pixel(image, image.width / 2, image.height / 2);
  return std::abs(c.r - r) < 30 && std::abs(c.g - g) < 30 && std::abs(c.b - b) < 30;
}

}  // namespace

TEST_CASE("the picture on the screen at a time is the last not after it", "[ingest][clip]") {
  const TempDir dir;
  for (const char* name : {"film.mp4", "film.mkv", "film.ts"}) {
    INFO(name);
    const auto film = colours(dir, name);
    const base::Timestamp zero = ingest::picture_at(film, 0).at;
    CHECK(zero < 40 * kMillisecond);
    CHECK(is(ingest::picture_at(film, 990 * kMillisecond).image, 255, 0, 0));
    const ingest::StillPicture second = ingest::picture_at(film, kSecond + zero + 1000);
    CHECK(near(second.at, kSecond + zero));
    CHECK(is(second.image, 0, 255, 0));
    CHECK(near(ingest::picture_at(film, 2'159'000).at, 2'120'000 + (zero > 0 ? zero : 0), 40'000));
    CHECK(is(ingest::picture_at(film, 2'159'000).image, 0, 0, 255));
    CHECK(is(ingest::picture_at(film, 4 * kSecond + 300 * kMillisecond).image, 255, 255, 255));
    CHECK_THAT(error_of([&] { static_cast<void>(ingest::picture_at(film, 60 * kSecond)); }).what(), Contains("ends at"));
  }
  draw_film({"-f", "lavfi", "-i", "sine=duration=1"}, dir / "sound.wav");
  CHECK_THAT(error_of([&] { static_cast<void>(ingest::picture_at(dir / "sound.wav", 0)); }).what(), Contains("no pictures"));
}

TEST_CASE("a clip from a key picture is copied", "[ingest][clip]") {
  const TempDir dir;
  const auto film = colours(dir, "film.mp4");
  for (const char* name : {"clip.mp4", "clip.mkv", "clip.mov"}) {
    INFO(name);
    const ingest::ClipResult result = ingest::cut_clip(film, {1100 * kMillisecond, 2500 * kMillisecond}, dir / name);
    CHECK(result.copied);
    CHECK(near(result.span.start, kSecond, 5000));
    const Reading clip = read_all(dir / name);
    CHECK(near(clip.summary.duration, 1500 * kMillisecond, 150 * kMillisecond));
    CHECK(is(clip.first_picture, 0, 255, 0));
    CHECK(is(clip.last_picture, 0, 0, 255));
    CHECK_FALSE(clip.sound.empty());
  }
}

TEST_CASE("a clip from between key pictures is encoded exactly", "[ingest][clip]") {
  const TempDir dir;
  const auto film = colours(dir, "film.mkv");
  for (const char* name : {"clip.mp4", "clip.mkv", "clip.webm"}) {
    INFO(name);
    const ingest::ClipResult result = ingest::cut_clip(film, {1600 * kMillisecond, 2600 * kMillisecond}, dir / name);
    CHECK_FALSE(result.copied);
    const Reading clip = read_all(dir / name);
    CHECK(near(clip.summary.duration, kSecond, 60 * kMillisecond));
    CHECK((clip.frames.size() == 25 || clip.frames.size() == 26));  // the first may be on the screen for a part only
    CHECK(is(clip.first_picture, 0, 255, 0));
    CHECK(is(clip.last_picture, 0, 0, 255));
    CHECK_FALSE(clip.sound.empty());
    CHECK(clip.summary.partial_reason.empty());
  }
}

TEST_CASE("a film that is written shows its last picture", "[ingest][clip]") {
  const TempDir dir;
  for (const char* name : {"film.mp4", "film.mkv"}) {
    INFO(name);
    ingest::FilmWriter film(dir / name, {64, 48});
    base::Image picture{64, 48, std::vector<std::uint8_t>(64 * 48 * 3, 90)};
    for (int second = 0; second < 4; ++second) film.picture(picture, second * kSecond);
    base::AudioBlock sound;
    sound.samples.assign(static_cast<std::size_t>(4 * ingest::FilmWriter::kAudioRate), 0.1F);
    film.sound(sound);
    film.commit();
    CHECK(read_all(dir / name).frames.size() == 4);
  }
}

TEST_CASE("sound alone and transport streams can be cut", "[ingest][clip]") {
  const TempDir dir;
  const auto film = colours(dir, "film.ts");
  CHECK(ingest::cut_clip(film, {1100 * kMillisecond, 2500 * kMillisecond}, dir / "clip.mp4").copied);
  CHECK(near(read_all(dir / "clip.mp4").summary.duration, 1500 * kMillisecond, 200 * kMillisecond));
  draw_film({"-f", "lavfi", "-i", "sine=duration=4", "-c:a", "aac"}, dir / "sound.m4a");
  ingest::cut_clip(dir / "sound.m4a", {kSecond, 2 * kSecond}, dir / "sound_clip.mp4");
  CHECK(near(read_all(dir / "sound_clip.mp4").summary.duration, kSecond, 100 * kMillisecond));
}

TEST_CASE("a clip that fails leaves nothing behind", "[ingest][clip]") {
  const TempDir dir;
  const auto film = colours(dir, "film.mp4");
  const auto cut = [&](base::TimeSpan span, const std::filesystem::path& output) {
    return error_of([&] { ingest::cut_clip(film, span, output); });
  };
  CHECK(cut({100 * kSecond, 101 * kSecond}, dir / "clip.mp4").code() == base::ErrorCode::kBadInput);
  CHECK(cut({0, kSecond}, dir / "clip.txt").code() == base::ErrorCode::kBadInput);
  CHECK(cut({kSecond, kSecond}, dir / "clip.mp4").code() == base::ErrorCode::kBadInput);
  CHECK(cut({0, kSecond}, film).code() == base::ErrorCode::kBadInput);
  CHECK(cut({0, kSecond}, dir / "absent" / "clip.mp4").code() == base::ErrorCode::kArchive);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("pictures are encoded the same way each time", "[ingest][clip]") {
  base::Image image{33, 17, std::vector<std::uint8_t>(33 * 17 * 3)};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 7);
  const std::string jpeg = ingest::encode_jpeg(image), png = ingest::encode_png(image);
  CHECK(jpeg == ingest::encode_jpeg(image));
  CHECK(png == ingest::encode_png(image));
  CHECK(jpeg.starts_with("\xFF\xD8\xFF"));
  CHECK(png.starts_with("\x89PNG"));
  CHECK(ingest::encode_jpeg(image, 30).size() < ingest::encode_jpeg(image, 95).size());
  CHECK(error_of([&] { static_cast<void>(ingest::encode_jpeg({})); }).code() == base::ErrorCode::kInvalidArgument);
  CHECK(error_of([&] { static_cast<void>(ingest::encode_jpeg(image, 0)); }).code() == base::ErrorCode::kInvalidArgument);

  // What is read back is what was put in, at the size it had, and damage is told.
  base::Image ramp{41, 30, {}};
  for (int i = 0; i < 41 * 30; ++i) ramp.pixels.insert(ramp.pixels.end(), {static_cast<std::uint8_t>(60 + i % 41 * 3), 90, 200});
  const std::string whole = ingest::encode_jpeg(ramp, 95);
  const base::Image read = ingest::decode_jpeg(whole, "ramp.jpg");
  REQUIRE((read.width == 41 && read.height == 30 && read.pixels.size() == ramp.pixels.size()));
  int off = 0, worst = 0;
  for (std::size_t i = 0; i < read.pixels.size(); ++i) {
    if (i / 3 % 41 >= 39) continue;  // there colour is that of a neighbour beyond the edge
    off += std::abs(read.pixels[i] - ramp.pixels[i]);
    worst = std::max(worst, std::abs(read.pixels[i] - ramp.pixels[i]));
  }
  CHECK(worst <= 12);
  CHECK(off <= 3 * static_cast<int>(read.pixels.size()));
  for (const std::string& damaged : {std::string(), std::string("GIF89a"), whole.substr(0, 100), png}) {
    const base::Error error = error_of([&] { static_cast<void>(ingest::decode_jpeg(damaged, "ramp.jpg")); });
    CHECK(error.code() == base::ErrorCode::kBadInput);
    CHECK(error.context() == "ramp.jpg");
  }

  // What a reader of JPEG sees is what was put in.
  const TempDir dir;
  base::Image flat{40, 40, {}};
  for (int i = 0; i < 1600; ++i) flat.pixels.insert(flat.pixels.end(), {200, 60, 30});
  write_file(dir / "flat.jpg", ingest::encode_jpeg(flat));
  draw_film({"-i", (dir / "flat.jpg").string(), "-c:v", "ffv1", "-pix_fmt", "bgr0"}, dir / "flat.mkv");
  const Rgb seen = pixel(read_all(dir / "flat.mkv").first_picture, 20, 20);
  CHECK(std::abs(seen.r - 200) <= 4);
  CHECK(std::abs(seen.g - 60) <= 4);
  CHECK(std::abs(seen.b - 30) <= 4);
}

TEST_CASE("FFmpeg says what it can do", "[ingest][clip]") {
  const ingest::FfmpegFacts facts = ingest::ffmpeg_facts();
  CHECK_FALSE(facts.version.empty());
  CHECK(facts.missing_decoders.empty());
}

}  // namespace reelgraph::test
