#pragma once
// Looks into JSON that a server wrote: nothing is taken for granted.

#include <nlohmann/json.hpp>

namespace reelgraph::captioner::endpoint {

/// The member `key`, or null where there is none or `value` is no object. A reference into `value`, or to a null that lives on.
[[nodiscard]] inline const nlohmann::json& at(const nlohmann::json& value, const char* key) {
  static const nlohmann::json null;
  if (!value.is_object()) return null;
  const auto found = value.find(key);
  return found == value.end() ? null : *found;
}

}  // namespace reelgraph::captioner::endpoint
