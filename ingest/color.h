#pragma once
// From any decoded picture to upright 8-bit RGB of the size that is wanted.
//
// The matrix (BT.601, 709, 2020, ...) and the range (limited, full) are those the picture names; where it names no matrix, 709 for pictures
// of 720 lines or more and 601 below, as players do. HDR (PQ, HLG) becomes SDR: linear light, BT.2020 to 709 primaries, a shoulder that
// leaves values up to 3/4 of SDR white alone and bends 1000 nits to white, then sRGB. An interlaced picture gives its first field only, so
// that moving things have no combs. Where a picture shrinks much, lines are passed over before scaling: a 64x36 thumbnail of HD costs a few
// hundred microseconds.

#include <list>

#include "base/image.h"
#include "ingest/ffmpeg_handles.h"
#include "ingest/streams.h"

namespace reelgraph::ingest {

/// Keeps swscale contexts for the formats and sizes met last. Not for use from several threads.
class ColorConverter {
 public:
  /// The picture turned upright and squeezed to `size`. @throws base::Error kInvalidArgument (size), kBadInput (pixel format)
  [[nodiscard]] base::Image to_rgb(const AVFrame& frame, base::Size size, Orientation orientation);

 private:
  struct Key {
    int width, height, format, matrix, range;
    base::Size size;
    int target;
    friend bool operator==(const Key&, const Key&) = default;
  };
  SwsContext& context(const Key& key);

  std::list<std::pair<Key, Sws>> contexts_;  ///< most recent first
  std::vector<std::uint8_t> buffer_;         ///< rows of the scaler's output, padded
};

/// True for PQ and HLG.
[[nodiscard]] bool is_hdr(const AVFrame& frame);

/// `image` mirrored, then turned clockwise.
[[nodiscard]] base::Image turned(base::Image image, Orientation orientation);

}  // namespace reelgraph::ingest
