#pragma once
// A fixed pinhole camera over a floor.

#include <array>

#include "base/image.h"
#include "sim/scene.h"

namespace reelgraph::sim {

/// Metres: x and y as on the floor, z up.
struct Place {
  double x = 0, y = 0, z = 0;
};

/// Pixels from the upper left corner of the picture.
struct Pixel {
  double x = 0, y = 0;
};

struct CameraOptions {
  double pitch = 65;     ///< degrees below the horizon; 90 looks straight down
  double yaw = 0;        ///< degrees by which the floor is turned
  double roll = 0;       ///< degrees by which the picture is turned
  double distance = 18;  ///< metres from the middle of the floor
  double margin = 0.02;  ///< of the picture, left free around the floor
};

/// Zooms so that the whole floor is in the picture.
class Camera {
 public:
  Camera(const Floor& floor, const CameraOptions& options, base::Size size);

  [[nodiscard]] Pixel project(Place place) const;
  /// Towards the camera from `place`, not normalised.
  [[nodiscard]] Place towards(Place place) const;
  /// Metres from the camera, along its axis.
  [[nodiscard]] double depth_of(Place place) const;

 private:
  [[nodiscard]] std::array<double, 3> in_view(Place place) const;  ///< right, down, ahead

  Place middle_;
  double sin_pitch_, cos_pitch_, sin_yaw_, cos_yaw_, sin_roll_, cos_roll_, distance_;
  double zoom_ = 1;
  Pixel shift_;
};

}  // namespace reelgraph::sim
