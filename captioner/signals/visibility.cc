#include "captioner/signals/visibility.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reelgraph::captioner::signals {
namespace {

using base::Duration;
using base::kMillisecond;

constexpr Duration kAround = 500 * kMillisecond;
constexpr Duration kPause = base::kSecond;
constexpr Duration kShortest = base::kSecond;
constexpr double kAgreeing = 0.5;              // of the picture with one camera movement
constexpr double kWanders = 0.02;              // widths that the camera goes within the window
constexpr double kShake = 0.012;               // widths a sample, whatever the direction
constexpr double kZoom = 0.02;                 // growth within the window
constexpr double kLittleMotion = 0.02;         // of the picture
constexpr Duration kHold = 3 * base::kSecond;  // something large passes a moving camera: it goes on moving so long
constexpr double kDark = 0.04;                 // mean brightness

/// The view of the samples around one; nothing if the camera's movement cannot be told from them.
template <typename Iterator>
std::optional<View> look(Iterator begin, Iterator end) {
  double x = 0, y = 0, zoom = 0, path = 0;
  int count = 0, agreed = 0, dark = 0, noisy = 0;
  for (Iterator s = begin; s != end; ++s) {
    ++count;
    dark += s->brightness < kDark ? 1 : 0;
    noisy += s->noisy ? 1 : 0;
    if (s->camera_confidence < kAgreeing) {
      agreed += s->motion <= kLittleMotion ? 1 : 0;  // hardly anything changed: the camera stands
      continue;
    }
    ++agreed;
    x += s->camera_x;
    y += s->camera_y;
    zoom += s->camera_zoom;
    path += std::hypot(s->camera_x, s->camera_y);
  }
  if (2 * noisy >= count) return View::kNoisy;
  if (2 * dark > count) return View::kTooDark;
  if (2 * agreed < count) return std::nullopt;
  const bool moves = std::hypot(x, y) >= kWanders || path / agreed >= kShake || std::abs(zoom) >= kZoom;
  return moves ? View::kCameraMoves : View::kClear;
}

}  // namespace

const char* reason(View view) {
  switch (view) {
    case View::kCameraMoves: return "camera_moves";
    case View::kTooDark: return "too_dark";
    case View::kNoisy: return "noisy";
    case View::kClear: break;
  }
  return "clear";
}

void Visibility::add(const base::PictureSample& sample) {
  window_.push_back(sample);
  while (next_ < window_.size() && window_[next_].at + kAround <= sample.at) decide();
}

void Visibility::decide() {
  const base::PictureSample sample = window_[next_];
  while (window_.front().at < sample.at - kAround) {
    window_.pop_front();
    --next_;
  }
  const auto last = std::find_if(window_.begin(), window_.end(), [&](const base::PictureSample& s) { return s.at > sample.at + kAround; });
  const std::optional<View> told = look(window_.begin(), last);
  if (told) {
    last_told_ = *told;
    last_told_at_ = sample.at;
  }
  const bool held = last_told_ == View::kCameraMoves && sample.at - last_told_at_ <= kHold;
  const ViewedSample viewed{sample, told ? *told : held ? View::kCameraMoves : View::kClear};
  extend(viewed);
  decided_.push_back(viewed);
  ++next_;
}

void Visibility::extend(const ViewedSample& viewed) {
  const base::Timestamp at = viewed.sample.at;
  const base::Timestamp end = at + std::max<Duration>(viewed.sample.step, 1);
  if (open_ && (at - open_->span.end > kPause || (viewed.view != View::kClear && viewed.view != open_->view))) close();
  if (viewed.view == View::kClear) return;
  if (!open_) open_ = ViewSpan{{at, end}, viewed.view, 0};
  open_->span.end = end;
  if (viewed.view == View::kCameraMoves) open_->shift += std::hypot(viewed.sample.camera_x, viewed.sample.camera_y);
}

void Visibility::close() {
  if (open_ && open_->span.length() >= kShortest) spans_.push_back(*open_);
  open_.reset();
}

void Visibility::finish(base::Timestamp end) {
  while (next_ < window_.size()) decide();
  if (open_) open_->span.end = std::max(open_->span.start, std::min(open_->span.end, end));
  close();
  window_.clear();
  next_ = 0;
}

std::vector<ViewedSample> Visibility::take() { return std::exchange(decided_, {}); }
std::vector<ViewSpan> Visibility::take_spans() { return std::exchange(spans_, {}); }

}  // namespace reelgraph::captioner::signals
