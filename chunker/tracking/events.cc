#include "chunker/tracking/events.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace reelgraph::chunker::tracking {
namespace {

constexpr double kEdge = 0.2;                    ///< of the picture: who is lost there has left it
constexpr base::Duration kKept = base::kMinute;  ///< that tracks are kept for after they were read
constexpr std::size_t kWay = 8;                  ///< frames of a way that are remembered

bool at_edge(Place p) { return p.x < kEdge || p.x > 1 - kEdge || p.y < kEdge || p.y > 1 - kEdge; }

base::TimeSpan ordered(base::Timestamp start, base::Timestamp end) { return {std::min(start, end), std::max(start, end)}; }

}  // namespace

EventReader::EventReader(Rules rules, std::vector<base::Zone> zones, double aspect)
    : rules_(std::move(rules)), zones_(std::move(zones), aspect), tracker_(rules_.tracker_options(aspect)) {}

bool EventReader::is(const std::vector<std::string>& types, const std::string& type) const {
  return std::find(types.begin(), types.end(), type) != types.end();
}

Party EventReader::party_of(int zone) const {
  const auto type = rules_.zone_types.find(zones_.kind(zone));
  return {"zone:" + zones_.name(zone), type == rules_.zone_types.end() ? "zone" : type->second, zones_.name(zone), {}, {}};
}

Party EventReader::outside_party() const { return {"zone:" + rules_.outside, "zone", rules_.outside, {}, {}}; }

/// Smoothed over neighbouring frames; nothing before it was first seen or after it was last seen.
std::optional<EventReader::State> EventReader::state(const Track& track, base::Timestamp at) const {
  if (at < track.first || at > track.last_seen || track.samples.empty()) return std::nullopt;
  std::vector<double> xs, ys;
  std::map<std::string, int> loads;
  const Sample *last = nullptr, *next = nullptr;
  for (const Sample& sample : track.samples) {
    if (!sample.seen) continue;
    const base::Duration far = std::abs(sample.at - at);
    if (far <= 1500 * base::kMillisecond) {
      xs.push_back(sample.place.x);
      ys.push_back(sample.place.y);
    }
    if (far <= 2200 * base::kMillisecond) loads[sample.load] += sample.at == at ? 3 : 2;
    if (sample.at <= at) last = &sample;
    if (sample.at >= at && next == nullptr) next = &sample;
  }
  if (last == nullptr || next == nullptr) return std::nullopt;
  State now;
  const auto middle = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
  };
  if (last != next || xs.empty()) {
    const double share = next->at > last->at ? static_cast<double>(at - last->at) / static_cast<double>(next->at - last->at) : 0;
    now.place = {last->place.x + share * (next->place.x - last->place.x), last->place.y + share * (next->place.y - last->place.y)};
  } else {
    now.place = {middle(xs), middle(ys)};
  }
  now.load = last->load;
  int most = 0;
  for (const auto& [load, votes] : loads) {
    if (votes > most) {
      most = votes;
      now.load = load;
    }
  }
  now.zone = zones_.at(now.place);
  return now;
}

EventReader::Story& EventReader::story_of(Track& track) {
  const auto [found, made] = stories_.try_emplace(track.number);
  Story& story = found->second;
  if (!made) return story;
  const std::string label = track.label();
  if (is(rules_.goods, track.type) || label.empty()) return story;  // it gets its name when it is known whether it was carried here
  story.party = {track.type + ":" + label, track.type, label + " " + track.type, label, {}};
  int twins = 0;
  for (const Track& other : tracker_.tracks()) {
    const auto known = stories_.find(other.number);
    const bool at_once = other.number != track.number && other.last_seen > track.first && known != stories_.end();
    if (at_once && known->second.party.label == label && known->second.party.type == track.type) ++twins;
  }
  if (twins > 0) {
    story.party.key += "#" + std::to_string(twins + 1);
    story.party.name = "another " + story.party.name;
  }
  return story;
}

void EventReader::tell(const std::string& type, base::TimeSpan span, std::vector<std::pair<Party, std::string>> parties,
                       std::string description, nlohmann::json attributes) {
  TrackedEvent told;
  told.event.type = type;
  told.event.span = span;
  told.event.description = std::move(description);
  told.event.attributes = std::move(attributes);
  for (const auto& [party, role] : parties) {
    if (is(rules_.goods, party.type) && !party.load.empty()) told.event.attributes["load"] = party.load;
  }
  told.parties = std::move(parties);
  told_.push_back(std::move(told));
}

