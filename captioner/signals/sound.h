#pragma once
// From loudness to spans that are loud or silent.

#include <deque>
#include <optional>
#include <vector>

#include "base/chunk.h"
#include "captioner/signals/options.h"

namespace reelgraph::captioner::signals {

struct SoundSpan {
  base::TimeSpan span;
  bool loud = false;         ///< else silent
  double level_db = 0;       ///< loudest of a loud span, mean of a silent one
  double usual_db = 0;       ///< loud: the level before it
  base::Timestamp peak = 0;  ///< loud: when it was loudest
};

/// Loud is what stands out: over what was usual in the 20 s before, or near full scale. One film, samples in time order.
class SoundSpans {
 public:
  explicit SoundSpans(const Options& options) : options_(options) {}

  void add(const base::SoundSample& sample);
  /// Nothing comes after. The last sample may stand for more than what was left of the film: no span goes past `end`.
  void finish(base::Timestamp end);
  [[nodiscard]] std::vector<SoundSpan> take();
  /// Spans that still go on and are long enough to be told.
  [[nodiscard]] std::vector<SoundSpan> open() const;

 private:
  [[nodiscard]] std::optional<double> usual() const;
  void follow_loud(const base::SoundSample& sample);
  void follow_silent(const base::SoundSample& sample);
  void close_loud();
  void close_silent();

  Options options_;
  std::deque<double> recent_;  ///< levels of the last 20 s that were not loud
  std::optional<SoundSpan> loud_, silent_;
  double silent_sum_ = 0;
  int silent_count_ = 0;
  std::vector<SoundSpan> done_;
};

}  // namespace reelgraph::captioner::signals
