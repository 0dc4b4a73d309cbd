#pragma once
// Values of answers as JSON, and small words about them.

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graph/store.h"

namespace reelgraph::query {

[[nodiscard]] nlohmann::json entity_json(graph::RowId id, const std::string& name);
[[nodiscard]] nlohmann::json event_json(const graph::EventRecord& event);

/// "12.5 s"
[[nodiscard]] std::string seconds_text(base::Duration d);

/// Names as an English list of at most 20. Things without names of their own are called alike: each is said once, with how many there are.
[[nodiscard]] std::string names_text(const std::vector<std::string>& names);

/// By video id; within one in the order given.
[[nodiscard]] std::map<std::string, std::vector<graph::EventRecord>> by_video(const std::vector<graph::EventRecord>& events);

template <typename T>
[[nodiscard]] bool has(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace reelgraph::query
