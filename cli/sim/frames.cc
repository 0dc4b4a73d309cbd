// reelgraph-sim-frames: pictures with their truth on standard output, for sim/training/train.py.
// Each picture: uint8 RGB [H, W, 3], then one line of JSON (see FrameSampler::truth) and a newline.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "sim/frames.h"

int main(int argc, char** argv) {
  CLI::App app{"Draws single pictures of simulated worlds and tells what is where in them."};
  reelgraph::sim::FramesOptions options;
  std::int64_t count = 100;
  app.add_option("--seed", options.seed, "the same seed gives the same pictures");
  app.add_option("--count", count, "pictures")->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}));
  app.add_option("--width", options.size.width)->check(CLI::Range(32, 3840));
  app.add_option("--height", options.size.height)->check(CLI::Range(32, 2160));
  app.add_option("--per-scene", options.per_scene, "pictures of one floor under one camera")->check(CLI::Range(1, 10'000));
  app.add_option("--carrying", options.carrying, "share of workers that carry boxes in their hands; in films none does")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--match", options.match, "share of scenes that are a pitch")->check(CLI::Range(0.0, 1.0));
  app.add_flag("--unseen", options.unseen, "light, views and layouts that no training picture has");
  app.add_flag("--varied", options.varied, "floors, paint and zones of any colour at any place, to learn from")->excludes("--unseen");
  CLI11_PARSE(app, argc, argv);
  std::ios_base::sync_with_stdio(false);
  reelgraph::sim::FrameSampler sampler(options);
  for (std::int64_t i = 0; i < count && std::cout; ++i) {
    const reelgraph::base::Image& image = sampler.next();
    std::cout.write(reinterpret_cast<const char*>(image.pixels.data()), static_cast<std::streamsize>(image.pixels.size()));
    std::cout << sampler.truth().dump() << '\n';
  }
  std::cout.flush();
  return std::cout ? 0 : 5;
}
