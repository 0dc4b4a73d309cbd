#pragma once
// Internal to captioner/signals: whether the camera stands still enough for a background.

#include <deque>
#include <opencv2/core.hpp>

#include "base/time.h"

namespace reelgraph::captioner::signals {

/// Follows where the picture lies against the background. One view.
class ViewGate {
 public:
  enum class Verdict { kStill, kMoves, kChanged };  ///< kChanged: another scene, or nothing that is left of this one

  void begin();
  /// @param expected, present uint8 [H, W] luma; `use` uint8 [H, W]: where the background was in view a step ago
  /// @returns where the picture lies now, pixels; {0, 0} if that cannot be told
  [[nodiscard]] cv::Point2d look(base::Timestamp at, const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use);
  /// @param share of the picture that differs from the background although aligned
  [[nodiscard]] Verdict judge(base::Timestamp at, double share, cv::Size size);
  /// By how much the camera has settled elsewhere, if it has: the background should follow. Then counts as taken.
  [[nodiscard]] cv::Point2d settled_offset();

 private:
  struct Look {
    base::Timestamp at = 0;
    double x = 0, y = 0, zoom = 0;
  };
  std::deque<Look> looks_;  ///< the last few seconds
  double followed_ = 0;     ///< pixels that the background has followed so far
  int off_ = 0;             ///< steps in a row too far away
  int full_ = 0;            ///< steps in a row that are mostly foreground
};

/// For a picture without a background: true if the whole picture moved against the one before. uint8 [H, W]
[[nodiscard]] bool whole_picture_moves(const cv::Mat& before, const cv::Mat& present);

}  // namespace reelgraph::captioner::signals
