#include "query/plan_run.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/utf8.h"
#include "query/event_finder.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

using graph::EventRecord;
using graph::ParticipantRecord;
using graph::RowId;
using nlohmann::json;

constexpr double kWhollyDescribed = 0.99;

std::string seconds_text(base::Duration d) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", base::to_seconds(d));
  std::string number = text;
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return number + " s";
}

json entity_json(RowId id, const std::string& name) { return {{"id", id}, {"name", name}}; }

json event_json(const EventRecord& e) {
  json participants = json::array();
  for (const ParticipantRecord& p : e.participants) participants.push_back({{"role", p.role}, {"name", p.name}});
  return {{"type", e.type},
          {"start", base::to_seconds(e.span.start)},
          {"end", base::to_seconds(e.span.end)},
          {"participants", std::move(participants)}};
}

template <typename T>
bool has(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::map<std::string, std::vector<EventRecord>> by_video(const std::vector<EventRecord>& events) {
  std::map<std::string, std::vector<EventRecord>> groups;
  for (const EventRecord& e : events) groups[e.video].push_back(e);
  return groups;
}

/// Things without names of their own are called alike: each is said once, with how many there are.
std::string many(const std::vector<std::string>& all) {
  std::vector<std::pair<std::string, int>> names;
  for (const std::string& name : all) {
    const auto same = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == name; });
    if (same == names.end()) {
      names.emplace_back(name, 1);
    } else {
      ++same->second;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 20; ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i].first;
    if (names[i].second > 1) text += " (" + std::to_string(names[i].second) + " of them)";
  }
  return names.size() > 20 ? text + " and others" : text;
}

}  // namespace

PlanRun::PlanRun(const graph::Store& store, const Scope& scope, const Plan& plan, Evidence& evidence, Answer& answer)
    : store_(store), scope_(scope), plan_(plan), evidence_(evidence), answer_(answer), selector_(store, scope), sentence_(describe(plan)) {}

void PlanRun::run() {
  switch (plan_.ask) {
    case Ask::kCount: return count();
    case Ask::kExists: return exists();
    case Ask::kWhen: return when();
    case Ask::kWho: return who();
    case Ask::kWhat: return what();
    case Ask::kDuration: return duration();
    case Ask::kLength: return length();
    case Ask::kGap: return gap();
    case Ask::kGaps: return gaps();
    case Ask::kConcurrency: return concurrency();
    case Ask::kOrder: return order();
    case Ask::kCompare: return compare();
    case Ask::kRank: return rank();
    case Ask::kVideos: return videos();
    case Ask::kMembers: return members();
    case Ask::kScore: return score();
    case Ask::kSpoken: return spoken();
    case Ask::kRate: return rate();
  }
}

void PlanRun::answered(const std::string& kind, json value, const std::string& text) {
  answer_.status = Status::kAnswered;
  answer_.kind = kind;
  answer_.value = std::move(value);
  answer_.text = text + " " + sentence_ + place() + "." + coverage();
}

std::string PlanRun::place() const {
  if (scope_.videos.size() == 1) return " in " + scope_.videos.front().video.id;
  return " in " + plural(static_cast<std::int64_t>(scope_.videos.size()), "video");
}

std::string PlanRun::coverage() const {
  if (!scope_.covers) return {};
  const auto asked = static_cast<double>(scope_.asked_total());
  if (asked <= 0 || static_cast<double>(scope_.described_total()) >= kWhollyDescribed * asked) return {};
  return " Only " + base::format_time(scope_.described_total()) + " of the " + base::format_time(scope_.asked_total()) +
         " asked about was described.";
}

void PlanRun::refuse(Status status, const std::string& text) {
  answer_.status = status;
  answer_.text = text + " " + sentence_ + place() + "." + coverage();
}

