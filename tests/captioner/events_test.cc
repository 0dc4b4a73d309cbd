// What the signals captioner makes of measurements: no film, the samples are written by hand.

#include <algorithm>
#include <cmath>
#include <functional>

#include "captioner/factory.h"
#include "tests/support/support.h"

using namespace reelgraph;
using base::kSecond;
using base::TimeSpan;

namespace {

struct Described {
  std::vector<base::CaptionResult> results;

  [[nodiscard]] std::vector<base::Event> events(const std::string& type = {}) const {
    std::vector<base::Event> all;
    for (const auto& r : results) {
      for (const auto& e : r.observation->events) {
        if (type.empty() || e.type == type) all.push_back(e);
      }
    }
    return all;
  }
  [[nodiscard]] std::vector<base::CoverageNote> notes(const std::string& reason) const {
    std::vector<base::CoverageNote> all;
    for (const auto& r : results) {
      for (const auto& n : r.notes) {
        if (n.reason == reason) all.push_back(n);
      }
    }
    return all;
  }
};

/// A film as samples: 5 pictures and 10 sound levels a second, cut into chunks whose own parts are 28 s.
struct Film {
  double length_s = 20;
  std::function<void(base::PictureSample&, double t)> picture;  ///< empty: no pictures
  std::function<double(double t)> level_db;                     ///< empty: no sound
  std::vector<base::ShotBoundary> boundaries;
  std::vector<base::Cue> cues;
  double chunk_s = 28;

