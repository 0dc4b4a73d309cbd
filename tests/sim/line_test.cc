#include "sim/line/line.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "tests/support/support.h"

namespace reelgraph::sim {
namespace {

TEST_CASE("a line of a day is consistent: no server has two pallets, no buffer overflows", "[sim]") {
  const LineSettings settings = draw_line(3, 4, 12 * 3600, 0);
  const World world = play_line(settings);
  std::map<int, double> busy;  // server -> until
  std::map<std::pair<int, int>, int> order;
  int processed = 0;
  for (const Happening& e : world.history.events) {
    if (e.type != "process") continue;
    const int server = History::part(e, "agent");
    CHECK(e.start >= busy[server] - 1e-6);
    busy[server] = e.end;
    ++processed;
  }
  CHECK(processed > 500);
}

TEST_CASE("the slowest station of a line limits it, and each job keeps its durations", "[sim]") {
  LineSettings settings;
  settings.seed = 8;
  settings.seconds = 24 * 3600;
  settings.stations = {
      {.servers = 1, .buffer = 3, .service = 30}, {.servers = 2, .buffer = 3, .service = 100}, {.servers = 1, .buffer = 3, .service = 35}};
  const Limits limits = find_limits(settings);
  CHECK(limits.gains.front().name == "station 2");
  CHECK(limits.gains.front().per_hour > 1.1 * limits.per_hour);
  CHECK(limits.gains.back().per_hour < 1.05 * limits.per_hour);
  LineSettings slower = settings;
  slower.stations[2].factor = 1.01;
  // Durations at the first station are the same though another station changed.
  const auto first = [](const World& world) {
    std::vector<double> lengths;
    for (const Happening& e : world.history.events) {
      if (e.type == "process" && world.history.actors[static_cast<std::size_t>(History::part(e, "station"))].name == "station 1" &&
          lengths.size() < 50)
        lengths.push_back(e.end - e.start);
    }
    return lengths;
  };
  const auto a = first(play_line(settings)), b = first(play_line(slower));
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) < 1e-6);
}

TEST_CASE("lines that cannot be are refused", "[sim]") {
  CHECK_THROWS_AS(draw_line(1, 1, 3600, 0), base::Error);
  CHECK_THROWS_AS(draw_line(1, 1000, 3600, 0), base::Error);
  CHECK_THROWS_AS(draw_line(1, 3, -5, 0), base::Error);
}

}  // namespace
}  // namespace reelgraph::sim
