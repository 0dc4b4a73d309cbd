#include "sim/frames.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "sim/match/pitch.h"
#include "sim/truth.h"
#include "sim/warehouse/layout.h"

namespace reelgraph::sim {
namespace {

double radius_of(Kind kind) {
  switch (kind) {
    case Kind::kForklift: return 0.95;
    case Kind::kPallet: return 0.62;
    case Kind::kBall: return 0.3;
    default: return 0.42;
  }
}

std::vector<Colour> shuffled_colours(Random& random) {
  std::vector<Colour> colours{Colour::kRed, Colour::kOrange, Colour::kYellow, Colour::kGreen, Colour::kBlue, Colour::kPurple};
  for (std::size_t i = colours.size(); i > 1; --i)
    std::swap(colours[i - 1], colours[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
  return colours;
}

Load any_load(Random& random) { return static_cast<Load>(random.integer(1, 3)); }

std::string two_digits(int value) { return (value < 10 ? "0" : "") + std::to_string(value); }

}  // namespace

FrameSampler::FrameSampler(const FramesOptions& options) : options_(options), random_(options.seed) {}

void FrameSampler::new_scene() {
  ++scene_;
  drawn_ = 0;
  pitch_ = random_.chance(options_.match);
  const Random look = random_.fork(static_cast<std::uint64_t>(scene_) * 4 + 1),
               layout = random_.fork(static_cast<std::uint64_t>(scene_) * 4 + 2);
  if (pitch_) {
    floor_ = draw_pitch();
    const std::vector<Colour> colours = shuffled_colours(random_);
    kits_[0] = random_.chance(0.15) ? Colour::kWhite : colours[0];
    kits_[1] = colours[1];
    renderer_.emplace(floor_, draw_pitch_look(look, options_.unseen), options_.size);
  } else if (options_.varied) {
    floor_ = draw_scattered_zones(layout);
    renderer_.emplace(floor_, draw_varied_look(look), options_.size);
  } else {
    floor_ = draw_layout(layout, {.sideways = options_.unseen});
    renderer_.emplace(floor_, draw_look(look, options_.unseen), options_.size);
  }
}

std::optional<Point> FrameSampler::free_place(const std::vector<Thing>& things, double radius, bool in_zone) {
  for (int attempt = 0; attempt < 40; ++attempt) {
    Point at{random_.uniform(radius, floor_.width - radius), random_.uniform(radius, floor_.depth - radius)};
    if (in_zone && !floor_.zones.empty()) {
      const Zone& zone = floor_.zones[static_cast<std::size_t>(random_.integer(0, static_cast<int>(floor_.zones.size()) - 1))];
      const auto [x0, x1] = std::minmax_element(zone.polygon.begin(), zone.polygon.end(), [](Point a, Point b) { return a.x < b.x; });
      const auto [y0, y1] = std::minmax_element(zone.polygon.begin(), zone.polygon.end(), [](Point a, Point b) { return a.y < b.y; });
      at = {random_.uniform(x0->x + 0.3, x1->x - 0.3), random_.uniform(y0->y + 0.3, y1->y - 0.3)};
    }
    const bool free = std::all_of(things.begin(), things.end(), [&](const Thing& other) {
      return std::hypot(other.at.x - at.x, other.at.y - at.y) > radius + radius_of(other.kind);
    });
    if (free) return at;
  }
  return std::nullopt;
}

Snapshot FrameSampler::warehouse() {
  Snapshot snapshot;
  const auto add = [&](Thing thing, double in_zone) {
    const std::optional<Point> at = free_place(snapshot.things, radius_of(thing.kind), random_.chance(in_zone));
    if (!at) return;
    thing.at = *at;
    snapshot.things.push_back(std::move(thing));
  };
  const auto turned = [&](double square) {
    const double quarter = random_.integer(0, 3) * std::numbers::pi / 2;
    return random_.chance(square) ? quarter + random_.normal(0, 0.05) : random_.uniform(0, 2 * std::numbers::pi);
  };
  const std::vector<Colour> lorries = shuffled_colours(random_), vests = shuffled_colours(random_);
  const int forklifts = random_.integer(0, 2), workers = random_.integer(0, 3), pallets = random_.integer(0, 5);
  for (int i = 0; i < forklifts; ++i) {
    add({.kind = Kind::kForklift,
         .colour = lorries[static_cast<std::size_t>(i)],
         .load = random_.chance(0.45) ? any_load(random_) : Load::kNone,
         .heading = turned(0.6)},
        0.35);
  }
  for (int i = 0; i < pallets; ++i) add({.kind = Kind::kPallet, .load = any_load(random_), .heading = turned(0.9)}, 0.8);
  for (int i = 0; i < workers; ++i) {
    add({.kind = Kind::kWorker,
         .colour = vests[static_cast<std::size_t>(i)],
         .load = random_.chance(options_.carrying) ? Load::kBoxes : Load::kNone,
         .heading = turned(0.3)},
        0.5);
  }
  if (random_.chance(0.3))
    snapshot.clock =
        two_digits(random_.integer(0, 23)) + ":" + two_digits(random_.integer(0, 59)) + ":" + two_digits(random_.integer(0, 59));
  return snapshot;
}

Snapshot FrameSampler::match() {
  Snapshot snapshot;
  for (int side = 0; side < 2; ++side) {
    const int players = random_.integer(3, 5);
    for (int i = 0; i < players; ++i) {
      const std::optional<Point> at = free_place(snapshot.things, 0.42, false);
      if (at) snapshot.things.push_back({.kind = Kind::kPlayer, .colour = kits_[side], .at = *at, .heading = random_.uniform(0, 6.28)});
    }
  }
  if (random_.chance(0.95)) {
    if (const std::optional<Point> at = free_place(snapshot.things, 0.3, false))
      snapshot.things.push_back({.kind = Kind::kBall, .at = *at});
  }
  if (random_.chance(0.8)) {
    snapshot.clock = two_digits(random_.integer(0, 89)) + ":" + two_digits(random_.integer(0, 59));
    snapshot.score = std::to_string(random_.integer(0, 5)) + " - " + std::to_string(random_.integer(0, 5));
  }
  return snapshot;
}

const base::Image& FrameSampler::next() {
  if (!renderer_ || drawn_ == options_.per_scene) new_scene();
  ++drawn_;
  const Snapshot snapshot = pitch_ ? match() : warehouse();
  truth_ = {{"scene", scene_}, {"things", places_json(snapshot, *renderer_)}};
  return renderer_->draw(snapshot);
}

}  // namespace reelgraph::sim
