// Plans whose answer is a number of events or a yes or no.
#include "query/plan_run.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {

using graph::EventRecord;
using nlohmann::json;

void PlanRun::count() {
  if (plan_.videos) {
    std::set<std::string> ids;
    const auto firsts = plan_.exactly ? std::nullopt : selector_.one_of_each(plan_.select);
    std::vector<EventRecord> shown;
    const auto others = videos_of_others();
    const auto events = firsts ? *firsts : selector_.run(plan_.select, true);
    const auto groups = by_video(events);
    for (const EventRecord& e : events) {
      if (plan_.exactly && !fits_number(groups.at(e.video).size())) continue;
      if (others.contains(e.video) && ids.insert(e.video).second) shown.push_back(e);
    }
    if (ids.empty() && nothing()) return;
    std::size_t n = ids.size();
    if (!plan_.noun.empty()) {  // several videos of one camera are one
      std::set<std::string> called;
      for (const std::string& id : ids) called.insert(called_by_noun(video_json(id).at("name").get<std::string>()));
      answered(
          "count", called.size(),
          plural(static_cast<std::int64_t>(called.size()), plan_.noun) + ", in " + plural(static_cast<std::int64_t>(n), "video") + ".");
      return cite(shown);
    }
    if (plan_.except) {
      n = static_cast<std::size_t>(std::count_if(scope_.videos.begin(), scope_.videos.end(),
                                                 [&](const VideoScope& v) { return !ids.contains(v.video.id) && concerns(v); }));
    }
    answered("count", n, plural(static_cast<std::int64_t>(n), "video") + ".");
    return cite(shown);
  }
  const bool during = !plan_.select.windows.empty() && plan_.select.windows.front().kind == Window::Kind::kOverlaps;
  if (!plan_.distinct) {
    std::vector<EventRecord> shown;
    const auto n = count_shown(plan_.select, during, shown);
    if (n == 0 && nothing()) return;
    answered("count", n, std::to_string(n) + "." + (n == 0 ? at_other_times() : std::string()) + other_counts(n, during));
    return cite(shown);
  }
  // Of those who do something at one instant it is asked who is at it, not who just then begins.
  const bool instant = std::any_of(plan_.select.windows.begin(), plan_.select.windows.end(), [](const Window& w) {
    return w.kind == Window::Kind::kPhrase && w.phrase.kind == TimePhrase::Kind::kAt;
  });
  const auto events = selector_.run(plan_.select, during || instant);
  if (events.empty() && nothing()) return;
  {
    const auto groups = who_groups(events);
    std::vector<std::string> names;
    std::vector<EventRecord> shown;
    for (const Group& g : groups) {
      names.push_back(g.name);
      shown.insert(shown.end(), g.events.begin(), g.events.end());
    }
    answered("count", groups.size(), std::to_string(groups.size()) + (names.empty() ? "." : ": " + names_text(names) + "."));
    cite(shown);
  }
}

// How many there are; kept of them are only as many as are cited.
std::int64_t PlanRun::count_shown(const Selection& s, bool overlap, std::vector<EventRecord>& shown) {
  const std::size_t most = evidence_.room();
  if (const auto n = selector_.count_of_all(s, shown, most)) return *n;
  std::int64_t n = 0;
  selector_.each(s, overlap, [&](const std::vector<EventRecord>& events) {
    n += static_cast<std::int64_t>(events.size());
    for (std::size_t i = 0; i < events.size() && shown.size() < most; ++i) shown.push_back(events[i]);
    return true;
  });
  return n;
}

void PlanRun::rate() {
  std::vector<EventRecord> events;
  const auto n = count_shown(plan_.select, false, events);
  if (n == 0 && nothing()) return;
  const bool bounded = std::any_of(plan_.select.windows.begin(), plan_.select.windows.end(),
                                   [](const Window& w) { return w.kind != Window::Kind::kPhrase; });
  if (bounded || plan_.per <= 0)
    return refuse(Status::kNotUnderstood, "A rate is known of whole videos and of plain stretches of time only.");
  const base::Duration over = scope_.covers ? scope_.described_total() : scope_.asked_total();
  if (over <= 0) return refuse(Status::kNotCovered, "Nothing of what was asked about has been described.");
  const double value = static_cast<double>(n) * static_cast<double>(plan_.per) / static_cast<double>(over);
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  answered("count", value, std::string(text) + ": " + plural(n, "event") + " in " + base::format_time(over) + ".");
  cite(events);
}

