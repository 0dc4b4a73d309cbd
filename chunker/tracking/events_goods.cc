// What happens to goods: they come, are carried, wait, are worked on, and go.
#include <algorithm>
#include <utility>

#include "chunker/tracking/events.h"

namespace reelgraph::chunker::tracking {
namespace {

constexpr base::Duration kMatch = 3 * base::kSecond;  ///< between a change of load and the goods' coming or going
constexpr double kNearZone = 0.02;                    ///< picture widths: goods so near to a zone stand in it

}  // namespace

Party EventReader::new_goods(const std::string& type, const std::string& load) {
  const std::string number = std::to_string(next_goods_++);
  return {type + ":" + number, type, type + " " + number, {}, load};
}

/// A carrier takes goods up or sets them down.
void EventReader::read_load(const Track& track, Story& story, const State& now, base::Timestamp at, base::Timestamp before) {
  const std::string& had = story.last->load;
  if (had.empty() == now.load.empty()) return;
  const base::Timestamp changed = before + (at - before) / 2;
  const bool takes = had.empty();
  Track* goods = nullptr;
  double least = rules_.reach;
  for (Track& other : tracker_.tracks()) {
    if (!other.confirmed || !is(rules_.goods, other.type)) continue;
    const Story& its = story_of(other);
    if (takes ? its.gone || std::abs(other.last_seen - changed) > kMatch : its.explained || std::abs(other.first - changed) > kMatch)
      continue;
    const std::optional<State> there = state(other, takes ? other.last_seen : other.first);
    if (!there) continue;
    const double far = tracker_.distance(there->place, now.place) + (there->load == (takes ? now.load : had) ? 0 : rules_.reach / 3);
    if (far <= least) {
      least = far;
      goods = &other;
    }
  }
  if (takes && goods == nullptr) {
    // What stands there still is the next one, if it came at once.
    least = rules_.reach;
    for (Track& other : tracker_.tracks()) {
      if (!other.confirmed || !is(rules_.goods, other.type) || other.first >= changed || story_of(other).gone || other.load() != now.load)
        continue;
      const std::optional<State> there = state(other, std::min(other.last_seen, before));
      if (!there) continue;
      if (const double far = tracker_.distance(there->place, now.place); far <= least) {
        least = far;
        goods = &other;
      }
    }
    if (goods != nullptr) static_cast<void>(tracker_.split(*goods, changed));
  }
  const base::Timestamp start = std::max(story.stands_since, changed - rules_.lift);
  int zone = -1;
  Party object;
  if (goods != nullptr) {
    Story& its = story_of(*goods);
    const std::optional<State> there = state(*goods, takes ? goods->last_seen : goods->first);
    zone = zones_.at(there->place, 0.03);
    if (takes) {
      its.gone = true;
      end_wait(its, start);
      if (its.party.key.empty()) its.party = new_goods(goods->type, there->load);
      object = its.party;
    } else {
      its.explained = true;
      if (story.carried && !story.carried->key.empty()) its.party = *story.carried;
      if (its.party.key.empty()) its.party = new_goods(goods->type, had);
      its.waits_since = changed;
      object = its.party;
    }
  } else {
    zone = zones_.at(now.place, rules_.reach);
    if (!takes && story.carried) object = *story.carried;
    if (takes) object = new_goods(rules_.goods.empty() ? "goods" : rules_.goods.front(), now.load);
  }
  if (takes && start - story.stands_since >= rules_.least_idle) stood(track, story, start);
  travelled(story, start, zone, takes ? std::nullopt : std::optional<Party>(object.key.empty() ? Party{"", "", "", {}, had} : object));
  std::vector<std::pair<Party, std::string>> parties{{story.party, "agent"}};
  if (!object.key.empty()) parties.emplace_back(object, "object");
  if (zone >= 0) parties.emplace_back(party_of(zone), "place");
  const std::string what = object.key.empty() ? had.empty() ? now.load : had : object.name;
  tell(takes ? "pick_up" : "drop", {std::min(start, changed), changed}, std::move(parties),
       story.party.name + (takes ? " picks up " : " sets down ") + what +
           (zone >= 0 ? (takes ? " from " : " at ") + party_of(zone).name : ""));
  story.stop = Stop{changed, zone, now.place};
  story.stands_since = changed;
  story.anchor = now.place;
  story.carried = takes ? std::optional<Party>(object) : std::nullopt;
}

/// Goods come, wait and go.
void EventReader::read_goods(Track& track, Story& story, base::Timestamp at) {
  if (!story.explained && at >= track.first + kSure) {
    story.explained = true;
    const std::optional<State> there = state(track, std::min(track.first + kSure, track.last_seen));
    story.party = new_goods(track.type, there ? there->load : "");
    base::Timestamp stands = track.first;
    const int zone = there ? there->zone >= 0 ? there->zone : zones_.at(there->place, kNearZone) : -1;
    if (track.first > first_frame_ + kEdgeOfFilm && zones_.is(zone, rules_.arrive_at)) {
      for (const Sample& sample : track.samples) {
        if (sample.seen && tracker_.distance(sample.place, there->place) > rules_.still / 2 && sample.at < track.first + kSure)
          stands = sample.at;
      }
      tell("arrive", {track.first, stands}, {{story.party, "agent"}, {party_of(zone), "place"}},
           story.party.name + " arrives at " + party_of(zone).name);
    }
    story.waits_since = stands;
    story.zone = zone;
  }
  if (story.explained && story.zone < 0 && track.last_seen >= at) {
    if (const std::optional<State> there = state(track, at))
      story.zone = there->zone >= 0 ? there->zone : zones_.at(there->place, kNearZone);
  }
  if (!story.gone && at >= track.last_seen + kSure) {
    story.gone = true;
    const base::Timestamp left = track.last_seen + 500 * base::kMillisecond;
    end_wait(story, left);
    if (zones_.is(story.zone, rules_.leave_from)) {
      tell("leave", {left, left}, {{story.party, "agent"}, {party_of(story.zone), "place"}},
           story.party.name + " is taken away from " + party_of(story.zone).name);
    }
  }
}

void EventReader::end_wait(Story& story, base::Timestamp until) {
  const base::Timestamp since = std::exchange(story.waits_since, -1);
  if (since < 0 || until - since < rules_.least_wait || !zones_.is(story.zone, rules_.wait_at)) return;
  tell("wait", {since, until}, {{story.party, "agent"}, {party_of(story.zone), "place"}},
       story.party.name + " waits at " + party_of(story.zone).name);
}

/// The goods that a worker stands beside in a zone where goods are worked on.
const Track* EventReader::works_on(const Track& worker, base::Timestamp at) const {
  const std::optional<State> now = state(worker, at);
  if (!now) return nullptr;
  const int zone = zones_.at(now->place, kNearZone);
  if (!zones_.is(zone, rules_.process_at)) return nullptr;
  for (const base::Duration off : {-base::kSecond, base::kSecond}) {
    const std::optional<State> near = state(worker, at + off);
    if (near && tracker_.distance(near->place, now->place) > rules_.still) return nullptr;
  }
  const Track* best = nullptr;
  double least = rules_.beside;
  for (const Track& other : tracker_.tracks()) {
    if (!other.confirmed || !is(rules_.goods, other.type)) continue;
    const std::optional<State> there = state(other, at);
    if (!there || (there->zone != zone && zones_.outside(zone, there->place) > kNearZone)) continue;
    if (const double far = tracker_.distance(there->place, now->place); far <= least) {
      least = far;
      best = &other;
    }
  }
  return best;
}

void EventReader::read_work(const Track& track, Story& story, base::Timestamp at) {
  const Track* goods = works_on(track, at);
  if (goods != nullptr) {
    const auto known = stories_.find(goods->number);
    if (story.works_since < 0) {
      story.works_since = at;
      story.work = known == stories_.end() ? Party{} : known->second.party;
      story.work_zone = zones_.at(state(track, at)->place, kNearZone);
    }
    story.worked_until = at;
    if (known == stories_.end()) return;
    if (story.work.key.empty()) story.work = known->second.party;
    if (at - story.works_since >= rules_.least_process && known->second.waits_since >= 0)
      end_wait(known->second, std::max(story.works_since, known->second.waits_since));
    return;
  }
  if (story.works_since >= 0 && at - story.worked_until > 2 * base::kSecond) end_work(story, story.worked_until + 500 * base::kMillisecond);
}

void EventReader::end_work(Story& story, base::Timestamp until) {
  const base::Timestamp since = std::exchange(story.works_since, -1);
  if (until - since < rules_.least_process) return;
  std::vector<std::pair<Party, std::string>> parties{{story.party, "agent"}};
  if (!story.work.key.empty()) parties.emplace_back(story.work, "object");
  if (story.work_zone >= 0) {
    parties.emplace_back(party_of(story.work_zone), "station");
    parties.emplace_back(party_of(story.work_zone), "place");
  }
  tell("process", {since, until}, std::move(parties),
       story.party.name + " works on " + (story.work.name.empty() ? "goods" : story.work.name) +
           (story.work_zone >= 0 ? " at " + party_of(story.work_zone).name : ""));
  for (auto& [number, other] : stories_) {
    if (!story.work.key.empty() && other.party.key == story.work.key && !other.gone && other.waits_since < 0) other.waits_since = until;
  }
}

}  // namespace reelgraph::chunker::tracking
