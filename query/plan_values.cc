#include "query/plan_values.h"

#include <cstdio>

namespace reelgraph::query {

using graph::EventRecord;
using nlohmann::json;

json entity_json(graph::RowId id, const std::string& name) { return {{"id", id}, {"name", name}}; }

json event_json(const EventRecord& e) {
  json participants = json::array();
  for (const graph::ParticipantRecord& p : e.participants) participants.push_back({{"role", p.role}, {"name", p.name}});
  return {{"type", e.type},
          {"start", base::to_seconds(e.span.start)},
          {"end", base::to_seconds(e.span.end)},
          {"participants", std::move(participants)}};
}

std::string seconds_text(base::Duration d) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", base::to_seconds(d));
  std::string number = text;
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return number + " s";
}

std::string names_text(const std::vector<std::string>& all) {
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

std::map<std::string, std::vector<EventRecord>> by_video(const std::vector<EventRecord>& events) {
  std::map<std::string, std::vector<EventRecord>> groups;
  for (const EventRecord& e : events) groups[e.video].push_back(e);
  return groups;
}

}  // namespace reelgraph::query
