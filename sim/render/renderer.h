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

/// What nothing hides of a thing and of its load, and lies within the picture: shares of their own pixels, 0..1. 0 of a load that is not
/// there.
struct Visible {
  double thing = 0, load = 0;
};

/// One floor under one camera. The floor is painted once; a picture then costs a copy, the things on it and the noise. Not thread-safe.
class Renderer {
 public:
  Renderer(const Floor& floor, const Look& look, base::Size size);
  ~Renderer();
  Renderer(Renderer&&) noexcept;
  Renderer& operator=(Renderer&&) noexcept;

  /// Valid until the next call. The same calls in the same order give the same pictures.
  [[nodiscard]] const base::Image& draw(const Snapshot& snapshot);

  /// Of the snapshot's things, in its order.
  [[nodiscard]] std::vector<Visible> visible(const Snapshot& snapshot) const;

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
