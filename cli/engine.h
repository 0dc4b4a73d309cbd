#pragma once
// The question engine as the commands use it.

#include <memory>
#include <string>

#include "base/text_embedder.h"
#include "cli/context.h"
#include "query/engine.h"

namespace reelgraph::cli {

/// With the words of every profile compiled in, of the user's own (config key `profile`) and of `profile` (a name or a file; may be empty).
/// @param embedder may be null
[[nodiscard]] query::Engine make_engine(Context& context, const graph::Store& store, const std::string& profile = {},
                                        std::shared_ptr<base::TextEmbedder> embedder = nullptr);

}  // namespace reelgraph::cli
