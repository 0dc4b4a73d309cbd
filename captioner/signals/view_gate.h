#pragma once
// Internal to captioner/signals: whether the camera stands still enough for a background.

#include <deque>
#include <opencv2/core.hpp>

#include "base/time.h"
#include "chunker/camera_flow.h"

namespace reelgraph::captioner::signals {

/// Follows where the picture lies against the background. One view.
class ViewGate {
 public:
  enum class Verdict { kStill, kMoves, kChanged };  ///< kChanged: another scene, or nothing that is left of this one

  void begin();
  /// @param expected, present uint8 [H, W] luma; `use` uint8 [H, W]: where the background was in view a step ago
  /// @returns where the picture lies now, pixels; {0, 0} if that cannot be told
  [[nodiscard]] cv::Point2d look(base::Timestamp at, const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use);
  /// @param before the picture before, present uint8 [H, W] luma: asked where the background tells nothing
  /// @param share of the picture that differs from the background although aligned
  [[nodiscard]] Verdict judge(base::Timestamp at, double share, const cv::Mat& before, const cv::Mat& present);
  /// The picture of the view as it was at first, uint8 [H, W] luma; a slow pan shows against it, which a background that adapts would hide.
  void set_anchor(base::Timestamp at, const cv::Mat& luma);
  /// Compares with the anchor, meant to be called about once a second. @param anchor in the present exposure
  /// @returns true if the camera drifts
  [[nodiscard]] bool drifts(base::Timestamp at, const cv::Mat& anchor, const cv::Mat& present, const cv::Mat& use);
  [[nodiscard]] const cv::Mat& anchor() const { return anchor_; }
  /// By how much the camera has settled elsewhere, if it has: the background should follow. Then counts as taken.
  [[nodiscard]] cv::Point2d settled_offset();

 private:
  struct Look {
    base::Timestamp at = 0;
    double x = 0, y = 0, zoom = 0;
  };
  [[nodiscard]] bool goes_evenly(double way) const;

  std::deque<Look> looks_;  ///< the last few seconds
  std::deque<Look> marks_;  ///< the last few looks against the anchor
  cv::Point2d followed_;    ///< by how much the background has followed so far, pixels
  cv::Mat anchor_;
  base::Timestamp anchored_at_ = 0;
  chunker::Offset from_anchor_;
  int astray_ = 0;   ///< looks in a row that lie away from the anchor
  int off_ = 0;      ///< steps in a row too far away
  int unfound_ = 0;  ///< steps in a row in which the background was not found
  int full_ = 0;     ///< steps in a row that are mostly foreground
};

/// For a picture without a background: true if the whole picture moved against the one before. uint8 [H, W]
/// @param plain asks the fine structure too, which takes longer
[[nodiscard]] bool whole_picture_moves(const cv::Mat& before, const cv::Mat& present, bool plain = true);

}  // namespace reelgraph::captioner::signals
