#include "chunker/chunker.h"

#include <cstring>

#include "base/error.h"
#include "tests/support/frames.h"
#include "tests/support/support.h"

using namespace reelgraph;
using base::kSecond;
using chunker::Chunker;
using chunker::ChunkerOptions;

namespace {

/// A grey picture with a block whose place depends on `n`.
base::Image picture(int n) {
  base::Image image = test::plain_picture(80, 48, 90, 110, 100);
  for (int y = 10; y < 30; ++y) {
    for (int x = n % 60; x < n % 60 + 12; ++x) image.pixels[static_cast<std::size_t>((y * 80 + x) * 3)] = 240;
  }
  return image;
}

void add_frames(Chunker& chunker, double from_s, double to_s, double fps, std::vector<base::Chunk>& out, bool still = false) {
  for (int n = static_cast<int>(from_s * fps + 0.5); n < static_cast<int>(to_s * fps + 0.5); ++n) {
    const auto at = static_cast<base::Timestamp>(n * 1e6 / fps + 0.5);
    chunker.add(test::StillFrame(at, static_cast<base::Duration>(1e6 / fps), picture(still ? 0 : n)));
    for (auto& chunk : chunker.take()) out.push_back(std::move(chunk));
  }
}

void add_sound(Chunker& chunker, double from_s, double to_s, float level = 0.1F) {
  for (double t = from_s; t < to_s - 1e-9; t += 0.5) {
    base::AudioBlock block;
    block.at = base::from_seconds(t);
    block.samples.assign(8000, level);
    chunker.add(block);
  }
}

void finish(Chunker& chunker, double end_s, std::vector<base::Chunk>& out) {
  chunker.finish(base::from_seconds(end_s));
  for (auto& chunk : chunker.take()) out.push_back(std::move(chunk));
}

void check_tiling(const std::vector<base::Chunk>& chunks, base::Timestamp start, base::Timestamp end) {
  REQUIRE_FALSE(chunks.empty());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    CHECK(chunks[i].index == static_cast<int>(i));
    CHECK(chunks[i].own.start == start);
    CHECK(chunks[i].span.start == start);
    CHECK(chunks[i].span.end >= chunks[i].own.end);
    CHECK(chunks[i].last == (i + 1 == chunks.size()));
    start = chunks[i].own.end;
  }
  CHECK(start == end);
}

}  // namespace

TEST_CASE("a video of 65 s gives three chunks whose own parts tile it and whose signals each instant has once", "[chunker]") {
  Chunker chunker({});
  std::vector<base::Chunk> chunks;
  add_frames(chunker, 0, 65, 5, chunks);
  CHECK(chunks.size() == 2);  // closed while the video goes on
  finish(chunker, 65, chunks);
  REQUIRE(chunks.size() == 3);
  check_tiling(chunks, 0, 65 * kSecond);
  int frames = 0;
  base::Timestamp expected = 0;
  for (const auto& chunk : chunks) {
    frames += chunk.signals.frames_decoded;
    for (const auto& s : chunk.signals.picture) {
      CHECK(chunk.own.contains(s.at));
      CHECK(s.at == expected);
      CHECK(s.step == 200'000);
      expected += 200'000;
    }
    CHECK(chunk.keyframes.size() + chunk.candidates.size() == static_cast<std::size_t>((chunk.span.length() + kSecond - 1) / kSecond));
    CHECK(chunk.keyframes.size() <= 8);
    for (const auto& k : chunk.keyframes) CHECK(chunk.span.contains(k.at));
  }
  CHECK(frames == 325);
}

TEST_CASE("a video that ends within a chunk's span has no further chunk", "[chunker]") {
  for (const double length : {0.2, 28.0, 29.0, 30.0}) {
    Chunker chunker({});
    std::vector<base::Chunk> chunks;
    add_frames(chunker, 0, length, 5, chunks);
    finish(chunker, length, chunks);
    INFO(length);
    REQUIRE(chunks.size() == 1);
    check_tiling(chunks, 0, base::from_seconds(length));
  }
  Chunker chunker({});
  std::vector<base::Chunk> chunks;
  add_frames(chunker, 0, 30.2, 5, chunks);
  finish(chunker, 30.2, chunks);
  CHECK(chunks.size() == 2);
}

TEST_CASE("sound alone is cut into chunks without pictures", "[chunker]") {
  Chunker chunker({});
  add_sound(chunker, 0, 70);
  std::vector<base::Chunk> chunks = chunker.take();
  CHECK(chunks.size() == 2);
  finish(chunker, 70, chunks);
  REQUIRE(chunks.size() == 3);
  check_tiling(chunks, 0, 70 * kSecond);
  std::size_t samples = 0;
  for (const auto& chunk : chunks) {
    CHECK(chunk.keyframes.empty());
    CHECK(chunk.signals.picture.empty());
    samples += chunk.signals.sound.size();
  }
  CHECK(samples == 700);
}

TEST_CASE("sound that lags the pictures in the file still lands in its chunk", "[chunker]") {
  Chunker chunker({});
  std::vector<base::Chunk> chunks;
  add_sound(chunker, 0, 1);
  add_frames(chunker, 0, 38, 5, chunks, true);
  CHECK(chunks.empty());
  add_sound(chunker, 1, 38);
  for (auto& c : chunker.take()) chunks.push_back(std::move(c));
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].signals.sound.size() == 280);
}

