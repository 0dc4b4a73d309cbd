#include "sim/warehouse/geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "base/error.h"
#include "sim/warehouse/layout.h"

namespace reelgraph::sim {
namespace {

constexpr double kBetweenSlots = 2.3;  ///< metres, so that a forklift turns without sweeping over the next pallet
constexpr double kHalfPallet = 0.62;

}  // namespace

Geometry::Geometry(const Floor& floor) {
  for (int i = 0; i < static_cast<int>(floor.zones.size()); ++i) {
    const std::string& kind = floor.zones[static_cast<std::size_t>(i)].kind;
    if (kind == "dock") docks.push_back(i);
    if (kind == "packing") stations.push_back(i);
    if (kind == "staging") staging = i;
    if (kind == "storage") storage = i;
  }
  if (docks.empty() || stations.empty() || staging < 0 || storage < 0)
    throw base::Error(base::ErrorCode::kInvalidArgument, "a warehouse needs docks, staging, packing and storage");
  const auto zone = [&](int i) -> const Zone& { return floor.zones[static_cast<std::size_t>(i)]; };
  const Point dock = middle_of(zone(docks[0])), station = middle_of(zone(stations[0]));
  // Docks and stations lie at opposite walls: the axis along which they differ by most of the floor is v.
  sideways_ = std::abs(dock.x - station.x) / floor.width > std::abs(dock.y - station.y) / floor.depth;
  length_ = sideways_ ? floor.depth : floor.width;
  depth_ = sideways_ ? floor.width : floor.depth;
  turned_ = sideways_ ? dock.x > station.x : dock.y > station.y;

  const Area middle = area(zone(staging)), store = area(zone(storage));
  double docks_end = 0, stations_begin = depth_, stations_end = 0;
  for (const int i : docks) docks_end = std::max(docks_end, area(zone(i)).v1);
  for (const int i : stations) {
    stations_begin = std::min(stations_begin, area(zone(i)).v0);
    stations_end = std::max(stations_end, area(zone(i)).v1);
  }
  docks_lane_ = (docks_end + middle.v0) / 2;
  stations_lane_ = (middle.v1 + stations_begin) / 2;
  gap_ = middle.u1 < store.u0 ? (middle.u1 + store.u0) / 2 : (store.u1 + middle.u0) / 2;
  walkway_ = stations_end - 0.27;

  for (const int i : docks) {
    const Area a = area(zone(i));
    add_slots(dock_slots, i, a, docks.size() == 1 && a.u1 - a.u0 > kBetweenSlots + 1.1 ? 2 : 1,
              std::clamp(docks_lane_ - kReach, a.v0 + 0.7, a.v1 - 0.4));
  }
  const double half = (middle.v0 + middle.v1) / 2;
  for (const auto& [index, a, slots] : {std::tuple{staging, middle, &staging_slots}, std::tuple{storage, store, &storage_slots}}) {
    // Not too near to the gap, where forklifts drive through.
    const int count = std::clamp(static_cast<int>((a.u1 - a.u0 - 1.6) / kBetweenSlots) + 1, 1, index == staging ? 3 : 2);
    add_slots(*slots, index, a, count, half);
  }
  for (std::size_t k = 0; k < stations.size(); ++k) {
    const Area a = area(zone(stations[k]));
    const bool last = k + 1 == stations.size() && k > 0;
    // The worker's side: towards the middle of the hall.
    const double side = stations.size() == 1 ? (a.u0 > length_ - a.u1 ? -1 : 1) : (last ? -1 : 1);
    const double u = (a.u0 + a.u1) / 2 - 0.25 * side;
    const double v = std::clamp(stations_lane_ + kReach, a.v0 + 0.5, a.v1 - 1.35);
    station_slots.push_back({stations[k], {u, v}});
    const double edge = side > 0 ? a.u1 : a.u0;
    posts.push_back({{u + 1.05 * side, v}, {edge + 0.42 * side, last ? v + 0.5 : v - 0.45}});
    stations_lane_ = std::min(stations_lane_, v - kReach);
  }
}

void Geometry::add_slots(std::vector<Slot>& slots, int zone, const Area& area, int count, double v) {
  const double room = area.u1 - area.u0 - 2 * (kHalfPallet + 0.2), middle = (area.u0 + area.u1) / 2;
  const double step = count > 1 ? std::min(room / (count - 1), kBetweenSlots + 0.2) : 0;
  for (int i = 0; i < count; ++i) slots.push_back({zone, {middle + step * (i - (count - 1) / 2.0), v}});
}

Spot Geometry::stop(const Slot& slot, Lane from) const { return {slot.at.u, slot.at.v + (slot.at.v > lane(from) ? -kReach : kReach)}; }

Spot Geometry::from_floor(Point point) const {
  if (sideways_) std::swap(point.x, point.y);
  return {point.x, turned_ ? depth_ - point.y : point.y};
}

Point Geometry::to_floor(Spot spot) const {
  Point point{spot.u, turned_ ? depth_ - spot.v : spot.v};
  if (sideways_) std::swap(point.x, point.y);
  return point;
}

double Geometry::to_floor(double heading) const {
  const double h = turned_ ? -heading : heading;
  return sideways_ ? std::numbers::pi / 2 - h : h;
}

Geometry::Area Geometry::area(const Zone& zone) const {
  Area area{1e9, 1e9, -1e9, -1e9};
  for (const Point& corner : zone.polygon) {
    const Spot s = from_floor(corner);
    area = {std::min(area.u0, s.u), std::min(area.v0, s.v), std::max(area.u1, s.u), std::max(area.v1, s.v)};
  }
  return area;
}

}  // namespace reelgraph::sim
