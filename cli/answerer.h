#pragma once
// The model that words answers and reports, as the commands use one.

#include <memory>
#include <string>

#include "base/text_model.h"
#include "captioner/local/text_model.h"
#include "cli/context.h"
#include "cli/endpoint.h"

namespace reelgraph::cli {

struct AnswererOptions {
  std::string spec;  ///< "none", "local:FOLDER", "endpoint:URL"; empty: as "none"
  EndpointOptions endpoint;
  captioner::local::RunOptions run;
  captioner::local::Sampling sampling;
};

/// Null for "none". @throws base::Error kInvalidArgument (something else), kModel, kBadInput (key file)
[[nodiscard]] std::unique_ptr<base::TextModel> make_answerer(Context& context, const AnswererOptions& options);

}  // namespace reelgraph::cli