TEST_CASE("pictures do not wait for ever for sound that has ended, nor sound for pictures", "[chunker]") {
  Chunker pictures({});
  std::vector<base::Chunk> chunks;
  add_sound(pictures, 0, 3);
  add_frames(pictures, 0, 45, 5, chunks, true);
  CHECK(chunks.size() == 1);

  Chunker sound({});
  chunks.clear();
  add_frames(sound, 0, 2, 5, chunks, true);
  add_sound(sound, 0, 45);
  CHECK(sound.take().size() == 1);
}

TEST_CASE("a still scene keeps one picture a chunk and counts the others of its own part", "[chunker]") {
  Chunker chunker({});
  std::vector<base::Chunk> chunks;
  add_frames(chunker, 0, 40, 5, chunks, true);
  finish(chunker, 40, chunks);
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[0].keyframes.size() == 1);
  CHECK(chunks[0].signals.near_duplicates == 27);
  CHECK(chunks[0].candidates.size() == 29);
}

TEST_CASE("cues are given to every chunk they overlap, in order", "[chunker]") {
  Chunker chunker({});
  std::vector<base::Chunk> chunks;
  chunker.add(base::Cue{{29 * kSecond, 31 * kSecond}, "border", "", ""});
  chunker.add(base::Cue{{2 * kSecond, 4 * kSecond}, "early", "", ""});
  add_frames(chunker, 0, 50, 5, chunks, true);
  finish(chunker, 50, chunks);
  REQUIRE(chunks.size() == 2);
  REQUIRE(chunks[0].cues.size() == 2);
  CHECK(chunks[0].cues[0].text == "early");
  REQUIRE(chunks[1].cues.size() == 1);
  CHECK(chunks[1].cues[0].text == "border");
}

TEST_CASE("a cue whose chunk is closed is counted, not lost in silence", "[chunker]") {
  Chunker chunker({});
  std::vector<base::Chunk> chunks;
  add_frames(chunker, 0, 40, 5, chunks, true);
  REQUIRE(chunks.size() == 1);
  chunker.add(base::Cue{{5 * kSecond, 7 * kSecond}, "much too late", "", ""});
  chunker.add(base::Cue{{29 * kSecond, 31 * kSecond}, "in time", "", ""});
  finish(chunker, 40, chunks);
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[1].cues.size() == 1);
  CHECK(chunker.late_cues() == 1);
}

TEST_CASE("a cut lies in one chunk's signals, and its first frame is among the pictures", "[chunker]") {
  Chunker chunker({});
  bool told = false;
  test::for_each_frame("-f lavfi -i smptebars=s=320x180:r=25:d=2.48 -f lavfi -i testsrc=s=320x180:r=25:d=2 -filter_complex concat",
                       {320, 180}, 25, [&](const base::Frame& frame) {
                         if (chunker.add(frame)) {
                           CHECK(frame.at() == 2'480'000);
                           told = true;
                         }
                       });
  chunker.finish(4'480'000);
  const auto chunks = chunker.take();
  REQUIRE(chunks.size() == 1);
  CHECK(told);
  REQUIRE(chunks[0].signals.boundaries.size() == 1);
  CHECK(chunks[0].signals.boundaries[0].at == 2'480'000);
  bool kept = false;
  for (const auto& k : chunks[0].keyframes) kept = kept || k.at == 2'480'000;
  CHECK(kept);
  for (const auto& s : chunks[0].signals.picture) {
    INFO(s.at);
    if (s.at < 2'600'000) CHECK(s.motion == 0);
  }
}

