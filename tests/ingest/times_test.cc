// Times of drawn films: whatever the container says, the film starts at 0 and its pictures are where a player shows them.

#include "ingest/clock.h"
#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

using base::kMillisecond;
using base::kSecond;

const std::vector<std::string> kPicture{"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2"};
const std::vector<std::string> kSound{"-f", "lavfi", "-i", "sine=frequency=440:duration=2"};

std::vector<std::string> joined(std::initializer_list<std::vector<std::string>> parts) {
  std::vector<std::string> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

TEST_CASE("a film whose counters start late starts at 0", "[ingest][times]") {
  const TempDir dir;
  for (const char* name : {"late.ts", "late.mp4", "late.mkv"}) {
    INFO(name);
    draw_film(joined({kPicture, {"-c:v", "libx264", "-output_ts_offset", "1234.5"}}), dir / name);
    const Reading reading = read_all(dir / name);
    REQUIRE(reading.frames.size() == 50);
    CHECK(near(reading.frames.front(), 0));
    CHECK(near(reading.frames.back(), 1'960'000));
    CHECK(near(reading.summary.duration, 2 * kSecond));
    CHECK(reading.summary.partial_reason == "");  // nothing of it is missing
  }
}

TEST_CASE("a picture that starts after its sound keeps its distance", "[ingest][times]") {
  const TempDir dir;
  draw_film(joined({{"-itsoffset", "0.5"}, kPicture, kSound, {"-vsync", "vfr", "-c:v", "libx264", "-c:a", "aac"}}),
            dir / "late_picture.mp4");
  const Reading reading = read_all(dir / "late_picture.mp4");
  CHECK(near(reading.frames.front(), 520 * kMillisecond, 25 * kMillisecond));
  CHECK(reading.sound.front().at == 0);

  // Whatever is asked for, the clock is the same.
  ingest::ReaderOptions silent;
  silent.want_audio = false;
  CHECK(read_all(dir / "late_picture.mp4", silent).frames == reading.frames);
}

TEST_CASE("a 33-bit counter that wraps around does not disturb the times", "[ingest][times]") {
  const TempDir dir;
  // 2^33 / 90 kHz is 95443.7 s.
  draw_film(joined({kPicture, kSound, {"-c:v", "libx264", "-c:a", "mp2", "-output_ts_offset", "95442.3"}}), dir / "wrap.ts");
  const Reading reading = read_all(dir / "wrap.ts");
  REQUIRE(reading.frames.size() == 50);
  for (std::size_t i = 1; i < reading.frames.size(); ++i) CHECK(near(reading.frames[i] - reading.frames[i - 1], 40 * kMillisecond));
  CHECK(near(reading.summary.duration, 2 * kSecond, 100 * kMillisecond));
}

TEST_CASE("transport streams joined end to end play on", "[ingest][times]") {
  const TempDir dir;
  draw_film(joined({kPicture, kSound, {"-c:v", "libx264", "-c:a", "mp2"}}), dir / "a.ts");
  draw_film(joined({kPicture, kSound, {"-c:v", "libx264", "-c:a", "mp2", "-output_ts_offset", "5000"}}), dir / "b.ts");
  for (const auto& [first, second] : {std::pair{"a.ts", "a.ts"}, std::pair{"a.ts", "b.ts"}, std::pair{"b.ts", "a.ts"}}) {
    INFO(first << " + " << second);
    write_file(dir / "joined.ts", read_file(dir / first) + read_file(dir / second));
    const Reading reading = read_all(dir / "joined.ts");
    CHECK(reading.frames.size() == 100);
    for (std::size_t i = 1; i < reading.frames.size(); ++i)
      CHECK(near(reading.frames[i] - reading.frames[i - 1], 40 * kMillisecond, 60 * kMillisecond));
    CHECK(near(reading.summary.duration, 4 * kSecond, 150 * kMillisecond));
    CHECK_THAT(reading.summary.partial_reason, Contains("joined up"));
  }
}

TEST_CASE("variable frame rates keep each picture's own time and measured length", "[ingest][times]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=4", "-vf", "select='lt(n,10)+eq(n,50)+gt(n,90)'", "-vsync", "vfr",
             "-c:v", "libx264"},
            dir / "vfr.mkv");
  const Reading reading = read_all(dir / "vfr.mkv");
  REQUIRE(reading.frames.size() == 20);
  CHECK(near(reading.frames[10], 2 * kSecond));
  CHECK(near(reading.durations[9], 1'640'000));
  CHECK(near(reading.durations[10], 1'640'000));
  CHECK(near(reading.durations[11], 40'000));
}

TEST_CASE("what an edit list cuts off at the front is not shown", "[ingest][times]") {
  const TempDir dir;
  draw_film(joined({kPicture, {"-c:v", "libx264", "-g", "25"}}), dir / "whole.mp4");
  // Stream copy from 0.5 s: the packets from the key picture on, and an edit list that starts later.
  draw_film({"-ss", "0.5", "-i", (dir / "whole.mp4").string(), "-c", "copy"}, dir / "edited.mp4");
  const Reading reading = read_all(dir / "edited.mp4");
  CHECK(near(reading.frames.front(), 0, 45 * kMillisecond));
  CHECK(near(reading.summary.duration, 1500 * kMillisecond, 60 * kMillisecond));
}

TEST_CASE("a span of a film starts and ends where it was asked", "[ingest][times]") {
  const TempDir dir;
  for (const char* name : {"span.mp4", "span.mkv", "span.ts"}) {
    INFO(name);
    draw_film(joined({kPicture, kSound, {"-c:v", "libx264", "-g", "20", "-c:a", "aac"}}), dir / name);
    const Reading whole = read_all(dir / name);
    ingest::ReaderOptions options;
    options.from = 700 * kMillisecond;
    options.to = 1300 * kMillisecond;
    const Reading part = read_all(dir / name, options);
    std::vector<base::Timestamp> expected;
    for (const base::Timestamp at : whole.frames) {
      if (at >= *options.from && at < *options.to) expected.push_back(at);
    }
    CHECK(part.frames == expected);
    CHECK(near(part.sound.front().at, *options.from, 100 * kMillisecond));
    CHECK(part.sound.back().at < *options.to);
    CHECK(part.summary.duration <= *options.to);
  }
}

TEST_CASE("key pictures alone keep their times, and the length of the film", "[ingest][times]") {
  const TempDir dir;
  draw_film(joined({kPicture, {"-c:v", "libx264", "-g", "10", "-sc_threshold", "0"}}), dir / "keys.mp4");
  ingest::ReaderOptions options;
  options.keyframes_only = true;
  const Reading reading = read_all(dir / "keys.mp4", options);
  CHECK(reading.frames == std::vector<base::Timestamp>{0, 400'000, 800'000, 1'200'000, 1'600'000});
  CHECK(reading.summary.duration == 2 * kSecond);
  CHECK(reading.summary.partial_reason.empty());
}

TEST_CASE("a greatest rate passes pictures over", "[ingest][times]") {
  const TempDir dir;
  draw_film(joined({kPicture, {"-c:v", "libx264", "-bf", "2"}}), dir / "rate.mp4");
  ingest::ReaderOptions options;
  options.max_fps = 5;
  const Reading reading = read_all(dir / "rate.mp4", options);
  CHECK(reading.frames.size() == 10);
  for (std::size_t i = 1; i < reading.frames.size(); ++i) CHECK(reading.frames[i] - reading.frames[i - 1] >= 199 * kMillisecond);
  CHECK(near(reading.summary.duration, 2 * kSecond));
}

TEST_CASE("wide steps skip whole groups of pictures and find the same ones", "[ingest][times]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=20", "-c:v", "libx264", "-g", "12", "-bf", "0"}, dir / "long.mp4");
  ingest::ReaderOptions options;
  options.max_fps = 0.25;
  const Reading reading = read_all(dir / "long.mp4", options);
  CHECK(reading.frames == std::vector<base::Timestamp>{0, 4 * kSecond, 8 * kSecond, 12 * kSecond, 16 * kSecond});
  CHECK(reading.summary.frames < 300);
  CHECK(near(reading.summary.duration, 20 * kSecond));
}

