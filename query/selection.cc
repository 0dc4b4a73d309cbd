#include "query/selection.h"

#include <algorithm>
#include <tuple>

namespace reelgraph::query {
namespace {

using graph::EventRecord;
using graph::RowId;

constexpr int kMostEvents = 200'000;
constexpr std::size_t kManyVideos = 40;      // beyond that the videos that can hold any are found first, and nothing is remembered
constexpr std::int64_t kFewEvents = 20'000;  // as many are fetched at once
constexpr int kFewSampled = 10;              // of them, first
constexpr int kSampled = 300;                // events looked at to learn which kinds of entity play a role

bool is_true(const nlohmann::json& j) { return !(j.is_null() || (j.is_boolean() && !j.get<bool>())); }

bool equal(const nlohmann::json& a, const nlohmann::json& b) {
  if (a.is_number() && b.is_number()) return a.get<double>() == b.get<double>();
  return a == b;
}

bool of_kind(const EventRecord& e, const std::vector<EventKind>& kinds) {
  if (kinds.empty()) return true;
  return std::any_of(kinds.begin(), kinds.end(), [&](const EventKind& k) {
    const bool type = k.types.empty() || std::find(k.types.begin(), k.types.end(), e.type) != k.types.end();
    return type && std::all_of(k.where.begin(), k.where.end(), [&](const Condition& c) { return meets(e.attributes, c); });
  });
}

bool contains(const std::vector<RowId>& rows, RowId row) { return std::find(rows.begin(), rows.end(), row) != rows.end(); }

std::vector<Condition> conditions_of(const nlohmann::json& where) {
  std::vector<Condition> out;
  for (const auto& [key, value] : where.items()) out.push_back({key, value});
  return out;
}

void take_nth(std::vector<EventRecord>& events, const Selection& s) {
  if (s.extreme != 0 && !events.empty()) {
    const auto shorter = [](const EventRecord& a, const EventRecord& b) { return a.span.length() < b.span.length(); };
    const auto it =
        s.extreme > 0 ? std::max_element(events.begin(), events.end(), shorter) : std::min_element(events.begin(), events.end(), shorter);
    events = {EventRecord(*it)};
  }
  if (s.nth) {
    const auto n = static_cast<int>(events.size());
    const int index = *s.nth > 0 ? *s.nth - 1 : n + *s.nth;
    if (index < 0 || index >= n) return events.clear();
    events = {events[static_cast<std::size_t>(index)]};
  } else if (s.first_n != 0) {
    const auto most = static_cast<std::size_t>(std::abs(s.first_n));
    if (events.size() <= most) return;
    if (s.first_n > 0)
      events.resize(most);
    else
      events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(most));
  }
}

}  // namespace

bool meets(const nlohmann::json& attributes, const Condition& c) {
  const auto it = attributes.is_object() ? attributes.find(c.key) : attributes.end();
  const bool there = attributes.is_object() && it != attributes.end();
  if (c.value.is_boolean()) return (there && is_true(*it)) == c.value.get<bool>();
  if (!there) return false;
  if (!c.value.is_array()) return equal(*it, c.value);
  return std::any_of(c.value.begin(), c.value.end(), [&](const nlohmann::json& v) { return equal(*it, v); });
}

bool all_met(const nlohmann::json& attributes, const nlohmann::json& where) {
  if (where.empty()) return false;
  const auto conditions = conditions_of(where);
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) { return meets(attributes, c); });
}

Selector::Selector(const graph::Store& store, const Scope& scope) : store_(store), scope_(scope) {}

const std::string& Selector::entity_type(RowId entity) {
  const auto it = types_.find(entity);
  if (it != types_.end()) return it->second;
  const auto record = store_.entity(entity);
  return types_[entity] = record ? record->type : std::string();
}

const std::vector<EventRecord>& Selector::fetch(const Selection& s, const VideoScope& video) {
  graph::EventFilter filter;
  filter.videos = {video.video.id};
  filter.limit = kMostEvents;
  std::set<std::string> types;
  bool any = s.kinds.empty();
  for (const EventKind& k : s.kinds) {
    any = any || k.types.empty();
    types.insert(k.types.begin(), k.types.end());
  }
  if (!any) filter.types.assign(types.begin(), types.end());
  std::string key = video.video.id + "\n" + (any ? "*" : "");
  for (const std::string& t : filter.types) key += t + "\n";
  const auto it = fetched_.find(key);
  if (it != fetched_.end()) return it->second;
  return fetched_[key] = store_.events(filter);
}

