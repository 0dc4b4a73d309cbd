#include "sim/render/solids.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace reelgraph::sim {
namespace {

constexpr double kForkReach = 1.45;  ///< metres

Rgb shade(const Rgb& colour, double by) { return {colour[0] * by, colour[1] * by, colour[2] * by}; }

Rgb paint_of(Colour colour) {
  switch (colour) {
    case Colour::kRed: return {205, 35, 35};
    case Colour::kOrange: return {245, 130, 20};
    case Colour::kYellow: return {240, 220, 40};
    case Colour::kGreen: return {40, 160, 60};
    case Colour::kBlue: return {35, 75, 200};
    case Colour::kPurple: return {135, 50, 165};
    case Colour::kWhite: return {235, 235, 235};
    case Colour::kBlack: return {35, 35, 38};
  }
  return {};
}

/// Turns and moves what is built around the origin, heading to the right, and collects its faces.
class Builder {
 public:
  Builder(const Camera& camera, Point at, double heading) : camera_(camera), at_(at), cos_(std::cos(heading)), sin_(std::sin(heading)) {}

  [[nodiscard]] Place place(double ahead, double aside, double up) const {
    return {at_.x + ahead * cos_ - aside * sin_, at_.y + ahead * sin_ + aside * cos_, up};
  }

  /// A box with its middle `ahead` and `aside` of the origin.
  void box(double ahead, double aside, double length, double width, double low, double high, const Rgb& colour) {
    const double a[4] = {ahead - length / 2, ahead + length / 2, ahead + length / 2, ahead - length / 2};
    const double b[4] = {aside - width / 2, aside - width / 2, aside + width / 2, aside + width / 2};
    for (int i = 0; i < 4; ++i) {
      const int j = (i + 1) % 4;
      const Place p = place(a[i], b[i], low), q = place(a[j], b[j], low);
      const Place view = camera_.towards({(p.x + q.x) / 2, (p.y + q.y) / 2, (low + high) / 2});
      const double nx = q.y - p.y, ny = p.x - q.x;  // outward
      if (nx * view.x + ny * view.y <= 0) continue;
      const double side = 0.62 + 0.18 * nx / std::max(1e-6, std::hypot(nx, ny));
      add({p, q, place(a[j], b[j], high), place(a[i], b[i], high)}, shade(colour, side));
    }
    add({place(a[0], b[0], high), place(a[1], b[1], high), place(a[2], b[2], high), place(a[3], b[3], high)}, colour);
  }

  void cylinder(double ahead, double aside, double radius, double low, double high, const Rgb& colour, const Rgb& top) {
    std::vector<cv::Point2f> outline;
    std::vector<Place> lid;
    for (int i = 0; i < 10; ++i) {
      const double turn = 2 * std::numbers::pi * i / 10;
      const double a = ahead + radius * std::cos(turn), b = aside + radius * std::sin(turn);
      lid.push_back(place(a, b, high));
      for (const Place& p : {place(a, b, low), lid.back()}) {
        const Pixel at = camera_.project(p);
        outline.emplace_back(static_cast<float>(at.x), static_cast<float>(at.y));
      }
    }
    std::vector<cv::Point2f> hull;
    cv::convexHull(outline, hull);
    Face side{{}, colour, loads_};
    for (const cv::Point2f& p : hull) side.corners.push_back({p.x, p.y});
    faces_.push_back(std::move(side));
    add(lid, top);
  }

  /// Whether what is built from now on is a load.
  void loads(bool yes) { loads_ = yes; }
  /// Whether a place `ahead` of the origin is farther from the camera than the origin.
  [[nodiscard]] bool is_behind(double ahead) const { return camera_.depth_of(place(ahead, 0, 0)) > camera_.depth_of(place(0, 0, 0)); }

  std::vector<Face> take() { return std::move(faces_); }

 private:
  void add(const std::vector<Place>& corners, const Rgb& colour) {
    Face face{{}, colour, loads_};
    for (const Place& corner : corners) face.corners.push_back(camera_.project(corner));
    faces_.push_back(std::move(face));
  }

