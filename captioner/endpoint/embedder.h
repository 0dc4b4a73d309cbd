#pragma once
// Vectors from a model server (`/v1/embeddings`).

#include <memory>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/text_embedder.h"

namespace reelgraph::captioner::endpoint {

/// Texts go in batches of at most 64, so many at once as the settings say. @throws base::Error kInvalidArgument for wrong settings or no
/// model
[[nodiscard]] std::unique_ptr<base::TextEmbedder> make_embedder(const base::EndpointSettings& settings, const base::LogSink& log);

}  // namespace reelgraph::captioner::endpoint
