#pragma once
// Internal to captioner/signals: how the camera's exposure and white balance differ now from those of the background.

#include <array>
#include <opencv2/core.hpp>

namespace reelgraph::captioner::signals {

/// One monotone curve a channel: level of the reference -> level now.
class ToneCurves {
 public:
  ToneCurves();

  /// Fits the curves on the pixels where `use` (uint8 [H, W]) is set: per band of reference levels the median of present levels, made
  /// monotone, and drawn towards the trend of its neighbours where there are few pixels.
  /// @param reference, present uint8 RGB [H, W, 3]
  void fit(const cv::Mat& reference, const cv::Mat& present, const cv::Mat& use);

  /// What a picture of the reference exposure looks like now.
  [[nodiscard]] cv::Mat apply(const cv::Mat& reference) const;
  /// The same without rounding. @param reference float32 [H, W, 3]
  [[nodiscard]] cv::Mat apply_exactly(const cv::Mat& reference) const;
  /// Mean distance of the curves from no change at all, grey levels.
  [[nodiscard]] double deviation() const;
  /// float32 [H, W, 3]: what a present picture would look like in the reference exposure.
  [[nodiscard]] cv::Mat invert(const cv::Mat& present) const;

 private:
  std::array<std::array<float, 256>, 3> curve_{};
};

}  // namespace reelgraph::captioner::signals