/// Stretches of each video from its start; what begins in one counts. One that is cut or not wholly described is never the quietest: what
/// it lacks may only not have been looked at.
void PlanRun::busiest() {
  const bool bounded = std::any_of(plan_.select.windows.begin(), plan_.select.windows.end(),
                                   [](const Window& w) { return w.kind != Window::Kind::kPhrase; });
  if (bounded && plan_.fewest)
    return refuse(Status::kNotUnderstood, "The quietest is known of whole videos and of plain stretches of time only.");
  base::Duration longest = 0;
  for (const VideoScope& v : scope_.videos) longest = std::max(longest, v.asked.length());
  const base::Duration per = plan_.per > 0                   ? plan_.per
                             : longest >= 3 * base::kHour    ? base::kHour
                             : longest >= 30 * base::kMinute ? 10 * base::kMinute
                                                             : base::kMinute;
  struct Stretch {
    std::int64_t k = 0;
    std::size_t n = 0;
    std::vector<EventRecord> shown;
  };
  std::optional<Stretch> best;
  const VideoScope* best_in = nullptr;
  std::size_t level = 0;
  const auto span_of = [&](std::int64_t k, const VideoScope& v) { return base::TimeSpan{k * per, (k + 1) * per}.intersection(v.asked); };
  const auto compare = [&](Stretch stretch, const VideoScope& v) {
    if (best && stretch.n == best->n) ++level;
    if (best && (plan_.fewest ? stretch.n >= best->n : stretch.n <= best->n)) return;
    best = std::move(stretch);
    best_in = &v;
    level = 0;
  };
  auto next = scope_.videos.begin();
  const auto look_at = [&](std::map<std::int64_t, Stretch> here) {
    const VideoScope& v = *next++;
    if (!plan_.fewest) {
      for (auto& [k, stretch] : here) compare(std::move(stretch), v);
      return;
    }
    for (std::int64_t k = v.asked.start / per; k * per < v.asked.end; ++k) {
      const base::TimeSpan span = span_of(k, v);
      if (span.length() < per || (scope_.covers && !v.described.contains(span))) continue;
      const auto found = here.find(k);
      compare(found == here.end() ? Stretch{k, 0, {}} : std::move(found->second), v);
    }
  };
  selector_.each(plan_.select, false, [&](const std::vector<EventRecord>& events) {
    if (events.empty()) return true;
    while (next != scope_.videos.end() && next->video.id != events.front().video) look_at({});
    if (next == scope_.videos.end()) return false;
    std::map<std::int64_t, Stretch> here;
    for (const EventRecord& e : events) {
      if (!plan_.entity_type.empty() && asked(e).empty()) continue;
      Stretch& stretch = here[e.span.start / per];
      stretch.k = e.span.start / per;
      ++stretch.n;
      if (stretch.shown.size() < std::max<std::size_t>(evidence_.room(), 1)) stretch.shown.push_back(e);
    }
    look_at(std::move(here));
    return true;
  });
  while (next != scope_.videos.end()) look_at({});
  if (!best) {
    if (plan_.fewest) return refuse(Status::kNotCovered, "No whole stretch of that length has been described.");
    if (!nothing()) refuse(Status::kNotSeen, "Nothing of the kind begins in what was asked about.");
    return;
  }
  const base::TimeSpan span = span_of(best->k, *best_in);
  answered("time", base::to_seconds(span.start),
           "From " + base::format_time(span.start) + " to " + base::format_time(span.end) + " in " + best_in->video.id + ", with " +
               plural(static_cast<std::int64_t>(best->n), "event") +
               (level > 0 ? ", level with " + std::to_string(level) + " more of that length." : "."));
  cite(best->shown);
}

