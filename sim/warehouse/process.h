#pragma once
// The work of a warehouse: pallets come through docks, forklifts carry them, workers process them, and the racks take them in.

#include "sim/scene.h"
#include "sim/warehouse/settings.h"
#include "sim/world.h"

namespace reelgraph::sim {

/// Names and gains of what could limit the flow.
struct LimitGain {
  std::string name;     ///< "docks", "packing", "blue forklift"
  double per_hour = 0;  ///< throughput with its durations cut by a fifth
};

struct Limits {
  double per_hour = 0;           ///< throughput as it is
  std::vector<LimitGain> gains;  ///< best first
};

/// Plays the settings, which must be complete (`draw_settings`), after a quarter of an hour of warming up. The same settings give the same
/// world; each pallet's durations are its own, so that a changed factor changes nothing else by chance.
[[nodiscard]] World play_warehouse(const WarehouseSettings& settings);

/// What limits the flow: reruns of at least eight hours with each part's durations cut by a fifth. Costs a second at most.
[[nodiscard]] Limits find_limits(const WarehouseSettings& settings);

/// The floor that a seed's warehouse has.
[[nodiscard]] Floor floor_of(const WarehouseSettings& settings);

}  // namespace reelgraph::sim
