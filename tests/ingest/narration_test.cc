#include "ingest/narration.h"

#include <cmath>

#include "ingest/voice.h"
#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

using base::kSecond;

/// Loudness of the sound between two times, as ffmpeg measures it: mean in dB.
double mean_volume(const std::filesystem::path& file, double from, double to) {
  const ProcessResult result = run({"ffmpeg", "-hide_banner", "-ss", std::to_string(from), "-t", std::to_string(to - from), "-i", file.string(), "-af",
                                    "volumedetect", "-f", "null", "-"});
  const std::size_t at = result.err.find("mean_volume: ");
  INFO(result.err);
  REQUIRE(at != std::string::npos);
  return std::stod(result.err.substr(at + 13));
}

}  // namespace

TEST_CASE("a voice says a line, faster when it is told to", "[ingest][voice]") {
  ingest::Voice voice("en-gb");
  const base::AudioBlock usual = voice.say("Pedro scores for Chelsea!"), fast = voice.say("Pedro scores for Chelsea!", 300);
  CHECK(usual.sample_rate >= 16'000);
  CHECK(static_cast<double>(usual.samples.size()) / usual.sample_rate > 0.8);
  CHECK(static_cast<double>(usual.samples.size()) / usual.sample_rate < 3);
  CHECK(fast.samples.size() * 4 < usual.samples.size() * 3);
  CHECK(voice.say("").samples.size() < usual.samples.size() / 4);
}

TEST_CASE("a language without a voice is refused", "[ingest][voice]") {
  CHECK_THAT(error_of([] { ingest::Voice voice("klingon-x"); }).what(), Contains("no voice klingon-x"));
}

TEST_CASE("a film is narrated: pictures copied, its sound lowered while somebody speaks", "[ingest][narration]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=96x64:rate=10:duration=8", "-f", "lavfi", "-i", "sine=frequency=300:duration=8", "-c:v", "libx264", "-pix_fmt",
             "yuv420p", "-c:a", "aac"},
            dir / "film.mp4");
  for (const char* name : {"told.mp4", "told.mkv"}) {
    INFO(name);
    const ingest::NarrationOptions quiet{.language = "en", .lowered = 0.1, .level = 0};
    const ingest::NarrationResult result =
        ingest::narrate(dir / "film.mp4", {{{2 * kSecond, 4 * kSecond}, "The quick brown fox jumps over the lazy dog."}}, quiet, dir / name);
    CHECK(result.pictures);
    CHECK(result.sound);
    CHECK(result.lines == 1);
    CHECK(near(result.duration, 8 * kSecond, kSecond));
    const Reading told = read_all(dir / name), film = read_all(dir / "film.mp4");
    CHECK(told.frames.size() == film.frames.size());
    // With the voice at nothing, what is left is the film's own sound: 20 dB lower while the line is spoken, and as it was before and after.
    const double before = mean_volume(dir / name, 0.5, 1.5), under = mean_volume(dir / name, 2.5, 3.5), after = mean_volume(dir / name, 6, 7);
    CHECK(before - under > 15);
    CHECK(std::abs(before - after) < 1);
  }
}

TEST_CASE("without a film the voice is written alone, a late line cut by the next", "[ingest][narration]") {
  const TempDir dir;
  const std::string longer = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen";
  for (const char* name : {"voice.wav", "voice.m4a", "voice.mp4", "voice.webm"}) {
    INFO(name);
    const ingest::NarrationResult result =
        ingest::narrate({}, {{{kSecond, 2 * kSecond}, longer}, {{2 * kSecond, 3 * kSecond}, "Yes."}, {{6 * kSecond, 7 * kSecond}, "No."}}, {}, dir / name);
    CHECK_FALSE(result.pictures);
    CHECK_FALSE(result.sound);
    CHECK(result.lines == 3);
    CHECK(result.hurried == 1);
    CHECK(result.cut == 1);
    CHECK(mean_volume(dir / name, 1, 2) > -40);
    CHECK(mean_volume(dir / name, 4.5, 5.5) < -60);
  }
  CHECK_THAT(error_of([&] { ingest::narrate({}, {}, {}, dir / "voice.txt"); }).what(), Contains(".txt"));
  CHECK_FALSE(std::filesystem::exists(dir / "voice.txt"));
}

}  // namespace reelgraph::test
