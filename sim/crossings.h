#pragma once
// When a mover's ground point is in a zone.

#include "sim/world.h"

namespace reelgraph::sim {

struct Crossing {
  double from = 0, to = 0;
  bool entered = false, left = false;  ///< false where it was there from the begin, or until the end, of what is known
};

/// Stretches of time, in order, in which the mover is in the convex polygon. Exact: ways are straight.
[[nodiscard]] std::vector<Crossing> crossings_of(const Mover& mover, const std::vector<Point>& polygon);

/// Adds `enter` and `leave` of the mover's actor for each zone; zones are actors with the ids "zone:NAME".
void add_crossings(World& world, const Mover& mover, int actor);

}  // namespace reelgraph::sim
