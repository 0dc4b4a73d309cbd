#include "sim/warehouse/layout.h"

#include <algorithm>
#include <array>
#include <string>

namespace reelgraph::sim {
namespace {

std::vector<Point> rectangle(double x0, double y0, double x1, double y1) { return {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}; }

/// `count` zones side by side along a wall of `length`, each in a part of its own, `y0` to `y1` from the far wall.
void add_row(Floor& floor, Random& random, const std::string& kind, int count, double length, double y0, double y1) {
  const double part = length / count;
  const double width = std::min(part - 0.8, random.uniform(2.6, 3.6));
  const double slack = part - width;
  for (int i = 0; i < count; ++i) {
    const double x0 = i * part + random.uniform(0.3 * slack, 0.7 * slack);
    floor.zones.push_back({kind + " " + std::to_string(i + 1), kind, rectangle(x0, y0, x0 + width, y1)});
  }
}

}  // namespace

Floor draw_layout(Random random, const LayoutOptions& options) {
  Floor floor;
  const int docks = options.docks > 0 ? options.docks : random.integer(1, 3);
  const int stations = options.stations > 0 ? options.stations : random.integer(1, 3);
  const double dock_depth = random.uniform(1.9, 2.3), station_depth = random.uniform(1.9, 2.3);
  // Drawn with the docks along the far wall, then turned.
  const double length = options.sideways ? floor.depth : floor.width, depth = options.sideways ? floor.width : floor.depth;
  add_row(floor, random, "dock", docks, length, 0.2, 0.2 + dock_depth);
  add_row(floor, random, "packing", stations, length, depth - 0.2 - station_depth, depth - 0.2);
  // Between the rows: a lane, staging and storage, a lane.
  const double middle = depth / 2, half = random.uniform(0.9, 1.15) * (options.sideways ? 1.1 : 1);
  const double split = random.uniform(0.45, 0.55) * length;
  const double edge = options.sideways ? 0.3 : random.uniform(1.0, 1.8);
  floor.zones.push_back({"staging", "staging", rectangle(edge, middle - half, split - 0.5, middle + half)});
  floor.zones.push_back({"storage", "storage", rectangle(split + 0.5, middle - half, length - edge, middle + half)});
  const bool mirrored = random.chance(0.5), turned = random.chance(0.5);
  for (Zone& zone : floor.zones) {
    for (Point& corner : zone.polygon) {
      if (mirrored) corner.x = length - corner.x;
      if (turned) corner.y = depth - corner.y;
      if (options.sideways) std::swap(corner.x, corner.y);
    }
  }
  return floor;
}

Floor draw_scattered_zones(Random random) {
  static constexpr std::array<const char*, 4> kKinds{"dock", "staging", "packing", "storage"};
  Floor floor;
  const int count = random.integer(2, 8);
  for (int i = 0; i < count; ++i) {
    double width = random.uniform(1.8, 6), depth = random.uniform(1.6, 3);
    if (random.chance(0.4)) std::swap(width, depth);
    const double x = random.uniform(0.2, floor.width - width - 0.2), y = random.uniform(0.2, floor.depth - depth - 0.2);
    const char* kind = kKinds[static_cast<std::size_t>(random.integer(0, 3))];
    floor.zones.push_back({kind + (" " + std::to_string(i + 1)), kind, rectangle(x, y, x + width, y + depth)});
  }
  return floor;
}

Point middle_of(const Zone& zone) {
  Point sum;
  for (const Point& corner : zone.polygon) {
    sum.x += corner.x;
    sum.y += corner.y;
  }
  const double count = static_cast<double>(std::max<std::size_t>(1, zone.polygon.size()));
  return {sum.x / count, sum.y / count};
}

}  // namespace reelgraph::sim
