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

/// Where the picture lies, starting from a guess: steps of Lucas and Kanade (1981) over all pixels at once, far cheaper than flow. Empty if
/// it is turned or zoomed or too far off, or if that cannot be told so.
std::optional<cv::Point2d> small_offset(const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use, cv::Point2d guess) {
  constexpr int kMargin = 8;
  cv::Point2d offset = std::hypot(guess.x, guess.y) < kMargin - 2 ? guess : cv::Point2d();
  for (int turn = 0; turn < 4; ++turn) {
    // Bilinear sample of the present picture at the offset, in 1/64.
    const int dx = cvFloor(offset.x), dy = cvFloor(offset.y);
    const int fx = cvRound((offset.x - dx) * 64), fy = cvRound((offset.y - dy) * 64);
    double xx = 0, xy = 0, yy = 0, xt = 0, yt = 0, error = 0, left_x = 0, right_x = 0, left = 0, right = 0;
    int count = 0;
    for (int y = kMargin; y < expected.rows - kMargin; y += 2) {
      const auto* e = expected.ptr<unsigned char>(y);
      const auto* above = expected.ptr<unsigned char>(y - 1);
      const auto* below = expected.ptr<unsigned char>(y + 1);
      const auto* p = present.ptr<unsigned char>(y + dy);
      const auto* q = present.ptr<unsigned char>(y + dy + 1);
      const auto* u = use.ptr<unsigned char>(y);
      for (int x = kMargin; x < expected.cols - kMargin; ++x) {
        if (u[x] == 0) continue;
        const int gx = e[x + 1] - e[x - 1], gy = below[x] - above[x];
        if (gx * gx + gy * gy < kLeastGradient * kLeastGradient) continue;
        const int top = p[x + dx] * (64 - fx) + p[x + dx + 1] * fx, bottom = q[x + dx] * (64 - fx) + q[x + dx + 1] * fx;
        const double t = (top * (64 - fy) + bottom * fy) / 4096.0 - e[x];
        if (std::abs(t) > kMostChange) continue;
        const double hx = gx / 2.0, hy = gy / 2.0;
        xx += hx * hx;
        xy += hx * hy;
        yy += hy * hy;
        xt += hx * t;
        yt += hy * t;
        error += t * t;
        ++count;
        (x < expected.cols / 2 ? left_x : right_x) -= hx * t;
        (x < expected.cols / 2 ? left : right) += hx * hx;
      }
    }
    const double determinant = xx * yy - xy * xy;
    if (count < 200 || determinant < 0.02 * xx * yy) return std::nullopt;
    // present(x + d) = expected(x): t = -g (d - offset).
    const cv::Point2d step(-(yy * xt - xy * yt) / determinant, -(xx * yt - xy * xt) / determinant);
    if (std::hypot(step.x, step.y) < 0.1) {
      // A zoom or a turn moves the halves apart.
      const bool together = left < 1000 || right < 1000 || std::abs(left_x / left - right_x / right) < 0.3;
      if (!together || error > kMostError * count) return std::nullopt;
      return offset + step;
    }
    offset += step * std::min(1.0, 1.5 / std::hypot(step.x, step.y));
    if (std::hypot(offset.x, offset.y) > kMargin - 2) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void ViewGate::begin() {
  looks_.clear();
  followed_ = 0;
  off_ = full_ = 0;
}

cv::Point2d ViewGate::look(base::Timestamp at, const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use) {
  if (const auto small =
          small_offset(expected, present, use, looks_.empty() ? cv::Point2d() : cv::Point2d(looks_.back().x, looks_.back().y))) {
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
