// Plans whose answer is a time, a length, or what came first.
#include "query/plan_run.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <tuple>

#include "base/utf8.h"
#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostListed = 1000;                 // moments of one list
constexpr int kMostLooked = 20'000;                       // events of one participant in one video
constexpr base::Duration kSeenSoon = 15 * base::kMinute;  // who is there takes part in something within that time
constexpr base::Duration kInstant = base::kSecond / 20;   // what is told as a moment is no longer than a picture

}  // namespace

using graph::EventRecord;
using nlohmann::json;

void PlanRun::when() {
  std::vector<EventRecord> events;  // as many as one list holds
  std::int64_t n = 0;
  selector_.each(plan_.select, true, [&](const std::vector<EventRecord>& here) {
    n += static_cast<std::int64_t>(here.size());
    for (std::size_t i = 0; i < here.size() && events.size() < kMostListed; ++i) events.push_back(here[i]);
    return true;
  });
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  if (events.size() == 1) {
    const EventRecord& e = events.front();
    if (plan_.from_end)
      answered("time", base::to_seconds(e.span.end),
               "It ended at " + base::format_time(e.span.end) + ": " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
    else
      answered("time", base::to_seconds(e.span.start),
               "At " + when_where(e.video, e.span) + ": " + event_text(e) + "." + distance(e) + other_moment(events));
    return cite(events);
  }
  json list = json::array();
  std::string times;
  for (const EventRecord& e : events) {
    if (list.size() < 10) times += (list.empty() ? "" : ", ") + base::format_time(e.span.start);
    list.push_back(moment_json(e.video, e.span));
  }
  answered("list", std::move(list), plural(n, "time") + ": at " + times + (n > 10 ? " and more." : "."));
  cite(events);
}

void PlanRun::duration() {
  std::vector<EventRecord> shown;
  std::int64_t n = 0;
  base::Duration sum = 0, together = 0;
  const std::size_t most = evidence_.room();
  base::Duration whole = 0, longest = 0;
  if (plan_.select.tally) selector_.cut_spells();
  selector_.each(plan_.select, true, [&](const std::vector<EventRecord>& events) {
    if (events.empty()) return true;
    const auto video =
        std::find_if(scope_.videos.begin(), scope_.videos.end(), [&](const VideoScope& v) { return v.video.id == events.front().video; });
    base::SpanSet any;
    n += static_cast<std::int64_t>(events.size());
    for (const EventRecord& e : events) whole += e.span.length(), longest = std::max(longest, e.span.length());
    for (const EventRecord& e : selector_.clipped(plan_.select, *video, events)) {
      sum += e.span.length();
      any.add(e.span);
      if (shown.size() < most) shown.push_back(e);
    }
    together += any.total();
    return true;
  });
  if (n == 0) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  if (!plan_.select.tally && longest <= kInstant)
    return refuse(Status::kNotUnderstood, "What was found are moments without a length: " + plural(n, "event") + ".");
  const base::Duration d = plan_.total ? sum : together;
  std::string text = seconds_text(d) + " over " + plural(n, "event") + ".";
  if (sum != together) text += " Lengths added: " + seconds_text(sum) + "; overlaps counted once: " + seconds_text(together) + ".";
  if (whole != sum) text += " Counted only as far as they lie within the time asked about; whole they last " + seconds_text(whole) + ".";
  answered("duration", base::to_seconds(d), text);
  cite(shown);
}

void PlanRun::length() {
  std::optional<EventRecord> best;
  selector_.each(plan_.select, true, [&](const std::vector<EventRecord>& events) {
    for (const EventRecord& e : events) {
      if (!best || (plan_.fewest ? e.span.length() < best->span.length() : e.span.length() > best->span.length())) best = e;
    }
    return true;
  });
  if (!best) {
    if (!nothing()) refuse(Status::kNotSeen, "It was not seen.");
    return;
  }
  const EventRecord& e = *best;
  if (plan_.videos) {
    answer_videos({e.video}, {e});
    answer_.text += " It lasts " + seconds_text(e.span.length()) + ", at " + when_where(e.video, e.span) + ".";
    return;
  }
  answered("duration", base::to_seconds(e.span.length()),
           seconds_text(e.span.length()) + ": " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
  cite({e});
}

void PlanRun::gap() {
  std::vector<std::pair<EventRecord, EventRecord>> pairs;
  bool any = false;
  for (const VideoScope& v : scope_.videos) {
    if (plan_.exactly) {  // "between his goals": between the two that there are
      Selection all = plan_.select;
      all.nth.reset();
      const auto n = selector_.run_in(all, v, true).size();
      if (n > static_cast<std::size_t>(*plan_.exactly))
        return refuse(Status::kNotUnderstood, "Between which of them? There are " + std::to_string(n) + ".");
    }
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
  selector_.each(plan_.select, true, [&](const std::vector<EventRecord>& events) {
    for (std::size_t i = 1; i < events.size(); ++i) {
      const base::Duration d = events[i].span.start - events[i - 1].span.start;
      if (best && (plan_.fewest ? d >= length : d <= length)) continue;
      length = d;
      best = {events[i - 1], events[i]};
    }
    return true;
  });
  if (!best) {
    if (!nothing()) refuse(Status::kNotSeen, "There are no two of them in one video.");
    return;
  }
  answered("duration", base::to_seconds(length),
           seconds_text(length) + " from " + base::format_time(best->first.span.start) + " to " +
               base::format_time(best->second.span.start) + " in " + best->first.video + "." + other_gap(length));
  cite({best->first, best->second});
}

// How long somebody was there: from the event with which he came until that with which he went, as far as what was seen supports it.
void PlanRun::stay() {
  std::vector<std::pair<const VideoScope*, std::pair<std::vector<EventRecord>, std::vector<EventRecord>>>> stays;
  for (const VideoScope& v : scope_.videos) {
    auto from = selector_.run_in(plan_.select, v, true);
    auto to = selector_.run_in(plan_.others.front(), v, true);
    if (!from.empty() || !to.empty()) stays.emplace_back(&v, std::pair{std::move(from), std::move(to)});
  }
  if (stays.empty() && scope_.videos.size() == 1) stays.push_back({&scope_.videos.front(), {}});
  if (stays.empty()) return refuse(Status::kNotUnderstood, "When that began and ended is not known: neither was seen.");
  if (stays.size() > 1) return refuse(Status::kNotUnderstood, "This is known of several videos: name one.");
  const auto& [v, ends] = stays.front();
  const auto& [from, to] = ends;
  if (from.size() > 1 || to.size() > 1) return refuse(Status::kNotUnderstood, "There are several beginnings or ends of it.");
  // Whatever else he took part in tells whether he was there from the start, and until the end.
  graph::EventFilter filter;
  filter.videos = {v->video.id};
  filter.limit = kMostLooked;
  for (const Participant& p : plan_.select.who) filter.entities.insert(filter.entities.end(), p.entities.begin(), p.entities.end());
  std::vector<EventRecord> seen = store_.events(filter);
  const auto row = [](const std::vector<EventRecord>& events) { return events.empty() ? graph::RowId{0} : events.front().row; };
  std::erase_if(seen, [&](const EventRecord& e) { return e.row == row(from) || e.row == row(to); });
  filter.entities.clear();
  filter.limit = 1;
  const auto first = store_.events(filter);
  if (first.empty()) return refuse(Status::kNotUnderstood, "When that began is not known.");
  const base::Timestamp start = from.empty() ? first.front().span.start : from.front().span.start;
  const base::Timestamp end = to.empty() ? v->video.duration : to.front().span.start;
  const auto is_late = [](const EventRecord& a, const EventRecord& b) { return a.span.start < b.span.start; };
  const auto last = std::max_element(seen.begin(), seen.end(), is_late);
  const auto earliest = std::min_element(seen.begin(), seen.end(), is_late);
  if (from.empty() && (earliest == seen.end() || earliest->span.start - start > kSeenSoon))
    return refuse(Status::kNotUnderstood, "That it began with the start is not known: no event of his shows it.");
  if (to.empty() && (last == seen.end() || end - last->span.start > kSeenSoon))
    return refuse(Status::kNotUnderstood, "When it ended is not known: the last event of his is " +
                                              (last == seen.end() ? std::string("none") : "at " + base::format_time(last->span.start)) +
                                              ", and nothing tells when he left.");
  if (end <= start || (last != seen.end() && last->span.start > end + kSeenSoon))
    return refuse(Status::kNotUnderstood, "What was seen of it contradicts itself.");
  answered(
      "duration", base::to_seconds(end - start),
      seconds_text(end - start) + " from " +
          (from.empty() ? "the first event at " + base::format_time(start) + " (no beginning of its own was seen, but events soon after)"
                        : event_text(from.front()) + " at " + base::format_time(start)) +
          " to " +
          (to.empty()
               ? "the end of the video at " + base::format_time(end) + " (no end of its own was seen, but events until shortly before)"
               : event_text(to.front()) + " at " + base::format_time(end)) +
          ".");
  std::vector<EventRecord> shown = from.empty() ? std::vector<EventRecord>{first.front(), *earliest} : from;
  if (to.empty())
    shown.push_back(*last);
  else
    shown.push_back(to.front());
  cite(shown);
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
    answer_videos(ids, {});
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
