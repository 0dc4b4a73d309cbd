#pragma once
// Where the zones of a warehouse lie.

#include "sim/random.h"
#include "sim/scene.h"

namespace reelgraph::sim {

struct LayoutOptions {
  int docks = 0;          ///< 1..3; 0: drawn at random
  int stations = 0;       ///< of packing, 1..3; 0: drawn at random
  bool sideways = false;  ///< docks and stations along the side walls; the model of models/sim has not seen such
};

/// Docks along one wall, packing stations along the other, staging and storage between them; sides, sizes and places at random.
/// Zones are rectangles that do not overlap and leave lanes free between them; 4 to 8 in all.
[[nodiscard]] Floor draw_layout(Random random, const LayoutOptions& options = {});

/// Two to eight rectangles of any kind and size, anywhere, for pictures to learn from: zones may overlap and nobody could work there.
[[nodiscard]] Floor draw_scattered_zones(Random random);

/// Middle of a zone's polygon.
[[nodiscard]] Point middle_of(const Zone& zone);

}  // namespace reelgraph::sim
