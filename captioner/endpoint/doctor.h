#pragma once
// What a server can do and what stands in the way, for `doctor --endpoint URL`.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"

namespace reelgraph::captioner::endpoint {

struct ServerReport {
  std::string text;                                           ///< one line
  nlohmann::json facts;                                       ///< of `Capabilities`, and the address
  std::vector<std::pair<std::string, std::string>> problems;  ///< what, cure
};

/// Asks the server anew. @throws base::Error kModel, kInvalidArgument: nothing can be had from it, and why
[[nodiscard]] ServerReport examine(const base::EndpointSettings& settings, const base::LogSink& log);

}  // namespace reelgraph::captioner::endpoint
