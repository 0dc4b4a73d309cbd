// Sound, embedded subtitles, side-cars, covers.

#include <cmath>

#include "ingest/media_files.h"
#include "ingest/subtitle_text.h"
#include "ingest/subtitles.h"
#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

constexpr const char* kSrt =
    "1\n00:00:00,500 --> 00:00:01,000\n<i>Hello</i> &amp; <font color=\"red\">welcome</font>\n\n"
    "2\n00:00:01,200 --> 00:00:01,800\n{\\an8}Second line\nof two\n";

std::filesystem::path film_with(const TempDir& dir, const std::string& codec, const std::string& name) {
  write_file(dir / "cues.srt", kSrt);
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2", "-i", (dir / "cues.srt").string(), "-c:v", "libx264", "-c:s",
             codec, "-metadata:s:s:0", "language=eng"},
            dir / name);
  return dir / name;
}

}  // namespace

TEST_CASE("embedded subtitles become cues without markup", "[ingest][text]") {
  const TempDir dir;
  for (const auto& [codec, name] :
       {std::pair{"srt", "s.mkv"}, std::pair{"ass", "a.mkv"}, std::pair{"webvtt", "w.mkv"}, std::pair{"mov_text", "m.mp4"}}) {
    INFO(codec);
    const Reading reading = read_all(film_with(dir, codec, name));
    REQUIRE(reading.cues.size() == 2);
    CHECK(reading.cues[0].text == "Hello & welcome");
    CHECK(reading.cues[1].text == "Second line\nof two");
    CHECK(near(reading.cues[0].span.start, 500'000));
    CHECK(near(reading.cues[0].span.end, 1'000'000));
    CHECK(reading.cues[0].language == "eng");
    CHECK(reading.cues[0].source == "embedded:1");
    CHECK(reading.info.subtitle_streams == std::vector<int>{1});
  }
}

TEST_CASE("side-cars are found by name and read in any charset", "[ingest][text]") {
  const TempDir dir;
  for (const char* name : {"film.mp4", "film.part2.mp4", "film.part2.srt", "film.SRT", "film.de.vtt", "filmed.srt", "film.txt"})
    write_file(dir / name, "x");
  const auto sidecars = ingest::find_sidecars(dir / "film.mp4");
  REQUIRE(sidecars.size() == 2);
  CHECK(sidecars[0].filename() == "film.SRT");
  CHECK(sidecars[1].filename() == "film.de.vtt");

  write_file(dir / "film.de.vtt", "WEBVTT\n\nNOTE nothing\n\n00:01.000 --> 00:02.500 align:start\n<v Anna>Gr\xC3\xBC\xC3\x9F Gott</v>\n");
  auto cues = ingest::read_sidecar(dir / "film.de.vtt");
  REQUIRE(cues.size() == 1);
  CHECK(cues[0] == base::Cue{{1'000'000, 2'500'000}, "Gr\xC3\xBC\xC3\x9F Gott", "de", "sidecar:film.de.vtt"});

  write_file(dir / "film.SRT",
             "1\r\n00:00:01,000 --> 00:00:02,000\r\nna\xEFve \x93"
             "caf\xE9\x94\r\n\r\n");
  cues = ingest::read_sidecar(dir / "film.SRT");
  REQUIRE(cues.size() == 1);
  CHECK(cues[0].text ==
        "na\xC3\xAFve \xE2\x80\x9C"
        "caf\xC3\xA9\xE2\x80\x9D");

  write_file(dir / "a.ass",
             "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,20\n\n[Events]\n"
             "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
             "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,Later, with a comma\n"
             "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\b1}First{\\b0}\\Nline\n"
             "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}\n");
  cues = ingest::read_sidecar(dir / "a.ass");
  REQUIRE(cues.size() == 2);
  CHECK(cues[0].text == "First\nline");
  CHECK(cues[1].text == "Later, with a comma");

  write_file(dir / "bad.srt", "no cues here");
  CHECK(error_of([&] { static_cast<void>(ingest::read_sidecar(dir / "bad.srt")); }).code() == base::ErrorCode::kBadInput);
  write_file(dir / "utf16.srt", [] {
    std::string text = "\xFF\xFE";
    for (const char c : std::string("1\n00:00:01,000 --> 00:00:02,000\nwide\n\n")) text += {c, '\0'};
    return text;
  }());
  CHECK(ingest::read_sidecar(dir / "utf16.srt").at(0).text == "wide");
}

TEST_CASE("markup that is none stays", "[ingest][text]") {
  CHECK(ingest::plain_text_of_markup("1 < 2 && 3 > 2") == "1 < 2 && 3 > 2");
  CHECK(ingest::plain_text_of_markup("<00:00:01.500><c.yellow>now</c>") == "now");
  CHECK(ingest::plain_text_of_markup("&#65;&#x42;&lt;b&gt; &unknown;") == "AB<b> &unknown;");
  CHECK(ingest::plain_text_of_ass("a{unclosed\\Nb\\hc") == "a{unclosed\nb c");
  CHECK(ingest::tidied("  a  \n\n \t\nb\r\n") == "a\nb");
  CHECK(ingest::webvtt_sample_texts(std::string("\0\0\0\x08vtte", 8)).empty());
  CHECK(ingest::webvtt_sample_texts(std::string("\xFF\xFF\xFF\xFFvttc", 8)).empty());
}

TEST_CASE("sound comes as mono at 16 kHz on the film's clock", "[ingest][sound]") {
  const TempDir dir;
  for (const auto& [name, codec] : {std::pair{"s.wav", "pcm_s16le"}, std::pair{"s.mp3", "libmp3lame"}, std::pair{"s.m4a", "aac"},
                                    std::pair{"s.opus", "libopus"}, std::pair{"s.flac", "flac"}, std::pair{"s.mka", "ac3"}}) {
    INFO(name);
    draw_film({"-f", "lavfi", "-i", "sine=frequency=1000:duration=2:sample_rate=48000", "-ac", "2", "-c:a", codec}, dir / name);
    const Reading reading = read_all(dir / name);
    CHECK(reading.info.video_stream == -1);
    CHECK(reading.frames.empty());
    CHECK(near(reading.summary.duration, 2 * base::kSecond, 60 * base::kMillisecond));
    CHECK(near(reading.sound.front().at, 0));
    std::int64_t samples = 0;
    double power = 0;
    for (std::size_t i = 0; i < reading.sound.size(); ++i) {
      const base::AudioBlock& block = reading.sound[i];
      CHECK(block.sample_rate == 16000);
      if (i > 0)
        CHECK(near(block.at,
                   reading.sound[i - 1].at + static_cast<base::Duration>(reading.sound[i - 1].samples.size()) * 1'000'000 / 16'000, 1000));
      samples += static_cast<std::int64_t>(block.samples.size());
      for (const float sample : block.samples) {
        REQUIRE(std::abs(sample) <= 1.0F);
        power += static_cast<double>(sample) * static_cast<double>(sample);
      }
    }
    // lavfi's sine has an amplitude of 1/8; made stereo, each channel carries 3 dB less, and the mean of both stays there.
    CHECK(std::sqrt(power / static_cast<double>(samples)) == Approx(0.0625).epsilon(0.1));
  }
}

TEST_CASE("cover art is no film", "[ingest][sound]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x64:rate=1:duration=1", "-frames:v", "1"}, dir / "cover.png");
  draw_film({"-f", "lavfi", "-i", "sine=duration=1", "-i", (dir / "cover.png").string(), "-map", "0", "-map", "1", "-c:v", "copy",
             "-disposition:v:0", "attached_pic"},
            dir / "song.mp3");
  const Reading reading = read_all(dir / "song.mp3");
  CHECK(reading.info.video_stream == -1);
  CHECK(reading.frames.empty());
  CHECK(std::any_of(reading.info.streams.begin(), reading.info.streams.end(),
                    [](const auto& s) { return s.kind == base::StreamKind::kAttachedPicture; }));
  CHECK(reading.summary.partial_reason.empty());
}

}  // namespace reelgraph::test
