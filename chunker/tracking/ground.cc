#include "chunker/tracking/ground.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace reelgraph::chunker::tracking {

Ground::Ground(const base::Zone& field, std::array<double, 2> size, const std::string& where) {
  std::array<cv::Point2f, 4> seen, real{{{0, 0}, {0, 0}, {0, 0}, {0, 0}}};
  for (std::size_t i = 0; i < 4; ++i) {
    seen[i] = {static_cast<float>(field.polygon[i].first), static_cast<float>(field.polygon[i].second)};
    real[i] = {i == 1 || i == 2 ? static_cast<float>(size[0]) : 0.0F, i >= 2 ? static_cast<float>(size[1]) : 0.0F};
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const cv::Point2f a = seen[(i + 1) % 4] - seen[i], b = seen[(i + 2) % 4] - seen[(i + 1) % 4];
    if (!(a.x * b.y - a.y * b.x > 1e-6F)) {
      throw base::Error(base::ErrorCode::kBadInput, "the corners of zone \"" + field.name + "\" do not go once round a field", where,
                        "give them in this order: far left, far right, near right, near left");
    }
  }
  const auto copy = [](const cv::Mat& from, Matrix& to) {
    for (int i = 0; i < 9; ++i) to[static_cast<std::size_t>(i)] = from.at<double>(i / 3, i % 3);
  };
  copy(cv::getPerspectiveTransform(seen.data(), real.data()), to_ground_);
  copy(cv::getPerspectiveTransform(real.data(), seen.data()), to_picture_);
}

Place Ground::through(const Matrix& m, Place p) {
  const double w = m[6] * p.x + m[7] * p.y + m[8];
  const double safe = std::abs(w) < 1e-9 ? 1e-9 : w;
  return {(m[0] * p.x + m[1] * p.y + m[2]) / safe, (m[3] * p.x + m[4] * p.y + m[5]) / safe};
}

double metres(Place a, Place b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace reelgraph::chunker::tracking
