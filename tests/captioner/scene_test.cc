// Odd and hostile pictures through the whole signals captioner, drawn frame by frame without a film.

#include <cmath>
#include <random>

#include "tests/captioner/watching.h"
#include "tests/support/frames.h"
#include "tests/support/support.h"

using namespace reelgraph;
using test::Watched;

namespace {

using Draw = std::function<base::Image(double t)>;

/// A film of `draw` as the captioner sees it.
Watched watch_drawn(double seconds, double fps, const Draw& draw, const captioner::CaptionerOptions& options = {}) {
  const auto captioner = captioner::make_captioner(options);
  const auto session = captioner->open("drawn", {});
  chunker::Chunker chunker({});
  Watched watched;
  const auto frames = static_cast<long>(std::lround(seconds * fps));
  const auto time = [fps](long n) { return static_cast<base::Timestamp>(std::llround(static_cast<double>(n) * 1e6 / fps)); };
  for (long n = 0; n < frames; ++n) {
    const test::StillFrame frame(time(n), time(n + 1) - time(n), draw(static_cast<double>(n) / fps));
    const bool boundary = chunker.add(frame);
    session->watch(frame, boundary);
    watched.add(session->describe(chunker.take()));
  }
  watched.duration = time(frames);
  chunker.finish(watched.duration);
  watched.add(session->describe(chunker.take()));
  return watched;
}

/// Grey ground with a pattern, so that a camera could be told to stand still.
base::Image ground(int width, int height) {
  base::Image image{width, height, {}};
  image.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int level = 110 + ((x * 8 / width + y * 6 / height) % 2 == 0 ? 20 : 0);
      for (int c = 0; c < 3; ++c) image.pixels[static_cast<std::size_t>((y * width + x) * 3 + c)] = static_cast<std::uint8_t>(level);
    }
  }
  return image;
}

/// x, y, width, height in parts of the picture.
void put(base::Image& image, double x, double y, double w, double h, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  const int x0 = std::max(0, static_cast<int>(x * image.width)), x1 = std::min(image.width, static_cast<int>((x + w) * image.width));
  const int y0 = std::max(0, static_cast<int>(y * image.height)), y1 = std::min(image.height, static_cast<int>((y + h) * image.height));
  for (int v = y0; v < y1; ++v) {
    for (int u = x0; u < x1; ++u) {
      auto* p = &image.pixels[static_cast<std::size_t>((v * image.width + u) * 3)];
      p[0] = r;
      p[1] = g;
      p[2] = b;
    }
  }
}

/// A red thing crosses from left to right between 5 and 9 s.
base::Image crossing(double t, int width, int height) {
  base::Image image = ground(width, height);
  if (t >= 5 && t <= 9) put(image, -0.15 + 1.15 * (t - 5) / 4, 0.4, 0.15, 0.25, 200, 20, 20);
  return image;
}

void check_crossing(const Watched& watched) {
  const auto movers = watched.movers();
  REQUIRE(movers.size() == 1);
  CHECK(movers[0].start() == Approx(5.0).margin(0.8));
  CHECK(movers[0].end() == Approx(9.0).margin(0.8));
  CHECK(movers[0].direction == "right");
}

base::Image noise(int width, int height, std::mt19937& random) {
  base::Image image{width, height, {}};
  image.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (auto& p : image.pixels) p = static_cast<std::uint8_t>(random() & 0xff);
  return image;
}

}  // namespace

TEST_CASE("a thing that crosses is one entity with its direction, colour, first and last moment", "[scene]") {
  const Watched watched = watch_drawn(14, 10, [](double t) { return crossing(t, 320, 180); });
  check_crossing(watched);
  CHECK(watched.movers()[0].colour == "red");
  REQUIRE(watched.of("appear").size() == 1);
  CHECK(watched.of("appear")[0].attributes["region"] == "left");
  REQUIRE(watched.of("leave").size() == 1);
  CHECK(watched.of("leave")[0].attributes["region"] == "right");
  CHECK(watched.of("leave")[0].description == "a moving thing, mostly red, moving right, goes out of view on the right");
  CHECK(watched.movers()[0].id == "drawn/track-1");
}

TEST_CASE("rates from 1 to 240 frames a second, greyscale and large pictures see the same thing cross", "[scene]") {
  check_crossing(watch_drawn(14, 240, [](double t) { return crossing(t, 160, 90); }));
  check_crossing(watch_drawn(14, 5, [](double t) {
    base::Image image = crossing(t, 320, 180);
    for (std::size_t i = 0; i < image.pixels.size(); i += 3) image.pixels[i] = image.pixels[i + 1] = image.pixels[i + 2];
    return image;
  }));
  // One picture a second shows too little of four seconds to be sure of a way, but must not harm.
  CHECK(watch_drawn(20, 1, [](double t) { return crossing(t, 320, 180); }).movers().size() <= 1);
}

TEST_CASE("pictures of one pixel, thin strips and 8K do no harm", "[scene]") {
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{{1, 1}, {1, 720}, {1280, 1}, {16, 9}, {33, 2000}}) {
    INFO(width << "x" << height);
    std::mt19937 random(1);
    const Watched watched = watch_drawn(8, 5, [&, w = width, h = height](double) { return noise(w, h, random); });
    CHECK(watched.movers().empty());
  }
  const base::Image large = ground(7680, 4320);
  CHECK(watch_drawn(0.6, 5, [&](double) { return large; }).movers().empty());
  CHECK(watch_drawn(0.2, 5, [&](double) { return ground(320, 180); }).movers().empty());  // one picture
}

