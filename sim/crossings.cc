#include "sim/crossings.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reelgraph::sim {
namespace {

/// Shares of the way from a to b that lie inside of the polygon; first > second: none (Cyrus and Beck, 1978).
std::pair<double, double> inside(const std::vector<Point>& polygon, Point a, Point b) {
  double area = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Point p = polygon[i], q = polygon[(i + 1) % polygon.size()];
    area += p.x * q.y - q.x * p.y;
  }
  double from = 0, to = 1;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Point p = polygon[i], q = polygon[(i + 1) % polygon.size()];
    const double sign = area > 0 ? 1 : -1;
    const auto side = [&](Point x) { return sign * ((q.x - p.x) * (x.y - p.y) - (q.y - p.y) * (x.x - p.x)); };
    const double at_a = side(a), at_b = side(b);
    if (at_a < 0 && at_b < 0) return {1, 0};
    if (at_a >= 0 && at_b >= 0) continue;
    const double share = at_a / (at_a - at_b);
    if (at_a < 0)
      from = std::max(from, share);
    else
      to = std::min(to, share);
  }
  return {from, to};
}

}  // namespace

std::vector<Crossing> crossings_of(const Mover& mover, const std::vector<Point>& polygon) {
  std::vector<Crossing> result;
  for (std::size_t i = 0; i + 1 < mover.keys.size(); ++i) {
    const Key &a = mover.keys[i], &b = mover.keys[i + 1];
    const double length = b.seconds - a.seconds;
    if (length <= 0 || !mover.is_shown((a.seconds + b.seconds) / 2)) continue;
    const auto [from, to] = inside(polygon, a.at, b.at);
    if (from > to || (from == to && a.at == b.at)) continue;
    const double t0 = a.seconds + from * length, t1 = a.seconds + to * length;
    if (!result.empty() && t0 - result.back().to < 1e-6) {
      result.back().to = t1;
      result.back().left = to < 1;
      continue;
    }
    result.push_back({t0, t1, from > 0 || i > 0, to < 1});
  }
  // Inside at the last key: it stays there.
  for (std::size_t i = 0; i + 1 < result.size(); ++i) result[i].left = true;
  std::erase_if(result, [](const Crossing& c) { return c.to - c.from < 1e-6; });
  return result;
}

void add_crossings(World& world, const Mover& mover, int actor) {
  for (const Zone& zone : world.floor.zones) {
    const int place = world.history.actor("zone:" + zone.name, zone.name, entity_type_of(zone));
    for (const Crossing& crossing : crossings_of(mover, zone.polygon)) {
      if (crossing.entered) world.history.events.push_back({"enter", crossing.from, crossing.from, {{actor, "agent"}, {place, "place"}}});
      if (crossing.left) world.history.events.push_back({"leave", crossing.to, crossing.to, {{actor, "agent"}, {place, "place"}}});
    }
  }
}

}  // namespace reelgraph::sim
