#include "sim/warehouse/driver.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::sim {
namespace {

constexpr double kNear = 0.02;  ///< metres that are not worth a move

/// How many of the places on the arc of the load are taken.
int swept(Spot at, double from, double by, const std::function<bool(Spot)>& taken) {
  int count = 0;
  constexpr int kSteps = 6;
  for (int i = 1; i < kSteps; ++i) {
    const double heading = from + by * i / kSteps;
    count += taken({at.u + Geometry::kReach * std::cos(heading), at.v + Geometry::kReach * std::sin(heading)}) ? 1 : 0;
  }
  return count;
}

}  // namespace

double turned_by(double from, double to) { return std::remainder(to - from, 2 * std::numbers::pi); }

void Way::key() {
  if (mover_ != nullptr) mover_->add({now_, geometry_->to_floor(at_), geometry_->to_floor(heading_)});
}

void Way::place(double seconds, Spot at, double heading) {
  now_ = seconds;
  at_ = at;
  heading_ = heading;
  key();
}

void Way::stand(double until) {
  if (until <= now_) return;
  now_ = until;
  key();
}

void Way::move(Spot to, double metres_a_second) {
  const double way = std::hypot(to.u - at_.u, to.v - at_.v);
  if (way < 1e-9) return;
  now_ += way / metres_a_second;
  at_ = to;
  key();
}

void Way::turn(double heading, double radians_a_second, bool long_way) {
  double by = turned_by(heading_, heading);
  if (std::abs(by) < 1e-6) return;
  if (long_way) by += by > 0 ? -2 * std::numbers::pi : 2 * std::numbers::pi;
  now_ += std::abs(by) / radians_a_second;
  heading_ += by;
  key();
}

void Way::walk(Spot to, double metres_a_second) {
  if (std::hypot(to.u - at_.u, to.v - at_.v) < kNear) return;
  turn(std::atan2(to.v - at_.v, to.u - at_.u), 6);
  move(to, metres_a_second);
}

Breakdowns drive(Way& way, const Geometry& geometry, Lane& lane, const Stop& to, const Drive& how, Random random,
                 const std::function<bool(Spot)>& taken) {
  Breakdowns breakdowns;
  const auto turn = [&](double heading) {
    const double by = turned_by(way.heading(), heading);
    bool long_way = false;
    if (how.loaded && std::abs(by) > 0.1) {
      const double other = by > 0 ? by - 2 * std::numbers::pi : by + 2 * std::numbers::pi;
      long_way = swept(way.at(), way.heading(), by, taken) > swept(way.at(), way.heading(), other, taken);
    }
    way.turn(heading, how.turning, long_way);
  };
  const auto go = [&](Spot spot, double heading) {
    const double metres = std::hypot(spot.u - way.at().u, spot.v - way.at().v);
    if (metres < kNear) return;
    turn(heading);
    const double share = random.uniform(), fate = random.uniform(), repair = random.lognormal(how.repair, 0.6);
    if (how.fails_every > 0 && fate < 1 - std::exp(-metres / how.speed / how.fails_every)) {
      const Spot from = way.at();
      way.move({from.u + (spot.u - from.u) * share, from.v + (spot.v - from.v) * share}, how.speed);
      const double since = way.now();
      way.stand(since + repair);
      breakdowns.emplace_back(since, way.now());
    }
    way.move(spot, how.speed);
  };
  const auto along = [&](double u) { go({u, way.at().v}, u > way.at().u ? 0 : std::numbers::pi); };
  const auto line_up = [&] {
    const double v = geometry.lane(lane);
    if (std::abs(way.at().v - v) > kNear) way.move({way.at().u, v}, 0.6 * how.speed);
  };
  const bool across = lane != to.lane;
  if (across || std::abs(way.at().u - to.at.u) > kNear) line_up();
  if (across) {
    along(geometry.gap());
    lane = to.lane;
    go({geometry.gap(), geometry.lane(lane)}, lane == Lane::kStations ? kTowardsStations : kTowardsDocks);
  }
  along(to.at.u);
  if (std::abs(turned_by(way.heading(), to.heading)) > 0.1) line_up();  // turn on the lane, not before the slot
  turn(to.heading);
  way.move(to.at, 0.6 * how.speed);
  return breakdowns;
}

}  // namespace reelgraph::sim