TEST_CASE("by shots, chunks end where shots end", "[chunker]") {
  ChunkerOptions options;
  options.by_shots = true;
  Chunker chunker(options);
  test::for_each_frame(
      "-f lavfi -i smptebars=s=320x180:r=25:d=6 -f lavfi -i mandelbrot=s=320x180:r=25:start_scale=0.5:end_scale=0.4 "
      "-filter_complex \"[1:v]trim=0:0.04,loop=-1:1,setpts=N/25/TB,trim=0:7[m];[0:v][m]concat\"",
      {320, 180}, 25, [&](const base::Frame& frame) { chunker.add(frame); });
  chunker.finish(13 * kSecond);
  const auto chunks = chunker.take();
  REQUIRE(chunks.size() == 2);
  check_tiling(chunks, 0, 13 * kSecond);
  CHECK(chunks[0].own.end == 6 * kSecond);
}

TEST_CASE("the same input gives the same chunks, bit for bit", "[chunker]") {
  const auto run = [] {
    Chunker chunker({});
    std::vector<base::Chunk> chunks;
    add_frames(chunker, 0, 12, 10, chunks);
    finish(chunker, 12, chunks);
    return chunks;
  };
  const auto a = run(), b = run();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].signals.picture.size() == b[i].signals.picture.size());
    for (std::size_t k = 0; k < a[i].signals.picture.size(); ++k) {
      const auto &p = a[i].signals.picture[k], &q = b[i].signals.picture[k];
      CHECK(p.motion == q.motion);
      CHECK(p.camera_x == q.camera_x);
      CHECK(p.sharpness == q.sharpness);
    }
    REQUIRE(a[i].keyframes.size() == b[i].keyframes.size());
    for (std::size_t k = 0; k < a[i].keyframes.size(); ++k) CHECK(a[i].keyframes[k].image == b[i].keyframes[k].image);
  }
}

TEST_CASE("odd sizes, sizes that change and frames out of order are taken", "[chunker]") {
  Chunker chunker({});
  chunker.add(test::StillFrame(0, 1, test::plain_picture(1, 1, 5, 5, 5)));
  chunker.add(test::StillFrame(200'000, 1, test::plain_picture(2000, 3, 250, 5, 5)));
  chunker.add(test::StillFrame(100'000, 1, test::plain_picture(7, 7, 5, 5, 5)));
  chunker.add(test::StillFrame(400'000, 1, test::plain_picture(3, 700, 5, 250, 5)));
  chunker.finish(600'000);
  const auto chunks = chunker.take();
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].signals.frames_decoded == 3);
  CHECK(chunks[0].keyframes.front().image.width == 1);
}

TEST_CASE("a window of an hour keeps a bounded number of pictures", "[chunker]") {
  ChunkerOptions options;
  options.length = base::kHour;
  options.keyframe_fps = 5;
  Chunker chunker(options);
  std::vector<base::Chunk> chunks;
  add_frames(chunker, 0, 300, 5, chunks);
  finish(chunker, 300, chunks);
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].keyframes.size() + chunks[0].candidates.size() <= 257);
}

TEST_CASE("nothing read gives no chunk", "[chunker]") {
  Chunker chunker({});
  chunker.finish(0);
  CHECK(chunker.take().empty());
}

TEST_CASE("options that make no sense are refused by name", "[chunker]") {
  ChunkerOptions options;
  options.overlap = options.length;
  CHECK_THROWS_WITH(Chunker(options), Contains("overlap"));
  options = {};
  options.keyframe_fps = 0;
  CHECK_THROWS_WITH(Chunker(options), Contains("keyframes"));
  options = {};
  options.keyframes_per_chunk = 0;
  CHECK_THROWS_AS(Chunker(options), base::Error);
}
