#pragma once
// Draws what stands where. Its own pictures only: nothing is read from files.

#include <memory>
#include <utility>
#include <vector>

#include "base/image.h"
#include "base/observation.h"
#include "sim/render/look.h"
#include "sim/scene.h"

namespace reelgraph::sim {

/// One floor under one camera. The floor is painted once; a picture then costs a copy, the things on it and the noise. Not thread-safe.
class Renderer {
 public:
  Renderer(const Floor& floor, const Look& look, base::Size size);
  ~Renderer();
  Renderer(Renderer&&) noexcept;
  Renderer& operator=(Renderer&&) noexcept;

  /// Valid until the next call. The same calls in the same order give the same pictures.
  [[nodiscard]] const base::Image& draw(const Snapshot& snapshot);

  /// Share of each thing's own pixels that nothing hides and that lie within the picture, 0..1; of those of the snapshot, in its order.
  [[nodiscard]] std::vector<double> visible(const Snapshot& snapshot) const;

  /// Around all that is painted of a thing (with its load), cut to the picture.
  [[nodiscard]] base::Box box_of(const Thing& thing) const;
  /// A place on the floor, in 0..1 of the picture; outside of it where it is not in view.
  [[nodiscard]] std::pair<double, double> place_of(Point point) const;
  /// A zone's polygon in 0..1 of the picture, cut to it.
  [[nodiscard]] std::vector<std::pair<double, double>> outline_of(const Zone& zone) const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace reelgraph::sim