  [[nodiscard]] Described describe(captioner::CaptionerOptions options = {}) const {
    const auto captioner = captioner::make_captioner(options);
    const auto session = captioner->open("film", {});
    Described described;
    const int count = std::max(1, static_cast<int>(std::ceil(length_s / chunk_s)));
    for (int i = 0; i < count; ++i) {
      base::Chunk chunk;
      chunk.index = i;
      chunk.last = i + 1 == count;
      chunk.own = {base::from_seconds(i * chunk_s), base::from_seconds(std::min(length_s, (i + 1) * chunk_s))};
      chunk.span = chunk.own;
      for (int n = 0; picture && n < static_cast<int>(length_s * 5); ++n) {
        base::PictureSample s;
        s.at = n * 200'000;
        s.step = 200'000;
        s.brightness = 0.5;
        if (!chunk.own.contains(s.at)) continue;
        picture(s, n / 5.0);
        chunk.signals.picture.push_back(s);
      }
      for (int n = 0; level_db && n < static_cast<int>(std::ceil(length_s * 10)); ++n) {
        if (chunk.own.contains(n * 100'000)) chunk.signals.sound.push_back({n * 100'000, 100'000, level_db(n / 10.0)});
      }
      for (const auto& b : boundaries) {
        if (chunk.own.contains(b.at)) chunk.signals.boundaries.push_back(b);
      }
      for (const auto& cue : cues) {
        if (cue.span.overlaps(chunk.span)) chunk.cues.push_back(cue);
      }
      for (auto& r : session->describe({&chunk, 1})) described.results.push_back(std::move(r));
      REQUIRE(described.results.back().observation);
      CHECK(described.results.back().observation->span == chunk.own);
    }
    return described;
  }
};

bool within(double t, double from, double to) { return t >= from - 1e-9 && t < to - 1e-9; }

void still(base::PictureSample& /*s*/, double /*t*/) {}

std::function<void(base::PictureSample&, double)> moving(std::vector<std::pair<double, double>> spans, double share = 0.05) {
  return [spans, share](base::PictureSample& s, double t) {
    for (const auto& [from, to] : spans) {
      if (within(t, from, to)) s.motion = share;
    }
    s.motion_x = 0.2;
  };
}

}  // namespace

TEST_CASE("a still film has no events and says that nothing was seen to move", "[signals]") {
  Film film;
  film.picture = still;
  const Described d = film.describe();
  CHECK(d.events().empty());
  CHECK_THAT(d.results[0].observation->caption, Contains("Nothing was seen to move"));
  CHECK(d.results[0].observation->provenance.kind == "signals");
  CHECK(d.results[0].observation->attributes["camera"] == "still");
}

TEST_CASE("movement is one motion event with region, share, confidence and the frame that shows it", "[signals]") {
  Film film;
  film.picture = [](base::PictureSample& s, double t) {
    if (!within(t, 4, 8)) return;
    s.motion = within(t, 6, 6.2) ? 0.1 : 0.03;
    s.motion_x = 0.2;
    s.motion_y = 0.9;
  };
  const Described d = film.describe();
  const auto events = d.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "motion");
  CHECK(base::to_seconds(events[0].span.start) == Approx(4).margin(0.25));
  CHECK(base::to_seconds(events[0].span.end) == Approx(8).margin(0.25));
  CHECK(events[0].attributes["region"] == "bottom left");
  CHECK(events[0].attributes["share"].get<double>() == Approx(0.1));
  CHECK(events[0].attributes["confidence"].get<double>() > 0.5);
  CHECK(events[0].show_at == 6 * kSecond);
  CHECK_THAT(d.results[0].observation->caption, Contains("moves for about 4 s") && Contains("bottom left"));
}

TEST_CASE("a motion over a chunk's border is one event, told once it is over", "[signals]") {
  Film film;
  film.length_s = 70;
  film.picture = moving({{20, 40}});
  const Described d = film.describe();
  CHECK(d.results[0].observation->events.empty());
  CHECK_THAT(d.results[0].observation->caption, Contains("Something moves"));
  REQUIRE(d.results[1].observation->events.size() == 1);
  CHECK(base::to_seconds(d.results[1].observation->events[0].span.start) == Approx(20).margin(0.25));
  CHECK(d.results[2].observation->events.empty());
}

TEST_CASE("what still moves at the end ends with the film", "[signals]") {
  Film film;
  film.length_s = 30;
  film.picture = moving({{0.2, 31}});
  const auto events = film.describe().events("motion");
  REQUIRE(events.size() == 1);
  CHECK(events[0].span == TimeSpan{0, 30 * kSecond});
}

TEST_CASE("short pauses are closed, longer ones part two motions, blips are dropped", "[signals]") {
  Film film;
  film.picture = moving({{2, 4}, {5, 7}, {12, 14}, {17, 17.4}});
  const auto events = film.describe().events("motion");
  REQUIRE(events.size() == 2);
  CHECK(base::to_seconds(events[0].span.end) == Approx(7).margin(0.25));
  CHECK(base::to_seconds(events[1].span.start) == Approx(12).margin(0.25));
}

TEST_CASE("stirring keeps a motion open where it is, but opens none and counts for nothing elsewhere", "[signals]") {
  Film film;
  film.length_s = 40;
  film.picture = [](base::PictureSample& s, double t) {
    s.motion_x = 0.5;
    if (within(t, 4, 6)) s.motion = 0.05;
    if (within(t, 6, 8) || (within(t, 8, 20) && std::fmod(t, 2.0) < 0.19)) s.motion = 0.0005;
    if (within(t, 24, 36)) s.motion = 0.0005;
  };
  const auto events = film.describe().events("motion");
  REQUIRE(events.size() == 1);
  CHECK(base::to_seconds(events[0].span.end) == Approx(18).margin(0.3));
}

TEST_CASE("under a moving camera there is camera_moves, a coverage note and no motion", "[signals]") {
  Film film;
  film.picture = [](base::PictureSample& s, double t) {
    s.camera_confidence = 0.9;
    s.motion = 0.05;
    if (within(t, 5, 12)) s.camera_x = 0.01;
  };
  const Described d = film.describe();
  const auto camera = d.events("camera_moves");
  REQUIRE(camera.size() == 1);
  CHECK(base::to_seconds(camera[0].span.start) == Approx(5).margin(0.6));
  CHECK(base::to_seconds(camera[0].span.end) == Approx(12).margin(0.6));
  REQUIRE(d.notes("camera_moves").size() == 1);
  for (const auto& motion : d.events("motion")) CHECK(motion.span.intersection(TimeSpan{6 * kSecond, 11 * kSecond}).empty());
  CHECK_THAT(d.results[0].observation->caption, Contains("The camera moves"));
}

TEST_CASE("something large that passes a moving camera is not taken for a standing camera with motion", "[signals]") {
  Film film;
  film.picture = [](base::PictureSample& s, double t) {
    const bool covered = within(t, 8, 10);
    s.camera_confidence = covered ? 0.2 : 0.9;
    s.camera_x = covered ? 0 : 0.01;
    s.motion = covered ? 0.3 : 0;
  };
  const Described d = film.describe();
  CHECK(d.events("motion").empty());
  CHECK(d.events("camera_moves").size() == 1);
}

TEST_CASE("a camera that shakes by a pixel does not move, one that zooms does", "[signals]") {
  Film film;
  film.picture = [](base::PictureSample& s, double t) {
    s.camera_confidence = 0.9;
    s.camera_x = std::fmod(t * 5, 2.0) < 0.9 ? 0.004 : -0.004;
  };
  CHECK(film.describe().events().empty());
  film.picture = [](base::PictureSample& s, double t) {
    s.camera_confidence = 0.9;
    if (within(t, 5, 10)) s.camera_zoom = 0.01;
  };
  CHECK(film.describe().events("camera_moves").size() == 1);
}

TEST_CASE("a black film and a film of noise have no events, and say why they say nothing", "[signals]") {
  Film film;
  film.picture = [](base::PictureSample& s, double /*t*/) { s.brightness = 0; };
  Described d = film.describe();
  CHECK(d.events().empty());
  REQUIRE(d.notes("too_dark").size() == 1);
  CHECK(d.notes("too_dark")[0].span == TimeSpan{0, 20 * kSecond});
  film.picture = [](base::PictureSample& s, double /*t*/) { s.noisy = true; };
  d = film.describe();
  CHECK(d.events().empty());
  CHECK(d.notes("noisy").size() == 1);
  CHECK_THAT(d.results[0].observation->caption, Contains("cannot be told"));
}

TEST_CASE("cuts and fades are cut events at the new shot's first frame", "[signals]") {
  Film film;
  film.picture = still;
  film.boundaries = {{3 * kSecond, base::BoundaryKind::kCut, 0.9}, {9 * kSecond, base::BoundaryKind::kFade, 0.8}};
  const Described d = film.describe();
  const auto events = d.events("cut");
  REQUIRE(events.size() == 2);
  CHECK(events[0].span.start == 3 * kSecond);
  CHECK(events[0].show_at == 3 * kSecond);
  CHECK_FALSE(events[0].attributes.contains("kind"));
  CHECK(events[1].attributes["kind"] == "fade");
  CHECK_THAT(d.results[0].observation->caption, Contains("The picture cuts once") && Contains("fades"));
}

TEST_CASE("a flood of events is capped a minute, and that is said", "[signals]") {
  Film film;
  film.length_s = 120;
  film.picture = still;
  for (int i = 0; i < 600; ++i) film.boundaries.push_back({i * 200'000, base::BoundaryKind::kCut, 0.9});
  captioner::CaptionerOptions options;
  options.profile.signals["events_per_minute"] = 10;
  const Described d = film.describe(options);
  CHECK(d.events("cut").size() == 20);
  CHECK(d.notes("too_many_events").size() == 2);
}

TEST_CASE("loud is what stands out, silent is where nothing is heard", "[signals]") {
  Film film;
  film.length_s = 40;
  film.picture = still;
  film.level_db = [](double t) { return within(t, 12, 14) ? -12.0 : within(t, 20, 26) ? -90.0 : -40.0; };
  const Described d = film.describe();
  const auto loud = d.events("loud"), silent = d.events("silent");
  REQUIRE(loud.size() == 1);
  CHECK(loud[0].span == TimeSpan{12 * kSecond, 14 * kSecond});
  REQUIRE(silent.size() == 1);
  CHECK(silent[0].span == TimeSpan{20 * kSecond, 26 * kSecond});
  CHECK_THAT(d.results[0].observation->caption, Contains("loud for about 2 s") && Contains("silence for about 6 s"));
}

TEST_CASE("silence to the end ends with the film, also in the middle of a measurement", "[signals]") {
  Film film;
  film.length_s = 19.95;
  film.level_db = [](double) { return -90.0; };
  const auto silent = film.describe().events("silent");
  REQUIRE(silent.size() == 1);
  CHECK(silent[0].span == TimeSpan{0, 20 * kSecond - 50'000});
}

TEST_CASE("sound that goes on at one level is neither loud nor silent, and no sound is neither", "[signals]") {
  Film film;
  film.picture = still;
  film.level_db = [](double) { return -20.0; };
  CHECK(film.describe().events().empty());
  film.level_db = nullptr;
  CHECK(film.describe().events().empty());
}

TEST_CASE("sound alone is described as such", "[signals]") {
  Film film;
  film.level_db = [](double t) { return within(t, 5, 10) ? -100.0 : -30.0; };
  const Described d = film.describe();
  CHECK(d.events("silent").size() == 1);
  CHECK_THAT(d.results[0].observation->caption, Contains("sound only"));
}

TEST_CASE("a cue is in the transcript of the chunk in which it starts, and only there", "[signals]") {
  Film film;
  film.length_s = 50;
  film.picture = still;
  film.cues = {{{1 * kSecond, 2 * kSecond}, "hello", "", ""}, {{27 * kSecond, 30 * kSecond}, "over the border", "", ""}};
  const Described d = film.describe();
  REQUIRE(d.results.size() == 2);
  CHECK(d.results[0].observation->transcript == "hello\nover the border");
  CHECK(d.results[1].observation->transcript.empty());
}
