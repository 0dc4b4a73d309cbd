#include "captioner/signals/view_gate.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "chunker/camera_flow.h"

namespace reelgraph::captioner::signals {
namespace {

using base::kMillisecond;
using base::kSecond;

constexpr double kAgreement = 0.5;  // of the picture with one movement
constexpr double kFar = 0.02;       // widths away from the background
constexpr double kZoomed = 0.03;
constexpr double kDrift = 0.004;          // widths in 3 s that the middle of its trembling goes
constexpr double kTremble = 0.06;         // widths of way in a second
constexpr double kStep = 0.005;           // widths in one step
constexpr double kMostForeground = 0.55;  // of the picture
constexpr int kFewSteps = 2, kManySteps = 6;
constexpr int kLeastGradient = 24;  // grey levels over two pixels
constexpr int kMostChange = 40;     // grey levels: more is something else
constexpr double kMostError = 150;  // mean square, grey levels
constexpr base::Duration kMemory = 4 * kSecond;

double middle(std::vector<double> values) {
  const auto m = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), m, values.end());
  return *m;
}

/// Where the picture lies if it is off by less than a pixel, as nearly always: one step of Lucas and Kanade (1981) over all pixels at
/// once, far cheaper than flow. Empty if it may be off by more, turned or zoomed, or if that cannot be told so.
std::optional<cv::Point2d> small_offset(const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use) {
  double xx = 0, xy = 0, yy = 0, xt = 0, yt = 0, before = 0, left_x = 0, right_x = 0;
  int count = 0, left = 0, right = 0;
  for (int y = 2; y < expected.rows - 2; y += 2) {
    const auto* e = expected.ptr<unsigned char>(y);
    const auto* above = expected.ptr<unsigned char>(y - 1);
    const auto* below = expected.ptr<unsigned char>(y + 1);
    const auto* p = present.ptr<unsigned char>(y);
    const auto* u = use.ptr<unsigned char>(y);
    for (int x = 2; x < expected.cols - 2; ++x) {
      if (u[x] == 0) continue;
      const int gx = e[x + 1] - e[x - 1], gy = below[x] - above[x];
      if (gx * gx + gy * gy < kLeastGradient * kLeastGradient) continue;
      const int t = p[x] - e[x];
      if (t > kMostChange || t < -kMostChange) continue;
      const double hx = gx / 2.0, hy = gy / 2.0;
      xx += hx * hx;
      xy += hx * hy;
      yy += hy * hy;
      xt += hx * t;
      yt += hy * t;
      before += static_cast<double>(t) * t;
      ++count;
      // A zoom or a turn moves the halves apart.
      (x < expected.cols / 2 ? left_x : right_x) -= hx * t;
      (x < expected.cols / 2 ? left : right) += static_cast<int>(hx * hx);
    }
  }
  const double determinant = xx * yy - xy * xy;
  if (count < 200 || determinant < 0.02 * xx * yy || left < 1000 || right < 1000) return std::nullopt;
  // p(x) = e(x - d), so t = -g d.
  const cv::Point2d offset(-(yy * xt - xy * yt) / determinant, -(xx * yt - xy * xt) / determinant);
  const bool together = std::abs(left_x / left - right_x / right) < 0.3;
  if (!together || std::hypot(offset.x, offset.y) > 0.4 || before > kMostError * count) return std::nullopt;
  return offset;
}

}  // namespace

void ViewGate::begin() {
  looks_.clear();
  followed_ = 0;
  off_ = full_ = 0;
}

cv::Point2d ViewGate::look(base::Timestamp at, const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use) {
  if (const auto small = small_offset(expected, present, use)) {
    looks_.push_back({at, small->x, small->y, 0});
    while (looks_.front().at < at - kMemory) looks_.pop_front();
    return *small;
  }
  const chunker::CameraMove camera = chunker::estimate_camera(expected, present);
  if (camera.confidence < kAgreement) return {0, 0};
  looks_.push_back({at, camera.shift_x, camera.shift_y, camera.zoom});
  while (looks_.front().at < at - kMemory) looks_.pop_front();
  return {camera.shift_x, camera.shift_y};
}

ViewGate::Verdict ViewGate::judge(base::Timestamp at, double share, cv::Size size) {
  full_ = share > kMostForeground ? full_ + 1 : 0;
  if (full_ >= kManySteps) return Verdict::kChanged;
  if (looks_.empty() || looks_.back().at != at) return Verdict::kStill;
  const double width = size.width;
  const Look& now = looks_.back();
  off_ = std::hypot(now.x, now.y) > kFar * width || std::abs(now.zoom) > kZoomed ? off_ + 1 : 0;
  if (off_ >= kFewSteps) return Verdict::kMoves;
  double way = 0;
  std::vector<double> old_x, old_y, new_x, new_y;
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    const Look& l = looks_[i];
    if (i > 0 && l.at > at - kSecond) way += std::hypot(l.x - looks_[i - 1].x, l.y - looks_[i - 1].y);
    if (l.at > at - kSecond) {
      new_x.push_back(l.x);
      new_y.push_back(l.y);
    } else if (l.at <= at - 3 * kSecond) {
      old_x.push_back(l.x);
      old_y.push_back(l.y);
    }
  }
  if (way > kTremble * width) return Verdict::kMoves;
  if (old_x.size() < 3 || new_x.size() < 3) return Verdict::kStill;
  const double drift = std::hypot(middle(new_x) - middle(old_x), middle(new_y) - middle(old_y));
  return drift > kDrift * width || followed_ > kFar * width ? Verdict::kMoves : Verdict::kStill;
}

cv::Point2d ViewGate::settled_offset() {
  if (looks_.size() < 15 || looks_.back().at - looks_.front().at < 3 * kSecond) return {0, 0};
  std::vector<double> x, y;
  for (const Look& l : looks_) {
    x.push_back(l.x);
    y.push_back(l.y);
  }
  const cv::Point2d offset(middle(x), middle(y));
  if (std::hypot(offset.x, offset.y) < 0.3) return {0, 0};
  followed_ += std::hypot(offset.x, offset.y);
  looks_.clear();
  return offset;
}

bool whole_picture_moves(const cv::Mat& before, const cv::Mat& present) {
  const chunker::CameraMove camera = chunker::estimate_camera(before, present);
  if (camera.confidence < kAgreement) return false;
  return std::hypot(camera.shift_x, camera.shift_y) > kStep * present.cols || std::abs(camera.zoom) > kStep;
}

}  // namespace reelgraph::captioner::signals
