#include "captioner/signals/view_gate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <vector>

#include "chunker/camera_flow.h"

namespace reelgraph::captioner::signals {
namespace {

using base::kMillisecond;
using base::kSecond;

constexpr double kAgreement = 0.5;      // of the picture with one movement
constexpr double kSomeAgreement = 0.2;  // too little to believe once
constexpr std::size_t kEvenMarks = 4;   // looks that confirm one another
constexpr base::Duration kMarksLast = 6 * kSecond;
constexpr double kUneven = 0.12;  // of their way that one of them may be off its line
constexpr double kFar = 0.02;     // widths away from the background
constexpr double kZoomed = 0.03;
constexpr double kDrift = 0.008;          // widths in 3 s that the middle of its trembling goes
constexpr double kTremble = 0.06;         // widths of way in a second
constexpr double kStep = 0.005;           // widths in one step
constexpr double kMuchForeground = 0.12;  // of the picture
constexpr double kMostForeground = 0.55;  // of the picture
constexpr double kFaint = 0.35;           // peak of a phase correlation that is no accident
constexpr double kFaintTexture = 0.8;     // grey levels
constexpr double kSamePlace = 0.85;       // correlation of fine structure that no other place could have as well
constexpr int kAskEvery = 4;              // steps in which the background is not found
constexpr int kFewSteps = 2, kManySteps = 6;
constexpr double kAstray = 0.005;               // widths from where the view began
constexpr base::Duration kSags = 60 * kSecond;  // slower than that is no pan
constexpr base::Duration kMemory = 4 * kSecond;

double middle(std::vector<double> values) {
  const auto m = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), m, values.end());
  return *m;
}

/// Where the present picture lies against the one before by its fine structure alone, as phase correlation finds it (Kuglin and Hines
/// 1975): tells of asphalt, snow or sand, which have no corners. Three quarters of the picture have to say the same. Pixels
std::optional<cv::Point2d> faint_offset(const cv::Mat& before, const cv::Mat& present) {
  constexpr float kMost = 12;  // grey levels: one bright thing does not outvote the ground
  const auto fine = [&](const cv::Mat& luma) {
    cv::Mat picture, smooth;
    luma.convertTo(picture, CV_32F);
    cv::blur(picture, smooth, {15, 15});
    picture -= smooth;
    cv::max(picture, -kMost, picture);
    cv::min(picture, kMost, picture);
    return picture;
  };
  const cv::Mat a = fine(before), b = fine(present);
  const int width = a.cols / 2, height = a.rows / 2;
  if (width < 16 || height < 16) return std::nullopt;
  cv::Mat window;
  std::vector<cv::Point2d> offsets;
  constexpr std::size_t kQuarters = 4, kEnough = 3;
  for (std::size_t quarter = 0; quarter < kQuarters && offsets.size() + kQuarters - quarter >= kEnough; ++quarter) {
    const auto n = static_cast<int>(quarter);
    const cv::Rect where(n % 2 * width, n / 2 * height, width, height);
    const double texture = cv::norm(a(where)), now = cv::norm(b(where));
    if (texture < kFaintTexture * std::sqrt(width * height)) continue;
    if (a(where).dot(b(where)) > kSamePlace * texture * now) {  // plain to see without a correlation over all places
      offsets.emplace_back(0, 0);
    } else {
      if (window.empty()) cv::createHanningWindow(window, {width, height}, CV_32F);
      double peak = 0;
      const cv::Point2d offset = cv::phaseCorrelate(a(where), b(where), window, &peak);
      if (peak > kFaint) offsets.push_back(offset);
    }
    for (const cv::Point2d& middle : offsets) {
      const auto same = std::count_if(offsets.begin(), offsets.end(),
                                      [&](const cv::Point2d& o) { return std::hypot(o.x - middle.x, o.y - middle.y) < 1; });
      if (same >= static_cast<std::ptrdiff_t>(kEnough)) return middle;
    }
  }
  return std::nullopt;
}

}  // namespace

