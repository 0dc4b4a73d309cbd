#pragma once
// Single pictures with their truth, for training and scoring a model that says what is where.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/render/renderer.h"

namespace reelgraph::sim {

struct FramesOptions {
  std::uint64_t seed = 0;
  base::Size size{640, 360};
  bool unseen = false;  ///< light, views and layouts that no training picture has
  bool varied = false;  ///< floors, paint and zones of any colour at any place, to learn from
  int per_scene = 16;   ///< pictures of one floor under one camera
  double carrying = 0;  ///< share of workers that carry boxes in their hands, as no process of films does, 0..1
  double match = 0;     ///< share of scenes that are a pitch, 0..1
};

/// Draws things at random places that a process could put them in, so that rare constellations are as frequent as common ones.
class FrameSampler {
 public:
  explicit FrameSampler(const FramesOptions& options);

  /// The next picture; valid until the next call.
  const base::Image& next();
  /// Of the last picture: {"scene":n,"things":[{"kind","colour","load","x","y","visible","load_visible"}]}; x and y of the ground point in
  /// 0..1 of the picture, the last only of what has a load.
  [[nodiscard]] const nlohmann::json& truth() const { return truth_; }

 private:
  void new_scene();
  [[nodiscard]] Snapshot warehouse();
  [[nodiscard]] Snapshot match();
  [[nodiscard]] std::optional<Point> free_place(const std::vector<Thing>& things, double radius, bool in_zone);

  FramesOptions options_;
  Random random_;
  int scene_ = -1, drawn_ = 0;
  bool pitch_ = false;
  Colour kits_[2] = {Colour::kRed, Colour::kBlue};
  Floor floor_;
  std::optional<Renderer> renderer_;
  nlohmann::json truth_;
};

}  // namespace reelgraph::sim
