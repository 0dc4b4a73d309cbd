#include "sim/render/look.h"

#include <numbers>

namespace reelgraph::sim {
namespace {

Rgb scaled(const Rgb& colour, double by) { return {colour[0] * by, colour[1] * by, colour[2] * by}; }

template <std::size_t N>
const Rgb& any_of(Random& random, const std::array<Rgb, N>& colours) {
  return colours[static_cast<std::size_t>(random.integer(0, static_cast<int>(N) - 1))];
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
  static constexpr std::array<Rgb, 3> kOtherFloors{{{96, 110, 130}, {150, 120, 104}, {84, 84, 80}}};
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
