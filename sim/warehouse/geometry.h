#pragma once
// Slots, lanes and resting places of a warehouse's floor.

#include <string>
#include <vector>

#include "sim/scene.h"

namespace reelgraph::sim {

/// A place in the hall's own frame: u along the wall of the docks, v from that wall (0) towards the stations. Metres.
struct Spot {
  double u = 0, v = 0;
  friend bool operator==(const Spot&, const Spot&) = default;
};

enum class Lane : std::uint8_t { kDocks, kStations };  ///< the one along the docks, the one along the stations

/// Where a pallet may stand.
struct Slot {
  int zone = 0;  ///< index into the floor's zones
  Spot at;
};

/// Where a worker of a station stands.
struct Post {
  Spot work;  ///< beside the pallet
  Spot rest;  ///< outside of the zone
};

/// Reads a floor of `draw_layout`, however it is turned. Forklifts drive on two lanes and through the gap between staging and storage.
class Geometry {
 public:
  static constexpr double kReach = 1.45;      ///< from a forklift's ground point to its load's
  static constexpr double kOutOfSight = 2.6;  ///< beyond the floor's edge

  explicit Geometry(const Floor& floor);

  std::vector<int> docks, stations;  ///< indices of zones
  int staging = -1, storage = -1;
  std::vector<Slot> dock_slots, staging_slots, station_slots, storage_slots;  ///< of stations: one each, in their order
  std::vector<Post> posts;                                                    ///< one a station

  [[nodiscard]] double lane(Lane which) const { return which == Lane::kDocks ? docks_lane_ : stations_lane_; }
  [[nodiscard]] double gap() const { return gap_; }
  [[nodiscard]] double walkway() const { return walkway_; }
  [[nodiscard]] double depth() const { return depth_; }
  /// Where a forklift's ground point is when it picks up or sets down in `slot` from a lane.
  [[nodiscard]] Spot stop(const Slot& slot, Lane from) const;

  [[nodiscard]] Point to_floor(Spot spot) const;
  [[nodiscard]] double to_floor(double heading) const;  ///< 0 is along u, a quarter turn is along v

 private:
  struct Area {
    double u0, v0, u1, v1;
  };
  [[nodiscard]] Spot from_floor(Point point) const;
  [[nodiscard]] Area area(const Zone& zone) const;
  void add_slots(std::vector<Slot>& slots, int zone, const Area& area, int count, double v);

  bool sideways_ = false, turned_ = false;
  double length_ = 0, depth_ = 0, docks_lane_ = 0, stations_lane_ = 0, gap_ = 0, walkway_ = 0;
};

}  // namespace reelgraph::sim
