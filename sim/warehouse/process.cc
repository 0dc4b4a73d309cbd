#include "sim/warehouse/process.h"

#include <algorithm>

#include "sim/warehouse/hall.h"
#include "sim/warehouse/layout.h"

namespace reelgraph::sim {
namespace {

constexpr double kWarmUp = 900;           ///< seconds
constexpr double kLeastOfRerun = 28'800;  ///< seconds: below, luck decides
constexpr double kFaster = 0.8;           ///< factor of a what-if's durations

double per_hour(const WarehouseSettings& settings, const Floor& floor) {
  Hall hall(settings, floor, kWarmUp, false);
  hall.run();
  return hall.stored() * 3600 / settings.seconds;
}

}  // namespace

Floor floor_of(const WarehouseSettings& settings) {
  return draw_layout(Random(settings.seed).fork(12),
                     {.docks = settings.docks, .stations = settings.stations, .sideways = settings.sideways});
}

World play_warehouse(const WarehouseSettings& settings) {
  Hall hall(settings, floor_of(settings), kWarmUp, true);
  hall.run();
  return hall.take();
}

Limits find_limits(const WarehouseSettings& as_asked) {
  const Floor floor = floor_of(as_asked);
  WarehouseSettings settings = as_asked;
  settings.seconds = std::max(settings.seconds, kLeastOfRerun);
  Limits limits;
  limits.per_hour = per_hour(settings, floor);
  const auto rerun = [&](const std::string& name, const WarehouseSettings& faster) {
    limits.gains.push_back({name, per_hour(faster, floor)});
  };
  WarehouseSettings faster = settings;
  faster.door_factor *= kFaster;
  rerun("docks", faster);
  faster = settings;
  faster.process_factor *= kFaster;
  rerun("packing", faster);
  Hall names(settings, floor, kWarmUp, false);
  const World unplayed = names.take();
  for (int i = 0; i < settings.forklifts; ++i) {
    faster = settings;
    faster.forklift_factors.resize(static_cast<std::size_t>(settings.forklifts), 1);
    faster.forklift_factors[static_cast<std::size_t>(i)] *= kFaster;
    rerun(std::string(colour_name(unplayed.movers[static_cast<std::size_t>(i)].thing.colour)) + " forklift", faster);
  }
  std::stable_sort(limits.gains.begin(), limits.gains.end(),
                   [](const LimitGain& a, const LimitGain& b) { return a.per_hour > b.per_hour; });
  return limits;
}

}  // namespace reelgraph::sim
