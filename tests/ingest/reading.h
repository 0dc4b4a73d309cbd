#pragma once
// Reads a film to its end and keeps what tests ask about.

#include <string>
#include <vector>

#include "base/error.h"
#include "ingest/media_reader.h"
#include "tests/support/support.h"

namespace reelgraph::test {

struct Reading {
  base::MediaInfo info;
  base::MediaSummary summary;
  std::vector<base::Timestamp> frames;
  std::vector<base::Duration> durations;
  std::vector<base::AudioBlock> sound;
  std::vector<base::Cue> cues;
  base::Image first_picture, last_picture;  ///< at the frame's own size
};

inline Reading read_all(const std::filesystem::path& path, const ingest::ReaderOptions& options = {}, bool pictures = true) {
  Reading result;
  const auto reader = ingest::MediaReader::open(path, options);
  result.info = reader->info();
  while (auto event = reader->next()) {
    if (auto* sound = std::get_if<base::AudioBlock>(&*event)) {
      result.sound.push_back(std::move(*sound));
    } else if (auto* cue = std::get_if<base::Cue>(&*event)) {
      result.cues.push_back(std::move(*cue));
    } else {
      const base::Frame& frame = *std::get<const base::Frame*>(*event);
      result.frames.push_back(frame.at());
      result.durations.push_back(frame.duration());
      if (pictures && result.first_picture.empty()) result.first_picture = frame.render(frame.size());
      if (pictures) result.last_picture = frame.render({64, 36});
    }
  }
  result.summary = reader->summary();
  return result;
}

/// Colour of one pixel.
struct Rgb {
  int r = 0, g = 0, b = 0;
};
inline Rgb pixel(const base::Image& image, int x, int y) {
  const std::size_t i = (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x)) * 3;
  return {image.pixels.at(i), image.pixels.at(i + 1), image.pixels.at(i + 2)};
}

inline bool near(base::Timestamp a, base::Timestamp b, base::Duration tolerance = 2 * base::kMillisecond) {
  return a - b <= tolerance && b - a <= tolerance;
}

/// What `call` throws; fails the test if it throws nothing.
template <typename Call>
base::Error error_of(Call call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return {base::ErrorCode::kInternal, ""};
}

}  // namespace reelgraph::test
