#include "chunker/tracking/reader.h"

#include "chunker/tracking/ball_events.h"
#include "chunker/tracking/events.h"

namespace reelgraph::chunker::tracking {

std::unique_ptr<Reader> make_reader(const AnyRules& rules, const std::vector<base::Zone>& zones, double aspect, const std::string& where) {
  if (const auto* match = std::get_if<BallRules>(&rules)) return std::make_unique<BallReader>(*match, zones, where);
  return std::make_unique<EventReader>(std::get<Rules>(rules), zones, aspect);
}

}  // namespace reelgraph::chunker::tracking
