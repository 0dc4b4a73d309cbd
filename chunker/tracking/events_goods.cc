// What happens to goods: they come, are carried, wait, are worked on, and go.
#include <algorithm>
#include <utility>

#include "chunker/tracking/events.h"

namespace reelgraph::chunker::tracking {
namespace {

constexpr base::Duration kMatch = 3 * base::kSecond;  ///< between a change of load and the goods' coming or going
constexpr base::Duration kLate = 4 * base::kSecond;   ///< a change of load read so long after the carrier left happened where it stood
constexpr base::Duration kShortWay = 5500 * base::kMillisecond;  ///< least time between taking up and having set down again
constexpr base::Duration kShortestWay = 2 * base::kSecond;       ///< the same, if goods were seen to go and to come elsewhere
constexpr double kNearZone = 0.02;                               ///< picture widths: goods so near to a zone stand in it

}  // namespace

Party EventReader::new_goods(const std::string& type, const std::string& load) {
  const std::string number = std::to_string(next_goods_++);
  return {type + ":" + number, type, type + " " + number, {}, load};
}

/// When the carrier that stands at its anchor sets off, as far as is known yet, and what is on its forks then.
std::optional<EventReader::Departure> EventReader::departure(const Track& track, const Story& story, base::Timestamp at) const {
  std::vector<std::pair<base::Timestamp, double>> far;  // of each frame
  for (const auto& [t, place] : story.way) {
    if (t >= story.stands_since && t < at) far.emplace_back(t, tracker_.distance(place, story.anchor));
  }
  std::optional<Departure> leaves;
  for (const base::Timestamp t : frames_) {
    const std::optional<State> then = t < at ? std::nullopt : state(track, t);
    if (!then) continue;
    if (leaves) {
      leaves->load = then->load;
      if (t >= leaves->at + kStart) break;
      continue;
    }
    far.emplace_back(t, tracker_.distance(then->place, story.anchor));
    if (far.back().second <= rules_.still) continue;
    // Back to where it began to go away.
    std::size_t k = far.size() - 1;
    while (k > 1 && far[k - 2].second < far[k - 1].second) --k;
    leaves = Departure{k == 0 ? t : far[k - 1].first + (far[k].first - far[k - 1].first) / 2, then->load};
  }
  return leaves;
}

/// Whether goods at `place` may be on the forks of a carrier that stands there, or just off them, though nothing is told of it yet.
bool EventReader::at_a_carrier(Place place, bool loaded) const {
  for (const Track& track : tracker_.tracks()) {
    const auto known = stories_.find(track.number);
    if (!is(rules_.carriers, track.type) || known == stories_.end() || !known->second.last || known->second.away) continue;
    const Story& story = known->second;
    const bool changes = loaded ? !story.last->load.empty() : story.last->load.empty() && story.load_differs_since >= 0;
    if (changes && std::min(tracker_.distance(story.last->place, place), tracker_.distance(story.anchor, place)) <= rules_.reach)
      return true;
  }
  return false;
}

/// The goods nearest to `place` that come or go within `span` and nothing was told of it; those with another load count as farther away.
Track* EventReader::goods_that(Goods change, base::TimeSpan span, Place place, const std::string& load) {
  Track* goods = nullptr;
  double least = rules_.reach;
  for (Track& other : tracker_.tracks()) {
    if (!other.confirmed || !is(rules_.goods, other.type)) continue;
    const Story& its = story_of(other);
    const bool goes = change == Goods::kGo;
    const base::Timestamp when = goes ? other.last_seen : other.first;
    if ((goes ? its.gone : its.explained) || !span.contains(when)) continue;
    const std::optional<State> there = state(other, when);
    if (!there) continue;
    const double far = tracker_.distance(there->place, place) + (there->load == load ? 0 : rules_.reach / 3);
    if (far <= least) {
      least = far;
      goods = &other;
    }
  }
  return goods;
}

/// Goods near `place` that nobody saw `meanwhile`, and that stand elsewhere after it or come much later, are two to the tracker from now
/// on.
void EventReader::split_moved_goods(base::TimeSpan meanwhile, Place place) {
  for (std::size_t i = 0; i < tracker_.tracks().size(); ++i) {
    Track& track = tracker_.tracks()[i];
    if (!track.confirmed || !is(rules_.goods, track.type) || track.first >= meanwhile.start || track.last_seen < meanwhile.end) continue;
    const Sample *before = nullptr, *after = nullptr;
    for (const Sample& sample : track.samples) {
      if (!sample.seen) continue;
      if (sample.at <= meanwhile.start + kStart) before = &sample;
      if (sample.at > meanwhile.start + kStart && after == nullptr) after = &sample;
    }
    if (before == nullptr || after == nullptr || after->at < meanwhile.end - kStart) continue;
    const bool another = tracker_.distance(before->place, after->place) >= rules_.still / 2 || after->at > meanwhile.end + kMatch;
    if (!another || tracker_.distance(before->place, place) > rules_.reach) continue;
    static_cast<void>(tracker_.split(track, after->at));
  }
}

/// What was seen on a carrier that stands is not there any more: it took something up and set it down so near that it was not seen to move,
/// unless what lay before its forks is still there and nothing new is.
void EventReader::read_short_way(const Track& track, Story& story, const State& now, base::TimeSpan seen) {
  const Place place = story.anchor;
  const bool surely = seen.length() >= kShortWay;
  if (surely) split_moved_goods(seen, place);
  const auto seen_to = [&](Goods change, base::Timestamp when) {
    return goods_that(change, {when - kMatch, when + kMatch}, place, story.load_read);
  };
  const Track *goes = seen_to(Goods::kGo, seen.start), *comes = seen_to(Goods::kCome, seen.end);
  const auto moved = [&] {
    if (goes == nullptr || comes == nullptr) return false;
    const std::optional<State> from = state(*goes, goes->last_seen), to = state(*comes, comes->first);
    return from && to && tracker_.distance(from->place, to->place) > 2 * rules_.still;
  };
  if (surely ? goes == nullptr && comes == nullptr : !moved()) return;
  State meanwhile = *story.last;
  meanwhile.load = story.load_read;
  change_load(track, story, meanwhile, {{story.stands_since, seen.end}, place}, seen.start);
  story.last->load = story.load_read;
  change_load(track, story, now, {{story.stands_since, seen.end}, now.place}, seen.end);
}

/// Whether a carrier takes goods up or sets them down. It does both standing: it sets down some time after it came, and has taken up when
/// it leaves. What lies before its forks looks as if it lay on them, so what is seen there while it stands says that the load changes, and
/// its ways say when.
void EventReader::read_load(const Track& track, Story& story, State& now, base::Timestamp at, base::Timestamp before) {
  const std::string had = story.last->load;
  const base::Timestamp read = before + (at - before) / 2;
  if (had.empty() == now.load.empty()) {
    const base::Timestamp since = story.load_differs_since;
    if (had.empty() && since >= 0 && read - since >= kShortestWay) read_short_way(track, story, now, {since, read});
    story.load_differs_since = -1;
    return;
  }
  const bool takes = had.empty();
  if (story.load_differs_since < 0) story.load_differs_since = read;
  const base::Timestamp since = story.load_differs_since;
  const Stand here{{story.stands_since, at}, story.anchor};
  const bool stands = tracker_.distance(now.place, story.anchor) <= rules_.still;
  std::optional<Stand> left = story.left;
  if (!stands && before > story.stands_since) left = Stand{{story.stands_since, read}, story.anchor};
  const auto wait = [&] { now.load = had; };
  if (takes) {
    // It has taken up some time before it is seen to have left: it turns first.
    const auto taken = [&](base::Timestamp leaves, base::Timestamp stood) {
      const base::Timestamp usual = leaves - rules_.turn - kStart / 2;
      return std::max(stood, since >= usual - 5 * kStart / 2 && since <= leaves ? since : usual);
    };
    if (stands) {
      const std::optional<Departure> leaves = departure(track, story, at);
      story.load_read = now.load;
      if (!leaves || leaves->at - rules_.turn > at || leaves->load.empty()) return wait();
      return change_load(track, story, now, here, taken(leaves->at, here.span.start));
    }
    if (left && read - left->span.end <= kLate) return change_load(track, story, now, *left, taken(left->span.end, left->span.start));
    return change_load(track, story, now, {{read, read}, now.place}, read);
  }
  // It comes to rest, sets down in about `lift`, and both take longer or shorter.
  const auto usual_after = [&](base::Timestamp came) { return came + rules_.lift * 7 / 5; };
  const base::Timestamp usual = usual_after(story.stands_since);
  if (stands && at - story.stands_since >= base::kSecond) {
    const bool arrived = !story.stop || story.stop->end < story.stands_since;  // and did not take up here what it sets down
    const std::optional<Departure> leaves = departure(track, story, at);
    if (arrived && at < usual && (!leaves || leaves->at > usual)) return wait();
    const bool plausible =
        !arrived || (since >= story.stands_since + rules_.lift * 4 / 5 && since <= story.stands_since + rules_.lift * 5 / 2);
    return change_load(track, story, now, here, std::min(at, plausible ? since : usual));
  }
  if (at - since < kLate) return wait();
  if (left && since - left->span.end <= kLate)
    return change_load(track, story, now, *left, std::min(left->span.end, usual_after(left->span.start)));
  change_load(track, story, now, {{since, since}, now.place}, since);
}

/// Nothing tells any more when: what was seen last is so, from when it was first seen.
void EventReader::end_load(const Track& track, Story& story, base::Timestamp last) {
  if (story.load_differs_since < 0) return;
  State now = *story.last;
  now.load = now.load.empty() ? story.load_read : "";
  change_load(track, story, now, {{story.stands_since, last}, story.anchor}, story.load_differs_since);
  story.last->load = now.load;
}

/// @param stand where the carrier stood meanwhile
void EventReader::change_load(const Track& track, Story& story, const State& now, const Stand& stand, base::Timestamp changed) {
  const std::string had = story.last->load;
  const bool takes = had.empty();
  const base::TimeSpan around{std::min({changed, stand.span.start, story.load_differs_since}) - kMatch,
                              std::max(changed, stand.span.end) + kMatch};
  const base::TimeSpan gone{std::min(changed, story.load_differs_since) - kMatch, changed + kMatch};
  story.load_differs_since = -1;
  // The place where it began to stand may be a step away.
  const std::optional<State> then = stand.span.contains(changed) ? state(track, changed) : std::nullopt;
  const Place place = then ? then->place : stand.place;
  Track* goods = takes ? goods_that(Goods::kGo, gone, place, now.load) : goods_that(Goods::kCome, around, place, had);
  if (takes && goods == nullptr) {
    // What stands there still is the next one, if it came at once.
    double least = rules_.reach;
    for (Track& other : tracker_.tracks()) {
      if (!other.confirmed || !is(rules_.goods, other.type) || other.first >= changed || story_of(other).gone || other.load() != now.load)
        continue;
      const std::optional<State> there = state(other, std::min(other.last_seen, changed));
      if (!there) continue;
      if (const double far = tracker_.distance(there->place, place); far <= least) {
        least = far;
        goods = &other;
      }
    }
    if (goods != nullptr) static_cast<void>(tracker_.split(*goods, changed));
  }
  const base::Timestamp start = std::min(changed, std::max(stand.span.start, changed - rules_.lift));
  int zone = -1;
  Party object;
  if (goods != nullptr) {
    Story& its = story_of(*goods);
    const std::optional<State> there = state(*goods, takes ? goods->last_seen : goods->first);
    zone = zones_.at(there->place, 0.03);
    if (takes) {
      its.gone = true;
      tracker_.close(*goods);
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
    zone = zones_.at(place, rules_.reach);
    if (!takes && story.carried) object = *story.carried;
    if (takes) object = new_goods(rules_.goods.empty() ? "goods" : rules_.goods.front(), now.load);
  }
  if (takes && stand.span.start == story.stands_since) {
    // It has turned to the goods and gone close to them before.
    const bool set_down_here = story.stop && !object.key.empty() && story.stop->goods == object.key;
    const base::Timestamp sets_off = set_down_here ? start : start - rules_.approach;
    if (sets_off - story.stands_since >= rules_.least_idle) stood(track, story, sets_off);
  }
  travelled(story, start, zone, takes ? std::nullopt : std::optional<Party>(object.key.empty() ? Party{"", "", "", {}, had} : object));
  std::vector<std::pair<Party, std::string>> parties{{story.party, "agent"}};
  if (!object.key.empty()) parties.emplace_back(object, "object");
  if (zone >= 0) parties.emplace_back(party_of(zone), "place");
  const std::string what = object.key.empty() ? had.empty() ? now.load : had : object.name;
  tell(takes ? "pick_up" : "drop", {std::min(start, changed), changed}, std::move(parties),
       story.party.name + (takes ? " picks up " : " sets down ") + what +
           (zone >= 0 ? (takes ? " from " : " at ") + party_of(zone).name : ""));
  story.stop = Stop{changed, zone, place, takes ? std::string() : object.key};
  if (stand.span.start == story.stands_since) {
    story.stands_since = changed;
    story.anchor = state(track, changed).value_or(now).place;
  }
  story.left.reset();
  story.carried = takes ? std::optional<Party>(object) : std::nullopt;
}

/// Goods come, wait and go.
void EventReader::read_goods(Track& track, Story& story, base::Timestamp at) {
  const auto held = [&](base::Timestamp when, bool loaded) {
    const std::optional<State> there = state(track, when);
    return there && at_a_carrier(there->place, loaded);
  };
  if (!story.explained && at >= track.first + kSure && (at >= track.first + kLag || !held(track.first, true))) {
    story.explained = true;
    const std::optional<State> there = state(track, std::min(track.first + kSure, track.last_seen));
    story.party = new_goods(track.type, there ? there->load : "");
    base::Timestamp stands = track.first;
    const int zone = there ? there->zone >= 0 ? there->zone : zones_.at(there->place, kNearZone) : -1;
    if (track.first > first_frame_ + kEdgeOfFilm && zones_.is(zone, rules_.arrive_at)) {
      bool moves = false;
      for (const Sample& sample : track.samples) {
        if (!sample.seen || sample.at >= track.first + kSure) continue;
        if (moves) stands = sample.at;
        moves = tracker_.distance(sample.place, there->place) > rules_.still / 2;
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
  if (!story.gone && at >= track.last_seen + kSure && !held(track.last_seen, false)) {
    story.gone = true;
    tracker_.close(track);
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
  const int zone = zones_.at(now->place);
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

void EventReader::read_work(const Track& track, Story& story, base::Timestamp at, base::Timestamp before) {
  const Track* goods = works_on(track, at);
  if (goods != nullptr) {
    const auto known = stories_.find(goods->number);
    if (story.works_since < 0) {
      story.works_since = before + (at - before) / 2;
      story.work = known == stories_.end() ? Party{} : known->second.party;
      story.work_zone = zones_.at(state(track, at)->place);
    }
    const base::Timestamp worked_before = std::exchange(story.worked_until, at);
    if (at - story.works_since >= rules_.least_process && worked_before - story.works_since < rules_.least_process)
      rested(story, story.works_since);
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
  story.worked_to = until;
  story.rests_at.reset();
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
