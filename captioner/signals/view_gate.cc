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
constexpr double kDrift = 0.008;          // widths in 3 s that the middle of its trembling goes
constexpr double kTremble = 0.06;         // widths of way in a second
constexpr double kStep = 0.005;           // widths in one step
constexpr double kMuchForeground = 0.12;  // of the picture
constexpr double kMostForeground = 0.55;  // of the picture
constexpr int kFewSteps = 2, kManySteps = 6;
constexpr double kAstray = 0.005;               // widths from where the view began
constexpr base::Duration kSags = 60 * kSecond;  // slower than that is no pan
constexpr base::Duration kMemory = 4 * kSecond;

double middle(std::vector<double> values) {
  const auto m = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), m, values.end());
  return *m;
}

}  // namespace

void ViewGate::begin() {
  looks_.clear();
  followed_ = {};
  off_ = full_ = astray_ = 0;
  anchor_.release();
}

cv::Point2d ViewGate::look(base::Timestamp at, const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use) {
  const chunker::Offset guess = looks_.empty() ? chunker::Offset{} : chunker::Offset{looks_.back().x, looks_.back().y};
  if (const auto small = chunker::small_offset(expected, present, use, guess)) {
    looks_.push_back({at, small->x, small->y, 0});
    while (looks_.front().at < at - kMemory) looks_.pop_front();
    return {small->x, small->y};
  }
  const chunker::CameraMove camera = chunker::estimate_camera(expected, present);
  if (camera.confidence < kAgreement) return {0, 0};
  looks_.push_back({at, camera.shift_x, camera.shift_y, camera.zoom});
  while (looks_.front().at < at - kMemory) looks_.pop_front();
  return {camera.shift_x, camera.shift_y};
}

ViewGate::Verdict ViewGate::judge(base::Timestamp at, double share, const cv::Mat& before, const cv::Mat& present) {
  full_ = share > kMostForeground ? full_ + 1 : 0;
  if (full_ >= kManySteps) return Verdict::kChanged;
  const double width = present.cols;
  if (looks_.empty() || looks_.back().at != at) {
    // The background is not found in the picture: either it is covered, or the camera looks elsewhere.
    const bool elsewhere = share > kMuchForeground && before.size() == present.size() && whole_picture_moves(before, present);
    off_ = elsewhere ? off_ + 1 : 0;
    return off_ >= kFewSteps ? Verdict::kMoves : Verdict::kStill;
  }
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
  return drift > kDrift * width || std::hypot(followed_.x, followed_.y) > kFar * width ? Verdict::kMoves : Verdict::kStill;
}

void ViewGate::set_anchor(base::Timestamp at, const cv::Mat& luma) {
  anchor_ = luma;
  anchored_at_ = at;
  from_anchor_ = {};
  astray_ = 0;
}

bool ViewGate::drifts(base::Timestamp at, const cv::Mat& anchor, const cv::Mat& present, const cv::Mat& use) {
  if (const auto offset = chunker::small_offset(anchor, present, use, from_anchor_)) {
    from_anchor_ = *offset;
  } else {
    const chunker::CameraMove camera = chunker::estimate_camera(anchor, present);
    if (camera.confidence < kAgreement) return false;
    from_anchor_ = {camera.shift_x, camera.shift_y};
  }
  astray_ = std::hypot(from_anchor_.x, from_anchor_.y) > kAstray * present.cols ? astray_ + 1 : 0;
  if (astray_ < kFewSteps) return false;
  if (at - anchored_at_ <= kSags) return true;
  set_anchor(at, present.clone());  // a mast that sags in the sun is no pan
  return false;
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
  followed_ += offset;
  looks_.clear();
  return offset;
}

bool whole_picture_moves(const cv::Mat& before, const cv::Mat& present) {
  const chunker::CameraMove camera = chunker::estimate_camera(before, present);
  if (camera.confidence < kAgreement) return false;
  return std::hypot(camera.shift_x, camera.shift_y) > kStep * present.cols || std::abs(camera.zoom) > kStep;
}

}  // namespace reelgraph::captioner::signals