TEST_CASE("the size of the picture changes in mid-film", "[scene]") {
  const Watched watched = watch_drawn(28, 5, [](double t) { return t < 14 ? crossing(t, 320, 180) : crossing(t - 14, 180, 320); });
  CHECK(watched.movers().size() == 2);
}

TEST_CASE("noise, black and a still picture have no tracks and no flood of anything", "[scene]") {
  std::mt19937 random(7);
  const Watched noisy = watch_drawn(90, 5, [&](double) { return noise(160, 90, random); });
  CHECK(noisy.movers().empty());
  CHECK(noisy.events.size() < 10);
  CHECK(watch_drawn(60, 5, [](double) { return test::plain_picture(160, 90, 2, 2, 2); }).movers().empty());
  const base::Image still = ground(160, 90);
  const Watched hour = watch_drawn(3600, 1, [&](double) { return still; });
  CHECK(hour.movers().empty());
  CHECK(hour.events.empty());
  CHECK(hour.notes.empty());
}

TEST_CASE("a crowd is bounded: at most so many at a time, and a note when too much happens", "[scene]") {
  // 80 things that wander about for a minute.
  const auto crowd = [](double t) {
    base::Image image = ground(320, 180);
    for (int i = 0; i < 80; ++i) {
      const double phase = i * 0.7, x = 0.5 + 0.48 * std::sin(t * (0.3 + 0.01 * i) + phase),
                   y = 0.5 + 0.45 * std::sin(t * 0.23 + 1.7 * phase);
      if (t > 4) put(image, x, y, 0.06, 0.11, static_cast<std::uint8_t>(40 + 2 * i), 20, static_cast<std::uint8_t>(200 - 2 * i));
    }
    return image;
  };
  captioner::CaptionerOptions options;
  options.profile.signals = {{"events_per_minute", 5}};
  const Watched watched = watch_drawn(60, 5, crowd, options);
  CHECK(watched.of("appear").size() <= 10);
  CHECK(watched.movers().size() <= 10);
  if (watched.of("appear").size() >= 5) {
    CHECK(std::any_of(watched.notes.begin(), watched.notes.end(), [](const auto& n) { return n.reason == "too_many_events"; }));
  }
}

TEST_CASE("a thing that is in view when the film begins says so, and one that is in view at its end has not left", "[scene]") {
  const Watched watched = watch_drawn(12, 5, [](double t) {
    base::Image image = ground(320, 180);
    if (t < 2) put(image, 0.4 + 0.3 * t, 0.4, 0.15, 0.25, 20, 20, 200);
    if (t > 8) put(image, -0.15 + 0.15 * (t - 8), 0.4, 0.15, 0.25, 200, 20, 20);
    return image;
  });
  const auto movers = watched.movers();
  REQUIRE(movers.size() == 2);
  CHECK(movers[0].start() == 0);
  REQUIRE(watched.of("appear").size() == 2);
  CHECK(watched.of("appear")[0].attributes.value("from_start", false));
  CHECK_FALSE(watched.of("appear")[1].attributes.contains("from_start"));
  CHECK(movers[0].left);
  CHECK_FALSE(movers[1].left);
  CHECK(movers[1].end() == Approx(12).margin(0.25));
  CHECK(watched.observations.back().caption.find("is still in view at the end") != std::string::npos);
}

TEST_CASE("a short shot tells no tracks, and why", "[scene]") {
  const Watched watched = watch_drawn(5, 10, [](double t) { return crossing(t + 3, 320, 180); });
  CHECK(watched.movers().empty());
  REQUIRE(watched.notes.size() == 1);
  CHECK(watched.notes[0].reason == "too_short");
  CHECK(watched.notes[0].span == base::TimeSpan{0, 5 * base::kSecond});
}

TEST_CASE("the dark says that it is too dark", "[scene]") {
  const Watched watched = watch_drawn(20, 5, [](double t) {
    base::Image image = crossing(t, 320, 180);
    for (auto& p : image.pixels) p = static_cast<std::uint8_t>(p / 32);
    return image;
  });
  CHECK(watched.movers().empty());
  CHECK(std::any_of(watched.notes.begin(), watched.notes.end(), [](const auto& n) { return n.reason == "too_dark"; }));
}

TEST_CASE("sensitivity and least size are the profile's", "[scene]") {
  captioner::CaptionerOptions coarse;
  coarse.profile.signals = {{"minimum_size", 0.1}};
  CHECK(watch_drawn(
            14, 5, [](double t) { return crossing(t, 320, 180); }, coarse)
            .movers()
            .empty());
  const auto small = [](double t) {
    base::Image image = ground(320, 180);
    if (t >= 5 && t <= 9) put(image, -0.05 + 1.05 * (t - 5) / 4, 0.4, 0.045, 0.06, 200, 20, 20);
    return image;
  };
  CHECK(watch_drawn(14, 5, small).movers().empty());
  captioner::CaptionerOptions fine;
  fine.profile.signals = {{"minimum_size", 0.001}};
  CHECK(watch_drawn(14, 5, small, fine).movers().size() == 1);
}
