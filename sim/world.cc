#include "sim/world.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::sim {
namespace {

constexpr double kStretch = 20;  ///< seconds of one entry of the index

template <class T>
T last_before(const std::vector<std::pair<double, T>>& changes, double seconds, T before) {
  const auto after = std::upper_bound(changes.begin(), changes.end(), seconds,
                                      [](double t, const std::pair<double, T>& change) { return t < change.first; });
  return after == changes.begin() ? before : std::prev(after)->second;
}

std::string padded(int value) { return (value < 10 ? "0" : "") + std::to_string(value); }

}  // namespace

std::string entity_type_of(const Zone& zone) {
  if (zone.kind == "packing") return "station";
  if (zone.kind == "storage") return "rack";
  return zone.kind == "dock" ? "dock" : "place";
}

void Mover::add(const Key& key) {
  // A stand is a key at its end.
  if (!keys.empty() && key.seconds > keys.back().seconds && key.at == keys.back().at && key.heading == keys.back().heading &&
      keys.size() > 1 && keys[keys.size() - 2].at == key.at && keys[keys.size() - 2].heading == key.heading) {
    keys.back().seconds = key.seconds;
    return;
  }
  keys.push_back(key);
}

Key Mover::where(double seconds) const {
  if (keys.empty()) return {seconds, thing.at, thing.heading};
  const auto after = std::upper_bound(keys.begin(), keys.end(), seconds, [](double t, const Key& key) { return t < key.seconds; });
  if (after == keys.begin()) return {seconds, after->at, after->heading};
  if (after == keys.end()) return {seconds, keys.back().at, keys.back().heading};
  const Key &a = *std::prev(after), &b = *after;
  const double share = b.seconds > a.seconds ? (seconds - a.seconds) / (b.seconds - a.seconds) : 1;
  return {seconds, {a.at.x + (b.at.x - a.at.x) * share, a.at.y + (b.at.y - a.at.y) * share}, a.heading + (b.heading - a.heading) * share};
}

Load Mover::load(double seconds) const { return last_before(loads, seconds, Load::kNone); }
bool Mover::is_shown(double seconds) const { return last_before(shown, seconds, shown.empty()); }

void World::build_index() const {
  double last = 0;
  for (const Standing& s : standings) last = std::max(last, s.from);
  index_.resize(static_cast<std::size_t>(std::max(history.seconds, last) / kStretch) + 2);
  for (std::size_t i = 0; i < standings.size(); ++i) {
    const auto from = static_cast<std::size_t>(std::max(0.0, standings[i].from) / kStretch);
    const auto to = std::min(index_.size() - 1, static_cast<std::size_t>(std::max(0.0, standings[i].to) / kStretch));
    for (std::size_t k = from; k <= to; ++k) index_[k].push_back(static_cast<int>(i));
  }
}

Snapshot World::at(double seconds) const {
  if (index_.empty()) build_index();
  Snapshot snapshot;
  snapshot.seconds = seconds;
  const auto stretch = std::min(index_.size() - 1, static_cast<std::size_t>(std::max(0.0, seconds) / kStretch));
  for (const int i : index_[stretch]) {
    const Standing& s = standings[static_cast<std::size_t>(i)];
    if (seconds < s.from || seconds >= s.to) continue;
    Thing thing = s.thing;
    if (seconds < s.from + s.slides) {
      const double share = (seconds - s.from) / s.slides;
      thing.at = {s.slid_from.x + (thing.at.x - s.slid_from.x) * share, s.slid_from.y + (thing.at.y - s.slid_from.y) * share};
    }
    snapshot.things.push_back(std::move(thing));
  }
  for (const Mover& mover : movers) {
    if (!mover.is_shown(seconds)) continue;
    const Key key = mover.where(seconds);
    Thing thing = mover.thing;
    thing.at = key.at;
    thing.heading = key.heading;
    thing.load = mover.load(seconds);
    snapshot.things.push_back(std::move(thing));
  }
  if (clock_from >= 0) {
    const int shown = static_cast<int>(clock_from + seconds);
    snapshot.clock = clock_of_day ? padded(shown / 3600 % 24) + ":" + padded(shown / 60 % 60) + ":" + padded(shown % 60)
                                  : padded(shown / 60) + ":" + padded(shown % 60);
  }
  snapshot.score = last_before(scores, seconds, std::string());
  return snapshot;
}

}  // namespace reelgraph::sim
