#include "captioner/signals/sound.h"

#include <algorithm>
#include <utility>

namespace reelgraph::captioner::signals {
namespace {

using base::Duration;
using base::kMillisecond;

constexpr std::size_t kRecent = 200;      // samples of 100 ms
constexpr std::size_t kLeastRecent = 30;  // before that nothing is usual yet
constexpr double kAlwaysLoudDb = -10;
constexpr double kNeverLoudDb = -35;  // standing out from near silence is not loud yet
constexpr double kRelease = 4;        // dB below the threshold that ends a loud span
constexpr Duration kLoudPause = 500 * kMillisecond;
constexpr Duration kLeastLoud = 200 * kMillisecond;
constexpr Duration kSilentPause = 200 * kMillisecond;
constexpr Duration kLeastSilent = 1000 * kMillisecond;

}  // namespace

std::optional<double> SoundSpans::usual() const {
  if (recent_.size() < kLeastRecent) return std::nullopt;
  std::vector<double> levels(recent_.begin(), recent_.end());
  const auto middle = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() / 2);
  std::nth_element(levels.begin(), middle, levels.end());
  return *middle;
}

void SoundSpans::add(const base::SoundSample& sample) {
  follow_loud(sample);
  follow_silent(sample);
}

void SoundSpans::follow_loud(const base::SoundSample& sample) {
  const base::Timestamp end = sample.at + sample.step;
  if (loud_) {
    const double limit = std::min(kAlwaysLoudDb, std::max(kNeverLoudDb, loud_->usual_db + options_.loud_over_db)) - kRelease;
    if (sample.level_db >= limit) {
      if (sample.at - loud_->span.end > kLoudPause) {
        close_loud();
      } else {
        loud_->span.end = end;
        if (sample.level_db > loud_->level_db) {
          loud_->level_db = sample.level_db;
          loud_->peak = sample.at;
        }
        return;
      }
    } else if (end - loud_->span.end > kLoudPause) {
      close_loud();
    }
  }
  if (!loud_) {
    const std::optional<double> level = usual();
    const bool stands_out = level && sample.level_db >= std::max(kNeverLoudDb, *level + options_.loud_over_db);
    if (stands_out || sample.level_db >= kAlwaysLoudDb) {
      loud_ = SoundSpan{{sample.at, end}, true, sample.level_db, level.value_or(0), sample.at};
      return;
    }
  }
  recent_.push_back(sample.level_db);
  if (recent_.size() > kRecent) recent_.pop_front();
}

void SoundSpans::follow_silent(const base::SoundSample& sample) {
  const base::Timestamp end = sample.at + sample.step;
  if (silent_ && sample.at - silent_->span.end > kSilentPause) close_silent();
  if (sample.level_db >= options_.silent_db) return;
  if (!silent_) {
    silent_ = SoundSpan{{sample.at, end}, false, 0, 0, sample.at};
    silent_sum_ = 0;
    silent_count_ = 0;
  }
  silent_->span.end = end;
  silent_sum_ += sample.level_db;
  ++silent_count_;
  silent_->level_db = silent_sum_ / silent_count_;
}

void SoundSpans::close_loud() {
  if (loud_->span.length() >= kLeastLoud) done_.push_back(*loud_);
  loud_.reset();
}

void SoundSpans::close_silent() {
  if (silent_->span.length() >= kLeastSilent) done_.push_back(*silent_);
  silent_.reset();
}

void SoundSpans::finish(base::Timestamp end) {
  for (std::optional<SoundSpan>* span : {&loud_, &silent_}) {
    if (*span) (*span)->span.end = std::max((*span)->span.start, std::min((*span)->span.end, end));
  }
  if (loud_) close_loud();
  if (silent_) close_silent();
}

std::vector<SoundSpan> SoundSpans::take() { return std::exchange(done_, {}); }

std::vector<SoundSpan> SoundSpans::open() const {
  std::vector<SoundSpan> spans;
  if (loud_ && loud_->span.length() >= kLeastLoud) spans.push_back(*loud_);
  if (silent_ && silent_->span.length() >= kLeastSilent) spans.push_back(*silent_);
  return spans;
}

}  // namespace reelgraph::captioner::signals
