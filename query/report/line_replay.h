#pragma once
// Goods that pass places in one order: the line is found in the log and played again, with one place faster.

#include <vector>

#include "query/report/operations_log.h"

namespace reelgraph::query::report {

/// Places in series, as the log shows them. Seconds.
struct ReplayStation {
  int place = -1;
  int servers = 1;
  int room = 0;                    ///< most goods at it or on the way to it, in work and out; 0: never seen full, no limit
  std::vector<double> work, stop;  ///< of each job: its work, and breakdowns during it
  std::vector<double> transit;     ///< of each job: the way to the next place
};

struct ReplayLine {
  std::vector<ReplayStation> stations;
  std::vector<double> entry;  ///< of each job: when it came to its first place; ascending
  std::vector<int> first;     ///< of each job: index of that place
  double begin = 0, end = 0;
  double in_order = 0;  ///< share of moves from place to place that follow the order
  double known = 0;     ///< share of works that events tell; the others are drawn from those of their place
};

/// The line, if there is one: at least two places with work, thirty goods, and nine moves in ten in one order.
[[nodiscard]] std::optional<ReplayLine> find_line(const OperationsLog& log);

struct ReplayGain {
  int place = -1;
  double per_hour = 0, gain = 0;  ///< throughput with a fifth less work, and how much more than without
  double sooner = 0;  ///< seconds that goods leave the line sooner, on average; who has not left by the end counts as leaving then
};

struct ReplayResult {
  double per_hour = 0;
  std::vector<ReplayGain> gains;  ///< in the line's order
};

/// First come, first served; what is done stays on its server until the next place has room. Work of a place times `faster`, one at a time;
/// breakdowns, ways and arrivals as they were.
[[nodiscard]] ReplayResult replay(const ReplayLine& line, double faster = 0.8);

}  // namespace reelgraph::query::report
