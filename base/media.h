#pragma once
// What a media file is and what comes out of it: values that the reader produces and that the chunker, captioners and the graph exchange.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/time.h"

namespace reelgraph::base {

enum class StreamKind { kVideo, kAudio, kSubtitle, kAttachedPicture, kOther };

struct StreamInfo {
  int index = 0;
  StreamKind kind = StreamKind::kOther;
  std::string codec;     ///< FFmpeg's name ("h264"); empty if unknown
  std::string language;  ///< as tagged; may be empty
  std::string note;      ///< why it cannot be used ("encrypted", "no decoder for mhm1"); empty if it can
};

/// What opening a file tells, before anything is decoded. Durations here are claims until `MediaSummary` says otherwise.
struct MediaInfo {
  std::string container;                     ///< FFmpeg's format name
  std::optional<Duration> claimed_duration;  ///< what the header says, if plausible
  std::optional<std::string> wall_start;     ///< ISO 8601 UTC of the first frame, where the file tells
  std::string title;                         ///< from the metadata; may be empty
  std::vector<StreamInfo> streams;
  int video_stream = -1;  ///< index of the stream that is read; -1: none
  int audio_stream = -1;
  std::vector<int> subtitle_streams;  ///< text subtitles that are read
  Size display_size;                  ///< after rotation and pixel aspect; 0x0 without video
  double frame_rate = 0;              ///< average, frames/s; 0 if unknown
  int rotation = 0;                   ///< degrees clockwise already applied to frames: 0, 90, 180, 270
};

/// A decoded video frame, upright and with square pixels. Pixels are made on demand, so that a frame nobody looks at costs no scaling.
/// Valid until the reader that gave it is asked for its next event; not for use from several threads.
class Frame {
 public:
  virtual ~Frame() = default;
  [[nodiscard]] virtual Timestamp at() const = 0;
  /// Time until the next frame as far as known; 0 if unknown.
  [[nodiscard]] virtual Duration duration() const = 0;
  [[nodiscard]] virtual bool is_keyframe() const = 0;
  [[nodiscard]] virtual Size size() const = 0;
  /// The picture squeezed to exactly `size` (any aspect). REQUIRES: 1 <= width, height <= 8192.
  [[nodiscard]] virtual Image render(Size size) const = 0;
};

/// The largest size with the aspect of `from`, sides at least 1, the longer at most `longest` (never enlarged).
[[nodiscard]] Size fit_within(Size from, int longest);

/// Decoded sound, mixed to mono.
struct AudioBlock {
  Timestamp at = 0;
  int sample_rate = 16000;     ///< Hz
  std::vector<float> samples;  ///< float32 [N], in [-1, 1]
};

/// A piece of transcript with its time. Text is sound UTF-8 without markup; it is data, never instructions.
struct Cue {
  TimeSpan span;
  std::string text;
  std::string language;  ///< may be empty
  std::string source;    ///< "embedded:2", "sidecar:film.srt", "speech:whisper-tiny"
  friend bool operator==(const Cue&, const Cue&) = default;
};

/// A part of the video that could not be read, and why ("12 damaged packets").
struct Gap {
  TimeSpan span;
  std::string reason;
  friend bool operator==(const Gap&, const Gap&) = default;
};

/// What reading a file to its end has shown.
struct MediaSummary {
  Duration duration = 0;       ///< measured: end of the last frame or sound
  std::int64_t frames = 0;     ///< decoded
  std::int64_t damaged = 0;    ///< packets or frames that could not be decoded
  std::vector<Gap> gaps;       ///< sorted; spans nothing could be read from
  std::string partial_reason;  ///< empty if the file was read whole; else one sentence for the user
};

}  // namespace reelgraph::base