bool PlanRun::nothing() {
  if (selector_.period_missing()) {
    refuse(Status::kNotSeen, "That part does not exist in what was described.");
    return true;
  }
  if (selector_.outside()) {
    refuse(Status::kNotCovered, "The time asked about lies outside.");
    return true;
  }
  if (selector_.anchor_missing()) {
    refuse(Status::kNotSeen, "The event that the question counts from was not seen.");
    return true;
  }
  std::vector<std::string> types;
  for (const EventKind& k : plan_.select.kinds) types.insert(types.end(), k.types.begin(), k.types.end());
  if (types.empty()) return false;
  const Question none;
  const EventFinder finder(store_, none, scope_);
  const auto missing = finder.unreported(types, false);
  if (missing.empty() || missing.size() < scope_.videos.size()) return false;
  refuse(Status::kNotCovered, "Nothing that has described " + (missing.size() == 1 ? missing.front() : std::string("these videos")) +
                                  " reports \"" + readable(types) + "\", so that none was found means nothing.");
  return true;
}

void PlanRun::cite(const std::vector<EventRecord>& events) {
  Claim claim{answer_.text, {}};
  for (const EventRecord& e : events) {
    if (evidence_.full()) break;
    const int n = e.row > 0 ? evidence_.cite(e) : evidence_.cite(e.video, e.span, event_text(e));
    if (n > 0 && !has(claim.citations, n)) claim.citations.push_back(n);
  }
  answer_.claims.push_back(std::move(claim));
}

std::vector<ParticipantRecord> PlanRun::asked(const EventRecord& e) {
  const std::string role = plan_.role.empty() ? "agent" : plan_.role;
  const auto fits = [&](const ParticipantRecord& p, bool any_role) {
    if (!any_role && p.role != role) return false;
    if (!plan_.entity_type.empty() && selector_.entity_type(p.entity) != plan_.entity_type) return false;
    if (!plan_.among.empty() && !has(plan_.among, p.entity)) return false;
    return !has(plan_.besides, p.entity);
  };
  std::vector<ParticipantRecord> chosen;
  const auto add = [&](bool any_role) {
    for (const ParticipantRecord& p : e.participants) {
      const bool twice = std::any_of(chosen.begin(), chosen.end(), [&](const auto& c) { return c.entity == p.entity; });
      if (!twice && fits(p, any_role)) chosen.push_back(p);
    }
  };
  add(false);
  // "Which team scored?": the actor is a player, the team takes part in a role of its own.
  const bool typed = !plan_.entity_type.empty();
  const bool right_role_other_type = std::any_of(e.participants.begin(), e.participants.end(), [&](const auto& p) {
    return p.role == role && typed && selector_.entity_type(p.entity) != plan_.entity_type;
  });
  if (chosen.empty() && right_role_other_type) add(true);
  return chosen;
}

std::vector<PlanRun::Group> PlanRun::grouped(const std::vector<EventRecord>& events) {
  std::vector<Group> groups;
  std::map<RowId, std::size_t> at;
  for (const EventRecord& e : events) {
    for (const ParticipantRecord& p : asked(e)) {
      const auto [it, fresh] = at.emplace(p.entity, groups.size());
      if (fresh) groups.push_back({p.entity, p.name, {}});
      groups[it->second].events.push_back(e);
    }
  }
  return groups;
}

json PlanRun::video_json(const std::string& id) const {
  for (const VideoScope& v : scope_.videos) {
    if (v.video.id != id) continue;
    const std::string title = v.video.title.empty() ? id : v.video.title;
    return {{"id", id}, {"name", title}};
  }
  return {{"id", id}, {"name", id}};
}

void PlanRun::count() {
  if (plan_.videos) {
    std::set<std::string> ids;
    const auto events = selector_.run(plan_.select, true);
    std::vector<EventRecord> shown;
    for (const EventRecord& e : events) {
      if (ids.insert(e.video).second) shown.push_back(e);
    }
    if (ids.empty() && nothing()) return;
    const std::size_t n = plan_.except ? scope_.videos.size() - ids.size() : ids.size();
    answered("count", n, plural(static_cast<std::int64_t>(n), "video") + ".");
    return cite(shown);
  }
  const auto events =
      selector_.run(plan_.select, !plan_.select.windows.empty() && plan_.select.windows.front().kind == Window::Kind::kOverlaps);
  if (events.empty() && nothing()) return;
  if (plan_.distinct) {
    auto groups = grouped(events);
    if (plan_.exactly) std::erase_if(groups, [&](const Group& g) { return !fits_number(g.events.size()); });
    std::vector<std::string> names;
    std::vector<EventRecord> shown;
    for (const Group& g : groups) {
      names.push_back(g.name);
      shown.insert(shown.end(), g.events.begin(), g.events.end());
    }
    answered("count", groups.size(), std::to_string(groups.size()) + (names.empty() ? "." : ": " + many(names) + "."));
    return cite(shown);
  }
  answered("count", events.size(), std::to_string(events.size()) + ".");
  cite(events);
}