// An entity of a kind that never plays the role asked for (a team is no agent) takes part in the role of its kind.
bool Selector::is_group(const Participant& who, const std::vector<EventRecord>& events) {
  if (who.role.empty() || who.entities.empty()) return false;
  const std::string type = entity_type(who.entities.front());
  bool seen = false;
  int sampled = 0;
  for (const EventRecord& e : events) {
    if (++sampled > kSampled) break;
    for (const graph::ParticipantRecord& p : e.participants) {
      if (p.role != who.role) continue;
      seen = true;
      if (entity_type(p.entity) == type) return false;
    }
  }
  return seen;
}

bool Selector::is_against(const EventRecord& e, const Participant& who, const Selection& s) {
  const auto key = std::make_pair(e.video, who.entities.empty() ? RowId{0} : who.entities.front());
  auto known = present_.find(key);
  if (known == present_.end()) {
    graph::EventFilter filter;
    filter.videos = {e.video};
    filter.entities = who.entities;
    filter.limit = 1;
    known = present_.emplace(key, !store_.events(filter).empty()).first;
  }
  if (!known->second) return false;
  const bool swapped = s.credit && all_met(e.attributes, s.credit->other_side);
  return std::any_of(e.participants.begin(), e.participants.end(),
                     [&](const graph::ParticipantRecord& p) { return p.role == who.role && contains(who.entities, p.entity) == swapped; });
}

bool Selector::takes_part(const EventRecord& e, const Participant& who, const Selection& s, bool group) {
  if (who.opponent) return is_against(e, who, s);
  if (s.credit && all_met(e.attributes, s.credit->other_side)) {
    const bool side = std::any_of(who.entities.begin(), who.entities.end(), [&](RowId row) {
      return std::any_of(e.participants.begin(), e.participants.end(), [&](const auto& p) {
        return p.role == s.credit->side && p.entity != row && entity_type(p.entity) == entity_type(row);
      });
    });
    const bool is_side = group || who.role == s.credit->side;
    if (is_side) return side;
  }
  return std::any_of(e.participants.begin(), e.participants.end(), [&](const graph::ParticipantRecord& p) {
    return contains(who.entities, p.entity) && (group || who.role.empty() || p.role == who.role);
  });
}

std::optional<base::TimeSpan> Selector::period_span(const base::Period& period, const VideoScope& video) {
  Selection marker;
  marker.kinds = {{{period.type}, {}}};
  const auto& events = fetch(marker, video);
  const base::Duration length = std::max<base::Duration>(video.video.duration, 1);
  std::optional<base::TimeSpan> span;
  for (const EventRecord& e : events) {
    const bool in = period.where.empty() || all_met(e.attributes, period.where);
    if (in && !span) span = base::TimeSpan{e.span.start, length};
    if (!in && span) {
      span->end = e.span.start;
      break;
    }
  }
  if (!span) return std::nullopt;
  const auto minutes = [](double m) { return base::from_seconds(std::abs(m) * 60) * (m < 0 ? -1 : 1); };
  const base::Timestamp start = span->start;
  span->start = std::max<base::Timestamp>(0, start + minutes(period.from_minute));
  if (period.to_minute > 0) span->end = std::min(span->end, start + minutes(period.to_minute));
  if (span->start >= span->end) return base::TimeSpan{span->end, span->end};
  return span;
}

