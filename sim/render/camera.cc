#include "sim/render/camera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reelgraph::sim {
namespace {

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

}  // namespace

Camera::Camera(const Floor& floor, const CameraOptions& options, base::Size size)
    : middle_{floor.width / 2, floor.depth / 2, 0},
      sin_pitch_(std::sin(radians(options.pitch))),
      cos_pitch_(std::cos(radians(options.pitch))),
      sin_yaw_(std::sin(radians(options.yaw))),
      cos_yaw_(std::cos(radians(options.yaw))),
      sin_roll_(std::sin(radians(options.roll))),
      cos_roll_(std::cos(radians(options.roll))),
      distance_(options.distance) {
  Pixel least{1e9, 1e9}, most{-1e9, -1e9};
  for (const double x : {0.0, floor.width}) {
    for (const double y : {0.0, floor.depth}) {
      const Pixel at = project({x, y, 0});
      least = {std::min(least.x, at.x), std::min(least.y, at.y)};
      most = {std::max(most.x, at.x), std::max(most.y, at.y)};
    }
  }
  const double free = 1 - 2 * options.margin;
  zoom_ = std::min(free * size.width / (most.x - least.x), free * size.height / (most.y - least.y));
  shift_ = {size.width / 2.0 - zoom_ * (least.x + most.x) / 2, size.height / 2.0 - zoom_ * (least.y + most.y) / 2};
}

std::array<double, 3> Camera::in_view(Place place) const {
  const double x = place.x - middle_.x, y = place.y - middle_.y;
  const double right = x * cos_yaw_ - y * sin_yaw_, nearer = x * sin_yaw_ + y * cos_yaw_;
  return {right, nearer * sin_pitch_ - place.z * cos_pitch_, distance_ - nearer * cos_pitch_ - place.z * sin_pitch_};
}

Pixel Camera::project(Place place) const {
  const auto [right, down, ahead] = in_view(place);
  const double safe = std::max(0.1, ahead);
  const double x = right / safe, y = down / safe;
  return {zoom_ * (x * cos_roll_ - y * sin_roll_) + shift_.x, zoom_ * (x * sin_roll_ + y * cos_roll_) + shift_.y};
}

Place Camera::towards(Place place) const {
  // The camera stands `distance_` from the middle, against the viewing direction, in the turned world; turned back.
  const double nearer = distance_ * cos_pitch_;
  const Place camera{middle_.x + nearer * sin_yaw_, middle_.y + nearer * cos_yaw_, distance_ * sin_pitch_};
  return {camera.x - place.x, camera.y - place.y, camera.z - place.z};
}

double Camera::depth_of(Place place) const { return in_view(place)[2]; }

}  // namespace reelgraph::sim
