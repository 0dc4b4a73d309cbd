#include "captioner/overlay.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

namespace reelgraph::captioner {

void draw_overlay(base::Image& picture, const std::vector<Mark>& marks) {
  cv::Mat rgb(picture.height, picture.width, CV_8UC3, picture.pixels.data());
  const double scale = std::max(0.35, std::max(picture.width, picture.height) / 1300.0);
  const int line = std::max(1, cvRound(2 * scale));
  const cv::Scalar grid(200, 200, 200);
  for (int i = 1; i < 3; ++i) {
    const int x = picture.width * i / 3, y = picture.height * i / 3;
    cv::line(rgb, {x, 0}, {x, picture.height}, grid, 1);
    cv::line(rgb, {0, y}, {picture.width, y}, grid, 1);
  }
  static const std::array<cv::Scalar, 6> kColours{cv::Scalar(255, 60, 60), cv::Scalar(60, 220, 60),  cv::Scalar(70, 130, 255),
                                                  cv::Scalar(255, 220, 0), cv::Scalar(255, 80, 255), cv::Scalar(0, 230, 230)};
  for (const Mark& mark : marks) {
    const cv::Scalar& colour = kColours[static_cast<std::size_t>(std::max(0, mark.key)) % kColours.size()];
    const cv::Point from(cvRound(mark.box.x0 * (picture.width - 1)), cvRound(mark.box.y0 * (picture.height - 1)));
    const cv::Point to(cvRound(mark.box.x1 * (picture.width - 1)), cvRound(mark.box.y1 * (picture.height - 1)));
    cv::rectangle(rgb, from, to, colour, line);
    int below = 0;
    const cv::Size size = cv::getTextSize(mark.label, cv::FONT_HERSHEY_SIMPLEX, scale, line, &below);
    // Above the box where there is room, else within it; never beyond the picture's edge.
    const int x = std::clamp(from.x, 0, std::max(0, picture.width - size.width - 4));
    const int y = from.y - below - 4 >= size.height ? from.y - below - 2 : std::min(picture.height - below - 2, from.y + size.height + 6);
    cv::rectangle(rgb, {x, y - size.height - 2}, {x + size.width + 4, y + below}, cv::Scalar(0, 0, 0), cv::FILLED);
    cv::putText(rgb, mark.label, {x + 2, y}, cv::FONT_HERSHEY_SIMPLEX, scale, colour, line, cv::LINE_AA);
  }
}

}  // namespace reelgraph::captioner
