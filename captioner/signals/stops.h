#pragma once
// Internal to captioner/signals: where a thing that moved comes to a stand, and when it goes on.

#include <deque>
#include <opencv2/core.hpp>
#include <optional>

#include "base/time.h"

namespace reelgraph::captioner::signals {

/// Watches the boxes of one track.
class StopWatch {
 public:
  struct Turn {
    bool stopped = false;  ///< else it went on
    base::Timestamp at = 0;
  };
  /// @param cut_off the box touches the picture's edge, so that its middle says little
  [[nodiscard]] std::optional<Turn> look(base::Timestamp at, const cv::Rect2d& box, cv::Size picture, bool cut_off);

 private:
  struct Seen {
    base::Timestamp at = 0;
    cv::Point2d foot;
  };
  std::deque<Seen> recent_;
  std::optional<cv::Point2d> stands_;
  std::optional<base::Timestamp> left_;
  double way_ = 0;
};

}  // namespace reelgraph::captioner::signals
