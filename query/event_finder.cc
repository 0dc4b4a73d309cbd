#include "query/event_finder.h"

#include <algorithm>
#include <set>

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostCombinations = 400;  // of namesakes
constexpr std::size_t kMostChecked = 8;         // videos looked into for what their sources report

using graph::EventFilter;
using graph::EventRecord;
using graph::RowId;

// One time span that says the same as every video's own, if there is one: then one query does for all videos.
std::optional<base::TimeSpan> common_span(const Scope& scope) {
  if (scope.videos.empty()) return std::nullopt;
  base::TimeSpan common{scope.videos.front().asked.start, 0};
  for (const VideoScope& v : scope.videos) common.end = std::max(common.end, v.asked.end);
  for (const VideoScope& v : scope.videos) {
    if (v.asked.start != common.start || v.asked.end != std::min(common.end, v.video.duration)) return std::nullopt;
  }
  return common;
}

bool has_role(const EventRecord& event, const std::vector<RowId>& rows, const auto& fits) {
  return std::any_of(event.participants.begin(), event.participants.end(), [&](const graph::ParticipantRecord& p) {
    return std::find(rows.begin(), rows.end(), p.entity) != rows.end() && fits(p.role);
  });
}

bool earlier(const EventRecord& a, const EventRecord& b) { return std::tie(a.video, a.span, a.row) < std::tie(b.video, b.span, b.row); }
bool later(const EventRecord& a, const EventRecord& b) {
  return a.video != b.video ? a.video < b.video : std::tie(b.span.start, b.row) < std::tie(a.span.start, a.row);
}

}  // namespace

EventFinder::EventFinder(const graph::Store& store, const Question& question, const Scope& scope)
    : store_(store), question_(question), scope_(scope) {}

std::vector<EventFilter> EventFinder::filters(const std::vector<std::string>& types, Time time) const {
  // 1. entities: every combination of rows that bear the names
  std::vector<std::vector<RowId>> combinations{{}};
  for (const Link& entity : question_.entities) {
    std::vector<std::vector<RowId>> longer;
    for (const auto& combination : combinations) {
      for (const RowId row : entity.entities) {
        if (longer.size() >= kMostCombinations) break;
        longer.push_back(combination);
        longer.back().push_back(row);
      }
    }
    combinations = std::move(longer);
  }
  // 2. times
  std::vector<EventFilter> parts;
  const auto common = common_span(scope_);
  const auto restrict_time = [&](EventFilter& filter, base::TimeSpan span) {
    (time == Time::kStarts ? filter.starts_within : filter.within) = span;
  };
  if (scope_.everything || scope_.whole || common) {
    EventFilter filter;
    if (!scope_.everything) {
      const bool all = scope_.videos.size() > Scope::kMostListed;  // longer lists than that come only from archive-wide questions
      for (const VideoScope& v : scope_.videos) {
        if (!all) filter.videos.push_back(v.video.id);
      }
    }
    if (!scope_.whole) restrict_time(filter, *common);
    parts.push_back(std::move(filter));
  } else {
    for (const VideoScope& v : scope_.videos) {
      if (v.asked.empty()) continue;
      EventFilter filter;
      filter.videos = {v.video.id};
      restrict_time(filter, v.asked);
      parts.push_back(std::move(filter));
    }
  }
  std::vector<EventFilter> all;
  for (const EventFilter& part : parts) {
    for (const auto& combination : combinations) {
      all.push_back(part);
      all.back().types = types;
      all.back().entities = combination;
    }
  }
  return all;
}

