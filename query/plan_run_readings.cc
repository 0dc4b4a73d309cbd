// Where a question may be meant in two ways and the figures differ: what it would be if meant the other way.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "query/plan_run.h"
#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {

using graph::EventRecord;

namespace {

constexpr std::size_t kMostVideosReadTwice = 40;
constexpr base::Duration kHasLength = base::kSecond;  // from the start or from the end of what is shorter is all the same

}  // namespace

std::string PlanRun::other_counts(std::int64_t n, bool overlap) {
  const Selection& s = plan_.select;
  if (scope_.videos.size() > kMostVideosReadTwice || s.nth || s.tally) return {};
  std::string text;
  const auto tell = [&](const Selection& other, bool over, const std::string& how) {
    const auto m = static_cast<std::int64_t>(selector_.run(other, over).size());
    if (m != n) text += " " + how + ": " + std::to_string(m) + ".";
  };
  if (s.credit) {
    Selection other = s;
    other.credit.reset();
    tell(other, overlap, "Counted for the side of who did it, instead of the side that it counts for");
  }
  const bool timed = std::any_of(s.windows.begin(), s.windows.end(),
                                 [](const Window& w) { return w.kind == Window::Kind::kPhrase || w.kind == Window::Kind::kPeriod; });
  if (timed && !overlap) tell(s, true, "With those that had begun before and went on");
  for (std::size_t i = 0; i < s.windows.size(); ++i) {
    if (s.windows[i].kind != Window::Kind::kAfter || s.windows[i].anchors.empty()) continue;
    const bool lasts = [&] {
      for (const VideoScope& v : scope_.videos) {
        const auto anchors = selector_.run_in(s.windows[i].anchors.front(), v, true);
        if (!anchors.empty() && anchors.front().span.length() > kHasLength) return true;
      }
      return false;
    }();
    if (!lasts) continue;
    Selection other = s;
    other.windows[i].ended = !s.windows[i].ended;
    tell(other, overlap, other.windows[i].ended ? "Counted from the end of the first" : "Counted from its start");
  }
  return text;
}

// "Who spoke next after the call?": after its start or after its end may be different ones.
std::string PlanRun::other_moment(const std::vector<EventRecord>& taken) {
  const Selection& s = plan_.select;
  if (scope_.videos.size() > kMostVideosReadTwice || !s.nth || taken.size() != 1) return {};
  for (std::size_t i = 0; i < s.windows.size(); ++i) {
    if (s.windows[i].kind != Window::Kind::kAfter) continue;
    Selection other = s;
    other.windows[i].ended = !s.windows[i].ended;
    const auto events = selector_.run(other, true);
    if (events.size() != 1 || events.front().row == taken.front().row) continue;
    return std::string(other.windows[i].ended ? " Counted from the end of the first" : " Counted from its start") + " it would be " +
           event_text(events.front()) + " at " + base::format_time(events.front().span.start) + ".";
  }
  return {};
}

// "No.": but was there any at another time?
std::string PlanRun::at_other_times() {
  if (plan_.select.windows.empty() || plan_.select.nth || plan_.select.tally || scope_.videos.size() > kMostVideosReadTwice) return {};
  Selection any = plan_.select;
  any.windows.clear();
  const auto events = selector_.run(any, true);
  if (events.empty()) return " There are none at other times either.";
  const EventRecord& e = events.front();
  return " At other times there are " + std::to_string(events.size()) + ", the first at " + when_where(e.video, e.span) + ".";
}

std::string PlanRun::distance(const EventRecord& e) {
  const Selection& s = plan_.select;
  if (!s.nth || std::abs(*s.nth) != 1) return {};
  const auto video = std::find_if(scope_.videos.begin(), scope_.videos.end(), [&](const VideoScope& v) { return v.video.id == e.video; });
  if (video == scope_.videos.end()) return {};
  for (const Window& w : s.windows) {
    const bool before = w.kind == Window::Kind::kBefore && s.nth == -1, after = w.kind == Window::Kind::kAfter && s.nth == 1;
    if ((!before && !after) || w.anchors.empty()) continue;
    const auto anchors = selector_.run_in(w.anchors.front(), *video, true);
    if (anchors.empty()) continue;
    const base::Timestamp at = after && w.ended ? anchors.front().span.end : anchors.front().span.start;
    return " That is " + seconds_text(std::abs(e.span.start - at)) + (before ? " before " : " after ") +
           (w.ended && after ? "the end of " : "") + event_text(anchors.front()) + " at " + base::format_time(at) + ".";
  }
  return {};
}

std::string PlanRun::other_gap(base::Duration length) {
  if (scope_.videos.size() > kMostVideosReadTwice) return {};
  std::optional<base::Duration> best;
  selector_.each(plan_.select, true, [&](const std::vector<graph::EventRecord>& events) {
    for (std::size_t i = 1; i < events.size(); ++i) {
      const base::Duration d = std::max<base::Duration>(0, events[i].span.start - events[i - 1].span.end);
      if (!best || (plan_.fewest ? d < *best : d > *best)) best = d;
    }
    return true;
  });
  if (!best || std::abs(*best - length) <= kHasLength) return {};
  return " From the end of one to the start of the next: " + seconds_text(*best) + ".";
}

}  // namespace reelgraph::query