void Selector::keep(std::vector<EventRecord>& events, const Window& w, const VideoScope& video, bool overlap) {
  const auto lies = [&](const EventRecord& e, base::TimeSpan span) {
    if (overlap) return e.span.overlaps(span) || (e.span.start >= span.start && e.span.start < span.end);
    return e.span.start >= span.start && e.span.start < span.end;
  };
  switch (w.kind) {
    case Window::Kind::kPhrase: {
      const auto span = w.phrase.resolve(video.video.duration);
      if (!span) {
        outside_ = true;
        return events.clear();
      }
      std::erase_if(events, [&](const EventRecord& e) { return !lies(e, *span); });
      return;
    }
    case Window::Kind::kPeriod:
    case Window::Kind::kNot: {
      auto span = period_span(w.period, video);
      if (span && w.within > 0) span->start = std::max(span->start, span->end - w.within);
      const bool wanted = w.kind == Window::Kind::kPeriod;
      if (!span) {
        period_missing_ = true;
        return events.clear();
      }
      const auto conditions = conditions_of(w.period.where);
      const bool part = w.period.from_minute != 0 || w.period.to_minute != 0 || w.within > 0;
      std::erase_if(events, [&](const EventRecord& e) {
        // What an event says of itself counts more than where it lies: a change in the interval belongs to the half it is booked for.
        bool known = !conditions.empty();
        for (const Condition& c : conditions) known = known && e.attributes.is_object() && e.attributes.contains(c.key);
        bool in = known ? all_met(e.attributes, w.period.where) : lies(e, *span);
        if (known && part) in = in && lies(e, *span);
        return in != wanted;
      });
      return;
    }
    default: break;
  }
  Selection first = w.anchors.front();
  if (w.kind == Window::Kind::kOverlaps || w.kind == Window::Kind::kDisjoint) {
    const auto others = run_in(first, video, true);
    std::erase_if(events, [&](const EventRecord& e) {
      const bool during = std::any_of(others.begin(), others.end(), [&](const EventRecord& o) {
        // What made a side be ahead did not happen while it was.
        if (first.tally) return e.span.start < o.span.end && (e.span.start > o.span.start || (o.row == 0 && e.span.start >= o.span.start));
        return o.row != e.row && (o.span.overlaps(e.span) || (o.span.start == e.span.start));
      });
      return during != (w.kind == Window::Kind::kOverlaps);
    });
    return;
  }
  const auto anchors = run_in(first, video, true);
  if (w.kind == Window::Kind::kFollows || w.kind == Window::Kind::kLeads) {
    std::vector<base::Timestamp> starts;
    for (const EventRecord& a : anchors) starts.push_back(a.span.start);
    std::erase_if(events, [&](const EventRecord& e) {
      if (w.kind == Window::Kind::kFollows) {  // the last of them before it
        const auto next = std::lower_bound(starts.begin(), starts.end(), e.span.start);
        return next == starts.begin() || e.span.start - *std::prev(next) > w.within;
      }
      const auto next = std::upper_bound(starts.begin(), starts.end(), e.span.start);
      return next == starts.end() || *next - e.span.start > w.within;
    });
    return;
  }
  if (anchors.empty()) {
    anchor_missing_ = true;
    return events.clear();
  }
  const EventRecord& a = anchors.front();
  if (w.kind == Window::Kind::kAfter) {
    const base::Timestamp from = w.ended ? a.span.end : a.span.start;
    std::erase_if(events, [&](const EventRecord& e) {
      if (e.row == a.row && e.type == a.type) return true;
      const bool after = w.ended ? e.span.start >= from : e.span.start > from;
      return !after || (w.within > 0 && e.span.start > from + w.within);
    });
  } else if (w.kind == Window::Kind::kBefore) {
    std::erase_if(events, [&](const EventRecord& e) {
      return e.span.start >= a.span.start || (w.within > 0 && e.span.start < a.span.start - w.within);
    });
  } else {  // kBetween
    const auto ends = run_in(w.anchors.back(), video, true);
    const auto b = std::find_if(ends.begin(), ends.end(), [&](const EventRecord& e) { return e.span.start > a.span.start; });
    if (b == ends.end()) {
      anchor_missing_ = true;
      return events.clear();
    }
    std::erase_if(events, [&](const EventRecord& e) { return e.span.start <= a.span.start || e.span.start >= b->span.start; });
  }
}

void Selector::narrow(std::vector<EventRecord>& events, const Selection& s, const VideoScope& video, bool overlap) {
  std::erase_if(events, [&](const EventRecord& e) {
    if (!s.not_types.empty() && std::find(s.not_types.begin(), s.not_types.end(), e.type) != s.not_types.end()) return true;
    if (s.longer && e.span.length() <= *s.longer) return true;
    return s.shorter && e.span.length() >= *s.shorter;
  });
  if (!scope_.whole && !counting_) {
    std::erase_if(events, [&](const EventRecord& e) {
      return !(e.span.start >= video.asked.start && e.span.start < video.asked.end) && !(overlap && e.span.overlaps(video.asked));
    });
  }
  for (const Window& w : s.windows) {
    if (bounds_count(s, w)) continue;
    if (cut_spells_ && s.tally && w.within == 0 && (w.kind == Window::Kind::kAfter || w.kind == Window::Kind::kBefore)) {
      const auto anchors = run_in(w.anchors.front(), video, true);
      if (anchors.empty()) {
        anchor_missing_ = true;
        return events.clear();
      }
      const base::Timestamp at = w.ended ? anchors.front().span.end : anchors.front().span.start;
      for (EventRecord& e : events) {
        if (w.kind == Window::Kind::kAfter)
          e.span.start = std::min(std::max(e.span.start, at), e.span.end);
        else
          e.span.end = std::max(std::min(e.span.end, at), e.span.start);
      }
      std::erase_if(events, [](const EventRecord& e) { return e.span.length() <= 0; });
      continue;
    }
    keep(events, w, video, overlap);
  }
}

