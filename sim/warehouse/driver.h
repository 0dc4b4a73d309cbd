#pragma once
// The ways of forklifts and workers, planned to the end when they begin.

#include <functional>
#include <numbers>
#include <vector>

#include "sim/random.h"
#include "sim/warehouse/geometry.h"
#include "sim/world.h"

namespace reelgraph::sim {

inline constexpr double kTowardsStations = std::numbers::pi / 2, kTowardsDocks = -std::numbers::pi / 2;

/// Appends a mover's way to its keys; `now` is where its time has come to. Borrows geometry and mover (null: nothing is recorded).
class Way {
 public:
  Way(const Geometry& geometry, Mover* mover) : geometry_(&geometry), mover_(mover) {}

  void place(double seconds, Spot at, double heading);
  void stand(double until);
  /// Straight on, whatever the heading.
  void move(Spot to, double metres_a_second);
  /// The short way round, or the other if `long_way`.
  void turn(double heading, double radians_a_second, bool long_way = false);
  /// Turns (a walker does so in passing) and moves.
  void walk(Spot to, double metres_a_second);

  [[nodiscard]] double now() const { return now_; }
  [[nodiscard]] Spot at() const { return at_; }
  [[nodiscard]] double heading() const { return heading_; }

 private:
  void key();
  const Geometry* geometry_;
  Mover* mover_;
  double now_ = 0, heading_ = 0;
  Spot at_;
};

/// Angle from `from` to `to`, -pi..pi.
[[nodiscard]] double turned_by(double from, double to);

/// One drive of a forklift from where it is to before a slot.
struct Drive {
  double speed = 1.5, turning = 0.96;  ///< metres and radians a second
  double fails_every = 0;              ///< seconds of driving; 0: never
  double repair = 30;
  bool loaded = false;
};

struct Stop {
  Spot at;
  Lane lane = Lane::kDocks;
  double heading = 0;
};

/// Stretches of a drive in which the forklift was broken down.
using Breakdowns = std::vector<std::pair<double, double>>;

/// Drives on lanes and through the gap. @param taken true where something stands, asked for places that the load sweeps over
/// @param lane on which it is; becomes that of the stop
[[nodiscard]] Breakdowns drive(Way& way, const Geometry& geometry, Lane& lane, const Stop& to, const Drive& how, Random random,
                               const std::function<bool(Spot)>& taken);

}  // namespace reelgraph::sim