void EventReader::add(const Look& look) {
  if (first_frame_ < 0) first_frame_ = look.at;
  tracker_.add(look);
  frames_.push_back(look.at);
  read_up_to(look.at - kLag);
  tracker_.forget(look.at - kLag - kKept);
  std::set<int> alive;
  for (const Track& track : tracker_.tracks()) alive.insert(track.number);
  std::erase_if(stories_, [&](const auto& story) { return !alive.contains(story.first); });
}

void EventReader::read_up_to(base::Timestamp last) {
  while (!frames_.empty() && frames_.front() <= last) {
    const base::Timestamp at = frames_.front();
    read(at, read_to_ < 0 ? at : read_to_);
    frames_.pop_front();
    read_to_ = at;
  }
}

void EventReader::finish(base::Timestamp end) {
  if (first_frame_ < 0) return;
  const base::Timestamp last = frames_.empty() ? read_to_ : frames_.back();
  tracker_.finish();
  read_up_to(last);
  // What is known late is read as if some seconds more had been seen; what is still there at the end stays.
  for (Track& track : tracker_.tracks()) {
    Story& story = story_of(track);
    const bool there = track.last_seen + kEdgeOfFilm >= last;
    const base::Timestamp until = there ? end : track.last_seen;
    if (is(rules_.goods, track.type)) {
      read_goods(track, story, track.first + kSure);
      if (!there && !story.gone) read_goods(track, story, track.last_seen + kSure);
      if (!story.gone) end_wait(story, until);
    } else {
      if (story.works_since >= 0) end_work(story, until);
      if (story.last) end_load(track, story, last);
      if (!there) read_absence(track, story, last + kSure);
      if (there && story.last) end_way(track, story, until);
    }
  }
}

/// The film ends while somebody stands or is under way.
void EventReader::end_way(const Track& track, Story& story, base::Timestamp end) {
  const bool stands = tracker_.distance(story.last->place, story.anchor) <= rules_.still && end - story.stands_since >= rules_.least_idle;
  if (stands || !story.stop || story.stop->end >= story.stands_since) return stood(track, story, end);
  const bool carrier = is(rules_.carriers, track.type);
  if (!carrier && tracker_.distance(story.stop->place, story.last->place) < rules_.walk) return;
  std::optional<Party> object;
  if (carrier && !story.last->load.empty()) object = story.carried.value_or(Party{"", "", "", {}, story.last->load});
  travelled(story, end, -1, object);
}

std::vector<TrackedEvent> EventReader::take() {
  std::stable_sort(told_.begin(), told_.end(), [](const TrackedEvent& a, const TrackedEvent& b) {
    return std::tie(a.event.span.start, a.event.span.end, a.event.type) < std::tie(b.event.span.start, b.event.span.end, b.event.type);
  });
  return std::exchange(told_, {});
}

std::vector<Presence> EventReader::present(base::TimeSpan span) const {
  std::vector<Presence> result;
  for (const Track& track : tracker_.tracks()) {
    const auto story = stories_.find(track.number);
    if (story == stories_.end() || story->second.party.key.empty() || !track.confirmed) continue;
    const base::TimeSpan seen = base::TimeSpan{track.first, track.last_seen + 1}.intersection(span);
    if (seen.empty()) continue;
    Presence presence{story->second.party, seen, track.way(span)};
    if (!presence.way.empty()) result.push_back(std::move(presence));
  }
  return result;
}

