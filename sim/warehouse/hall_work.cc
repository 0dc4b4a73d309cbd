// What forklifts and workers do.
#include <algorithm>
#include <cmath>

#include "sim/warehouse/hall.h"

namespace reelgraph::sim {
namespace {

constexpr double kTurning = 0.96;    ///< of a forklift, radians a second
constexpr double kIdleAtLeast = 5;   ///< seconds
constexpr double kTooNear = 1.15;    ///< metres between the middles of two pallets
constexpr double kShortestWalk = 2;  ///< metres
constexpr double kNextDoor = 1.6;    ///< metres between resting places that need no walkway

const nlohmann::json kNothing = nlohmann::json::object();

}  // namespace

void Hall::carry(Forklift& f, const Task& task) {
  const double now = agenda_.now();
  Pallet& p = pallet(task.pallet);
  end_block(p, now);
  p.claimed = true;
  held(task.to)[static_cast<std::size_t>(task.slot)] = -2;
  if (now - f.idle_from >= kIdleAtLeast) tell("idle", f.idle_from, now, {{f.actor, "agent"}}, kNothing);
  f.busy = true;
  f.way.stand(now);

  const Where from = p.where;
  const Slot source = slots(from)[static_cast<std::size_t>(p.slot)], target = slots(task.to)[static_cast<std::size_t>(task.slot)];
  const auto stop_at = [&](const Slot& slot, Lane lane) {
    return Stop{geometry_.stop(slot, lane), lane, slot.at.v > geometry_.lane(lane) ? kTowardsStations : kTowardsDocks};
  };
  const Lane source_lane = from == Where::kDock ? Lane::kDocks : Lane::kStations;
  const Lane target_lane = task.to == Where::kStaging ? Lane::kDocks : Lane::kStations;
  const auto taken = [&](Spot spot) {
    return std::any_of(present_.begin(), present_.end(), [&](int other) {
      const Pallet& o = pallet(other);
      if (other == task.pallet || o.state == State::kMoving) return false;
      const Spot at = slots(o.where)[static_cast<std::size_t>(o.slot)].at;
      return std::hypot(at.u - spot.u, at.v - spot.v) < kTooNear;
    });
  };
  const int leg = static_cast<int>(from) * 2;
  Random luck = stream(2, p.number, leg);
  Drive how{.speed = settings_.forklift_speed * luck.uniform(0.92, 1.08) / f.factor,
            .turning = kTurning / f.factor,
            .fails_every = settings_.fails_every,
            .repair = settings_.repair};
  const auto travel = [&](double start, int source_zone, int target_zone, bool loaded) {
    if (f.way.now() - start < 0.5) return;
    std::vector<std::pair<int, std::string>> parts{{f.actor, "agent"}};
    if (loaded) parts.emplace_back(p.actor, "object");
    if (source_zone >= 0) parts.emplace_back(zone_actor(source_zone), "source");
    parts.emplace_back(zone_actor(target_zone), "destination");
    tell("travel", start, f.way.now(), std::move(parts), {{"loaded", loaded}});
  };
  const auto broke_down = [&](const Breakdowns& spans) {
    for (const auto& [start, end] : spans) tell("breakdown", start, end, {{f.actor, "agent"}}, kNothing);
  };

  broke_down(drive(f.way, geometry_, f.lane, stop_at(source, source_lane), how, stream(3, p.number, leg), taken));
  travel(now, f.zone, source.zone, false);
  const double before = f.way.now();
  f.way.stand(before + f.factor * luck.lognormal(settings_.lift, 0.15));
  const double lifted = f.way.now();
  tell("pick_up", before, lifted, {{f.actor, "agent"}, {p.actor, "object"}, {zone_actor(source.zone), "place"}},
       {{"load", load_name(p.load)}});

  how.loaded = true;
  broke_down(drive(f.way, geometry_, f.lane, stop_at(target, target_lane), how, stream(3, p.number, leg + 1), taken));
  travel(lifted, source.zone, target.zone, true);
  const double there = f.way.now();
  f.way.stand(there + f.factor * luck.lognormal(settings_.lift, 0.15));
  const double down = f.way.now();
  tell("drop", there, down, {{f.actor, "agent"}, {p.actor, "object"}, {zone_actor(target.zone), "place"}}, {{"load", load_name(p.load)}});
  f.zone = target.zone;
  if (record_) {
    Mover& mover = world_.movers[static_cast<std::size_t>(&f - forklifts_.data())];
    mover.loads.emplace_back(lifted, p.load);
    mover.loads.emplace_back(down, Load::kNone);
  }

  const int index = task.pallet;
  agenda_.at(before, [this, index] { end_wait(pallet(index), agenda_.now()); });
  agenda_.at(lifted, [this, index] {
    Pallet& gone = pallet(index);
    held(gone.where)[static_cast<std::size_t>(gone.slot)] = -1;
    gone.state = State::kMoving;
    if (record_) world_.standings[static_cast<std::size_t>(gone.standing)].to = agenda_.now();
    dispatch();
  });
  const auto number = static_cast<std::size_t>(&f - forklifts_.data());
  agenda_.at(down, [this, index, number, to = task.to, slot = task.slot] {
    set_down(index, to, slot);
    forklifts_[number].busy = false;
    forklifts_[number].idle_from = agenda_.now();
    dispatch();
  });
}

void Hall::serve_stations() {
  for (;;) {
    // The longest waiting pallet that somebody can come to, and who is nearest to it.
    int best = -1, who = -1;
    for (const int i : present_) {
      const Pallet& p = pallet(i);
      if (p.where != Where::kStation || p.state != State::kReady || p.claimed || (best >= 0 && p.since >= pallet(best).since)) continue;
      int nearest = -1;
      double way = 1e9;
      bool manned = false;
      for (int w = 0; w < static_cast<int>(workers_.size()); ++w) {
        const Worker& worker = workers_[static_cast<std::size_t>(w)];
        const bool here = worker.post == p.slot;
        if (here) manned = true;
        if (worker.busy || worker.post < 0) continue;
        const double metres = here ? 0 : std::abs(worker.way.at().u - slots(Where::kStation)[static_cast<std::size_t>(p.slot)].at.u);
        if (metres < way) way = metres, nearest = w;
      }
      if (nearest < 0 || (manned && way > 0)) continue;
      best = i;
      who = nearest;
    }
    if (best < 0) return;
    work(who, best);
  }
}

void Hall::work(int number, int index) {
  Worker& w = workers_[static_cast<std::size_t>(number)];
  Pallet& p = pallet(index);
  const double now = agenda_.now();
  p.claimed = true;
  w.busy = true;
  const int station = geometry_.stations[static_cast<std::size_t>(p.slot)];
  const int home = geometry_.stations[static_cast<std::size_t>(w.post)];
  if (now - w.idle_from >= kIdleAtLeast) tell("idle", w.idle_from, now, {{w.actor, "agent"}, {zone_actor(home), "place"}}, kNothing);
  const Post& post = geometry_.posts[static_cast<std::size_t>(p.slot)];
  if (w.post != p.slot) {
    const bool far = std::abs(w.way.at().u - post.rest.u) > kNextDoor;
    w.way.stand(far ? std::max(now, walkway_free_) : now);
    const double start = w.way.now();
    if (far) {
      w.way.walk({w.way.at().u, geometry_.walkway()}, w.speed);
      w.way.walk({post.rest.u, geometry_.walkway()}, w.speed);
    }
    w.way.walk(post.rest, w.speed);
    if (far) walkway_free_ = w.way.now();
    if ((w.way.now() - start) * w.speed >= kShortestWalk)
      tell("travel", start, w.way.now(), {{w.actor, "agent"}, {zone_actor(home), "source"}, {zone_actor(station), "destination"}},
           kNothing);
    w.post = p.slot;
  } else {
    w.way.stand(now);
  }
  w.way.walk(post.work, w.speed);
  const Spot at = slots(Where::kStation)[static_cast<std::size_t>(p.slot)].at;
  w.way.turn(at.u > post.work.u ? 0 : std::numbers::pi, 6);
  const double begin = w.way.now();
  const double end = begin + settings_.process_factor * stream(4, p.number).lognormal(settings_.process, settings_.variation);
  w.way.stand(end);
  tell("process", begin, end, {{w.actor, "agent"}, {p.actor, "object"}, {zone_actor(station), "station"}, {zone_actor(station), "place"}},
       {{"load", load_name(p.load)}});
  agenda_.at(begin, [this, index] {
    Pallet& begun = pallet(index);
    end_wait(begun, agenda_.now());
    begun.state = State::kAtWork;
  });
  agenda_.at(end, [this, number, index] { finish(number, index); });
}

void Hall::finish(int number, int index) {
  Worker& w = workers_[static_cast<std::size_t>(number)];
  Pallet& p = pallet(index);
  const double now = agenda_.now();
  p.state = State::kDone;
  p.claimed = false;
  p.since = p.waits_from = now;
  w.way.walk(geometry_.posts[static_cast<std::size_t>(w.post)].rest, w.speed);
  w.way.turn(kTowardsDocks, 4);
  agenda_.at(w.way.now(), [this, number] {
    Worker& rests = workers_[static_cast<std::size_t>(number)];
    if (agenda_.now() >= rests.next_break) {
      take_break(number);
    } else {
      rests.busy = false;
      rests.idle_from = agenda_.now();
    }
    dispatch();
  });
  dispatch();
}

void Hall::take_break(int number) {
  Worker& w = workers_[static_cast<std::size_t>(number)];
  const Spot rest = w.way.at();
  const int hall = world_.history.actor("place:hall", "hall", "place");
  w.way.walk({rest.u, geometry_.depth()}, w.speed);
  tell("leave", w.way.now(), w.way.now(), {{w.actor, "agent"}, {hall, "place"}}, kNothing);
  w.way.walk({rest.u, geometry_.depth() + Geometry::kOutOfSight}, w.speed);
  if (record_) {
    auto& shown = world_.movers[static_cast<std::size_t>(w.mover)].shown;
    if (shown.empty()) shown.emplace_back(-1e18, true);
    shown.emplace_back(w.way.now(), false);
  }
  w.post = -1;
  Random own = stream(5, number + 1, 1).fork(static_cast<std::uint64_t>(++w.breaks));
  const double back = w.way.now() + own.lognormal(settings_.break_length, 0.4);
  w.next_break = back + own.uniform(0.5, 1.5) * settings_.break_every;
  agenda_.at(back, [this, number] { come_back(number); });
}

void Hall::come_back(int number) {
  Worker& w = workers_[static_cast<std::size_t>(number)];
  // To a station without a worker; one where a pallet waits, first.
  int best = -1;
  for (int s = 0; s < static_cast<int>(geometry_.posts.size()); ++s) {
    if (std::any_of(workers_.begin(), workers_.end(), [&](const Worker& other) { return other.post == s; })) continue;
    if (best < 0 || held(Where::kStation)[static_cast<std::size_t>(s)] >= 0) best = s;
  }
  const Post& post = geometry_.posts[static_cast<std::size_t>(best)];
  w.post = best;
  w.way.place(agenda_.now(), {post.rest.u, geometry_.depth() + Geometry::kOutOfSight}, kTowardsDocks);
  if (record_) world_.movers[static_cast<std::size_t>(w.mover)].shown.emplace_back(agenda_.now(), true);
  w.way.walk({post.rest.u, geometry_.depth()}, w.speed);
  const int hall = world_.history.actor("place:hall", "hall", "place");
  tell("enter", w.way.now(), w.way.now(), {{w.actor, "agent"}, {hall, "place"}}, kNothing);
  w.way.walk(post.rest, w.speed);
  agenda_.at(w.way.now(), [this, number] {
    workers_[static_cast<std::size_t>(number)].busy = false;
    workers_[static_cast<std::size_t>(number)].idle_from = agenda_.now();
    dispatch();
  });
}

}  // namespace reelgraph::sim
