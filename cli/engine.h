#pragma once
// The question engine as the commands use it.

#include "cli/context.h"
#include "query/engine.h"

namespace reelgraph::cli {

/// With the words of every profile compiled in and of the user's own (config key `profile`).
[[nodiscard]] query::Engine make_engine(Context& context, const graph::Store& store);

}  // namespace reelgraph::cli
