#include <cmath>
#include <numbers>

#include "sim/render/renderer.h"
#include "tests/support/support.h"

namespace reelgraph::sim {
namespace {

constexpr double kTowardsCamera = std::numbers::pi / 2;

Look plain(double pitch) {
  Look look;
  look.camera.pitch = pitch;
  look.texture = look.noise = look.flicker = look.shadow = look.falloff = 0;
  look.lamps = 0;
  return look;
}

Snapshot worker(double heading, Load load) {
  Snapshot snapshot;
  snapshot.things.push_back(
      {.id = "worker:blue", .kind = Kind::kWorker, .colour = Colour::kBlue, .load = load, .at = {8, 5}, .heading = heading});
  return snapshot;
}

/// Pixels that are the brown of cartons and their tape: nothing else in the picture is much redder than blue.
int brown(Renderer& renderer, const Snapshot& snapshot) {
  const base::Image& image = renderer.draw(snapshot);
  int count = 0;
  for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3) count += image.pixels[i] > image.pixels[i + 2] + 30 ? 1 : 0;
  return count;
}

TEST_CASE("a box that is held towards the camera is in front of who holds it", "[sim]") {
  for (const double pitch : {50.0, 65.0, 80.0}) {
    INFO("pitch " << pitch);
    Renderer renderer(Floor{}, plain(pitch), {640, 360});
    const Snapshot towards = worker(kTowardsCamera, Load::kBoxes), away = worker(-kTowardsCamera, Load::kBoxes);
    CHECK(renderer.visible(towards)[0].load == 1);
    CHECK(renderer.visible(away)[0].load < 0.9);
    CHECK(renderer.visible(worker(kTowardsCamera, Load::kNone))[0].load == 0);
    CHECK(renderer.visible(away)[0].thing == 1);
    CHECK(brown(renderer, worker(kTowardsCamera, Load::kNone)) == 0);
    CHECK(brown(renderer, towards) > 1.2 * brown(renderer, away));
  }
}

TEST_CASE("what stands before a load hides it, and so does the picture's edge", "[sim]") {
  Renderer renderer(Floor{}, plain(50), {640, 360});
  Snapshot two = worker(-kTowardsCamera, Load::kBoxes);
  two.things.push_back({.id = "forklift:red", .kind = Kind::kForklift, .colour = Colour::kRed, .at = {8, 6}});
  const std::vector<Visible> hidden = renderer.visible(two);
  REQUIRE(hidden.size() == 2);
  CHECK(hidden[0].load <= renderer.visible(worker(-kTowardsCamera, Load::kBoxes))[0].load);
  CHECK(hidden[0].thing < 1);
  CHECK(hidden[1].load == 0);
  Snapshot at_edge = worker(std::numbers::pi, Load::kBoxes);
  at_edge.things[0].at = {-0.8, 5};  // it holds the box still farther to the left
  CHECK(renderer.visible(at_edge)[0].load < 0.5);
}

}  // namespace
}  // namespace reelgraph::sim
