#pragma once
// The one clock of a film. Everything after the demuxer speaks microseconds of this clock; FFmpeg's time bases end here.
//
// Time 0 is the start of what is presented: the earlier of the first picture of the video that is read and the first sound of the audio
// that is read, as their streams start after edit lists and without encoder padding. That is where players put 0 (mpv, browsers), and what
// ffprobe shows less the format's start_time; subtitle and data streams do not move it. So a late start (-itsoffset, a cut MPEG-TS) and a
// negative one vanish, and a picture that really begins after its sound keeps that distance. It depends on the file only, not on what is
// wanted of it.
//
// What is repaired: counters that wrap around (33 bits in MPEG-TS), times that jump back (recordings joined end to end), and, in formats
// that allow it (MPEG-TS, MPEG-PS, FLV), jumps forward of more than a minute: playing goes on where it was, as in players. All streams of a
// file share these corrections, so sound and picture stay together. Shorter jumps forward are time in which nothing was recorded, and stay.

#include <optional>
#include <vector>

#include "base/time.h"

namespace reelgraph::ingest {

/// Times of one packet in microseconds, in whatever origin the file has.
struct PacketTimes {
  std::optional<base::Timestamp> pts;
  std::optional<base::Timestamp> dts;
  base::Duration duration = 0;  ///< 0: unknown
};

/// Turns the file's times into the film's, packet by packet in file order. Pure arithmetic.
class FilmClock {
 public:
  struct Options {
    base::Timestamp zero = 0;           ///< what the file calls the film's 0
    base::Duration wrap = 0;            ///< its counters start again after this long; 0: they do not
    bool may_be_discontinuous = false;  ///< jumps forward can be mere renumbering
  };
  explicit FilmClock(Options options) : options_(options) {}

  /// `stream` is any small index. Times that cannot be (past kMaxTimestamp) become empty.
  [[nodiscard]] PacketTimes place(int stream, PacketTimes times);

  /// For a stream whose times are sparse and out of step (subtitles): moved as `leader` is now, never the cause of a correction.
  [[nodiscard]] PacketTimes follow(int leader, PacketTimes times) const;

  /// Forget where the streams were: the next packets may be anywhere (after a seek).
  void restart();

  /// How often the times had to be joined up.
  [[nodiscard]] int jumps() const { return static_cast<int>(offsets_.size()) - 1; }

 private:
  struct Stream {
    std::optional<base::Timestamp> last;  ///< film time of the last packet's dts (or pts)
    base::Duration last_duration = 0;
    std::size_t offset = 0;  ///< which of `offsets_` it follows
  };
  [[nodiscard]] static PacketTimes moved(PacketTimes times, base::Duration shift);
  [[nodiscard]] bool fits(const Stream& stream, base::Timestamp film_time) const;

  Options options_;
  std::vector<base::Duration> offsets_{0};  ///< added to a file's time; one for each jump, shared by the streams
  std::vector<Stream> streams_;
};

/// Makes the times of decoded pictures strictly rising, and measures how long each is on the screen.
class FrameTimes {
 public:
  explicit FrameTimes(base::Duration nominal) : nominal_(nominal) {}

  /// Time of the next picture: `claimed`, or one interval on where it is missing, or just after the last where it repeats or steps back.
  [[nodiscard]] base::Timestamp next(std::optional<base::Timestamp> claimed);
  /// How long the last picture stays: `claimed` if it can be, else the interval measured before it, else the nominal one.
  [[nodiscard]] base::Duration last_duration(base::Duration claimed) const;
  [[nodiscard]] std::optional<base::Timestamp> last() const { return last_; }
  /// The usual distance of pictures.
  [[nodiscard]] base::Duration interval() const { return interval_ > 0 ? interval_ : nominal_; }

 private:
  base::Duration nominal_;
  base::Duration interval_ = 0;
  base::Duration longest_ = 0;
  std::optional<base::Timestamp> last_;
};

}  // namespace reelgraph::ingest
