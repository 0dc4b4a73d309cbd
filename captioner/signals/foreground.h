#pragma once
// Internal to captioner/signals: what stands out from the background, as blobs.

#include <opencv2/core.hpp>
#include <vector>

namespace reelgraph::captioner::signals {

/// A connected piece of foreground.
struct Blob {
  int label = 0;  ///< in Foreground::labels
  cv::Rect box;
  double area = 0;      ///< pixels
  cv::Point2d centre;   ///< of its pixels
  double active = 0;    ///< share of its pixels that changed since the last step
  double settled = 0;   ///< share of its pixels that have not changed for a while
  double contrast = 0;  ///< mean distance from the background, grey levels
};

struct Foreground {
  cv::Mat outside;   ///< uint8 [H, W]: how far the picture lies outside of what was expected, channel that differs most
  cv::Mat residual;  ///< int16 [H, W, 3]: picture less what was expected
  cv::Mat mask;      ///< uint8 [H, W]: 255 in blobs and crumbs
  cv::Mat labels;    ///< int32 [H, W]: Blob::label, 0 elsewhere (crumbs too)
  std::vector<Blob> blobs;
  double share = 0;  ///< of the picture that differs, before anything is dropped
};

struct ForegroundOptions {
  double sensitivity = 1;
  double least_area = 0;  ///< pixels
};

/// Differences over noise with hysteresis, and near a change of fine structure or far over the threshold, so that soft shadows drop out.
/// A pixel that lies between the levels of its neighbours in the background is no difference: cameras shake. Fills all but the shares of
/// the blobs. @param expected, picture uint8 RGB [H, W, 3]; noise float32 [H, W]
[[nodiscard]] Foreground find_foreground(const cv::Mat& expected, const cv::Mat& picture, const cv::Mat& noise,
                                         const ForegroundOptions& options);

/// uint8 [H, W]: 255 where all channels went up or down by much the same factor: light or shadow, as far as colour tells. Looks only where
/// `where` is set; 255 elsewhere.
[[nodiscard]] cv::Mat light_like(const cv::Mat& expected, const cv::Mat& picture, const cv::Mat& where);

/// For morphology: a square of `side` pixels. uint8 [side, side].
[[nodiscard]] cv::Mat square_element(int side);

}  // namespace reelgraph::captioner::signals