bool PlanRun::fits_number(std::size_t n) const {
  const auto wanted = static_cast<std::size_t>(std::max(0, plan_.exactly.value_or(1)));
  return plan_.at_least ? n >= wanted : n == wanted;
}

void PlanRun::rate() {
  const auto events = selector_.run(plan_.select, false);
  if (events.empty() && nothing()) return;
  const bool bounded = std::any_of(plan_.select.windows.begin(), plan_.select.windows.end(),
                                   [](const Window& w) { return w.kind != Window::Kind::kPhrase; });
  if (bounded || plan_.per <= 0)
    return refuse(Status::kNotUnderstood, "A rate is known of whole videos and of plain stretches of time only.");
  const base::Duration over = scope_.covers ? scope_.described_total() : scope_.asked_total();
  if (over <= 0) return refuse(Status::kNotCovered, "Nothing of what was asked about has been described.");
  const double value = static_cast<double>(events.size()) * static_cast<double>(plan_.per) / static_cast<double>(over);
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  answered("count", value,
           std::string(text) + ": " + plural(static_cast<std::int64_t>(events.size()), "event") + " in " + base::format_time(over) + ".");
  cite(events);
}

void PlanRun::exists() {
  auto events = selector_.run(plan_.select, true);
  if (!plan_.others.empty()) {  // of the same participant
    std::vector<EventRecord> of_both;
    for (const Group& g : who_groups(events)) of_both.insert(of_both.end(), g.events.begin(), g.events.end());
    events = std::move(of_both);
  }
  if (events.empty()) {
    if (nothing()) return;
    answered("boolean", false, "No.");
    return cite({});
  }
  const EventRecord& e = events.front();
  answered("boolean", true, "Yes: " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
  cite(events);
}

void PlanRun::when() {
  const auto events = selector_.run(plan_.select, true);
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  if (events.size() == 1) {
    const EventRecord& e = events.front();
    answered("time", base::to_seconds(e.span.start), "At " + when_where(e.video, e.span) + ": " + event_text(e) + ".");
    return cite(events);
  }
  json list = json::array();
  std::string times;
  for (const EventRecord& e : events) {
    if (list.size() < 10) times += (list.empty() ? "" : ", ") + base::format_time(e.span.start);
    list.push_back(moment_json(e.video, e.span));
  }
  answered("list", std::move(list),
           plural(static_cast<std::int64_t>(events.size()), "time") + ": at " + times + (events.size() > 10 ? " and more." : "."));
  cite(events);
}

void PlanRun::answer_entities(const std::vector<Group>& groups) {
  std::vector<EventRecord> shown;
  for (const Group& g : groups) shown.insert(shown.end(), g.events.begin(), g.events.end());
  if (groups.size() == 1 && !plan_.everyone) {
    const Group& g = groups.front();
    const EventRecord& e = g.events.front();
    answered("entity", entity_json(g.entity, g.name), g.name + ": " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
    return cite(shown);
  }
  json list = json::array();
  std::vector<std::string> names;
  for (const Group& g : groups) {
    list.push_back(entity_json(g.entity, g.name));
    names.push_back(g.name);
  }
  answered("list", std::move(list), many(names) + ".");
  cite(shown);
}

std::vector<PlanRun::Group> PlanRun::who_groups(const std::vector<EventRecord>& events) {
  auto groups = grouped(events);
  if (plan_.exactly) std::erase_if(groups, [&](const Group& g) { return !fits_number(g.events.size()); });
  for (const Selection& other : plan_.others) {
    std::set<RowId> members;
    for (const EventRecord& e : selector_.run(other, true)) {
      for (const ParticipantRecord& p : e.participants) {
        if (p.role == (other.credited.empty() ? "agent" : other.credited)) members.insert(p.entity);
      }
    }
    std::erase_if(groups, [&](const Group& g) { return members.contains(g.entity) == plan_.except; });
  }
  return groups;
}

void PlanRun::who() {
  const auto events = selector_.run(plan_.select, true);
  const auto groups = who_groups(events);
  if (groups.empty()) {
    if (!events.empty() && plan_.others.empty() && !plan_.exactly && plan_.besides.empty())
      return refuse(Status::kNotSeen,
                    "It is not known who: no such one is named in " + plural(static_cast<std::int64_t>(events.size()), "event") + ".");
    if (!nothing()) refuse(Status::kNotSeen, "Nobody was seen of whom that is true.");
    return;
  }
  answer_entities(groups);
}

void PlanRun::what() {
  const auto events = selector_.run(plan_.select, true);
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "Nothing of the kind was seen.");
    return;
  }
  std::vector<std::string> types;
  for (const EventRecord& e : events) {
    if (!has(types, e.type)) types.push_back(e.type);
  }
  if (types.size() == 1) {
    const EventRecord& e = events.front();
    answered("event", event_json(e), event_text(e) + " at " + when_where(e.video, e.span) + ".");
    return cite(events);
  }
  json list = json::array();
  std::string text;
  for (const EventRecord& e : events) {
    if (list.size() < 10) text += (list.empty() ? "" : "; ") + base::format_time(e.span.start) + " " + event_text(e);
    list.push_back(event_json(e));
  }
  answered("list", std::move(list), text + ".");
  cite(events);
}

