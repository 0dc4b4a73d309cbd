#include "sim/produce.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sim/frames.h"
#include "sim/render/look.h"
#include "tests/support/support.h"

namespace reelgraph::sim {
namespace {

namespace fs = std::filesystem;

WarehouseSettings short_one() {
  WarehouseSettings s;
  s.seed = 3;
  s.seconds = 8;
  return s;
}

ProduceOptions small(const fs::path& folder) {
  ProduceOptions o;
  o.folder = folder;
  o.size = {160, 90};
  o.fps = 4;
  return o;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("a folder holds film, truth, questions, profile and settings, the same for the same seed", "[sim]") {
  const test::TempDir dir;
  const Produced produced = produce_warehouse(short_one(), small(dir / "a"));
  produce_warehouse(short_one(), [&] {
    ProduceOptions o = small(dir / "b");
    o.id = "a";
    return o;
  }());
  CHECK(produced.seconds == 8);
  CHECK(files_in(dir / "a") == 5);
  for (const char* name : {"truth.observations.jsonl", "questions.jsonl", "profile.toml", "settings.json", "film.mp4"})
    CHECK(test::read_file(dir / "a" / name) == test::read_file(dir / "b" / name));
  CHECK(test::read_file(dir / "a" / "profile.toml").find("extends = \"warehouse\"") != std::string::npos);
}

TEST_CASE("places are told as often as asked", "[sim]") {
  const test::TempDir dir;
  for (const auto& [every, lines] : {std::pair{1.0, 8}, std::pair{0.5, 16}}) {
    ProduceOptions o = small(dir / std::to_string(lines));
    o.film = false;
    o.places_every = every;
    produce_warehouse(short_one(), o);
    std::ifstream in(o.folder / "places.jsonl");
    int n = 0;
    for (std::string line; std::getline(in, line); ++n) CHECK(nlohmann::json::parse(line).at("at") == n * every);
    CHECK(n == lines);
  }
}

TEST_CASE("pictures to learn from are the same for the same seed and like neither those of films nor those to score on", "[sim]") {
  const auto first = [](bool varied, bool unseen) {
    FrameSampler sampler({.seed = 5, .size = {160, 90}, .unseen = unseen, .varied = varied});
    const auto pixels = sampler.next().pixels;
    CHECK(sampler.truth().at("things").is_array());
    return pixels;
  };
  CHECK(first(true, false) == first(true, false));
  CHECK(first(true, false) != first(false, false));
  CHECK(first(true, false) != first(false, true));
}

TEST_CASE("what is learned from keeps away from the light, views and floors that are scored on", "[sim]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Look varied = draw_varied_look(Random(seed)), unseen = draw_look(Random(seed), true);
    CHECK(varied.camera.pitch > 60);
    CHECK(unseen.camera.pitch <= 60);
    CHECK((varied.gain > 0.55 && varied.gain < 1.3));
    CHECK((unseen.gain < 0.55 || unseen.gain > 1.3));
    CHECK(std::abs(varied.light[0] - 1) < 0.13);
    CHECK(std::abs(unseen.light[0] - 1) > 0.13 - 1e-9);
    CHECK(varied.noise < unseen.noise);
    CHECK((varied.stains >= 0 && varied.stains <= 8));
  }
}

TEST_CASE("an older film is not written over unless asked for", "[sim]") {
  const test::TempDir dir;
  ProduceOptions o = small(dir / "a");
  o.film = false;
  produce_warehouse(short_one(), o);
  CHECK_THROWS_AS(produce_warehouse(short_one(), o), base::Error);
  o.force = true;
  CHECK_NOTHROW(produce_warehouse(short_one(), o));
}

TEST_CASE("a film that is stopped or has no room leaves nothing behind", "[sim]") {
  const test::TempDir dir;
  std::atomic<bool> stop{false};
  ProduceOptions o = small(dir / "a");
  o.stop = &stop;
  o.progress = [&](double done) { stop = done > 2; };
  try {
    produce_warehouse(short_one(), o);
    FAIL("it was not stopped");
  } catch (const base::Error& e) {
    CHECK(e.code() == base::ErrorCode::kInterrupted);
  }
  CHECK(files_in(dir / "a") == 0);
  const fs::path file = dir / "file";
  test::write_file(file, "x");
  o = small(file);
  CHECK_THROWS_AS(produce_warehouse(short_one(), o), base::Error);
}

TEST_CASE("a match is filmed with its clock and score", "[sim]") {
  const test::TempDir dir;
  GameSettings s;
  s.seed = 2;
  s.seconds = 12;
  const Produced produced = produce_match(s, small(dir / "m"));
  CHECK(produced.seconds == 12);
  CHECK(files_in(dir / "m") == 5);
  CHECK(test::read_file(dir / "m" / "profile.toml").find("extends = \"sports\"") != std::string::npos);
}

TEST_CASE("absurd pictures, rates and losses are refused", "[sim]") {
  const test::TempDir dir;
  const auto code = [&](auto change) {
    ProduceOptions o = small(dir / "x");
    change(o);
    try {
      produce_warehouse(short_one(), o);
    } catch (const base::Error& e) {
      return e.code();
    }
    return base::ErrorCode::kInternal;
  };
  CHECK(code([](auto& o) { o.size = {0, 0}; }) == base::ErrorCode::kInvalidArgument);
  CHECK(code([](auto& o) { o.size = {161, 90}; }) == base::ErrorCode::kInvalidArgument);
  CHECK(code([](auto& o) { o.size = {100'000, 2}; }) == base::ErrorCode::kInvalidArgument);
  CHECK(code([](auto& o) { o.fps = 0; }) == base::ErrorCode::kInvalidArgument);
  CHECK(code([](auto& o) { o.losses.percent = 101; }) == base::ErrorCode::kInvalidArgument);
  CHECK(code([](auto& o) { o.folder.clear(); }) == base::ErrorCode::kInvalidArgument);
  CHECK(code([](auto& o) { o.folder = "/proc/none"; }) == base::ErrorCode::kArchive);
}

}  // namespace
}  // namespace reelgraph::sim
