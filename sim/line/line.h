#pragma once
// A general production line: stations in series with servers, finite buffers, breakdowns, shifts.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/warehouse/process.h"
#include "sim/world.h"

namespace reelgraph::sim {

/// All durations are seconds.
struct LineStation {
  int servers = 1;
  int buffer = 3;                        ///< places before it, besides those in work; the first has no end of them
  double service = 60, variation = 0.4;  ///< mean, deviation to mean; lognormal
  double fails_every = 0, repair = 120;  ///< of one server, in seconds of work; 0: never
  double factor = 1;                     ///< of service, for what-if
};

struct LineSettings {
  std::uint64_t seed = 1;
  double seconds = 86'400, start_clock = 0;
  double arrivals_per_hour = 0;  ///< 0: a third more than the line can take
  double transit = 12;           ///< between stations
  std::vector<LineStation> stations;
};

/// `count` stations (0: three to six) at random, one of them slower than the rest. @throws base::Error kInvalidArgument
[[nodiscard]] LineSettings draw_line(std::uint64_t seed, int count, double seconds, double start_clock);

/// Blocking after service: what is done stays on its server until the next station has a place for it. First come, first served.
/// Events: arrive, wait, process, block, leave, travel, breakdown; a world without places.
[[nodiscard]] World play_line(const LineSettings& settings);

/// Reruns with each station's service cut by a fifth; every job keeps its durations at each station.
[[nodiscard]] Limits find_limits(const LineSettings& settings);

}  // namespace reelgraph::sim