void PlanRun::duration() {
  const auto events = selector_.run(plan_.select, true);
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  base::Duration sum = 0, together = 0;
  for (const auto& [video, group] : by_video(events)) {
    base::SpanSet any;
    for (const EventRecord& e : group) {
      sum += e.span.length();
      any.add(e.span);
    }
    together += any.total();
  }
  const base::Duration d = plan_.total ? sum : together;
  std::string text = seconds_text(d) + " over " + plural(static_cast<std::int64_t>(events.size()), "event") + ".";
  if (sum != together) text += " Lengths added: " + seconds_text(sum) + "; overlaps counted once: " + seconds_text(together) + ".";
  answered("duration", base::to_seconds(d), text);
  cite(events);
}

void PlanRun::length() {
  const auto events = selector_.run(plan_.select, true);
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  const auto shorter = [](const EventRecord& a, const EventRecord& b) { return a.span.length() < b.span.length(); };
  const EventRecord& e =
      plan_.fewest ? *std::min_element(events.begin(), events.end(), shorter) : *std::max_element(events.begin(), events.end(), shorter);
  answered("duration", base::to_seconds(e.span.length()),
           seconds_text(e.span.length()) + ": " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
  cite({e});
}

void PlanRun::gap() {
  std::vector<std::pair<EventRecord, EventRecord>> pairs;
  bool any = false;
  for (const VideoScope& v : scope_.videos) {
    const auto from = selector_.run_in(plan_.select, v, true);
    auto to = selector_.run_in(plan_.others.front(), v, true);
    any = any || !from.empty();
    if (from.empty() || to.empty()) continue;
    if (plan_.select.tally && !plan_.select.nth) {  // "how long had they been ahead when ...": the spell that it ended
      const auto before =
          std::find_if(from.rbegin(), from.rend(), [&](const EventRecord& e) { return e.span.start < to.front().span.start; });
      if (before != from.rend()) {
        pairs.emplace_back(*before, to.front());
        continue;
      }
    }
    const auto next = std::find_if(to.begin(), to.end(), [&](const EventRecord& e) { return e.span.start > from.front().span.start; });
    // Two events that are both named for themselves may be told in either order; else it is the next one that counts.
    if (next == to.end() && !plan_.others.front().nth) continue;
    pairs.emplace_back(from.front(), next == to.end() ? to.front() : *next);
  }
  if (pairs.empty()) {
    if (!nothing())
      refuse(Status::kNotSeen, any ? "The second of the two was not seen after the first." : "The first of the two was not seen.");
    return;
  }
  if (pairs.size() > 1) return refuse(Status::kNotUnderstood, "This happens in several videos: name one.");
  const auto& [a, b] = pairs.front();
  const base::Timestamp end = plan_.total ? b.span.end : b.span.start;  // `total`: to the end of the second
  const base::Timestamp start = plan_.from_end ? a.span.end : a.span.start;
  const base::Duration d = std::abs(end - start);
  // The first may be counted from its start or from its end: where that is not the same, both are told.
  std::string other_reading;
  if (a.span.length() > base::kSecond) {
    other_reading = plan_.from_end ? " Counted from its start: " + seconds_text(std::abs(end - a.span.start)) + "."
                                   : " Counted from its end: " + seconds_text(std::abs(end - a.span.end)) + ".";
  }
  answered("duration", base::to_seconds(d),
           seconds_text(d) + " from " + event_text(a) + " at " + base::format_time(start) + " to " + event_text(b) + " at " +
               base::format_time(end) + "." + other_reading);
  cite({a, b});
}

void PlanRun::gaps() {
  std::optional<std::pair<EventRecord, EventRecord>> best;
  base::Duration length = 0;
  for (const auto& [video, events] : by_video(selector_.run(plan_.select, true))) {
    for (std::size_t i = 1; i < events.size(); ++i) {
      const base::Duration d = events[i].span.start - events[i - 1].span.start;
      if (best && (plan_.fewest ? d >= length : d <= length)) continue;
      length = d;
      best = {events[i - 1], events[i]};
    }
  }
  if (!best) {
    if (!nothing()) refuse(Status::kNotSeen, "There are no two of them in one video.");
    return;
  }
  answered("duration", base::to_seconds(length),
           seconds_text(length) + " from " + base::format_time(best->first.span.start) + " to " +
               base::format_time(best->second.span.start) + " in " + best->first.video + ".");
  cite({best->first, best->second});
}

void PlanRun::concurrency() {
  std::size_t most = 0;
  std::vector<EventRecord> at_most;
  for (const auto& [video, events] : by_video(selector_.run(plan_.select, true))) {
    for (const EventRecord& e : events) {
      std::vector<EventRecord> now;
      for (const EventRecord& o : events) {
        if (o.span.start <= e.span.start && (o.span.end > e.span.start || o.span.start == e.span.start)) now.push_back(o);
      }
      if (now.size() > most) {
        most = now.size();
        at_most = std::move(now);
      }
    }
  }
  if (most == 0 && nothing()) return;
  answered("count", most,
           std::to_string(most) + " at once" + (most > 0 ? ", at " + base::format_time(at_most.back().span.start) : std::string()) + ".");
  cite(at_most);
}

void PlanRun::order() {
  std::vector<EventRecord> firsts;
  std::vector<Selection> all = plan_.others;
  all.insert(all.begin(), plan_.select);
  for (const Selection& s : all) {
    const auto events = selector_.run(s, true);
    if (!events.empty()) firsts.push_back(plan_.fewest ? events.back() : events.front());
  }
  if (firsts.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "None of them was seen.");
    return;
  }
  const auto earlier = [](const EventRecord& a, const EventRecord& b) { return a.span.start < b.span.start; };
  const EventRecord& e =
      plan_.fewest ? *std::max_element(firsts.begin(), firsts.end(), earlier) : *std::min_element(firsts.begin(), firsts.end(), earlier);
  answered("event", event_json(e), event_text(e) + " at " + when_where(e.video, e.span) + ".");
  cite(firsts);
}

