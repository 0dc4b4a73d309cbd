#pragma once
// Tells for each measured picture whether movement in it can be trusted, and collects the spans in which it cannot.

#include <deque>
#include <optional>
#include <vector>

#include "base/chunk.h"

namespace reelgraph::captioner::signals {

enum class View { kClear, kCameraMoves, kTooDark, kNoisy };

/// "camera_moves", "too_dark", "noisy": the reason as coverage names it. REQUIRES: not kClear
[[nodiscard]] const char* reason(View view);

struct ViewedSample {
  base::PictureSample sample;
  View view = View::kClear;
};

struct ViewSpan {
  base::TimeSpan span;
  View view = View::kClear;
  double shift = 0;  ///< camera_moves: length of the way, in widths
};

/// Looks half a second back and ahead: a camera that shakes by a little is not one that moves. One film, samples in time order.
class Visibility {
 public:
  void add(const base::PictureSample& sample);
  /// Nothing comes after; decides what is pending and ends the open span at `end`.
  void finish(base::Timestamp end);

  /// Samples decided since the last call.
  [[nodiscard]] std::vector<ViewedSample> take();
  /// Spans of trouble that ended since the last call: at least a second long, pauses under a second closed.
  [[nodiscard]] std::vector<ViewSpan> take_spans();
  /// The span of trouble that still goes on, ended where it was last seen.
  [[nodiscard]] std::optional<ViewSpan> open() const { return open_; }

 private:
  void decide();
  void extend(const ViewedSample& viewed);
  void close();

  std::deque<base::PictureSample> window_;  ///< up to half a second before `next_` and after
  std::size_t next_ = 0;                    ///< first undecided sample of window_
  View last_told_ = View::kClear;           ///< of the last sample whose surroundings told anything
  base::Timestamp last_told_at_ = 0;
  std::vector<ViewedSample> decided_;
  std::optional<ViewSpan> open_;
  std::vector<ViewSpan> spans_;
};

}  // namespace reelgraph::captioner::signals
