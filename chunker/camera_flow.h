#pragma once
// Internal to chunker: how the whole picture moved between two frames.

#include <array>
#include <optional>

namespace cv {
class Mat;
}

namespace reelgraph::chunker {

/// Maps a point p of the previous picture to the present one: p' = centre + scale * rotate(p - centre) + shift.
struct CameraMove {
  std::array<double, 6> transform{1, 0, 0, 0, 1, 0};  ///< float64 [2, 3], row-major: previous -> present, pixels
  double shift_x = 0, shift_y = 0;                    ///< pixels, at the centre of the picture
  double zoom = 0;                                    ///< relative growth: 0.01 is 1 % larger
  double confidence = 0;                              ///< 0..1: share of the picture that has texture and agrees
  bool moved = false;                                 ///< worth taking out
};

/// @param previous, present uint8 [H, W] of one size
[[nodiscard]] CameraMove estimate_camera(const cv::Mat& previous, const cv::Mat& present);

struct Offset {
  double x = 0, y = 0;  ///< pixels
};

/// Where the present picture lies against the expected one, starting from a guess: steps of Lucas and Kanade (1981) over all pixels at
/// once, several times cheaper than `estimate_camera`. Empty if it is turned or zoomed or more than some pixels off, or if that cannot be
/// told so.
/// @param expected, present uint8 [H, W] of one size; `use` uint8 [H, W]: which pixels count, empty: all
[[nodiscard]] std::optional<Offset> small_offset(const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use, Offset guess);

}  // namespace reelgraph::chunker