std::vector<EventRecord> Selector::run_in(const Selection& s, const VideoScope& video, bool overlap) {
  if (!s.tally) return pick(s, fetch(s, video), video, overlap);
  std::vector<EventRecord> events = tally_events(s, video);
  if (!s.kinds.empty()) std::erase_if(events, [&](const EventRecord& e) { return !of_kind(e, s.kinds); });
  for (const Participant& p : s.who) std::erase_if(events, [&](const EventRecord& e) { return takes_part(e, p, s, false) == p.negated; });
  narrow(events, s, video, overlap);
  std::stable_sort(events.begin(), events.end(), [](const EventRecord& a, const EventRecord& b) { return a.span < b.span; });
  take_nth(events, s);
  return events;
}

std::vector<EventRecord> Selector::pick(const Selection& s, const std::vector<EventRecord>& all, const VideoScope& video, bool overlap) {
  std::vector<EventRecord> events;
  std::vector<bool> groups;
  for (const Participant& p : s.who) groups.push_back(is_group(p, all));
  for (const EventRecord& e : all) {
    if (!of_kind(e, s.kinds)) continue;
    bool fits = true;
    for (std::size_t i = 0; i < s.who.size() && fits; ++i) fits = takes_part(e, s.who[i], s, groups[i]) != s.who[i].negated;
    if (fits) events.push_back(e);
  }
  narrow(events, s, video, overlap);
  std::stable_sort(events.begin(), events.end(), [](const EventRecord& a, const EventRecord& b) { return a.span < b.span; });
  take_nth(events, s);
  return events;
}

std::vector<EventRecord> Selector::clipped(const Selection& s, const VideoScope& video, const std::vector<EventRecord>& events) {
  base::SpanSet asked;
  asked.add(scope_.whole ? base::TimeSpan{0, base::kMaxTimestamp} : video.asked);
  std::vector<std::vector<EventRecord>> during;
  bool all = scope_.whole;
  for (const Window& w : s.windows) {
    base::SpanSet in;
    if (w.kind == Window::Kind::kPhrase) {
      if (const auto span = w.phrase.resolve(video.video.duration)) in.add(*span);
    } else if (w.kind == Window::Kind::kPeriod && !bounds_count(s, w)) {
      auto span = period_span(w.period, video);
      if (span && w.within > 0) span->start = std::max(span->start, span->end - w.within);
      if (span) in.add(*span);
    } else if (w.kind == Window::Kind::kOverlaps) {
      during.push_back(run_in(w.anchors.front(), video, true));
      all = false;
      continue;
    } else {
      continue;
    }
    asked = asked.intersection(in);
    all = false;
  }
  if (all) return events;
  std::vector<EventRecord> parts;
  for (const EventRecord& e : events) {
    base::SpanSet left{e.span};
    left = left.intersection(asked);
    for (const auto& others : during) {
      base::SpanSet in;
      for (const EventRecord& o : others) {
        if (o.row != e.row) in.add(o.span);
      }
      left = left.intersection(in);
    }
    for (const base::TimeSpan& span : left.spans()) {
      parts.push_back(e);
      parts.back().span = span;
    }
  }
  return parts;
}

std::vector<EventRecord> Selector::run(const Selection& s, bool overlap) {
  std::vector<EventRecord> all;
  each(s, overlap, [&](const std::vector<EventRecord>& here) {
    all.insert(all.end(), here.begin(), here.end());
    return true;
  });
  return all;
}