/// One frame's time, late enough that it is known what comes after.
void EventReader::read(base::Timestamp at, base::Timestamp before) {
  // By index: a track that is split is followed by a new one.
  for (std::size_t i = 0; i < tracker_.tracks().size(); ++i) {
    Track& track = tracker_.tracks()[i];
    if (!track.confirmed || track.first > at || is(rules_.goods, track.type)) continue;
    Story& story = story_of(track);
    std::optional<State> now = state(track, at);
    if (!now) {
      read_absence(track, story, at);
      continue;
    }
    if (!story.last) {
      story.anchor = now->place;
      story.stands_since = at;
      story.zone = now->zone;
      if (!now->load.empty() && is(rules_.carriers, track.type)) {
        story.carried = Party{"", rules_.goods.empty() ? "goods" : rules_.goods.front(), "", {}, now->load};
      }
      // Who is under way when the film begins goes until it stops.
      if (is(rules_.carriers, track.type) && track.first <= first_frame_ + kEdgeOfFilm) story.stop = Stop{track.first, -1, now->place, {}};
      const bool comes = track.first > first_frame_ + kEdgeOfFilm && at_edge(now->place);
      if (comes && is(rules_.workers, track.type) && !story.party.key.empty()) {
        tell("enter", {track.first, track.first}, {{story.party, "agent"}, {outside_party(), "place"}},
             story.party.name + " comes into the " + rules_.outside);
      }
    } else {
      if (is(rules_.workers, track.type)) read_zone(track, story, *now, at, before);
      if (is(rules_.carriers, track.type)) read_load(track, story, *now, at, before);
      read_stand(track, story, *now, at, before);
    }
    story.last = now;
    story.way.emplace_back(at, now->place);
    if (story.way.size() > kWay) story.way.pop_front();
  }
  for (Track& track : tracker_.tracks()) {
    if (track.confirmed && track.first <= at && is(rules_.goods, track.type)) read_goods(track, story_of(track), at);
  }
  for (Track& track : tracker_.tracks()) {
    if (track.confirmed && track.first <= at && is(rules_.workers, track.type)) read_work(track, story_of(track), at, before);
  }
}

/// Workers cross the borders of zones.
void EventReader::read_zone(const Track& track, Story& story, const State& now, base::Timestamp at, base::Timestamp before) {
  const auto zone_now = [&](const State& s) { return story.zone >= 0 && zones_.outside(story.zone, s.place) <= 0 ? story.zone : s.zone; };
  const int zone = zone_now(now);
  if (zone == story.zone) return;
  // It must still be so in the next frame.
  const auto next = std::find_if(frames_.begin(), frames_.end(), [at](base::Timestamp t) { return t > at; });
  if (next != frames_.end()) {
    if (const std::optional<State> then = state(track, *next); then && zone_now(*then) == story.zone) return;
  }
  // Between the last frame on the one side and the next on the other; the change may have been held back for a frame.
  const auto crossing = [&](int border, bool leaves) {
    std::vector<std::pair<base::Timestamp, Place>> way(story.way.begin(), story.way.end());
    way.emplace_back(at, now.place);
    std::size_t k = way.size() - 1;
    while (k > 0 && (zones_.outside(border, way[k - 1].second) <= 0) != leaves) --k;
    if (k == 0) return before;
    const auto& [t0, from] = way[k - 1];
    const auto& [t1, to] = way[k];
    double low = 0, high = 1;
    for (int i = 0; i < 20; ++i) {
      const double mid = (low + high) / 2;
      const bool in = zones_.outside(border, {from.x + mid * (to.x - from.x), from.y + mid * (to.y - from.y)}) <= 0;
      (in == leaves ? low : high) = mid;
    }
    return t0 + static_cast<base::Duration>(high * static_cast<double>(t1 - t0));
  };
  if (story.zone >= 0) {
    const base::Timestamp t = crossing(story.zone, true);
    tell("leave", {t, t}, {{story.party, "agent"}, {party_of(story.zone), "place"}},
         story.party.name + " leaves " + party_of(story.zone).name);
    story.left_zone = t;
  }
  if (zone >= 0) {
    const base::Timestamp t = crossing(zone, false);
    tell("enter", {t, t}, {{story.party, "agent"}, {party_of(zone), "place"}}, story.party.name + " enters " + party_of(zone).name);
  }
  story.zone = zone;
}

/// Who stands, how long, and the ways between.
void EventReader::read_stand(const Track& track, Story& story, const State& now, base::Timestamp at, base::Timestamp before) {
  if (tracker_.distance(now.place, story.anchor) > rules_.still) {
    const bool turned = is(rules_.carriers, track.type) && story.last && story.last->load.empty();
    const base::Timestamp leaves = before + (at - before) / 2;
    if (is(rules_.carriers, track.type) && before > story.stands_since) story.left = Stand{{story.stands_since, leaves}, story.anchor};
    if (before > story.stands_since) stood(track, story, std::max(story.stands_since, turned ? leaves - rules_.turn - kStart / 2 : before));
    story.anchor = now.place;
    story.stands_since = at;
    story.rests_at.reset();
    return;
  }
  // Where a worker rests is known when it has come to rest.
  if (story.works_since < 0 && !story.rests_at && at - std::max(story.stands_since, story.worked_to) >= 2 * base::kSecond)
    story.rests_at = now.place;
  // A walker that stands again has arrived; of a carrier only picking up, setting down and idling count.
  if (!is(rules_.workers, track.type) || at - story.stands_since < 2 * base::kSecond || !story.stop ||
      story.stop->end >= story.stands_since)
    return;
  if (tracker_.distance(story.stop->place, now.place) >= rules_.walk) {
    travelled(story, story.stands_since, zones_.nearest(now.place, rules_.process_at), std::nullopt);
  }
  story.stop.reset();
}

