#pragma once
// Internal to captioner/signals: what the scene looks like when nothing is in the way.

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace reelgraph::captioner::signals {

class ToneCurves;

/// Reference picture of one fixed view and how much each pixel varies by itself. Levels stay in the exposure in which they were learned;
/// `ToneCurves` maps them to the present one. Working pictures are uint8 RGB [H, W, 3] of one size.
class Background {
 public:
  /// Per pixel the median of the pictures, and the noise from the median deviation of what exposure does not explain.
  /// REQUIRES: at least one picture, one size.
  void learn(const std::vector<cv::Mat>& pictures);
  [[nodiscard]] bool empty() const { return reference_.empty(); }

  /// float32 [H, W, 3]
  [[nodiscard]] const cv::Mat& reference() const { return reference_; }
  /// The same rounded to uint8.
  [[nodiscard]] const cv::Mat& reference8() const { return reference8_; }
  /// float32 [H, W]: standard deviation of the channel that varies most, grey levels.
  [[nodiscard]] const cv::Mat& noise() const { return noise_; }

  /// Slow adaptation, meant to be called some times a second, where `where` (uint8 [H, W]) is set.
  /// @param residual int16 [H, W, 3]: present picture less what was expected; `outside` uint8 [H, W]: how far it lies outside of what was
  /// @param restless uint8 [H, W]: where change belongs to nothing that is followed, so that it counts as the scene's own noise
  void adapt(const cv::Mat& residual, const cv::Mat& outside, const cv::Mat& where, const cv::Mat& restless);
  /// Takes `picture` (float32 [H, W, 3], reference exposure) for the background where `where` is set.
  void replace(const cv::Mat& picture, const cv::Mat& where);
  /// The exposure has changed for good: from now on levels are those of the present one. What was clipped in the old one could not be told
  /// apart any more.
  void rebase(const ToneCurves& tones);
  /// The camera has come to stand elsewhere by a little: moves the background with it.
  void shift(double x, double y);

 private:
  cv::Mat reference_, reference8_, noise_;
};

}  // namespace reelgraph::captioner::signals
