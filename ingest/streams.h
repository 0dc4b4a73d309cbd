#pragma once
// Looks at what a container holds, chooses what is read, and says why the rest is not.

#include "base/media.h"
#include "ingest/clock.h"
#include "ingest/input.h"

namespace reelgraph::ingest {

struct StreamChoice {
  base::MediaInfo info;
  FilmClock::Options clock;
  std::vector<int> text_streams;        ///< subtitles FFmpeg decodes
  std::vector<int> webvtt_boxes;        ///< WebVTT in MP4, which it does not
  std::optional<base::Duration> claim;  ///< claimed end of what is read, on the film's clock, if plausible
};

/// @throws base::Error kBadInput if nothing in it can be read: every stream with its reason
[[nodiscard]] StreamChoice choose_streams(Input& input);

/// Degrees clockwise and mirroring that make a picture upright, from a display matrix (int32 [9], may be null).
struct Orientation {
  int degrees = 0;      ///< 0, 90, 180, 270; after mirroring
  bool mirror = false;  ///< left and right are exchanged first
  friend bool operator==(const Orientation&, const Orientation&) = default;
};
[[nodiscard]] Orientation orientation_of(const std::int32_t* display_matrix);
[[nodiscard]] Orientation stream_orientation(const AVStream& stream);

/// Upright size with square pixels of a coded picture.
[[nodiscard]] base::Size display_size(int width, int height, AVRational pixel_aspect, Orientation orientation);

/// The usual distance of pictures as the file claims it; 40 ms where it says nothing.
[[nodiscard]] base::Duration nominal_interval(const AVStream& stream);

}  // namespace reelgraph::ingest
