#pragma once
// What stands where in one frame, whoever saw it: a model that localises, a detector, blobs.

#include <string>
#include <vector>

#include "base/time.h"

namespace reelgraph::chunker::tracking {

/// A place in the picture, 0..1 from the left and from the top: where the thing touches the ground.
struct Place {
  double x = 0, y = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

struct Sighting {
  std::string type;   ///< an entity type of the profile ("forklift")
  std::string label;  ///< what tells it from others of its type ("blue"); empty: nothing does
  std::string load;   ///< what it carries or holds ("boxes"); empty: nothing
  Place place;
};

/// All that was seen in one frame.
struct Look {
  base::Timestamp at = 0;
  std::vector<Sighting> things;
};

}  // namespace reelgraph::chunker::tracking
