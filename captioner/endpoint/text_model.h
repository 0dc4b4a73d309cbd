#pragma once
// Prose from a model server: what `ask --answerer endpoint:URL` uses.

#include <memory>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/text_model.h"

namespace reelgraph::captioner::endpoint {

/// The server is asked what it can do at the first `write`. @throws base::Error kInvalidArgument for wrong settings
[[nodiscard]] std::unique_ptr<base::TextModel> make_text_model(const base::EndpointSettings& settings, const base::LogSink& log);

}  // namespace reelgraph::captioner::endpoint
