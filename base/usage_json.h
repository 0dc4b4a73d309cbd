#pragma once
// What a model's work cost, as the documents of the program write it.

#include <nlohmann/json.hpp>

#include "base/captioner.h"

namespace reelgraph::base {

/// {"prompt_tokens", "completion_tokens", "cost_usd"}
[[nodiscard]] inline nlohmann::ordered_json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens}, {"completion_tokens", usage.completion_tokens}, {"cost_usd", usage.cost_usd}};
}

}  // namespace reelgraph::base
