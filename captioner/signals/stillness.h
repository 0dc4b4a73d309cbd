#pragma once
// Internal to captioner/signals: for each pixel, since when it has stood still and since when it has differed.

#include <opencv2/core.hpp>

#include "base/time.h"
#include "captioner/signals/foreground.h"

namespace reelgraph::captioner::signals {

/// Short history of a fixed view. Times are milliseconds since `start`, int32 [H, W].
class Stillness {
 public:
  /// A new view, seen from `start` on.
  void begin(cv::Size size, base::Timestamp start);
  /// Takes one step and fills the shares of the blobs.
  void step(base::Timestamp at, Foreground& found);
  /// The background took over these pixels: they are as new.
  void forget(const cv::Mat& where);

  [[nodiscard]] const cv::Mat& changed() const { return changed_; }  ///< uint8 [H, W]: differs from the step before
  /// When the pixels of `where` were last seen to change, as the quantile `part` of them.
  [[nodiscard]] base::Timestamp last_change(const cv::Mat& where, double part) const { return quantile(last_change_, where, part); }
  /// When they began to differ from the background.
  [[nodiscard]] base::Timestamp differs_since(const cv::Mat& where, double part) const { return quantile(differs_since_, where, part); }
  /// How many pixels of `where` were foreground that moved, at or after `since`.
  [[nodiscard]] int moved_since(const cv::Mat& where, base::Timestamp since) const;

 private:
  [[nodiscard]] base::Timestamp quantile(const cv::Mat& times, const cv::Mat& where, double part) const;
  [[nodiscard]] int milliseconds(base::Timestamp at) const { return static_cast<int>((at - start_) / base::kMillisecond); }

  base::Timestamp start_ = 0;
  cv::Mat residual_, changed_, last_change_, differs_since_, last_moving_;
};

}  // namespace reelgraph::captioner::signals
