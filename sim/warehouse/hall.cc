#include "sim/warehouse/hall.h"

#include <algorithm>
#include <cmath>

#include "sim/crossings.h"

namespace reelgraph::sim {
namespace {

constexpr double kSlide = 3;         ///< seconds through a dock's door
constexpr double kShortest = 1;      ///< seconds: a shorter wait or block is none
constexpr double kShortestIdle = 5;  ///< seconds
constexpr int kStages = 16;          ///< legs of one pallet that have random numbers of their own

}  // namespace

Hall::Hall(const WarehouseSettings& settings, const Floor& floor, double warm_up, bool record)
    : settings_(settings),
      geometry_(floor),
      root_(Random(settings.seed).fork(21)),
      warm_up_(warm_up),
      record_(record),
      agenda_(-warm_up),
      yard_random_(root_.fork(1)) {
  world_.floor = floor;
  held(Where::kDock).assign(geometry_.dock_slots.size(), -1);
  held(Where::kStaging).assign(geometry_.staging_slots.size(), -1);
  held(Where::kStation).assign(geometry_.station_slots.size(), -1);
  held(Where::kStorage).assign(geometry_.storage_slots.size(), -1);
  doors_.resize(geometry_.docks.size());
  for (const Zone& zone : floor.zones) world_.history.actor("zone:" + zone.name, zone.name, entity_type_of(zone));
  add_movers();
}

Random Hall::stream(int purpose, int pallet, int leg) const {
  const auto number = static_cast<std::uint64_t>(pallet) * kStages + static_cast<std::uint64_t>(leg);
  return root_.fork(static_cast<std::uint64_t>(purpose) << 48U | number);
}

void Hall::add_movers() {
  Random random = root_.fork(2);
  const auto colours = [&random] {
    std::vector<Colour> all{Colour::kRed, Colour::kOrange, Colour::kYellow, Colour::kGreen, Colour::kBlue, Colour::kPurple};
    for (std::size_t i = all.size(); i > 1; --i)
      std::swap(all[i - 1], all[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
    return all;
  };
  const auto trucks = colours(), vests = colours();
  world_.movers.reserve(static_cast<std::size_t>(settings_.forklifts + settings_.workers));
  const auto add = [&](Kind kind, Colour colour) {
    Mover mover;
    mover.thing.kind = kind;
    mover.thing.colour = colour;
    mover.thing.id = std::string(kind_name(kind)) + ":" + colour_name(colour);
    const std::string name = std::string(colour_name(colour)) + " " + kind_name(kind);
    const int actor = world_.history.actor(mover.thing.id, name, kind_name(kind));
    world_.history.actors[static_cast<std::size_t>(actor)].attributes["colour"] = colour_name(colour);
    world_.movers.push_back(std::move(mover));
    return std::pair{actor, name};
  };
  for (int i = 0; i < settings_.forklifts; ++i) {
    const auto [actor, name] = add(Kind::kForklift, trucks[static_cast<std::size_t>(i)]);
    Forklift f{name,
               actor,
               Way(geometry_, record_ ? &world_.movers.back() : nullptr),
               i == 0 ? Lane::kDocks : Lane::kStations,
               i == 0,
               i == 1 || settings_.forklifts == 1};
    if (static_cast<std::size_t>(i) < settings_.forklift_factors.size()) f.factor = settings_.forklift_factors[static_cast<std::size_t>(i)];
    f.idle_from = agenda_.now();
    f.way.place(agenda_.now(), {geometry_.gap(), geometry_.lane(f.lane)}, 0);
    forklifts_.push_back(std::move(f));
  }
  for (int i = 0; i < settings_.workers; ++i) {
    const auto [actor, name] = add(Kind::kWorker, vests[static_cast<std::size_t>(i)]);
    Worker w{name, actor, Way(geometry_, record_ ? &world_.movers.back() : nullptr), static_cast<int>(world_.movers.size()) - 1, i};
    Random own = stream(5, i + 1);
    w.speed = settings_.walker_speed * own.uniform(0.88, 1.12);
    w.next_break = settings_.break_every > 0 ? agenda_.now() + own.uniform(0, 1.5) * settings_.break_every : 1e18;
    w.idle_from = agenda_.now();
    w.way.place(agenda_.now(), geometry_.posts[static_cast<std::size_t>(i)].rest, kTowardsDocks);
    workers_.push_back(std::move(w));
  }
}

const std::vector<Slot>& Hall::slots(Where where) const {
  switch (where) {
    case Where::kDock: return geometry_.dock_slots;
    case Where::kStaging: return geometry_.staging_slots;
    case Where::kStation: return geometry_.station_slots;
    case Where::kStorage: break;
  }
  return geometry_.storage_slots;
}

int Hall::free_slot(Where where) const {
  const std::vector<int>& in = held(where);
  // Of stations the one whose worker is there first.
  int best = -1;
  for (int i = 0; i < static_cast<int>(in.size()); ++i) {
    if (in[static_cast<std::size_t>(i)] != -1) continue;
    const bool manned =
        where == Where::kStation && std::any_of(workers_.begin(), workers_.end(), [&](const Worker& w) { return w.post == i && !w.busy; });
    if (manned) return i;
    if (best < 0) best = i;
  }
  return best;
}

int Hall::oldest(Where where, State state) const {
  int best = -1;
  for (const int i : present_) {
    const Pallet& p = pallet(i);
    if (p.where == where && p.state == state && !p.claimed && (best < 0 || p.since < pallet(best).since)) best = i;
  }
  return best;
}

int Hall::zone_actor(int zone) {
  const Zone& z = world_.floor.zones[static_cast<std::size_t>(zone)];
  return world_.history.actor("zone:" + z.name, z.name, entity_type_of(z));
}

int Hall::pallet_actor(int number) {
  const std::string text = std::to_string(number);
  return world_.history.actor("pallet:" + text, "pallet " + text, "pallet");
}

void Hall::tell(const char* type, double from, double to, std::vector<std::pair<int, std::string>> parts, nlohmann::json attributes) {
  if (record_ && to >= 0) world_.history.events.push_back({type, from, to, std::move(parts), std::move(attributes)});
}

void Hall::end_wait(Pallet& p, double until) {
  if (p.waits_from >= -warm_up_ && until - p.waits_from >= kShortest) {
    const int zone = slots(p.where)[static_cast<std::size_t>(p.slot)].zone;
    const bool for_worker = p.where == Where::kStation && p.state == State::kReady;
    tell("wait", p.waits_from, until, {{p.actor, "agent"}, {zone_actor(zone), "place"}}, {{"for", for_worker ? "worker" : "forklift"}});
  }
  p.waits_from = -1e18;
}

void Hall::end_block(Pallet& p, double until) {
  if (p.blocked_from >= -warm_up_ && until - p.blocked_from >= kShortest) {
    const int zone = slots(p.where)[static_cast<std::size_t>(p.slot)].zone;
    tell("block", p.blocked_from, until, {{p.actor, "agent"}, {zone_actor(zone), "place"}}, nlohmann::json::object());
  }
  p.blocked_from = -1e18;
}

void Hall::run() {
  arrivals();
  agenda_.run(settings_.seconds);
  if (record_) finish_film();
}

void Hall::arrivals() {
  // Thinning of a Poisson process of the highest rate (Lewis and Shedler, 1979).
  constexpr double kHighest = 1.5;
  const double next = agenda_.now() + yard_random_.exponential(3600 / (settings_.arrivals_per_hour * kHighest));
  const bool comes = yard_random_.uniform() * kHighest < demand_at(settings_.start_clock + next + 86'400);
  agenda_.at(next, [this, comes] {
    arrivals();
    if (!comes) return;
    ++yard_;
    dispatch();
  });
}

void Hall::dispatch() {
  serve_doors();
  for (Forklift& f : forklifts_) {
    if (f.busy) continue;
    if (const std::optional<Task> task = next_task(f)) carry(f, *task);
  }
  serve_stations();
  note_blocks();
}

void Hall::serve_doors() {
  for (std::size_t d = 0; d < doors_.size(); ++d) {
    Door& door = doors_[d];
    const int zone = geometry_.docks[d];
    if (door.number > 0 && in_hall_ < settings_.most_pallets) {
      for (std::size_t i = 0; i < geometry_.dock_slots.size() && door.number > 0; ++i) {
        if (geometry_.dock_slots[i].zone != zone || held(Where::kDock)[i] != -1) continue;
        if (agenda_.now() - door.since >= kShortest && record_)
          tell("block", door.since, agenda_.now(), {{pallet_actor(door.number), "agent"}, {zone_actor(zone), "place"}},
               nlohmann::json::object());
        come_in(static_cast<int>(d), static_cast<int>(i), door.number);
        door.number = 0;
      }
    }
    if (door.busy || door.number > 0 || yard_ == 0) continue;
    --yard_;
    door.busy = true;
    const int number = ++numbers_;
    const double duration = settings_.door_factor * stream(1, number).lognormal(settings_.door, settings_.variation);
    const double begun = agenda_.now();
    agenda_.at(begun + duration, [this, d, number, begun, zone] {
      doors_[d].busy = false;
      doors_[d].number = number;
      doors_[d].since = agenda_.now();
      if (record_)
        tell("unload", begun, agenda_.now(), {{pallet_actor(number), "object"}, {zone_actor(zone), "station"}, {zone_actor(zone), "place"}},
             nlohmann::json::object());
      dispatch();
    });
  }
}

void Hall::come_in(int dock, int slot, int number) {
  const Slot& place = geometry_.dock_slots[static_cast<std::size_t>(slot)];
  const double now = agenda_.now();
  Pallet p;
  p.number = number;
  p.load = static_cast<Load>(stream(6, number).integer(1, 3));
  p.slot = slot;
  p.since = now;
  p.waits_from = p.blocked_from = -1e18;
  if (record_) {
    p.actor = pallet_actor(number);
    world_.history.actors[static_cast<std::size_t>(p.actor)].attributes["load"] = load_name(p.load);
    const Spot wall{place.at.u, -0.1};
    p.standing = static_cast<int>(world_.standings.size());
    world_.standings.push_back({{.id = "pallet:" + std::to_string(number),
                                 .kind = Kind::kPallet,
                                 .load = p.load,
                                 .at = geometry_.to_floor(place.at),
                                 .heading = geometry_.to_floor(kTowardsStations)},
                                now,
                                1e18,
                                geometry_.to_floor(wall),
                                kSlide});
    const double in_zone = now + kSlide * 0.3 / (place.at.v + 0.1);  // zones begin 0.2 m from the wall
    const int zone = zone_actor(geometry_.docks[static_cast<std::size_t>(dock)]);
    tell("arrive", in_zone, now + kSlide, {{p.actor, "agent"}, {zone, "place"}}, {{"load", load_name(p.load)}});
  }
  const int index = static_cast<int>(pallets_.size());
  held(Where::kDock)[static_cast<std::size_t>(slot)] = index;
  pallets_.push_back(p);
  present_.push_back(index);
  ++in_hall_;
  agenda_.at(now + kSlide, [this, index] {
    Pallet& stands = pallet(index);
    stands.state = State::kReady;
    stands.since = stands.waits_from = agenda_.now();
    dispatch();
  });
}

std::optional<Hall::Task> Hall::next_task(const Forklift& f) const {
  // What is furthest on goes first, so that nothing is jammed.
  if (f.stations) {
    const int done = oldest(Where::kStation, State::kDone), storage = free_slot(Where::kStorage);
    if (done >= 0 && storage >= 0) return Task{done, Where::kStorage, storage};
    const int staged = oldest(Where::kStaging, State::kReady), station = free_slot(Where::kStation);
    if (staged >= 0 && station >= 0) return Task{staged, Where::kStation, station};
  }
  if (f.docks) {
    const int arrived = oldest(Where::kDock, State::kReady);
    if (arrived < 0) return std::nullopt;
    if (const int station = free_slot(Where::kStation); f.stations && station >= 0) return Task{arrived, Where::kStation, station};
    if (const int staging = free_slot(Where::kStaging); staging >= 0) return Task{arrived, Where::kStaging, staging};
  }
  return std::nullopt;
}

void Hall::set_down(int index, Where where, int slot) {
  Pallet& p = pallet(index);
  const double now = agenda_.now();
  p.where = where;
  p.slot = slot;
  p.since = now;
  p.claimed = false;
  p.state = State::kReady;
  held(where)[static_cast<std::size_t>(slot)] = index;
  if (record_) {
    const Standing& before = world_.standings[static_cast<std::size_t>(p.standing)];
    Standing standing{before.thing, now, 1e18, {}, 0};
    const Slot& place = slots(where)[static_cast<std::size_t>(slot)];
    standing.thing.at = geometry_.to_floor(place.at);
    p.standing = static_cast<int>(world_.standings.size());
    world_.standings.push_back(std::move(standing));
  }
  if (where != Where::kStorage) {
    p.waits_from = now;
    return;
  }
  const double shelved = now + stream(7, p.number).lognormal(settings_.shelve, 0.3);
  agenda_.at(shelved, [this, index] {
    Pallet& gone = pallet(index);
    const double at = agenda_.now();
    if (record_) world_.standings[static_cast<std::size_t>(gone.standing)].to = at;
    tell("leave", at, at, {{gone.actor, "agent"}, {zone_actor(geometry_.storage), "place"}}, {{"load", load_name(gone.load)}});
    held(Where::kStorage)[static_cast<std::size_t>(gone.slot)] = -1;
    std::erase(present_, index);
    --in_hall_;
    if (at >= 0) ++stored_;
    dispatch();
  });
}

void Hall::note_blocks() {
  if (!record_) return;
  for (const int i : present_) {
    Pallet& p = pallet(i);
    const bool ready = !p.claimed && ((p.state == State::kReady && (p.where == Where::kDock || p.where == Where::kStaging)) ||
                                      (p.state == State::kDone && p.where == Where::kStation));
    // All that is ready and was not just given to an idle forklift of its lane has no place to go to.
    const bool blocked = ready && std::any_of(forklifts_.begin(), forklifts_.end(), [&](const Forklift& f) {
                           return !f.busy && (p.where == Where::kDock ? f.docks : f.stations);
                         });
    if (!blocked) {
      end_block(p, agenda_.now());
    } else if (p.blocked_from < -warm_up_) {
      p.blocked_from = agenda_.now();
    }
  }
}

void Hall::finish_film() {
  const double end = settings_.seconds;
  for (const int i : present_) {
    Pallet& p = pallet(i);
    end_block(p, end);
    end_wait(p, end);
  }
  for (const Forklift& f : forklifts_) {
    if (!f.busy && end - f.idle_from >= kShortestIdle) tell("idle", f.idle_from, end, {{f.actor, "agent"}}, nlohmann::json::object());
  }
  for (const Worker& w : workers_) {
    if (!w.busy && w.post >= 0 && end - w.idle_from >= kShortestIdle)
      tell("idle", w.idle_from, end, {{w.actor, "agent"}, {zone_actor(geometry_.stations[static_cast<std::size_t>(w.post)]), "place"}},
           nlohmann::json::object());
  }
  for (const Worker& w : workers_) add_crossings(world_, world_.movers[static_cast<std::size_t>(w.mover)], w.actor);
  for (const Forklift& f : forklifts_) {
    const auto index = static_cast<std::size_t>(&f - forklifts_.data());
    add_crossings(world_, world_.movers[index], f.actor);
  }
  std::erase_if(world_.history.events,
                [&](const Happening& e) { return e.end > end && (e.type == "pick_up" || e.type == "drop" || e.type == "arrive"); });
  std::erase_if(world_.standings, [](const Standing& s) { return s.to <= 0; });
  world_.history.close(0, end);
}

}  // namespace reelgraph::sim
