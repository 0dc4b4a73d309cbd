#pragma once
// Metres on a field seen by a camera that stands still, from its four corners in the picture.

#include <array>

#include "base/profile.h"
#include "chunker/tracking/sighting.h"

namespace reelgraph::chunker::tracking {

/// A plane seen in perspective. Places on it are metres from the field's first corner, x along its first side, y along its second.
class Ground {
 public:
  /// @param field zone of four corners @param size metres along the first side and along the second
  /// @throws base::Error kBadInput if the corners do not make a convex four-sided figure
  Ground(const base::Zone& field, std::array<double, 2> size, const std::string& where);

  /// Of a place in the picture, which must lie below the horizon; elsewhere something far away.
  [[nodiscard]] Place to_ground(Place picture) const { return through(to_ground_, picture); }
  [[nodiscard]] Place to_picture(Place ground) const { return through(to_picture_, ground); }

 private:
  using Matrix = std::array<double, 9>;  ///< float64 [3, 3], row-major
  [[nodiscard]] static Place through(const Matrix& m, Place p);
  Matrix to_ground_{}, to_picture_{};
};

[[nodiscard]] double metres(Place a, Place b);

}  // namespace reelgraph::chunker::tracking
