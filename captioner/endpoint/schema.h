#pragma once
// What a reply must look like: the JSON schema that a server enforces where it can, and the check that is made of every reply all the same.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/profile.h"

namespace reelgraph::captioner::endpoint {

/// For `response_format`: every word of the profile enumerated, everything required, nothing else allowed (OpenAI's "strict" subset).
[[nodiscard]] nlohmann::json strict_schema(const base::Profile& profile);

/// The check: structure and types of values; words may be any, and what is not needed may be absent. Compiled once; thread-safe.
class ReplySchema {
 public:
  ReplySchema();
  ~ReplySchema();
  /// Why `reply` does not fit, naming the place ("events/2/start: ..."); empty if it does.
  [[nodiscard]] std::string problem(const nlohmann::json& reply) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reelgraph::captioner::endpoint