TEST_CASE("the film clock follows jumps with all streams alike", "[ingest][times]") {
  ingest::FilmClock clock({.zero = 1'000'000, .wrap = 0, .may_be_discontinuous = true});
  const auto place = [&](int stream, base::Timestamp t) { return clock.place(stream, {t, t, 40'000}).pts.value(); };
  CHECK(place(0, 1'000'000) == 0);
  CHECK(place(1, 1'010'000) == 10'000);
  CHECK(place(0, 1'040'000) == 40'000);
  // The video jumps by 500 s; sound of before the jump still comes, then sound from behind it.
  CHECK(place(0, 501'080'000) == 80'000);
  CHECK(place(1, 1'050'000) == 50'000);
  CHECK(place(1, 501'090'000) == 90'000);
  CHECK(place(0, 501'120'000) == 120'000);
  CHECK(clock.jumps() == 1);
  // Half a minute without anything recorded is half a minute.
  CHECK(place(0, 531'120'000) == 30'120'000);
}

TEST_CASE("the film clock survives wild times", "[ingest][times]") {
  ingest::FilmClock clock({.zero = INT64_MIN / 4, .wrap = 95'443'717'688, .may_be_discontinuous = true});
  for (const base::Timestamp t :
       {INT64_MAX, INT64_MIN + 1, base::Timestamp{0}, INT64_MAX / 2, -INT64_MAX / 2, base::kMaxTimestamp, -base::kMaxTimestamp}) {
    const ingest::PacketTimes placed = clock.place(0, {t, t, t});
    if (placed.pts) CHECK(std::abs(*placed.pts) <= base::kMaxTimestamp);
  }
}

TEST_CASE("repeated and missing picture times still rise", "[ingest][times]") {
  ingest::FrameTimes times(40'000);
  CHECK(times.next(0) == 0);
  CHECK(times.next(40'000) == 40'000);
  CHECK(times.next(40'000) == 40'001);
  CHECK(times.next(std::nullopt) == 80'001);
  CHECK(times.next(200'000) == 200'000);
  CHECK(times.last_duration(143'000 * kSecond) < 10 * kSecond);
}

}  // namespace reelgraph::test
