#include "sim/render/look.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reelgraph::sim {
namespace {

Rgb scaled(const Rgb& colour, double by) { return {colour[0] * by, colour[1] * by, colour[2] * by}; }

template <std::size_t N>
const Rgb& any_of(Random& random, const std::array<Rgb, N>& colours) {
  return colours[static_cast<std::size_t>(random.integer(0, static_cast<int>(N) - 1))];
}

/// Floors that only `unseen` has.
constexpr std::array<Rgb, 3> kOtherFloors{{{96, 110, 130}, {150, 120, 104}, {84, 84, 80}}};

bool like_other_floors(const Rgb& colour) {
  return std::any_of(kOtherFloors.begin(), kOtherFloors.end(), [&](const Rgb& other) {
    const double by = std::clamp((colour[0] + colour[1] + colour[2]) / (other[0] + other[1] + other[2]), 0.8, 1.2);
    return std::hypot(colour[0] - by * other[0], colour[1] - by * other[1], colour[2] - by * other[2]) < 12;
  });
}

/// `spread`: how far the channels may lie from the brightness, as a share of it.
Rgb any_colour(Random& random, double darkest, double brightest, double spread) {
  const double brightness = random.uniform(darkest, brightest);
  Rgb colour;
  for (double& channel : colour) channel = std::clamp(brightness * (1 + random.uniform(-spread, spread)), 0.0, 255.0);
  return colour;
}

}  // namespace

Look draw_look(Random random, bool unseen) {
  Look look;
  look.seed = static_cast<std::uint64_t>(random.uniform() * 0x1.0p53);
  look.camera = {.pitch = unseen ? random.uniform(54, 60) : random.uniform(62, 84),
                 .yaw = random.uniform(-6, 6),
                 .roll = random.uniform(-2, 2),
                 .distance = random.uniform(16, 26),
                 .margin = random.uniform(0.01, 0.03)};
  static constexpr std::array<Rgb, 6> kFloors{
      {{150, 150, 146}, {120, 122, 126}, {164, 154, 136}, {112, 124, 112}, {176, 176, 174}, {132, 118, 108}}};
  look.floor = scaled(unseen ? any_of(random, kOtherFloors) : any_of(random, kFloors), random.uniform(0.85, 1.15));
  look.outside = scaled(look.floor, random.uniform(0.3, 0.6));
  look.texture = random.uniform(2, 10);
  look.tiles = random.chance(0.4) ? random.uniform(1, 3) : 0;
  static constexpr std::array<Rgb, 3> kPaints{{{225, 195, 60}, {235, 235, 230}, {210, 120, 50}}};
  look.paint = any_of(random, kPaints);
  look.tint = random.uniform(0.05, 0.35);
  look.gain = unseen ? (random.chance(0.5) ? random.uniform(0.42, 0.55) : random.uniform(1.3, 1.45)) : random.uniform(0.65, 1.2);
  const double warmth = unseen ? (random.chance(0.5) ? random.uniform(0.13, 0.2) : random.uniform(-0.2, -0.13)) : random.uniform(-0.1, 0.1);
  look.light = {1 + warmth, 1, 1 - warmth};
  look.falloff = random.uniform(0, unseen ? 0.55 : 0.4);
  look.light_angle = random.uniform(0, 2 * std::numbers::pi);
  look.lamps = random.integer(0, 4);
  look.shadow = random.uniform(0, 0.45);
  look.noise = unseen ? random.uniform(7, 11) : random.uniform(1, 7);
  look.flicker = random.uniform(0, 0.02);
  look.blur = random.uniform(0, 0.9);
  look.beams = random.chance(0.25) ? random.integer(1, 2) : 0;
  return look;
}

Look draw_varied_look(Random random) {
  Look look = draw_look(random.fork(1));
  look.camera.pitch = random.uniform(61, 85);
  do {
    look.floor = any_colour(random, 70, 190, random.uniform(0, 0.35));
  } while (like_other_floors(look.floor));
  look.outside = scaled(look.floor, random.uniform(0.25, 0.9));
  look.tiles = random.chance(0.4) ? random.uniform(0.6, 3) : 0;
  look.texture = random.uniform(2, 14);
  look.paint = random.chance(0.3) ? look.paint : any_colour(random, 40, 240, random.uniform(0, 0.7));
  look.tint = random.uniform(0.02, 0.5);
  for (Rgb* tint : {&look.dock, &look.staging, &look.packing, &look.storage}) *tint = any_colour(random, 50, 210, random.uniform(0, 0.5));
  look.stains = random.chance(0.6) ? random.integer(1, 8) : 0;
  look.gain = random.uniform(0.57, 1.28);
  const double warmth = random.uniform(-0.12, 0.12);
  look.light = {1 + warmth, 1, 1 - warmth};
  look.falloff = random.uniform(0, 0.5);
  return look;
}

Look draw_pitch_look(Random random, bool unseen) {
  Look look = draw_look(random.fork(1), unseen);
  look.grass = true;
  look.camera.pitch = random.uniform(50, 70);
  look.camera.yaw = random.uniform(-3, 3);
  look.camera.distance = random.uniform(35, 60);
  look.floor = scaled({80, 128, 66}, random.uniform(0.8, 1.15));
  look.outside = scaled(look.floor, random.uniform(0.6, 0.85));
  look.paint = {235, 240, 232};
  look.tint = random.uniform(0.03, 0.12);
  look.lamps = 0;
  look.beams = 0;
  return look;
}

}  // namespace reelgraph::sim
