// Every file of the reference data's `odd` folder, against ffprobe.

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

/// Files of which nothing can be read, with a word of the reason.
const std::map<std::string, std::string> kUnreadable{
    {"exo__invalid-bitstream.webm", "damaged video packets"},
    {"exo__sample_ac4_fragmented.mp4", "no decoder for ac-4"},
    {"exo__sample_fragmented_clearkey.mp4", "damaged or encrypted"},
    {"exo__sample_fragmented_sideloaded_track.mp4", "fragment"},
    {"exo__sample_mpegh_mha1.mp4", "no decoder for mha1"},
    {"exo__subsample_encrypted_altref.webm", "encrypted"},
    {"mp4parse__bipbop_cbcs_video_init.mp4", "encrypted"},
    {"mp4parse__invalid_userdata.mp4", "nothing in it can be read"},
    {"mp4parse__sine-3s-xhe-aac-44khz-mono.mp4", "aac"},
    {"mp4parse__test_case_1185230.mp4", "damaged"},
    {"mp4parse__zero_empty_stsc.mp4", "damaged"},
    {"streamio__broken.mp4", "moov"},
    {"streamio__empty.flv", "not media"},
};

/// Files of which a part is read.
const std::set<std::string> kPartial{
    "exo__sample_ac3.mp4",         // the last packet is cut off
    "exo__sample_ac3.ts",          // starts and ends inside a packet
    "exo__sample_ait.ts",          // starts inside a packet
    "mp4parse__no_timescale.mp4",  // damaged pictures in the middle
};

struct Probe {
  std::vector<double> pictures;  ///< s, as ffprobe tells; NaN where it knows none
  double last_length = 0;
  std::optional<double> sound_start, sound_end;
};

double number(const nlohmann::json& object, const char* key, double otherwise) {
  return object.contains(key) ? std::stod(object.at(key).get<std::string>()) : otherwise;
}

Probe probe(const std::filesystem::path& path, int stream, bool video) {
  const ProcessResult result =
      run({"ffprobe", "-v", "quiet", "-select_streams", std::to_string(stream), "-show_entries",
           "frame=best_effort_timestamp_time,pkt_duration_time,nb_samples:stream=sample_rate", "-of", "json", path.string()});
  Probe probed;
  const nlohmann::json json = nlohmann::json::parse(result.out);
  double rate = 0;
  for (const auto& one : json.value("streams", nlohmann::json::array())) rate = number(one, "sample_rate", 0);
  for (const auto& frame : json.value("frames", nlohmann::json::array())) {
    const double at = number(frame, "best_effort_timestamp_time", NAN);
    if (std::isnan(at) && !video) continue;
    if (video) {
      probed.pictures.push_back(at);
      probed.last_length = number(frame, "pkt_duration_time", 0);
    } else {
      if (!probed.sound_start) probed.sound_start = at;
      probed.sound_end = at + frame.value("nb_samples", 0) / rate;
    }
  }
  return probed;
}

