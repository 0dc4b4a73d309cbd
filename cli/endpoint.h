#pragma once
// Model servers as the commands that use one know them: their options, the user's defaults, the key.

#include <CLI/App.hpp>
#include <string>

#include "base/endpoint.h"
#include "cli/config.h"

namespace reelgraph::cli {

/// What a user typed about a server; empty or 0: the default.
struct EndpointOptions {
  std::string model, api_key_file, ca_file;
  double request_timeout = 0;  ///< seconds
};

/// --model, --api-key-file, --ca-file, --request-timeout.
void add_endpoint(CLI::App& app, EndpointOptions& options);

/// Options over the config over defaults; the key from its file, else from REELGRAPH_API_KEY. `url` is left to the caller.
/// @throws base::Error kBadInput for a key file that cannot be used
[[nodiscard]] base::EndpointSettings endpoint_settings(const EndpointOptions& options, const Config& config);

/// "endpoint:URL" without its beginning; empty if it is something else.
[[nodiscard]] std::string endpoint_url(const std::string& spec);

}  // namespace reelgraph::cli
