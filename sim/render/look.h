#pragma once
// What a world looks like apart from what happens in it: camera, floor, paint, light, noise.

#include <array>
#include <cstdint>

#include "sim/random.h"
#include "sim/render/camera.h"

namespace reelgraph::sim {

/// Of light or paint, 0..255 a channel; RGB.
using Rgb = std::array<double, 3>;

struct Look {
  CameraOptions camera;
  std::uint64_t seed = 0;  ///< of textures and noise
  bool grass = false;
  Rgb floor{128, 128, 124};
  Rgb outside{60, 60, 64};
  double texture = 10;      ///< deviation of the floor's brightness
  double tiles = 0;         ///< metres between joints of the floor; 0: none
  Rgb paint{220, 190, 60};  ///< of the lines around zones
  double tint = 0.2;        ///< how strongly zones differ from the floor, 0..1
  Rgb dock{70, 70, 90}, staging{200, 190, 120}, packing{120, 160, 190}, storage{120, 100, 80};  ///< what zones are tinted with
  int stains = 0;          ///< discs and rectangles of any colour that lie flat on the floor and are nothing
  double gain = 1;         ///< of the light
  Rgb light{1, 1, 1};      ///< its colour
  double falloff = 0.2;    ///< how much darker the far end of the light's gradient is, 0..1
  double light_angle = 0;  ///< radians
  int lamps = 2;           ///< brighter spots
  double shadow = 0.35;    ///< 0: none
  double noise = 4;        ///< deviation of a pixel, levels of 255
  double flicker = 0.01;   ///< deviation of the gain from frame to frame
  double blur = 0;         ///< sigma of the lens, pixels at 640 wide
  int beams = 0;           ///< things that hang before the camera
};

/// @param unseen: light, floors and views outside of what the model of models/sim was trained on
[[nodiscard]] Look draw_look(Random random, bool unseen = false);
/// Floors, tints and paint of any colour, and stains: for pictures to learn from. Keeps away from what only `unseen` has: its floors,
/// views, light and noise.
[[nodiscard]] Look draw_varied_look(Random random);
/// A pitch from a high camera.
[[nodiscard]] Look draw_pitch_look(Random random, bool unseen = false);

}  // namespace reelgraph::sim
