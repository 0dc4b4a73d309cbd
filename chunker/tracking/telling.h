#pragma once
// What was followed and what happened, as observations.

#include <string>

#include "base/observation.h"
#include "chunker/tracking/reader.h"

namespace reelgraph::chunker::tracking {

/// An observation of `own`, with the things that were in view there and the events that became certain since the last one (they may have
/// begun before `own`). Ids are unique within `video`. `caption` says it in sentences; provenance is the caller's to fill.
[[nodiscard]] base::Observation observe(Reader& reader, const std::string& video, base::TimeSpan own);

}  // namespace reelgraph::chunker::tracking