/// A stand ends at `until`.
void EventReader::stood(const Track& track, Story& story, base::Timestamp until) {
  const base::TimeSpan span = ordered(story.stands_since, until);
  const bool carrier = is(rules_.carriers, track.type);
  const Place place = story.anchor;
  if (!carrier) {
    if (story.works_since < 0 || until - story.works_since < rules_.least_process) rested(story, until);
    if (span.length() >= 2 * base::kSecond) story.stop = Stop{until, zones_.nearest(place, rules_.process_at), place, {}};
    return;
  }
  if (!story.last->load.empty()) {
    if (span.length() >= rules_.least_breakdown) {
      tell("breakdown", span, {{story.party, "agent"}}, story.party.name + " stands with its load", {{"confidence", 0.5}});
    }
    return;
  }
  if (span.length() < rules_.least_idle) return;
  if (story.stop && story.stop->end < span.start) travelled(story, span.start, -1, std::nullopt);
  tell("idle", span, {{story.party, "agent"}}, story.party.name + " has nothing to do");
  story.stop = Stop{until, story.stop ? story.stop->zone : -1, place, story.stop ? story.stop->goods : std::string()};
}

/// A worker that stands has had nothing to do since it came or since its last work; within a zone where goods are worked on that is part of
/// the work.
void EventReader::rested(const Story& story, base::Timestamp until) {
  const base::Timestamp since = std::max(story.stands_since, story.worked_to);
  const base::TimeSpan span{story.left_zone > since && story.left_zone < until ? story.left_zone : since, until};
  if (span.length() < rules_.least_idle || zones_.is(zones_.at(story.rests_at.value_or(story.anchor)), rules_.process_at)) return;
  std::vector<std::pair<Party, std::string>> parties{{story.party, "agent"}};
  const int zone = zones_.nearest(story.anchor, rules_.process_at);
  if (zone >= 0) parties.emplace_back(party_of(zone), "place");
  tell("idle", span, std::move(parties), story.party.name + " has nothing to do" + (zone >= 0 ? " beside " + party_of(zone).name : ""));
}

void EventReader::travelled(Story& story, base::Timestamp until, int destination, const std::optional<Party>& object) {
  if (!story.stop) return;
  const base::TimeSpan span = ordered(story.stop->end, until);
  if (span.length() < base::kSecond) return;
  std::vector<std::pair<Party, std::string>> parties{{story.party, "agent"}};
  if (object && !object->key.empty()) parties.emplace_back(*object, "object");
  std::string words = story.party.name + " goes";
  if (story.stop->zone >= 0) {
    parties.emplace_back(party_of(story.stop->zone), "source");
    words += " from " + party_of(story.stop->zone).name;
  }
  if (destination >= 0) {
    parties.emplace_back(party_of(destination), "destination");
    words += " to " + party_of(destination).name;
  }
  if (object && !object->key.empty()) words += " with " + object->name;
  tell("travel", span, std::move(parties), std::move(words),
       is(rules_.carriers, story.party.type) ? nlohmann::json{{"loaded", object.has_value()}} : nlohmann::json::object());
}

/// Somebody is not seen any more.
void EventReader::read_absence(const Track& track, Story& story, base::Timestamp at) {
  if (story.away || !story.last || at < track.last_seen + kSure) return;
  story.away = true;
  end_load(track, story, track.last_seen);
  const base::Timestamp left = track.last_seen + 500 * base::kMillisecond;
  if (story.works_since >= 0) end_work(story, left);
  if (!is(rules_.workers, track.type) || story.party.key.empty() || !at_edge(story.last->place)) return;
  tell("leave", {left, left}, {{story.party, "agent"}, {outside_party(), "place"}}, story.party.name + " leaves the " + rules_.outside);
}

}  // namespace reelgraph::chunker::tracking