void Selector::each(const Selection& s, bool overlap, const std::function<bool(const std::vector<EventRecord>&)>& visit) {
  const bool many = scope_.videos.size() > kManyVideos;
  const auto few = many && !s.tally ? candidates(s) : std::nullopt;
  for (const VideoScope& v : scope_.videos) {
    if (few) {
      const auto it = few->find(v.video.id);
      if (it != few->end() && !visit(pick(s, it->second, v, overlap))) return;
    } else if (!visit(run_in(s, v, overlap))) {
      return;
    }
    if (many) fetched_.clear();
  }
}

namespace {

/// The types of a selection's events; empty: any type.
std::vector<std::string> types_of(const Selection& s) {
  std::set<std::string> types;
  for (const EventKind& k : s.kinds) {
    if (k.types.empty()) return {};
    types.insert(k.types.begin(), k.types.end());
  }
  return {types.begin(), types.end()};
}

/// Types alone tell which events are meant; `who` apart.
bool is_by_type(const Selection& s) {
  return !s.kinds.empty() && s.not_types.empty() && s.windows.empty() && !s.tally && !s.longer && !s.shorter && !s.nth && s.first_n == 0 &&
         s.extreme == 0 &&
         std::all_of(s.kinds.begin(), s.kinds.end(), [](const EventKind& k) { return k.where.empty() && !k.types.empty(); });
}

}  // namespace

std::optional<std::map<std::string, std::vector<EventRecord>>> Selector::candidates(const Selection& s) const {
  graph::EventFilter filter;
  filter.types = types_of(s);
  // Whoever must take part has few events of the many.
  std::vector<graph::EventFilter> filters;
  for (const Participant& p : s.who) {
    if (p.negated || p.opponent || p.entities.empty() || p.entities.size() > 20 || s.credit) continue;
    filters.clear();
    for (const RowId row : p.entities) {
      filters.push_back(filter);
      filters.back().entities = {row};
    }
    break;
  }
  if (filters.empty()) {
    if (filter.types.empty()) return std::nullopt;
    filters = {filter};
  }
  std::map<std::string, std::vector<EventRecord>> by_video;
  std::set<RowId> seen;
  for (graph::EventFilter& f : filters) {
    // By type alone the number is known beforehand; somebody's events would have to be counted one by one.
    if (f.entities.empty() && store_.count_events(f) > kFewEvents) return std::nullopt;
    f.limit = static_cast<int>(kFewEvents) + 1;
    for (EventRecord& e : store_.events(f)) {
      if (seen.insert(e.row).second) by_video[e.video].push_back(std::move(e));
    }
    if (seen.size() > static_cast<std::size_t>(kFewEvents)) return std::nullopt;
  }
  return by_video;
}

std::optional<std::int64_t> Selector::count_of_all(const Selection& s, std::vector<EventRecord>& some, std::size_t most) {
  if (!scope_.everything || !is_by_type(s) || s.who.size() > 1) return std::nullopt;
  graph::EventFilter filter;
  filter.types = types_of(s);
  if (!s.who.empty()) {
    const Participant& p = s.who.front();
    if (p.negated || p.opponent || p.entities.size() != 1 || s.credit) return std::nullopt;
    // A few events mostly tell already who plays the role.
    bool group = false;
    for (const int sample : {kFewSampled, kSampled}) {
      filter.limit = sample;
      const auto events = store_.events(filter);
      group = is_group(p, events);
      const bool played = std::any_of(events.begin(), events.end(), [&](const EventRecord& e) {
        return std::any_of(e.participants.begin(), e.participants.end(), [&](const auto& part) { return part.role == p.role; });
      });
      if ((played && !group) || events.size() < static_cast<std::size_t>(sample)) break;
    }
    filter.entities = p.entities;
    filter.role = group ? "" : p.role;
  }
  filter.limit = 0;
  const std::int64_t n = store_.count_events(filter);
  filter.limit = static_cast<int>(std::min<std::int64_t>(n, static_cast<std::int64_t>(most)));
  if (filter.limit > 0) some = store_.events(filter);
  return n;
}

std::optional<std::vector<EventRecord>> Selector::one_of_each(const Selection& s) const {
  if (!scope_.whole || !is_by_type(s) || !s.who.empty()) return std::nullopt;
  std::vector<EventRecord> firsts;
  graph::EventFilter filter;
  filter.types = types_of(s);
  filter.limit = 1;
  for (const VideoScope& v : scope_.videos) {
    filter.videos = {v.video.id};
    for (EventRecord& e : store_.events(filter)) firsts.push_back(std::move(e));
  }
  return firsts;
}

}  // namespace reelgraph::query
