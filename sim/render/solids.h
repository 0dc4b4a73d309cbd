#pragma once
// Things as coloured faces, far ones first.

#include <vector>

#include "sim/render/look.h"

namespace reelgraph::sim {

/// A convex polygon in the picture.
struct Face {
  std::vector<Pixel> corners;
  Rgb colour{};
  bool of_load = false;  ///< of what a thing carries or of what stands on a pallet, without its boards
};

/// Faces of a thing in the order in which they are painted. Colours are those under a light of 1.
[[nodiscard]] std::vector<Face> faces_of(const Thing& thing, const Camera& camera);
/// Where it keeps the light from the floor; the light comes from `angle` (radians).
[[nodiscard]] std::vector<std::vector<Pixel>> shadows_of(const Thing& thing, const Camera& camera, double angle);
/// Metres from its ground point to where its fork's load stands; 0 for all but forklifts.
[[nodiscard]] double reach_of(const Thing& thing);

}  // namespace reelgraph::sim
