#include "sim/match/pitch.h"

namespace reelgraph::sim {

Floor draw_pitch() {
  Floor floor{30, 17, {}};
  const auto add = [&](const char* name, const char* kind, double x0, double y0, double x1, double y1) {
    floor.zones.push_back({name, kind, {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}});
  };
  const double middle = floor.depth / 2;
  add("pitch", "pitch", 0.5, 0.5, floor.width - 0.5, floor.depth - 0.5);
  add("left penalty area", "penalty area", 0.5, middle - 4, 5, middle + 4);
  add("right penalty area", "penalty area", floor.width - 5, middle - 4, floor.width - 0.5, middle + 4);
  add("left goal", "goal", 0, middle - 1.6, 0.5, middle + 1.6);
  add("right goal", "goal", floor.width - 0.5, middle - 1.6, floor.width, middle + 1.6);
  return floor;
}

}  // namespace reelgraph::sim
