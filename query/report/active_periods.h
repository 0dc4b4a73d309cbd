#pragma once
// Active periods of whoever works: the shifting bottleneck of Roser, Nakano and Tanaka ("Shifting bottleneck detection", 2002).

#include <vector>

#include "query/report/operations_log.h"

namespace reelgraph::query::report {

/// What can be a bottleneck: a place with those who work only there, or one who works or carries at several places.
struct Candidate {
  int actor = -1;  ///< of the place or of the resource
  bool place = false;
  int machines = 0;                     ///< who works there
  std::vector<base::TimeSpan> periods;  ///< active without a break (work, ways, breakdowns), of each machine; by start
  double active = 0;                    ///< share of the machines' observed time
  double mean_period = 0;               ///< seconds
  base::TimeSpan longest;
  double momentary = 0;           ///< share of the time in which it had the longest period going on
  double sole = 0, shifting = 0;  ///< of that: alone, or handing over to or from another
};

struct MomentaryBottleneck {
  base::TimeSpan span;
  int candidate = -1;
};

struct ActivePeriods {
  std::vector<Candidate> candidates;
  std::vector<MomentaryBottleneck> over_time;  ///< joined while it stays the same
};

/// A short gap, or one in which goods waited and nothing blocked, is no break: there the work was not seen.
[[nodiscard]] ActivePeriods active_periods(const OperationsLog& log, const base::SpanSet& window);

}  // namespace reelgraph::query::report
