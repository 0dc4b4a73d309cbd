#pragma once
// Opens a media file and reads it once, in order: frames, sound, subtitles, all on one clock.

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "base/log.h"
#include "base/media.h"

namespace reelgraph::ingest {

/// Limits against hostile files. 0 never means "unlimited" here.
struct ReaderLimits {
  std::int64_t max_pixels = 8192LL * 8192;        ///< per frame
  std::int64_t max_allocation_bytes = 1LL << 30;  ///< one allocation inside FFmpeg
  int max_streams = 64;
  double open_deadline_s = 30;   ///< for opening and probing
  double stall_deadline_s = 60;  ///< longest wait for one event
};

struct ReaderOptions {
  std::optional<base::Timestamp> from;  ///< first instant wanted; default: the start
  std::optional<base::Timestamp> to;    ///< first instant not wanted; default: the end
  bool keyframes_only = false;          ///< decode key pictures only (fast, coarse times)
  double max_fps = 0;                   ///< frames closer than this rate allows are passed over before any scaling; 0: all
  bool want_video = true;
  bool want_audio = true;
  bool want_subtitles = true;
  int threads = 0;  ///< of the video decoder; 0: one per core
  ReaderLimits limits;
};

/// End of a stream of events is the empty optional.
using MediaEvent = std::variant<const base::Frame*, base::AudioBlock, base::Cue>;

/// One file, read once. Owns the descriptor and everything of FFmpeg; opens no other file, whatever the media says.
/// Decoding is done inside `next`. Not for use from several threads.
class MediaReader {
 public:
  /// @throws base::Error kBadInput with the file, the reason and what can be done
  static std::unique_ptr<MediaReader> open(const std::filesystem::path& path, const ReaderOptions& options, std::stop_token stop = {});

  virtual ~MediaReader() = default;
  [[nodiscard]] virtual const base::MediaInfo& info() const = 0;

  /// The next frame, sound or cue; events of one kind come in time order, kinds interleave as in the file. A frame stays valid until
  /// the next call. Damaged parts are passed over and told by `summary`. Empty at the end or when a stop was requested.
  [[nodiscard]] virtual std::optional<MediaEvent> next() = 0;

  /// What was read so far; whole after `next` gave nothing.
  [[nodiscard]] virtual base::MediaSummary summary() const = 0;
};

}  // namespace reelgraph::ingest
