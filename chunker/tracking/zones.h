#pragma once
// Named parts of the picture, asked by place. A zone is its index; -1 is none.

#include <string>
#include <utility>
#include <vector>

#include "base/profile.h"
#include "chunker/tracking/sighting.h"

namespace reelgraph::chunker::tracking {

/// Distances in picture widths.
class ZoneMap {
 public:
  /// @param aspect height of the picture by its width
  ZoneMap(std::vector<base::Zone> zones, double aspect) : zones_(std::move(zones)), aspect_(aspect) {}

  /// "dock 2", as people write it.
  [[nodiscard]] std::string name(int zone) const;
  /// "dock" of "dock 2"; empty for -1.
  [[nodiscard]] std::string kind(int zone) const;
  /// True if it is of one of the kinds.
  [[nodiscard]] bool is(int zone, const std::vector<std::string>& kinds) const;
  /// How far a place lies out of a zone; 0 within it.
  [[nodiscard]] double outside(int zone, Place place) const;
  /// The zone that holds a place, else the nearest of those within `margin`.
  [[nodiscard]] int at(Place place, double margin = 0) const;
  /// Of these kinds, however far.
  [[nodiscard]] int nearest(Place place, const std::vector<std::string>& kinds) const;

 private:
  template <class Counts>
  [[nodiscard]] int nearest_if(Place place, double margin, const Counts& counts) const;

  std::vector<base::Zone> zones_;
  double aspect_;
};

/// "dock_2" -> "dock".
[[nodiscard]] std::string zone_kind(const std::string& name);

}  // namespace reelgraph::chunker::tracking
