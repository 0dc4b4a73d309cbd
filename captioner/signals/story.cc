#include "captioner/signals/story.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reelgraph::captioner::signals {
namespace {

using base::kMillisecond;
using base::kSecond;
using base::TimeSpan;
using base::Timestamp;

constexpr std::size_t kMostViews = 2048;     // of one thing
constexpr std::size_t kMostPictures = 2048;  // times of pictures that can be shown
constexpr std::size_t kMostMentions = 128;   // of one chunk
constexpr std::size_t kMostSentences = 6;
constexpr base::Duration kNearPicture = 150 * kMillisecond;
constexpr base::Duration kViewsKept = 2 * base::kMinute;
constexpr base::Duration kLookBack = 8 * kSecond;       // what left is shown at its best within this
constexpr base::Duration kSettle = 600 * kMillisecond;  // after a change: who did it is out of the way
constexpr double kMostUnclear = 0.3;                    // of the time for which a thing was followed
constexpr double kPathError = 0.015;  // of the picture: a box that lies so near the way between its neighbours is left out
constexpr std::size_t kMostPathPoints = 80;

double thousandth(double v) { return std::round(v * 1000) / 1000; }
nlohmann::json array_of(const base::Box& b) { return {b.x0, b.y0, b.x1, b.y1}; }
std::string region_of(const base::Box& b) { return region((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2); }
std::string place_words(const base::Box& b) {
  const std::string where = region_of(b);
  return (where == "centre" ? "in the " : where == "left" || where == "right" ? "on the " : "at the ") + where;
}

std::string words_of(const Sighting& s) { return s.colour.empty() ? "a moving thing" : "a moving thing, mostly " + s.colour; }
std::string thing_words(const std::string& colour) { return colour.empty() ? "a still thing" : "a still thing, mostly " + colour; }
std::string clause(const Sighting& s) { return s.colour.empty() ? words_of(s) + " " : words_of(s) + ", "; }

std::string ref_of(int track) { return "track-" + std::to_string(track); }
std::string thing_ref(int thing) { return "thing-" + std::to_string(thing); }

int number_of(const std::string& ref) { return std::stoi(ref.substr(ref.rfind('-') + 1)); }

bool is_static(Fact::Kind kind) { return kind == Fact::Kind::kPlaced || kind == Fact::Kind::kRemoved || kind == Fact::Kind::kPutBack; }

double error_between(const base::Box& a, const base::Box& b, const base::Box& m, double share) {
  const auto off = [share](double x, double y, double z) { return std::abs(x + (y - x) * share - z); };
  return std::max({off(a.x0, b.x0, m.x0), off(a.y0, b.y0, m.y0), off(a.x1, b.x1, m.x1), off(a.y1, b.y1, m.y1)});
}

}  // namespace

void Story::take(const Fact& fact) {
  if (fact.kind == Fact::Kind::kUnclear) {
    unclear_[fact.reason].add(fact.span);
    return;
  }
  if (is_static(fact.kind)) {
    events_.push_back(static_event(fact));
    base::EntityMention& m = still_things_[fact.thing] = {};
    m.ref = thing_ref(fact.thing);
    m.stable_id = video_ + "/" + m.ref;
    m.type = "static_thing";
    m.description = thing_words(fact.colour);
    m.span = TimeSpan{fact.at, fact.at};
    m.box = fact.box;
    if (!fact.colour.empty()) m.attributes["colour"] = fact.colour;
    m.attributes["confidence"] = fact.confidence;
    return;
  }
  Thing& thing = things_[fact.sighting.track];
  const bool first = thing.latest.track == 0;
  const Sighting before = thing.latest;
  thing.latest = fact.sighting;
  if (!first) {
    // Where it began does not change once it was told; words that were settled stay if the new look tells none.
    thing.latest.seen.start = before.seen.start;
    if (thing.latest.colour.empty()) thing.latest.colour = before.colour;
  }
  if (fact.kind == Fact::Kind::kSeen && fact.sighting.clear > 0) {
    thing.views.push_back({fact.step, fact.sighting.box, fact.sighting.clear});
    if (thing.views.size() > kMostViews) thing.views.pop_front();
  }
  if (fact.kind == Fact::Kind::kEnded) {
    thing.ended = true;
    thing.ended_by = fact.reason;
  }
  if (fact.kind == Fact::Kind::kStopped || fact.kind == Fact::Kind::kStarted) {
    const bool stops = fact.kind == Fact::Kind::kStopped;
    base::Event event = event_of(stops ? "stop" : "start", fact.at, fact.sighting.track);
    event.description = clause(thing.latest) + (stops ? "comes to a stand " : "moves on ") + place_words(fact.sighting.box);
    event.attributes["region"] = region_of(fact.sighting.box);
    event.attributes["box"] = array_of(fact.sighting.box);
    event.show_at = shown(thing, {fact.at, fact.at + 2 * kSecond});
    events_.push_back(std::move(event));
  }
}

/// The kept picture in which the thing is seen best; where there is none, the best view.
Timestamp Story::shown(const Thing& thing, TimeSpan within) const {
  Timestamp best = within.start;
  double clearest = 0;
  for (const bool kept : {true, false}) {
    for (const View& view : thing.views) {
      if (view.at < within.start || view.at > within.end || view.clear <= clearest) continue;
      Timestamp at = view.at;
      if (kept) {
        const auto near = std::lower_bound(pictures_.begin(), pictures_.end(), view.at - kNearPicture);
        if (near == pictures_.end() || *near > view.at + kNearPicture) continue;
        at = *near;
      }
      clearest = view.clear;
      best = at;
    }
    if (clearest > 0) break;
  }
  return best;
}

Timestamp Story::shown_after(Timestamp at) const {
  const auto next = std::lower_bound(pictures_.begin(), pictures_.end(), at);
  return next == pictures_.end() || *next > at + 2 * kSecond ? at : *next;
}

base::Event Story::event_of(const char* type, Timestamp at, int track) const {
  base::Event event;
  event.type = type;
  event.span = {at, at};
  event.participants = {{ref_of(track), "agent"}};
  const Sighting& s = things_.at(track).latest;
  if (!s.colour.empty()) event.attributes["colour"] = s.colour;
  event.attributes["confidence"] = s.confidence;
  return event;
}

base::Event Story::static_event(const Fact& fact) const {
  base::Event event;
  event.span = {fact.at, fact.at};
  const std::string what = thing_words(fact.colour), where = place_words(fact.box);
  const std::string pause = fact.colour.empty() ? " " : ", ";
  switch (fact.kind) {
    case Fact::Kind::kPlaced:
      event.type = "placed";
      event.description = what + pause + "is put down " + where;
      break;
    case Fact::Kind::kPutBack:
      event.type = "put_back";
      event.description = what + pause + "is put back " + where;
      break;
    default:
      event.type = "removed";
      event.description = what + pause + "is taken away " + where;
      break;
  }
  event.participants = {{thing_ref(fact.thing), "object"}};
  const auto carrier = things_.find(fact.sighting.track);
  if (carrier != things_.end() && !carrier->second.dropped) event.participants.push_back({ref_of(fact.sighting.track), "agent"});
  event.attributes = {{"region", region_of(fact.box)}, {"box", array_of(fact.box)}, {"confidence", fact.confidence}};
  if (!fact.colour.empty()) event.attributes["colour"] = fact.colour;
  event.show_at = shown_after(fact.at + kSettle);
  return event;
}

base::EntityMention Story::mention_of(const Sighting& s, TimeSpan span) const {
  base::EntityMention m;
  m.ref = ref_of(s.track);
  m.stable_id = video_ + "/" + m.ref;
  m.type = "moving_thing";
  m.description = words_of(s);
  m.span = span;
  if (!s.colour.empty()) m.attributes["colour"] = s.colour;
  if (!s.direction.empty()) m.attributes["direction"] = s.direction;
  m.attributes["confidence"] = s.confidence;
  return m;
}

/// Mentions the thing for the part of its presence that was not told yet, with its way as boxes over time.
void Story::mention(Thing& thing, const base::Chunk& chunk, base::Observation& observation) {
  const Sighting& s = thing.latest;
  const Timestamp from = thing.told_until < 0 ? s.seen.start : thing.told_until;
  Timestamp until = std::min(s.seen.end, chunk.own.end);
  if (chunk.last) until = std::min(s.seen.end, std::max(chunk.own.end, from));
  if (until < from || (until == from && thing.told_until >= 0)) return;
  base::EntityMention m = mention_of(s, {from, until});
  if (s.from_start) m.attributes["from_start"] = true;
  if (thing.ended && !thing.ended_by.empty() && s.seen.end <= chunk.own.end) m.attributes["in_view_until"] = thing.ended_by;
  const View* best = nullptr;
  std::vector<const View*> way;
  for (const View& view : thing.views) {
    if (view.at < from || view.at > until) continue;
    way.push_back(&view);
    if (best == nullptr || view.clear > best->clear) best = &view;
  }
  m.box = best != nullptr ? best->box : s.box;
  observation.entities.push_back(std::move(m));
  thing.told_until = until;
  if (way.empty()) return;
  // The boxes from which the others follow by going straight.
  nlohmann::json path = nlohmann::json::array();
  const auto add = [&path](const View& v) { path.push_back({thousandth(base::to_seconds(v.at)), v.box.x0, v.box.y0, v.box.x1, v.box.y1}); };
  const std::size_t least_step = 1 + way.size() / kMostPathPoints;
  std::size_t kept = 0;
  add(*way.front());
  for (std::size_t next = least_step; next < way.size(); ++next) {
    if (next - kept < least_step) continue;
    double worst = 0;
    for (std::size_t i = kept + 1; i < next; ++i) {
      const double share = static_cast<double>(way[i]->at - way[kept]->at) / static_cast<double>(way[next]->at - way[kept]->at);
      worst = std::max(worst, error_between(way[kept]->box, way[next]->box, way[i]->box, share));
    }
    if (worst <= kPathError) continue;
    kept = next - 1 > kept ? next - 1 : next;
    add(*way[kept]);
  }
  if (kept + 1 < way.size()) add(*way.back());
  observation.attributes["paths"][ref_of(s.track)] = std::move(path);
}

base::Event Story::appearance_of(const Thing& thing) const {
  const Sighting& s = thing.latest;
  base::Event event = event_of("appear", s.seen.start, s.track);
  const base::Box& box = thing.views.empty() ? s.box : thing.views.front().box;
  event.description = clause(s) + (s.from_start ? "is in view when the shot begins, " : "comes into view ") + place_words(box);
  event.attributes["region"] = region_of(box);
  event.attributes["box"] = array_of(box);
  if (!s.direction.empty()) event.attributes["direction"] = s.direction;
  if (s.from_start) event.attributes["from_start"] = true;
  event.show_at = shown(thing, {s.seen.start, std::max(s.seen.end, s.seen.start)});
  return event;
}

base::Event Story::presence_of(const Thing& thing) const {
  const Sighting& s = thing.latest;
  base::Event event = event_of("presence", s.seen.start, s.track);
  event.span = s.seen;
  event.description = clause(s) + "is in view";
  if (!s.direction.empty()) event.attributes["direction"] = s.direction;
  event.attributes["region"] = region_of(s.box);
  event.show_at = shown(thing, {std::max(s.seen.start, s.seen.end - kLookBack), s.seen.end});
  return event;
}

base::Event Story::leaving_of(const Thing& thing) const {
  const Sighting& s = thing.latest;
  base::Event event = event_of("leave", s.seen.end, s.track);
  const base::Box& box = thing.views.empty() ? s.box : thing.views.back().box;
  event.description = clause(s) + (s.direction.empty() ? "" : "moving " + s.direction + ", ") + "goes out of view " + place_words(box);
  event.attributes["region"] = region_of(box);
  event.attributes["box"] = array_of(box);
  if (!s.direction.empty()) event.attributes["direction"] = s.direction;
  event.show_at = shown(thing, {std::max(s.seen.start, s.seen.end - kLookBack), s.seen.end});
  return event;
}

/// True if too much of the time for which the thing was followed is unclear.
bool Story::unclear(const Thing& thing, const base::SpanSet& spans) {
  const TimeSpan so_far{thing.latest.seen.start, std::max(thing.latest.seen.end, thing.latest.seen.start + 1)};
  const base::Duration hidden = spans.intersection(base::SpanSet{so_far}).total();
  return static_cast<double>(hidden) > kMostUnclear * static_cast<double>(so_far.length());
}

/// Sees to it that whoever takes part in the event is mentioned, also when its presence was told in an earlier chunk; leaves out those of
/// whom nothing is told. @returns false if nobody is left
bool Story::bring_in(base::Event& event, base::Observation& observation) const {
  std::erase_if(event.participants, [&](const base::Participant& p) {
    const auto same = [&p](const base::EntityMention& m) { return m.ref == p.ref; };
    if (std::any_of(observation.entities.begin(), observation.entities.end(), same)) return false;
    if (observation.entities.size() >= kMostMentions) return true;
    const int number = number_of(p.ref);
    if (p.role == "object") {
      const auto thing = still_things_.find(number);
      if (thing != still_things_.end()) observation.entities.push_back(thing->second);
      return thing == still_things_.end();
    }
    const auto thing = things_.find(number);
    if (thing == things_.end() || thing->second.dropped || !thing->second.appeared) return true;
    observation.entities.push_back(mention_of(thing->second.latest, {event.span.start, event.span.start}));
    return false;
  });
  return !event.participants.empty();
}

std::vector<std::string> Story::tell(const base::Chunk& chunk, const std::vector<Fact>& facts, const base::SpanSet& unclear_spans,
                                     EventLimit& limit, base::CaptionResult& result) {
  remember_pictures(chunk);
  for (const Fact& fact : facts) {
    if (!is_static(fact.kind) || !unclear_spans.contains(fact.at)) take(fact);
  }
  base::Observation& observation = *result.observation;
  std::vector<std::string> sentences;
  const auto pass = [&](base::Event event) {
    const std::string words = event.description + " at " + base::format_time(event.span.start);
    const bool worth_saying = event.type != "stop" && event.type != "start" && event.type != "presence";
    const std::size_t before = observation.events.size();
    limit.pass(std::move(event), observation.events, result.notes);
    if (observation.events.size() == before) return false;
    if (worth_saying && sentences.size() <= kMostSentences)
      sentences.push_back(sentences.size() == kMostSentences ? "More of the kind follows" : words);
    return true;
  };

  // What lies beyond this chunk's own part is the next one's.
  const Timestamp horizon = chunk.last ? base::kMaxTimestamp : chunk.own.end;
  for (auto& [number, thing] : things_) {
    if (thing.latest.seen.start >= horizon) continue;
    if (!thing.appeared) {
      thing.appeared = true;
      thing.dropped = unclear(thing, unclear_spans) || observation.entities.size() >= kMostMentions || !pass(appearance_of(thing));
    }
    if (thing.dropped) continue;
    if (thing.ended && !thing.left && (chunk.last || thing.latest.seen.end <= horizon)) {
      thing.left = true;
      events_.push_back(presence_of(thing));
      if (thing.ended_by.empty()) events_.push_back(leaving_of(thing));
    }
    mention(thing, chunk, observation);
  }
  std::vector<base::Event> later;
  for (base::Event& event : events_) {
    if (event.span.start > horizon || (event.span.start == horizon && event.type != "leave")) {
      later.push_back(std::move(event));
    } else if (bring_in(event, observation)) {
      static_cast<void>(pass(std::move(event)));
    }
  }
  events_ = std::move(later);
  if (events_.empty()) still_things_.clear();

  for (auto& [number, thing] : things_) {
    if (thing.ended_by == "film_ends" && chunk.last && !thing.dropped)
      sentences.push_back(words_of(thing.latest) + (thing.latest.colour.empty() ? "" : ",") + " is still in view at the end");
    while (!thing.views.empty() && thing.views.front().at < chunk.own.end - kViewsKept) thing.views.pop_front();
  }
  std::erase_if(things_, [](const auto& entry) {
    const Thing& thing = entry.second;
    return thing.ended && (thing.dropped || (thing.left && thing.told_until >= thing.latest.seen.end));
  });
  for (auto& [reason, spans] : unclear_) {
    const base::SpanSet now = spans.intersection(base::SpanSet{TimeSpan{0, horizon}});
    for (const TimeSpan& span : now.spans()) result.notes.push_back({span, reason});
    spans.subtract(now);
  }
  return sentences;
}

void Story::remember_pictures(const base::Chunk& chunk) {
  for (const auto* frames : {&chunk.keyframes, &chunk.candidates}) {
    for (const base::Keyframe& frame : *frames) {
      if (!frame.image.empty()) pictures_.push_back(frame.at);
    }
  }
  std::sort(pictures_.begin(), pictures_.end());
  pictures_.erase(std::unique(pictures_.begin(), pictures_.end()), pictures_.end());
  while (!pictures_.empty() && (pictures_.size() > kMostPictures || pictures_.front() < chunk.own.start - kViewsKept))
    pictures_.pop_front();
}

}  // namespace reelgraph::captioner::signals