void PlanRun::compare() {
  const auto a = selector_.run(plan_.select, false);
  const auto b = selector_.run(plan_.others.front(), false);
  if (a.empty() && b.empty() && nothing()) return;
  const auto x = static_cast<std::int64_t>(a.size());
  const auto y = static_cast<std::int64_t>(b.size());
  const std::string figures =
      std::to_string(x) + " (" + describe(plan_.select) + ") against " + std::to_string(y) + " (" + describe(plan_.others.front()) + ").";
  if (plan_.compare == "difference") {
    answered("count", std::abs(x - y), std::to_string(std::abs(x - y)) + ": " + figures);
  } else {
    const bool yes = plan_.compare == "equal" ? x == y : plan_.compare == "fewer" ? x < y : x > y;
    answered("boolean", yes, (yes ? "Yes: " : "No: ") + figures);
  }
  std::vector<EventRecord> both = a;
  both.insert(both.end(), b.begin(), b.end());
  cite(both);
  // Each of the two figures with its own events.
  cite(a);
  answer_.claims.back().text = std::to_string(x) + ": " + describe(plan_.select) + ".";
  cite(b);
  answer_.claims.back().text = std::to_string(y) + ": " + describe(plan_.others.front()) + ".";
}

void PlanRun::rank() {
  const auto events = selector_.run(plan_.select, false);
  if (plan_.videos) {
    std::vector<std::pair<std::string, std::size_t>> counts;
    const auto groups = by_video(events);
    for (const VideoScope& v : scope_.videos) {
      const auto it = groups.find(v.video.id);
      counts.emplace_back(v.video.id, it == groups.end() ? 0 : it->second.size());
    }
    std::stable_sort(counts.begin(), counts.end(),
                     [&](const auto& l, const auto& r) { return plan_.fewest ? l.second < r.second : l.second > r.second; });
    if (counts.empty() || (events.empty() && nothing())) return;
    if (events.empty()) return refuse(Status::kNotSeen, "None was seen in any of them.");
    const std::size_t last = counts[std::min(counts.size(), static_cast<std::size_t>(plan_.top)) - 1].second;
    std::vector<std::string> ids;
    for (const auto& [id, n] : counts) {
      if (ids.size() < static_cast<std::size_t>(plan_.top) || n == last) ids.push_back(id);
    }
    return answer_videos(ids);
  }
  auto groups = grouped(events);
  for (const Selection& other : plan_.others) {
    std::set<RowId> members;
    for (const EventRecord& e : selector_.run(other, true)) {
      for (const ParticipantRecord& p : e.participants) {
        if (p.role == (other.credited.empty() ? "agent" : other.credited)) members.insert(p.entity);
      }
    }
    std::erase_if(groups, [&](const Group& g) { return members.contains(g.entity) == plan_.except; });
  }
  if (groups.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "Nobody was seen of whom that is true.");
    return;
  }
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& l, const Group& r) {
    return plan_.fewest ? l.events.size() < r.events.size() : l.events.size() > r.events.size();
  });
  const std::size_t k = std::min(groups.size(), static_cast<std::size_t>(plan_.top));
  const std::size_t last = groups[k - 1].events.size();
  std::size_t n = k;
  while (n < groups.size() && groups[n].events.size() == last) ++n;  // who is level is named as well
  groups.resize(n);
  const std::string figure = plural(static_cast<std::int64_t>(last), "event");
  answer_entities(groups);
  if (answer_.status == Status::kAnswered) {
    std::vector<std::string> names;
    for (const Group& g : groups) names.push_back(g.name);
    answer_.text = many(names) + (n == 1 ? ", with " : n > k ? ", level with " : ", with ") + figure + ". " + sentence_ + place() + ".";
    answer_.claims.front().text = answer_.text;
  }
}

