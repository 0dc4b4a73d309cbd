#pragma once
// What happened, as observations (docs/formats.md), whole or with the losses that a real observer has.

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>

#include "sim/render/renderer.h"
#include "sim/world.h"

namespace reelgraph::sim {

/// Losses of an observer. All from the seed.
struct Losses {
  double percent = 0;   ///< of events that are missed, 0..90; 0: no losses at all
  double jitter = 0.5;  ///< deviation of starts and ends, seconds
  std::uint64_t seed = 1;
};

struct TruthOptions {
  double positions_every = 1;          ///< seconds between lines that tell where everything is; 0: none
  const Renderer* renderer = nullptr;  ///< gives boxes; null: none are told
  Losses losses;
};

/// Misses events, shifts times, and leaves a twentieth of `percent` uncovered, in gaps of one to five minutes.
/// @returns the gaps, in order
std::vector<std::pair<double, double>> lose(History& history, const Losses& losses);

/// One JSON line for the video, one an event, one for each instant at which positions are told, coverage where there are gaps.
void write_truth(const World& world, const TruthOptions& options, std::ostream& out);

/// One JSON line of what is where in the picture every so many seconds: {"at":0,"things":[{"kind","colour","load","x","y","visible",
/// "load_visible"}]}; x and y of the ground point in 0..1, `visible` and `load_visible` (if there is a load) the shares that nothing hides.
void write_places(const World& world, const Renderer& renderer, double every, std::ostream& out);

/// The things of one snapshot in that form.
[[nodiscard]] nlohmann::json places_json(const Snapshot& snapshot, const Renderer& renderer);

}  // namespace reelgraph::sim
