#pragma once
// What the archive knows of one thing, for `show`.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "graph/store.h"

namespace reelgraph::query {

struct Description {
  nlohmann::ordered_json json;
  std::string text;  ///< lines for people, each ended
};

/// @param id_or_name "entity:3", "event:45", "observation:12", a video's id or title, or an entity's id, name or alias.
///        A bare number is an entity's id. Several entities of one name are all described.
/// @param most evidence listed for each
/// @returns nothing if the archive knows no such thing
[[nodiscard]] std::optional<Description> describe(const graph::Store& store, const std::string& id_or_name, int most = 20);

}  // namespace reelgraph::query
