#include "sim/produce.h"

#include "base/error.h"
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