  const Camera& camera_;
  Point at_;
  double cos_, sin_;
  bool loads_ = false;
  std::vector<Face> faces_;
};

constexpr Rgb kWood{170, 130, 80}, kCarton{198, 158, 104}, kTape{228, 208, 168}, kDrum{40, 110, 130}, kDrumLid{70, 150, 170},
    kSack{226, 218, 200}, kMetal{62, 62, 66}, kDark{44, 44, 52}, kSkin{210, 165, 135}, kHelmet{240, 240, 236}, kStripe{232, 232, 214};

void add_load(Builder& builder, double ahead, double low, Load load, double scale) {
  const double s = scale;
  builder.loads(true);
  if (load == Load::kBoxes) {
    builder.box(ahead, 0, 1.05 * s, 1.0 * s, low, low + 0.85 * s, kCarton);
    builder.box(ahead, 0, 1.05 * s, 0.18 * s, low + 0.85 * s, low + 0.86 * s, kTape);
  } else if (load == Load::kDrums) {
    for (const double a : {-0.27, 0.27}) {
      for (const double b : {-0.27, 0.27}) builder.cylinder(ahead + a * s, b * s, 0.25 * s, low, low + 0.8 * s, kDrum, kDrumLid);
    }
  } else if (load == Load::kSacks) {
    builder.box(ahead - 0.26 * s, 0, 0.48 * s, 0.95 * s, low, low + 0.35 * s, kSack);
    builder.box(ahead + 0.26 * s, 0, 0.48 * s, 0.95 * s, low, low + 0.35 * s, shade(kSack, 0.9));
    builder.box(ahead, 0, 0.5 * s, 0.9 * s, low + 0.35 * s, low + 0.6 * s, kSack);
  }
  builder.loads(false);
}

void add_pallet(Builder& builder, double ahead, double low, Load load) {
  builder.box(ahead, 0, 1.25, 1.1, low, low + 0.15, kWood);
  add_load(builder, ahead, low + 0.15, load, 1);
}

void add_person(Builder& builder, const Rgb& vest, const Rgb& legs, const Rgb& head, Load load) {
  builder.cylinder(0, 0, 0.26, 0, 0.75, legs, legs);
  constexpr double kReach = 0.5;
  const auto carry = [&] {
    if (load != Load::kNone) add_load(builder, kReach, 0.8, load, 0.45);
  };
  if (builder.is_behind(kReach)) carry();
  for (const double aside : {-0.42, 0.42}) builder.cylinder(0.08, aside, 0.13, 0.7, 1.4, shade(vest, 0.85), vest);
  builder.cylinder(0, 0, 0.36, 0.7, 1.45, shade(vest, 0.9), vest);
  builder.box(0, 0, 0.6, 0.12, 1.45, 1.46, kStripe);
  if (!builder.is_behind(kReach)) carry();
  builder.cylinder(0, 0, 0.19, 1.45, 1.8, shade(head, 0.85), head);
}

void add_forklift(Builder& builder, const Rgb& colour, Load load) {
  builder.box(-0.05, 0, 1.7, 1.2, 0.1, 0.95, colour);
  builder.box(-0.7, 0, 0.45, 1.2, 0.95, 1.2, shade(colour, 0.7));
  builder.box(0.0, 0, 0.5, 0.6, 0.95, 1.25, kDark);  // the seat
  for (const double aside : {-0.3, 0.3}) builder.box(kForkReach - 0.1, aside, 1.1, 0.14, 0.05, 0.12, kMetal);
  builder.box(0.82, 0, 0.14, 1.0, 0.05, 1.55, kMetal);  // the mast
  if (load != Load::kNone) add_pallet(builder, kForkReach, 0.15, load);
  for (const double aside : {-0.5, 0.5}) builder.box(0.0, aside, 1.1, 0.08, 1.7, 1.78, kMetal);  // the roof's bars
}

}  // namespace

double reach_of(const Thing& thing) { return thing.kind == Kind::kForklift ? kForkReach : 0; }

std::vector<Face> faces_of(const Thing& thing, const Camera& camera) {
  Builder builder(camera, thing.at, thing.heading);
  switch (thing.kind) {
    case Kind::kWorker: add_person(builder, paint_of(thing.colour), {46, 50, 74}, kHelmet, thing.load); break;
    case Kind::kForklift: add_forklift(builder, paint_of(thing.colour), thing.load); break;
    case Kind::kPallet: add_pallet(builder, 0, 0, thing.load); break;
    case Kind::kPlayer: add_person(builder, paint_of(thing.colour), shade(paint_of(thing.colour), 0.6), kSkin, Load::kNone); break;
    case Kind::kReferee: add_person(builder, paint_of(Colour::kBlack), {30, 30, 30}, kSkin, Load::kNone); break;
    case Kind::kBall: builder.cylinder(0, 0, 0.3, 0, 0.5, {240, 240, 240}, {252, 252, 252}); break;
  }
  return builder.take();
}

std::vector<std::vector<Pixel>> shadows_of(const Thing& thing, const Camera& camera, double angle) {
  double length = 1.2, width = 1.1, height = 0.9, ahead = 0;
  switch (thing.kind) {
    case Kind::kForklift:
      length = thing.load == Load::kNone ? 1.9 : 3.0;
      ahead = thing.load == Load::kNone ? 0 : 0.5;
      width = 1.2;
      height = 1.3;
      break;
    case Kind::kWorker:
    case Kind::kPlayer:
    case Kind::kReferee: length = 0.6, width = 0.8, height = 1.7; break;
    case Kind::kBall: length = width = 0.5, height = 0.4; break;
    case Kind::kPallet: break;
  }
  const double away = 0.45 * height;  // the light stands high
  const double c = std::cos(thing.heading), s = std::sin(thing.heading);
  std::vector<cv::Point2f> outline, hull;
  for (const double along : {ahead - length / 2, ahead + length / 2}) {
    for (const double across : {-width / 2, width / 2}) {
      for (const double off : {0.0, away}) {
        const Pixel at = camera.project(
            {thing.at.x + along * c - across * s + off * std::cos(angle), thing.at.y + along * s + across * c + off * std::sin(angle), 0});
        outline.emplace_back(static_cast<float>(at.x), static_cast<float>(at.y));
      }
    }
  }
  cv::convexHull(outline, hull);
  std::vector<Pixel> shadow;
  for (const cv::Point2f& p : hull) shadow.push_back({p.x, p.y});
  return {shadow};
}

}  // namespace reelgraph::sim