void PlanRun::answer_videos(const std::vector<std::string>& ids) {
  json list = json::array();
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string& id : ids) {
    json v = video_json(id);
    if (!plan_.noun.empty()) {
      // Videos of one camera are one answer to "which camera": the part of the title that begins with the word asked for.
      std::string title = v.at("name").get<std::string>();
      if (const std::size_t at = fold(title).find(plan_.noun + " "); at != std::string::npos && at < title.size()) {
        title = title.substr(at, title.find(',', at) - at);
        v["name"] = title;
      }
    }
    if (!seen.insert(v.at("name").get<std::string>()).second && !plan_.noun.empty()) continue;
    names.push_back(v.at("name").get<std::string>());
    list.push_back(std::move(v));
  }
  if (plan_.noun.empty()) {  // one title of several videos tells none of them
    std::map<std::string, int> titles;
    for (const json& v : list) ++titles[v.at("name").get<std::string>()];
    for (json& v : list) {
      const bool shared =
          std::count_if(scope_.videos.begin(), scope_.videos.end(), [&](const VideoScope& s) { return s.video.title == v.at("name"); }) > 1;
      if (shared) v["name"] = v.at("id");
    }
  }
  std::vector<std::string> called;
  for (const json& v : list) called.push_back(v.at("name").get<std::string>());
  if (list.size() == 1)
    answered("entity", list.front(), called.front() + ".");
  else
    answered("list", std::move(list), many(called) + ".");
  std::vector<EventRecord> shown;
  for (const EventRecord& e : selector_.run(plan_.select, true)) {
    if (has(ids, e.video)) shown.push_back(e);
  }
  cite(shown);
}

