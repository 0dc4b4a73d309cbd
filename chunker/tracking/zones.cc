#include "chunker/tracking/zones.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reelgraph::chunker::tracking {

std::string zone_kind(const std::string& name) {
  const std::size_t last = name.find_last_not_of("0123456789 _");
  return last == std::string::npos ? name : name.substr(0, last + 1);
}

std::string ZoneMap::name(int zone) const {
  std::string name = zones_[static_cast<std::size_t>(zone)].name;
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string ZoneMap::kind(int zone) const { return zone < 0 ? std::string() : zone_kind(zones_[static_cast<std::size_t>(zone)].name); }

bool ZoneMap::is(int zone, const std::vector<std::string>& kinds) const {
  return zone >= 0 && std::find(kinds.begin(), kinds.end(), kind(zone)) != kinds.end();
}

double ZoneMap::outside(int zone, Place place) const {
  const auto& polygon = zones_[static_cast<std::size_t>(zone)].polygon;
  bool inside = false;
  double nearest = std::numeric_limits<double>::max();
  for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const auto [ax, ay] = polygon[i];
    const auto [bx, by] = polygon[j];
    if ((ay > place.y) != (by > place.y) && place.x < (bx - ax) * (place.y - ay) / (by - ay) + ax) inside = !inside;
    const double dx = bx - ax, dy = (by - ay) * aspect_, px = place.x - ax, py = (place.y - ay) * aspect_;
    const double along = std::clamp((px * dx + py * dy) / std::max(1e-12, dx * dx + dy * dy), 0.0, 1.0);
    nearest = std::min(nearest, std::hypot(px - along * dx, py - along * dy));
  }
  return inside ? 0 : nearest;
}

template <class Counts>
int ZoneMap::nearest_if(Place place, double margin, const Counts& counts) const {
  int best = -1;
  double least = std::numeric_limits<double>::max();
  for (int zone = 0; zone < static_cast<int>(zones_.size()); ++zone) {
    if (!counts(zone)) continue;
    if (const double far = outside(zone, place); far <= margin && far < least) {
      best = zone;
      least = far;
    }
  }
  return best;
}

int ZoneMap::at(Place place, double margin) const {
  return nearest_if(place, margin, [](int) { return true; });
}

int ZoneMap::nearest(Place place, const std::vector<std::string>& kinds) const {
  return nearest_if(place, std::numeric_limits<double>::max(), [&](int zone) { return is(zone, kinds); });
}

}  // namespace reelgraph::chunker::tracking