void compare(const std::filesystem::path& path, const Reading& reading) {
  Probe video, audio;
  if (reading.info.video_stream >= 0) video = probe(path, reading.info.video_stream, true);
  if (reading.info.audio_stream >= 0) audio = probe(path, reading.info.audio_stream, false);
  if (!reading.frames.empty()) {
    REQUIRE(reading.frames.size() == video.pictures.size());
    double zero = video.pictures.front();
    if (audio.sound_start) zero = std::min(zero, *audio.sound_start);
    double worst = 0;
    for (std::size_t i = 0; i < reading.frames.size(); ++i) {
      // A last picture that comes out of the decoder without a time follows the one before.
      if (!std::isnan(video.pictures[i]))
        worst = std::max(worst, std::abs(base::to_seconds(reading.frames[i]) - (video.pictures[i] - zero)));
      if (i > 0) CHECK(reading.frames[i] > reading.frames[i - 1]);
      if (i > 0) CHECK(near(reading.frames[i - 1] + reading.durations[i - 1], reading.frames[i], 0));
    }
    // A damaged stream whose order of pictures the decoder learns as it goes; ffprobe's decoder knows it from probing.
    const bool reordered = path.filename() == "mp4parse__no_timescale.mp4";
    CHECK(worst < (reordered ? 0.034 : 0.0011));
  }
  if (!reading.sound.empty()) {
    REQUIRE(audio.sound_start);
    const double zero = video.pictures.empty() ? *audio.sound_start : std::min(video.pictures.front(), *audio.sound_start);
    // Time runs with the samples, and follows the file's own only when they part by more than 50 ms (exo__sample_ac3.ts repeats a time).
    const base::AudioBlock& last = reading.sound.back();
    const double end = base::to_seconds(last.at) + static_cast<double>(last.samples.size()) / last.sample_rate;
    CHECK(std::abs(base::to_seconds(reading.sound.front().at) - (*audio.sound_start - zero)) < 0.033);
    CHECK(std::abs(end - (*audio.sound_end - zero)) < 0.065);
    CHECK(base::to_seconds(reading.summary.duration) >= end - 0.001);
  }
  if (!reading.frames.empty()) CHECK(reading.summary.duration >= reading.frames.back());
}

}  // namespace

TEST_CASE("every odd file gives ffprobe's times, a part with a reason, or an error with a reason", "[ingest][odd]") {
  const auto folder = shared("data/odd");
  if (!folder) return;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    INFO(name);
    ++files;
    const auto unreadable = kUnreadable.find(name);
    if (unreadable != kUnreadable.end()) {
      const base::Error error = error_of([&] { read_all(entry.path()); });
      CHECK(error.code() == base::ErrorCode::kBadInput);
      CHECK_THAT(error.what(), Contains(unreadable->second) && Contains(name));
      CHECK_FALSE(error.cure().empty());
      continue;
    }
    ingest::ReaderOptions options;
    options.threads = 1;  // as ffprobe: what a decoder makes of damaged pictures depends on it
    const Reading reading = read_all(entry.path(), options);
    CHECK(reading.summary.partial_reason.empty() != kPartial.contains(name));
    CHECK_FALSE((reading.frames.empty() && reading.sound.empty() && reading.cues.empty()));
    CHECK(reading.summary.duration > 0);
    CHECK(reading.summary.duration < 70 * base::kSecond);
    compare(entry.path(), reading);
  }
  CHECK(files == 80);
}

TEST_CASE("an absurd duration in the header is not believed", "[ingest][odd]") {
  const auto path = shared("data/odd/exo__sample_fragmented.mp4");
  if (!path) return;
  const Reading reading = read_all(*path);
  CHECK_FALSE(reading.info.claimed_duration.has_value());
  CHECK(near(reading.summary.duration, 1'068'118, 5 * base::kMillisecond));
}

TEST_CASE("WebVTT in MP4 boxes becomes cues", "[ingest][odd]") {
  const auto path = shared("data/odd/exo__sample.text.mp4");
  if (!path) return;
  const Reading reading = read_all(*path);
  REQUIRE(reading.cues.size() == 2);
  CHECK(reading.cues[0].source == "embedded:0");
  CHECK_FALSE(reading.cues[0].text.empty());
}

TEST_CASE("of several video streams the largest default one is read and the others are named", "[ingest][odd]") {
  const auto path = shared("data/odd/torchcodec__nasa_13013.mp4");
  if (!path) return;
  const Reading reading = read_all(*path, {}, false);
  CHECK(reading.info.video_stream == 3);
  CHECK(reading.info.display_size == base::Size{480, 270});
  CHECK_THAT(reading.info.streams[0].note, Contains("stream 3 is"));
  CHECK(reading.summary.partial_reason.empty());
}

}  // namespace reelgraph::test
