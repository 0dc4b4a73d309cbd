#pragma once
// Where lines of text may stand in a picture.

#include <array>
#include <opencv2/core.hpp>
#include <vector>

namespace reelgraph::captioner::screen_text {

/// A row of glyph-like blobs of one size on one base line.
struct TextLine {
  cv::Rect box;           ///< in the picture, pixels, with a margin of a quarter of the letters' height
  int letter_height = 0;  ///< median, pixels
  int glyphs = 0;
  bool light = false;  ///< letters are lighter than what is around them
  cv::Mat ink;         ///< uint8 [box height, box width]: 255 on the strokes
  cv::Mat picture;     ///< uint8 RGB [box height, box width, 3]
};

/// Luma, the darkest of the three, blue: what is written on pictures stands out in at least one of them. uint8 [height, width]
[[nodiscard]] std::array<cv::Mat, 3> channels_of(const cv::Mat& rgb);

/// Lines in one picture, those with most glyphs first, at most 12; boxes do not cover one another. Strokes are what a top-hat (light
/// letters) or black-hat (dark ones) leaves of a channel. Text, foliage and fences look alike here; reading tells them apart.
/// @param rgb uint8 RGB [height, width, 3]
[[nodiscard]] std::vector<TextLine> find_text_lines(const cv::Mat& rgb);

}  // namespace reelgraph::captioner::screen_text
