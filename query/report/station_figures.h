#pragma once
// The figures of each place, each resource and each route, over any part of the log.

#include <optional>
#include <string>
#include <vector>

#include "query/report/operations_log.h"
#include "query/report/step_curve.h"

namespace reelgraph::query::report {

/// All times are seconds; shares are 0..1 of what could be.
struct StationFigures {
  int place = -1;  ///< index into `OperationsLog::actors`
  std::string name, type;
  double hours = 0;  ///< observed
  std::int64_t arrivals = 0, departures = 0, there_at_end = 0;
  double arrivals_per_h = 0, throughput_per_h = 0;
  Spread dwell, wait, process;  ///< of visits that ended; `process` without breakdowns
  CurveFigures queue, present;  ///< waiting; there at all
  int servers = 0;              ///< who worked there side by side; 0: no work was seen, and no utilisation is known
  std::optional<double> utilisation;
  double busy = 0, down = 0, blocked = 0, starved = 0, unattended = 0;  ///< of the servers' time; unattended: idle though goods wait
  double interarrival_variation2 = 0;                                   ///< squared coefficient of variation
  double little_l = 0, little_lambda_w = 0;
};

struct ResourceFigures {
  int actor = -1;
  std::string name, type;
  double busy = 0, travel_loaded = 0, travel_empty = 0, idle = 0, down = 0, unknown = 0;  ///< shares of the observed time, sum 1
  double longest_idle = 0;                                                                ///< seconds
  std::int64_t jobs = 0;
};

struct RouteFigures {
  int source = -1, destination = -1;
  std::string from, to;
  bool loaded = false;
  Spread transit;
};

/// Places in order of their first visit. Visits count by their arrival and departure within `window`.
[[nodiscard]] std::vector<StationFigures> station_figures(const OperationsLog& log, const base::SpanSet& window);
[[nodiscard]] std::vector<ResourceFigures> resource_figures(const OperationsLog& log, const base::SpanSet& window);
[[nodiscard]] std::vector<RouteFigures> route_figures(const OperationsLog& log, const base::SpanSet& window);

/// How many work at a place side by side: those whose time there (from first to last work) overlaps, and who work nowhere else; else the
/// most at work at once. Indexed by place.
[[nodiscard]] std::vector<int> servers_of(const OperationsLog& log);

}  // namespace reelgraph::query::report