void PlanRun::videos() {
  std::vector<std::string> ids;
  const auto groups = by_video(selector_.run(plan_.select, true));
  for (const VideoScope& v : scope_.videos) {
    const auto it = groups.find(v.video.id);
    bool in = it != groups.end();
    if (in && plan_.per_participant) {
      const auto people = grouped(it->second);
      in = std::any_of(people.begin(), people.end(), [&](const Group& g) { return fits_number(g.events.size()); });
    } else if (plan_.exactly) {
      in = fits_number(in ? it->second.size() : 0);
    }
    if (in != plan_.except) ids.push_back(v.video.id);
  }
  if (plan_.except && !plan_.noun.empty()) {
    // "On which cameras do we never see ...": a camera with it in one of its videos is none.
    std::set<std::string> with;
    const auto label = [&](const std::string& id) { return fold(video_json(id).at("name").get<std::string>()); };
    for (const auto& [id, events] : groups) with.insert(label(id));
    std::erase_if(ids, [&](const std::string& id) { return with.contains(label(id)); });
  }
  if (ids.empty()) {
    if (!nothing())
      refuse(Status::kNotSeen, "That is true of none of " + plural(static_cast<std::int64_t>(scope_.videos.size()), "video") + ".");
    return;
  }
  answer_videos(ids);
}

void PlanRun::members() {
  const auto events = selector_.run(plan_.select, true);
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  const auto size = [](const EventRecord& e) { return e.participants.size(); };
  const EventRecord& e = *std::max_element(events.begin(), events.end(), [&](const auto& a, const auto& b) { return size(a) < size(b); });
  answered("count", size(e), std::to_string(size(e)) + " take part in " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
  cite({e});
}

void PlanRun::score() {
  if (scope_.videos.size() != 1)
    return refuse(Status::kNotUnderstood, "Of which video? There are " + std::to_string(scope_.videos.size()) + ".");
  const base::Tally& tally = plan_.select.tally->tally;
  auto score = selector_.score(tally, plan_.select, scope_.videos.front());
  if (score.sides.size() < 2) return refuse(Status::kNotSeen, "No two sides were seen.");
  for (std::size_t i = 0; i < score.sides.size(); ++i) {
    Selection mine;
    mine.kinds = {{{tally.type}, {}}};
    mine.who = {{{score.sides[i].first}, {score.sides[i].second}, tally.side, false}};
    mine.credit = tally;
    mine.windows = tally_windows(plan_.select);
    score.counts[i] = static_cast<std::int64_t>(selector_.run(mine, false).size());
  }
  std::string text;
  for (std::size_t i = 0; i < score.sides.size(); ++i)
    text += (i > 0 ? ", " : "") + score.sides[i].second + " " + std::to_string(score.counts[i]);
  answered("text", text, text + ".");
  cite(score.events);
}

void PlanRun::spoken() {
  graph::SearchRequest request;
  request.words = plan_.words;
  request.match_all = true;
  request.limit = 200;
  for (const VideoScope& v : scope_.videos) request.videos.push_back(v.video.id);
  std::vector<graph::Passage> found;
  for (const graph::Passage& p : store_.search(request)) {
    if (p.event) continue;
    const auto o = store_.observation(p.observation);
    if (!o || o->observation.transcript.empty()) continue;
    const std::string said = fold(o->observation.transcript);
    if (std::all_of(plan_.words.begin(), plan_.words.end(), [&](const std::string& w) { return said.find(w) != std::string::npos; }))
      found.push_back(p);
  }
  if (found.empty()) return refuse(Status::kNotSeen, "That was not said in anything that was heard.");
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return std::tie(a.video, a.span) < std::tie(b.video, b.span); });
  if (plan_.videos) {
    std::vector<std::string> ids;
    for (const graph::Passage& p : found) {
      if (!has(ids, p.video)) ids.push_back(p.video);
    }
    answer_videos(ids);
    answer_.claims.clear();
  } else {
    answered("time", base::to_seconds(found.front().span.start), "At " + when_where(found.front().video, found.front().span) + ".");
  }
  for (const graph::Passage& p : found) {
    const int n = evidence_.cite(p);
    answer_.claims.push_back({base::ellipsize(p.text, 200), n > 0 ? std::vector<int>{n} : std::vector<int>{}});
  }
}

}  // namespace reelgraph::query
