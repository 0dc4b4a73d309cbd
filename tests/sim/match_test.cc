#include "sim/match/game.h"

#include <cmath>
#include <map>
#include <sstream>

#include "base/error.h"
#include "sim/questions.h"
#include "sim/truth.h"
#include "tests/support/support.h"

namespace reelgraph::sim {
namespace {

World match(std::uint64_t seed, double minutes = 20) {
  GameSettings s;
  s.seed = seed;
  s.seconds = minutes * 60;
  return play_match(draw_game(s));
}

TEST_CASE("the same seed gives the same match", "[sim]") {
  const auto truth = [](const World& world) {
    std::ostringstream out;
    write_truth(world, {1, nullptr, {}}, out);
    return out.str();
  };
  CHECK(truth(match(3)) == truth(match(3)));
  CHECK(truth(match(3)) != truth(match(4)));
}

TEST_CASE("a match keeps its rules: each goal is a shot, the score counts goals, who went off plays no more", "[sim]") {
  int goals = 0, shots = 0, passes = 0, changes = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    const World world = match(seed);
    std::map<double, int> scored;
    std::map<int, double> off;
    int here = 0, halves = 0;
    for (const Happening& e : world.history.events) {
      const int agent = History::part(e, "agent");
      if (off.count(agent) != 0) CHECK(e.start < off[agent] + 1);
      if (e.type == "shot" && e.attributes.at("outcome") == "goal") ++scored[e.start];
      if (e.type == "goal") ++goals, ++here, --scored[e.start];
      if (e.type == "shot") ++shots;
      if (e.type == "pass") ++passes;
      if (e.type == "substitution") ++changes, off[agent] = e.end;
      if (e.type == "kick_off" && e.attributes.at("half") == 2) ++halves;
    }
    for (const auto& [at, balance] : scored) CHECK(balance == 0);
    CHECK(halves >= 1);
    const std::string last = world.scores.back().second;
    const int shown = std::stoi(last.substr(0, last.find(' '))) + std::stoi(last.substr(last.rfind(' ') + 1));
    CHECK((shown == here || shown + 1 == here));  // a shot may be in the air as the film ends
  }
  CHECK(goals >= 5);
  CHECK(shots > goals);
  CHECK(passes > 10 * shots / 3);
  CHECK(changes >= 3);
}

TEST_CASE("players stay on the pitch, do not stand in one another, and run no faster than people", "[sim]") {
  const World world = match(2, 6);
  int close = 0, seconds = 0;
  std::map<std::string, Point> before;
  for (double t = 1; t < world.history.seconds; t += 1) {
    const Snapshot snapshot = world.at(t);
    int players = 0;
    for (const Thing& thing : snapshot.things) {
      players += thing.kind == Kind::kPlayer ? 1 : 0;
      CHECK((thing.at.x >= -0.1 && thing.at.x <= world.floor.width + 0.1 && thing.at.y >= -0.1 && thing.at.y <= world.floor.depth + 0.1));
      if (thing.kind == Kind::kPlayer && before.count(thing.id) != 0 && std::abs(t - world.history.seconds / 2) > 3)
        CHECK(std::hypot(before[thing.id].x - thing.at.x, before[thing.id].y - thing.at.y) < 6.5);
      before[thing.id] = thing.at;
    }
    CHECK(players >= 9);
    for (std::size_t i = 0; i < snapshot.things.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        const Thing &a = snapshot.things[i], &b = snapshot.things[k];
        if (a.kind == Kind::kPlayer && b.kind == Kind::kPlayer && std::hypot(a.at.x - b.at.x, a.at.y - b.at.y) < 0.5) ++close;
      }
    }
    ++seconds;
  }
  CHECK(close * 20 < seconds);
}

TEST_CASE("matches that cannot be are refused", "[sim]") {
  GameSettings s;
  s.players = 30;
  CHECK_THROWS_AS(draw_game(s), base::Error);
  s = {};
  s.seconds = 1e9;
  CHECK_THROWS_AS(draw_game(s), base::Error);
  s = {};
  s.teams = {"Same", "Same"};
  CHECK_THROWS_AS(draw_game(s), base::Error);
}

}  // namespace
}  // namespace reelgraph::sim
