#include "captioner/signals/stops.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::captioner::signals {
namespace {

constexpr base::Duration kStandsFor = 2 * base::kSecond;
constexpr double kStays = 0.035;  // widths: within this it stands
constexpr double kGoes = 0.06;    // widths from where it stood: it goes
constexpr base::Duration kSurely = 500 * base::kMillisecond;

double apart(cv::Point2d a, cv::Point2d b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace

std::optional<StopWatch::Turn> StopWatch::look(base::Timestamp at, const cv::Rect2d& box, cv::Size picture, bool cut_off) {
  const cv::Point2d middle(box.x + box.width / 2, box.y + box.height / 2);
  const double width = picture.width;
  if (stands_) {
    if (apart(middle, *stands_) < kGoes * width) {
      left_.reset();
      return std::nullopt;
    }
    if (!left_) left_ = at;
    if (at - *left_ < kSurely) return std::nullopt;
    const base::Timestamp since = *left_;
    stands_.reset();
    left_.reset();
    recent_.clear();
    return Turn{false, since};
  }
  if (cut_off) {
    recent_.clear();
    return std::nullopt;
  }
  recent_.push_back({at, middle});
  while (recent_.size() > 1 && recent_.front().at < at - kStandsFor) recent_.pop_front();
  if (at - recent_.front().at < kStandsFor - 300 * base::kMillisecond) return std::nullopt;
  cv::Point2d mean;
  for (const Seen& s : recent_) mean += s.foot;
  mean *= 1.0 / static_cast<double>(recent_.size());
  for (const Seen& s : recent_) {
    if (apart(s.foot, mean) > kStays * width / 2) return std::nullopt;
  }
  const base::Timestamp since = recent_.front().at;
  stands_ = mean;
  recent_.clear();
  return Turn{true, since};
}

}  // namespace reelgraph::captioner::signals
