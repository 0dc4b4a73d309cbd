#pragma once
// How many of something there are over time: a step curve built from spans, and its time-weighted figures.

#include <map>
#include <vector>

#include "base/span_set.h"

namespace reelgraph::query::report {

struct CurveFigures {
  double mean = 0;  ///< time-weighted
  double p95 = 0;   ///< the least level that is not passed in 95 % of the time
  int most = 0;
  base::Timestamp most_at = 0;
};

/// Add spans in any order, then ask.
class StepCurve {
 public:
  void add(base::TimeSpan span);
  /// Levels over the instants of `window`. Of an empty window: zeros.
  [[nodiscard]] CurveFigures figures(const base::SpanSet& window) const;
  /// Mean level of each of `count` equal parts of `within`.
  [[nodiscard]] std::vector<double> bins(base::TimeSpan within, int count) const;
  /// Spans of constant level, in order, between the first and the last change.
  struct Step {
    base::TimeSpan span;
    int level = 0;
  };
  [[nodiscard]] const std::vector<Step>& steps() const;

 private:
  std::vector<std::pair<base::Timestamp, int>> changes_;
  mutable std::vector<Step> steps_;
  mutable bool ready_ = false;
};

struct Spread {
  std::int64_t count = 0;
  double mean = 0, median = 0, p95 = 0, most = 0;
  double variation2 = 0;  ///< squared coefficient of variation (variance / mean^2)
};

/// Median and p95 with linear interpolation between ranks (numpy's default). Of nothing: zeros.
[[nodiscard]] Spread spread_of(std::vector<double> values);

}  // namespace reelgraph::query::report