void EventFinder::keep_roles(std::vector<EventRecord>& events) const {
  if (!question_.roles.empty()) {
    std::erase_if(events, [&](const EventRecord& e) {
      return std::none_of(e.participants.begin(), e.participants.end(), [&](const graph::ParticipantRecord& p) {
        return std::find(question_.roles.begin(), question_.roles.end(), p.role) != question_.roles.end();
      });
    });
  }
  for (std::size_t i = 0; i < question_.entities.size(); ++i) {
    const std::vector<RowId>& rows = question_.entities[i].entities;
    const std::string& direction = question_.direction[i];
    const auto is_agent = [](const std::string& role) { return role == "agent"; };
    if (direction == "to") {
      std::erase_if(events,
                    [&](const EventRecord& e) { return !has_role(e, rows, [](const std::string& role) { return role != "agent"; }); });
      continue;
    }
    // "Pedro's passes" are those that he plays, not those that he gets: who is ever the agent is meant as the agent.
    const bool acts = std::any_of(events.begin(), events.end(), [&](const EventRecord& e) { return has_role(e, rows, is_agent); });
    if (acts) std::erase_if(events, [&](const EventRecord& e) { return !has_role(e, rows, is_agent); });
  }
}

std::vector<EventRecord> EventFinder::find(const std::vector<std::string>& types, Time time, int limit, bool newest_first) const {
  std::vector<EventRecord> events;
  auto all = filters(types, time);
  for (EventFilter& filter : all) {
    filter.newest_first = newest_first;
    filter.limit = plain() && limit > 0 ? limit : kMostEvents;
    auto found = store_.events(filter);
    events.insert(events.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  if (all.size() > 1) {
    std::sort(events.begin(), events.end(), newest_first ? later : earlier);
    events.erase(std::unique(events.begin(), events.end(), [](const EventRecord& a, const EventRecord& b) { return a.row == b.row; }),
                 events.end());
  }
  if (!plain()) keep_roles(events);
  if (limit > 0 && events.size() > static_cast<std::size_t>(limit)) events.resize(static_cast<std::size_t>(limit));
  return events;
}

std::int64_t EventFinder::count(const std::vector<std::string>& types, Time time) const {
  if (!plain()) return static_cast<std::int64_t>(find(types, time).size());
  std::int64_t total = 0;
  for (const EventFilter& filter : filters(types, time)) total += store_.count_events(filter);
  return total;
}

std::vector<graph::MentionRecord> EventFinder::mentions(int limit) const {
  std::vector<graph::MentionRecord> found;
  for (const Link& entity : question_.entities) {
    for (const RowId row : entity.entities) {
      for (graph::MentionRecord& m : store_.mentions(row, kMostEvents)) {
        const auto in =
            std::find_if(scope_.videos.begin(), scope_.videos.end(), [&](const VideoScope& v) { return v.video.id == m.video; });
        if (in != scope_.videos.end() && in->asked.overlaps(m.span)) found.push_back(std::move(m));
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return std::tie(a.video, a.span) < std::tie(b.video, b.span); });
  if (found.size() > static_cast<std::size_t>(limit)) found.resize(static_cast<std::size_t>(limit));
  return found;
}

std::vector<std::string> EventFinder::unreported(const std::vector<std::string>& types, bool signals_type) const {
  std::vector<std::string> missing;
  if (scope_.videos.size() > kMostChecked) return missing;
  std::set<std::string> sources;
  if (signals_type) {
    sources.insert("signals");
  } else {
    for (const bool newest : {false, true}) {
      EventFilter sample;
      sample.types = types;
      sample.newest_first = newest;
      sample.limit = 20;
      for (const EventRecord& e : store_.events(sample)) {
        if (const auto o = store_.observation(e.observation)) sources.insert(o->observation.provenance.name);
      }
    }
  }
  for (const VideoScope& v : scope_.videos) {
    EventFilter here;
    here.videos = {v.video.id};
    here.types = types;
    if (!signals_type && store_.count_events(here) > 0) continue;
    const auto seen = store_.observations(v.video.id, {0, std::max<base::Duration>(v.video.duration, 1)}, 500);
    const bool reported = std::any_of(seen.begin(), seen.end(), [&](const graph::ObservationRecord& o) {
      const base::Provenance& p = o.observation.provenance;
      return sources.contains(p.name) || (signals_type && p.kind == "signals");
    });
    if (!reported) missing.push_back(v.video.id);
  }
  return missing;
}

}  // namespace reelgraph::query
