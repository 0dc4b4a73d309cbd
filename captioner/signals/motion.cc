#include "captioner/signals/motion.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reelgraph::captioner::signals {
namespace {

using base::Duration;
using base::kMillisecond;

constexpr double kClearShare = 0.003;  // of the picture
constexpr Duration kPauseAfterClear = 1400 * kMillisecond;
constexpr Duration kPauseAfterStir = 3000 * kMillisecond;
constexpr Duration kStirs = 600 * kMillisecond;  // this long without clear movement: it stands and stirs
constexpr double kNearX = 0.25, kNearY = 0.5;    // stirring counts where movement was; people are upright
constexpr int kLeastSamples = 3;
constexpr Duration kLongestStep = 400 * kMillisecond;  // movement is dated no further back than this

}  // namespace

std::string region(double x, double y) {
  const char* column = x < 1.0 / 3 ? "left" : x > 2.0 / 3 ? "right" : "";
  const char* row = y < 1.0 / 3 ? "top" : y > 2.0 / 3 ? "bottom" : "";
  std::string text = row;
  if (*row != '\0' && *column != '\0') text += ' ';
  text += column;
  return text.empty() ? "centre" : text;
}

MotionSpans::MotionSpans(double sensitivity) : clear_share_(kClearShare / sensitivity) {}

void MotionSpans::add(const ViewedSample& viewed) {
  const base::PictureSample& s = viewed.sample;
  const base::Timestamp since = before_ < 0 ? s.at : std::max(before_, s.at - kLongestStep);
  before_ = s.at;
  last_reach_ = s.at + s.step;
  if (active_) {
    const bool stirring = active_->motion.span.end - active_->clear_end >= kStirs;
    if (since - active_->motion.span.end > (stirring ? kPauseAfterStir : kPauseAfterClear)) close();
  }
  if (viewed.view != View::kClear || s.motion <= 0) return;
  const bool clear = s.motion >= clear_share_;
  if (!active_) {
    if (!clear) return;
    active_ = Active{};
    active_->motion.span = {since, s.at};
    active_->near_x = s.motion_x;
    active_->near_y = s.motion_y;
  }
  Active& a = *active_;
  if (!clear && (std::abs(s.motion_x - a.near_x) > kNearX || std::abs(s.motion_y - a.near_y) > kNearY)) return;
  a.motion.span.end = s.at;
  a.motion.x = (a.motion.x * a.weight + s.motion_x * s.motion) / (a.weight + s.motion);
  a.motion.y = (a.motion.y * a.weight + s.motion_y * s.motion) / (a.weight + s.motion);
  a.weight += s.motion;
  if (!clear) return;
  ++a.motion.samples;
  a.clear_end = s.at;
  a.near_x += 0.5 * (s.motion_x - a.near_x);
  a.near_y += 0.5 * (s.motion_y - a.near_y);
  if (s.motion > a.motion.largest) {
    a.motion.largest = s.motion;
    a.motion.shown = s.at;
  }
}

std::optional<MotionSpan> MotionSpans::finished(const Active& active) const {
  if (active.motion.samples < kLeastSamples) return std::nullopt;
  MotionSpan motion = active.motion;
  // Movement much over the least share, seen often, is hardly an accident.
  const double strength = std::min(1.0, std::log2(1 + motion.largest / clear_share_) / 4);
  const double persistence = std::min(1.0, motion.samples / 10.0);
  motion.confidence = 0.4 + 0.3 * strength + 0.25 * persistence;
  return motion;
}

void MotionSpans::close() {
  if (const auto motion = finished(*active_)) done_.push_back(*motion);
  active_.reset();
}

void MotionSpans::finish(base::Timestamp end) {
  if (!active_) return;
  // What moved in the last picture moved until the end.
  if (active_->motion.span.end == before_) active_->motion.span.end = std::max(before_, std::min(last_reach_, end));
  close();
}

std::vector<MotionSpan> MotionSpans::take() { return std::exchange(done_, {}); }

std::optional<MotionSpan> MotionSpans::open() const { return active_ ? finished(*active_) : std::nullopt; }

}  // namespace reelgraph::captioner::signals
