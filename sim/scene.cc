#include "sim/scene.h"

#include <array>

namespace reelgraph::sim {

const char* colour_name(Colour colour) {
  constexpr std::array kNames{"red", "orange", "yellow", "green", "blue", "purple", "white", "black"};
  return kNames.at(static_cast<std::size_t>(colour));
}

const char* kind_name(Kind kind) {
  constexpr std::array kNames{"worker", "forklift", "pallet", "player", "referee", "ball"};
  return kNames.at(static_cast<std::size_t>(kind));
}

const char* load_name(Load load) {
  constexpr std::array kNames{"", "boxes", "drums", "sacks"};
  return kNames.at(static_cast<std::size_t>(load));
}

bool contains(const std::vector<Point>& polygon, Point point) {
  bool left = false, right = false;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Point a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    const double side = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
    left = left || side > 0;
    right = right || side < 0;
  }
  return !polygon.empty() && !(left && right);
}

}  // namespace reelgraph::sim
