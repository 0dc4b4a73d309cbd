#pragma once
// Cuts one video into chunks while it is read: windows or shots, the frames that matter, and what can be measured on the way.

#include <memory>
#include <vector>

#include "base/chunk.h"
#include "base/media.h"

namespace reelgraph::chunker {

struct ChunkerOptions {
  base::Duration length = 30 * base::kSecond;  ///< of a window, > overlap
  base::Duration overlap = 2 * base::kSecond;  ///< with the next window, >= 0
  bool by_shots = false;                       ///< windows end at shot boundaries; `length` is then the longest, 2 s the shortest
  double keyframe_fps = 1;                     ///< rate of candidates for keyframes, > 0
  int keyframes_per_chunk = 8;                 ///< most kept of a chunk, >= 1
  int keyframe_side = 768;                     ///< longer side of kept pictures, pixels
  double analysis_fps = 5;                     ///< rate of the measurements
  int analysis_width = 320;                    ///< pixels
  base::Timestamp start = 0;                   ///< where the first chunk starts (`--from`)
};

/// @throws base::Error kInvalidArgument naming the option
void validate(const ChunkerOptions& options);

/// How many windows a film of this length is cut into, if no shot boundary shortens them.
[[nodiscard]] inline std::int64_t window_count(base::Duration film, const ChunkerOptions& options) {
  const base::Duration step = options.length - options.overlap;
  return film <= options.length ? 1 : 1 + (film - options.length + step - 1) / step;
}

/// One video's chunker. Feed it what the reader gives, in that order; take chunks as they close. Memory is bounded by a few windows.
/// Chunk i+1 exists only if the video goes on past the span of chunk i, so the last chunk's own part ends with the video.
class Chunker {
 public:
  explicit Chunker(const ChunkerOptions& options);
  ~Chunker();
  Chunker(Chunker&&) noexcept;
  Chunker& operator=(Chunker&&) noexcept;

  /// @returns true if the frame looks like the first of a new shot; flashes are told from cuts only later, so the signals of the chunk have
  /// the final word (fades and dissolves are known there only)
  bool add(const base::Frame& frame);
  void add(const base::AudioBlock& sound);
  /// A cue that comes after the chunk it begins in was closed can only be counted: `late_cues`.
  void add(const base::Cue& cue);
  /// Nothing comes after; `end` is the measured duration (or `--to`). Closes the last chunk.
  void finish(base::Timestamp end);

  /// Chunks closed since the last call, in order.
  [[nodiscard]] std::vector<base::Chunk> take();
  /// Cues that lie so far from their place in the file that no chunk could be given them.
  [[nodiscard]] int late_cues() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reelgraph::chunker
