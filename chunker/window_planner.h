#pragma once
// Where one chunk ends and the next begins. Knows times only.

#include "base/time.h"
#include "chunker/chunker.h"

namespace reelgraph::chunker {

struct Window {
  base::TimeSpan span;  ///< what is looked at
  base::TimeSpan own;   ///< the part no other window owns; starts with the span, ends before the next window
};

/// Plans the window that is being filled. Windows overlap by `overlap`; with `by_shots` a window ends at the first shot boundary that is
/// at least two seconds in, and only a shot longer than `length` is cut into overlapping windows.
class WindowPlanner {
 public:
  /// REQUIRES: valid options
  explicit WindowPlanner(const ChunkerOptions& options);

  /// The present window if no shot boundary shortens it and the video goes on.
  [[nodiscard]] const Window& window() const { return window_; }
  /// A boundary at `at`, in time order. @returns true if the present window now ends there
  bool boundary(base::Timestamp at);
  /// The present window, cut where the video ends. REQUIRES: window().span.start < end <= window().span.end
  [[nodiscard]] Window ending(base::Timestamp end) const;
  /// Goes on to the next window.
  void advance();

 private:
  void plan(base::Timestamp start);

  ChunkerOptions options_;
  Window window_;
  bool ended_by_shot_ = false;
};

}  // namespace reelgraph::chunker
