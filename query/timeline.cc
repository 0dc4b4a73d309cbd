#include "query/timeline.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "query/scope.h"

namespace reelgraph::query {

using base::Error;
using base::ErrorCode;

std::vector<graph::EventRecord> timeline(const graph::Store& store, const TimelineOptions& options) {
  if (options.limit < 0) throw Error(ErrorCode::kInvalidArgument, "a limit below 0", "--limit", "give 1 or more, or leave it out");
  AskOptions selection;
  selection.videos = options.videos;
  selection.from = options.from;
  selection.to = options.to;
  graph::EventFilter filter;
  if (!options.videos.empty() || (options.from && options.to)) {
    const auto selected = select_videos(store, selection);
    for (const graph::VideoRecord& v : selected) {
      if (!options.videos.empty()) filter.videos.push_back(v.id);
    }
  }
  if (options.from || options.to) filter.within = base::TimeSpan{options.from.value_or(0), options.to.value_or(base::kMaxTimestamp)};
  if (!options.types.empty()) {
    const auto known = store.event_types();
    for (const std::string& type : options.types) {
      if (std::find(known.begin(), known.end(), type) == known.end()) {
        std::string list;
        for (std::size_t i = 0; i < known.size() && i < 40; ++i) list += (i > 0 ? ", " : "") + known[i];
        throw Error(ErrorCode::kInvalidArgument, "no event of this type in the archive", type,
                    list.empty() ? "the archive holds no events" : "there are: " + list);
      }
    }
    filter.types = options.types;
  }
  filter.limit = options.limit;
  if (options.entity.empty()) return store.events(filter);

  auto entities = store.find_entities(options.entity, true, 500);
  if (entities.empty()) entities = store.find_entities(options.entity, false, 500);
  if (entities.empty())
    throw Error(ErrorCode::kInvalidArgument, "nothing in the archive is called that", options.entity,
                "`reelgraph entities` lists the names");
  std::vector<graph::EventRecord> events;
  std::set<graph::RowId> seen;
  for (const graph::EntityRecord& e : entities) {
    filter.entities = {e.row};
    for (graph::EventRecord& event : store.events(filter)) {
      if (seen.insert(event.row).second) events.push_back(std::move(event));
    }
  }
  std::sort(events.begin(), events.end(),
            [](const auto& a, const auto& b) { return std::tie(a.video, a.span, a.row) < std::tie(b.video, b.span, b.row); });
  if (options.limit > 0 && events.size() > static_cast<std::size_t>(options.limit)) events.resize(static_cast<std::size_t>(options.limit));
  return events;
}

nlohmann::ordered_json timeline_json(const std::vector<graph::EventRecord>& events) {
  auto list = nlohmann::ordered_json::array();
  for (const graph::EventRecord& e : events) {
    auto participants = nlohmann::ordered_json::array();
    for (const graph::ParticipantRecord& p : e.participants)
      participants.push_back({{"entity", p.entity}, {"name", p.name}, {"role", p.role}});
    list.push_back({{"id", e.row},
                    {"video", e.video},
                    {"type", e.type},
                    {"start", base::to_seconds(e.span.start)},
                    {"end", base::to_seconds(e.span.end)},
                    {"description", e.description},
                    {"participants", std::move(participants)},
                    {"attributes", e.attributes.is_object() ? e.attributes : nlohmann::json::object()}});
  }
  return {{"events", std::move(list)}};
}

}  // namespace reelgraph::query