void ViewGate::begin() {
  looks_.clear();
  marks_.clear();
  followed_ = {};
  off_ = full_ = astray_ = unfound_ = 0;
  anchor_.release();
}

cv::Point2d ViewGate::look(base::Timestamp at, const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use) {
  const chunker::Offset guess = looks_.empty() ? chunker::Offset{} : chunker::Offset{looks_.back().x, looks_.back().y};
  if (const auto small = chunker::small_offset(expected, present, use, guess)) {
    looks_.push_back({at, small->x, small->y, 0});
    while (looks_.front().at < at - kMemory) looks_.pop_front();
    return {small->x, small->y};
  }
  if (unfound_ > kManySteps && unfound_ % kAskEvery != 0) return {0, 0};  // dear, and it would hardly be found now
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
    const bool asked = before.size() == present.size() && (share > kMuchForeground || unfound_ % kAskEvery == 0);
    ++unfound_;
    if (asked) off_ = whole_picture_moves(before, present, share <= kMuchForeground) ? off_ + 1 : 0;
    return off_ >= kFewSteps ? Verdict::kMoves : Verdict::kStill;
  }
  unfound_ = 0;
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
  marks_.clear();
  astray_ = 0;
}

bool ViewGate::drifts(base::Timestamp at, const cv::Mat& anchor, const cv::Mat& present, const cv::Mat& use) {
  bool sure = false;
  if (const auto offset = chunker::small_offset(anchor, present, use, from_anchor_)) {
    from_anchor_ = *offset;
    sure = true;
  } else {
    const chunker::CameraMove camera = chunker::estimate_camera(anchor, present);
    if (camera.confidence < kSomeAgreement) {
      const auto faint = faint_offset(anchor, present);
      if (!faint) return false;
      from_anchor_ = {faint->x, faint->y};
    } else {
      from_anchor_ = {camera.shift_x, camera.shift_y};
      sure = camera.confidence >= kAgreement;
    }
  }
  const bool away = std::hypot(from_anchor_.x, from_anchor_.y) > kAstray * present.cols;
  // Somebody before the lens hides much of what was there: such looks count where they go on evenly.
  marks_.push_back({at, from_anchor_.x, from_anchor_.y, 0});
  while (marks_.size() > kEvenMarks || marks_.front().at < at - kMarksLast) marks_.pop_front();
  if (sure) astray_ = away ? astray_ + 1 : 0;
  if (astray_ < kFewSteps && !(away && goes_evenly(kAstray * present.cols))) return false;
  if (at - anchored_at_ <= kSags) return true;
  set_anchor(at, present.clone());  // a mast that sags in the sun is no pan
  return false;
}

/// True if the last looks against the anchor lie on one line, at one speed, at least `way` pixels long.
bool ViewGate::goes_evenly(double way) const {
  if (marks_.size() < kEvenMarks) return false;
  const Look &first = marks_.front(), &last = marks_.back();
  const cv::Point2d whole(last.x - first.x, last.y - first.y);
  if (std::hypot(whole.x, whole.y) < way) return false;
  const double seconds = base::to_seconds(last.at - first.at);
  return std::all_of(marks_.begin(), marks_.end(), [&](const Look& l) {
    const double part = base::to_seconds(l.at - first.at) / seconds;
    return std::hypot(l.x - first.x - part * whole.x, l.y - first.y - part * whole.y) < kUneven * std::hypot(whole.x, whole.y);
  });
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

bool whole_picture_moves(const cv::Mat& before, const cv::Mat& present, bool plain) {
  const chunker::CameraMove camera = chunker::estimate_camera(before, present);
  if (camera.confidence < kAgreement) {
    if (!plain) return false;
    const auto faint = faint_offset(before, present);
    return faint && std::hypot(faint->x, faint->y) > kStep * present.cols;
  }
  return std::hypot(camera.shift_x, camera.shift_y) > kStep * present.cols || std::abs(camera.zoom) > kStep;
}

}  // namespace reelgraph::captioner::signals