void PlanRun::exists() {
  std::vector<EventRecord> events;
  const std::size_t enough = std::max<std::size_t>(evidence_.room(), 1);
  const bool by_one = plan_.distinct || !plan_.others.empty() || plan_.exactly;
  selector_.each(plan_.select, true, [&](const std::vector<EventRecord>& here) {
    events.insert(events.end(), here.begin(), here.end());
    return by_one || events.size() < enough;
  });
  if (plan_.distinct) {  // of each side
    std::vector<EventRecord> kept;
    for (const EventRecord& e : events) {
      if (!plan_.select.credit || !all_met(e.attributes, plan_.select.credit->other_side)) kept.push_back(e);
    }
    auto groups = plan_.others.empty() ? grouped(kept) : who_groups(kept);
    std::erase_if(groups, [&](const Group& g) { return plan_.exactly && !fits_number(g.n); });
    const bool yes = groups.size() >= static_cast<std::size_t>(plan_.top);
    if (!yes && kept.size() != events.size())
      return refuse(Status::kNotUnderstood, "Some of them count for the other side, so that this is not told by who did it.");
    std::vector<std::string> names;
    for (const Group& g : groups) names.push_back(g.name + " (" + std::to_string(g.n) + ")");
    answered("boolean", yes, std::string(yes ? "Yes" : "No") + (names.empty() ? "." : ": " + names_text(names) + "."));
    return cite(kept);
  }
  if (by_one) {  // of the same participant
    std::vector<EventRecord> of_both;
    for (const Group& g : who_groups(events)) of_both.insert(of_both.end(), g.events.begin(), g.events.end());
    events = std::move(of_both);
  }
  if (plan_.except) {
    if (events.empty() && nothing()) return;
    const EventRecord* first = events.empty() ? nullptr : &events.front();
    answered("boolean", events.empty(),
             first == nullptr ? "Yes." : "No: " + event_text(*first) + " at " + when_where(first->video, first->span) + ".");
    return cite(events);
  }
  if (events.empty()) {
    if (nothing()) return;
    answered("boolean", false, "No." + at_other_times());
    return cite(std::vector<EventRecord>{});
  }
  const EventRecord& e = events.front();
  answered("boolean", true, "Yes: " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
  cite(events);
}

void PlanRun::concurrency() {
  std::size_t most = 0;
  std::vector<EventRecord> at_most;
  selector_.each(plan_.select, true, [&](const std::vector<EventRecord>& events) {
    // By start; the largest number is reached where one begins.
    std::vector<base::Timestamp> ends;
    const auto goes_on = [](const EventRecord& o, base::Timestamp t) { return o.span.start == t || (o.span.start < t && o.span.end > t); };
    for (std::size_t i = 0; i < events.size(); ++i) {
      const base::Timestamp t = events[i].span.start;
      std::erase_if(ends, [&](base::Timestamp end) { return end <= t; });
      ends.push_back(std::max(events[i].span.end, t + 1));
      if (i + 1 < events.size() && events[i + 1].span.start == t) continue;
      if (ends.size() <= most) continue;
      most = ends.size();
      at_most.clear();
      for (const EventRecord& o : events) {
        if (goes_on(o, t)) at_most.push_back(o);
      }
    }
    return true;
  });
  if (most == 0 && nothing()) return;
  answered("count", most,
           std::to_string(most) + " at once" + (most > 0 ? ", at " + base::format_time(at_most.back().span.start) : std::string()) + ".");
  cite(at_most);
}

void PlanRun::compare() {
  std::vector<EventRecord> a, b;
  const auto x = count_shown(plan_.select, false, a);
  const auto y = count_shown(plan_.others.front(), false, b);
  if (x == 0 && y == 0 && nothing()) return;
  const std::string figures =
      std::to_string(x) + " (" + describe(plan_.select) + ") against " + std::to_string(y) + " (" + describe(plan_.others.front()) + ").";
  if (plan_.compare == "both") {
    answered("boolean", x > 0 && y > 0, (x > 0 && y > 0 ? "Yes: " : "No: ") + figures);
  } else if (plan_.compare == "which_more" || plan_.compare == "which_fewer") {
    if (x == y) {
      answered("text", "level", "Neither, they are level: " + figures);
    } else {
      const bool first = (x > y) == (plan_.compare == "which_more");
      const auto& most = first ? a : b;
      const Selection& s = first ? plan_.select : plan_.others.front();
      const std::string type = !most.empty()                                      ? most.front().type
                               : s.kinds.empty() || s.kinds.front().types.empty() ? ""
                                                                                  : s.kinds.front().types.front();
      answered("event", most.empty() ? json{{"type", type}} : event_json(most.front()), readable(type) + ": " + figures);
    }
  } else if (plan_.compare == "difference") {
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

}  // namespace reelgraph::query
