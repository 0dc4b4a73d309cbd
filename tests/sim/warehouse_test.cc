#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/observation_json.h"
#include "sim/questions.h"
#include "sim/truth.h"
#include "sim/warehouse/geometry.h"
#include "sim/warehouse/process.h"
#include "tests/support/support.h"

namespace reelgraph::sim {
namespace {

WarehouseSettings settings_of(std::uint64_t seed, double minutes = 20) {
  WarehouseSettings s;
  s.seed = seed;
  s.seconds = minutes * 60;
  s.sideways = seed % 4 == 3;
  return draw_settings(s);
}

std::string name_of(const World& world, const Happening& e, const std::string& role) {
  const int actor = History::part(e, role);
  return actor < 0 ? "" : world.history.actors[static_cast<std::size_t>(actor)].name;
}

std::string truth_of(const World& world, const Losses& losses = {}) {
  std::ostringstream out;
  write_truth(world, {1, nullptr, losses}, out);
  return out.str();
}

TEST_CASE("the same seed gives the same truth and questions, another gives others", "[sim]") {
  World a = play_warehouse(settings_of(5)), b = play_warehouse(settings_of(5)), c = play_warehouse(settings_of(6));
  CHECK(truth_of(a) == truth_of(b));
  CHECK(truth_of(a) != truth_of(c));
  std::ostringstream first, second;
  write_questions(ask_warehouse(a.history, 5), "v", first);
  write_questions(ask_warehouse(b.history, 5), "v", second);
  const std::string questions = first.str();
  CHECK(questions == second.str());
  CHECK(std::count(questions.begin(), questions.end(), '\n') >= 20);
}

TEST_CASE("what the ends of the film cut to less than a second is not told, what is so short by itself is", "[sim]") {
  History history;
  for (const auto& [start, end] :
       {std::pair{-5.0, 0.4}, {-5.0, 1.5}, {3.0, 3.2}, {7.0, 7.0}, {9.5, 12.0}, {8.0, 12.0}, {10.0, 10.0}, {11.0, 12.0}})
    history.events.push_back({"wait", start, end, {}});
  history.close(0, 10);
  std::vector<std::pair<double, double>> kept;
  for (const Happening& e : history.events) kept.emplace_back(e.start, e.end);
  CHECK(kept == std::vector<std::pair<double, double>>{{0, 1.5}, {3, 3.2}, {7, 7}, {8, 10}, {10, 10}});
}

TEST_CASE("what is picked up is set down by the same forklift, and nobody is in two places", "[sim]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    const World world = play_warehouse(settings_of(seed, 40));
    std::map<std::string, std::string> on_fork;  // forklift -> pallet
    std::map<std::string, bool> inside;          // who and where
    std::set<std::string> arrived, left;
    std::map<std::string, double> busy_until;
    int drops = 0, processed = 0;
    for (const Happening& e : world.history.events) {
      const std::string agent = name_of(world, e, "agent"), object = name_of(world, e, "object"), place = name_of(world, e, "place");
      CHECK(e.start <= e.end);
      if (e.type == "pick_up") {
        CHECK(on_fork[agent].empty());
        on_fork[agent] = object;
      } else if (e.type == "drop") {
        const bool from_before = on_fork.count(agent) == 0;  // it carried it as the film began
        CHECK((from_before || on_fork[agent] == object));
        on_fork[agent].clear();
        ++drops;
      } else if (e.type == "arrive") {
        CHECK(arrived.insert(agent).second);
      } else if (e.type == "enter" || (e.type == "leave" && place != "storage")) {
        const auto [before, first] = inside.try_emplace(agent + " in " + place, e.type == "leave");
        if (!first) CHECK(before->second == (e.type == "leave"));
        before->second = e.type == "enter";
        CHECK(agent.find("forklift") == std::string::npos);  // they keep to the lanes
      } else if (e.type == "leave") {
        CHECK(left.insert(agent).second);
      }
      if (e.type == "process" || e.type == "travel" || e.type == "pick_up" || e.type == "drop") {
        CHECK(e.start >= busy_until[agent] - 1e-6);
        busy_until[agent] = e.end;
        processed += e.type == "process" ? 1 : 0;
      }
    }
    CHECK(drops >= 20);
    CHECK(processed >= 8);
    CHECK(left.size() >= 8);
  }
}

TEST_CASE("things keep their distance, pallets their slots, and nothing jumps", "[sim]") {
  int seconds = 0, overlaps = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    const WarehouseSettings settings = settings_of(seed, 15);
    const World world = play_warehouse(settings);
    std::map<std::string, Point> before;
    for (double t = 0; t < settings.seconds; t += 1) {
      const Snapshot snapshot = world.at(t);
      int pallets = 0;
      std::map<std::string, Point> now;
      for (const Thing& thing : snapshot.things) {
        CHECK(now.emplace(thing.id, thing.at).second);  // each once
        pallets += thing.kind == Kind::kPallet ? 1 : 0;
        if (before.count(thing.id) != 0 && thing.kind != Kind::kPallet)
          CHECK(std::hypot(before[thing.id].x - thing.at.x, before[thing.id].y - thing.at.y) < 2.2);
      }
      before = std::move(now);
      CHECK(pallets <= settings.most_pallets);
      ++seconds;
      bool overlap = false;
      for (std::size_t i = 0; i < snapshot.things.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
          const Thing &a = snapshot.things[i], &b = snapshot.things[k];
          const auto radius = [](const Thing& x) { return x.kind == Kind::kWorker ? 0.36 : x.kind == Kind::kPallet ? 0.55 : 0.6; };
          overlap = overlap || std::hypot(a.at.x - b.at.x, a.at.y - b.at.y) < radius(a) + radius(b);
        }
      }
      overlaps += overlap ? 1 : 0;
    }
  }
  CHECK(overlaps * 200 <= seconds);
}

TEST_CASE("a snapshot agrees with the events that are told", "[sim]") {
  const World world = play_warehouse(settings_of(2));
  int checked = 0;
  for (const Happening& e : world.history.events) {
    if (e.type != "pick_up" && e.type != "drop") continue;
    const std::string forklift = world.history.actors[static_cast<std::size_t>(History::part(e, "agent"))].id;
    const std::string pallet = world.history.actors[static_cast<std::size_t>(History::part(e, "object"))].id;
    const auto see = [&](double t) {
      std::pair<Load, bool> seen{Load::kNone, false};
      for (const Thing& thing : world.at(t).things) {
        if (thing.id == forklift) seen.first = thing.load;
        if (thing.id == pallet) seen.second = true;
      }
      return seen;
    };
    const bool up = e.type == "pick_up";
    if (e.end + 0.05 > world.history.seconds || e.start < 0.05) continue;
    CHECK((see(e.end - 0.05).first == Load::kNone) == up);
    CHECK((see(e.end + 0.05).first == Load::kNone) != up);
    CHECK(see(e.end - 0.05).second == up);
    CHECK(see(e.end + 0.05).second != up);
    ++checked;
  }
  CHECK(checked >= 20);
}

TEST_CASE("answers agree with a plain recount of the truth file", "[sim]") {
  World world = play_warehouse(settings_of(9));
  world.history.id = "v";
  std::map<std::string, int> picks, processed;
  int arrivals = 0;
  std::istringstream lines(truth_of(world));
  for (std::string line; std::getline(lines, line);) {
    const auto parsed = base::parse_observation_line(line, nullptr);
    const auto* observation = std::get_if<base::Observation>(&parsed);
    if (observation == nullptr || observation->events.empty()) continue;
    const base::Event& event = observation->events[0];
    const std::string agent = observation->entities[0].name.value_or("");
    if (event.type == "pick_up") ++picks[agent];
    if (event.type == "process") ++processed[agent];
    if (event.type == "arrive") ++arrivals;
  }
  int checked = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const Question& q : ask_warehouse(world.history, seed)) {
      if (q.answer.at("kind") != "count") continue;
      std::map<std::string, int> expected{{"How many pallets arrived?", arrivals}};
      for (const auto& [who, count] : picks) expected["How many times did the " + who + " pick up a pallet?"] = count;
      for (const auto& [who, count] : processed) expected["How many pallets did the " + who + " process?"] = count;
      const auto found = expected.find(q.text);
      if (found == expected.end()) continue;
      CHECK(q.answer.at("value") == found->second);
      ++checked;
    }
  }
  CHECK(checked >= 3);
}

TEST_CASE("what limits a warehouse is what it was drawn to be limited by, nearly always", "[sim]") {
  int right = 0, all = 0;
  for (const char* limit : {"docks", "forklifts", "workers", "stations"}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      WarehouseSettings s;
      s.seed = seed;
      s.limit = limit;
      s = draw_settings(s);
      const Limits limits = find_limits(s);
      const std::string expected = s.limit == "docks" ? "docks" : s.limit == "forklifts" ? "forklift" : "packing";
      ++all;
      right += limits.gains.front().name.find(expected) != std::string::npos ? 1 : 0;
      CHECK(limits.gains.front().per_hour > 1.05 * limits.per_hour);
    }
  }
  CHECK(right >= all - 1);
}

TEST_CASE("losses miss events, jitter times and tell the gaps", "[sim]") {
  World world = play_warehouse(settings_of(4, 24 * 60));
  world.history.id = "v";
  History lossy = world.history;
  const auto gaps = lose(lossy, {10, 0.5, 4});
  CHECK(lossy.events.size() > 0.85 * static_cast<double>(world.history.events.size()));
  CHECK(lossy.events.size() < 0.93 * static_cast<double>(world.history.events.size()));
  REQUIRE_FALSE(gaps.empty());
  double away = 0;
  for (const auto& [from, to] : gaps) away += to - from;
  CHECK(away <= 0.0051 * world.history.seconds);
  const std::string truth = [&] {
    std::ostringstream out;
    write_truth(world, {0, nullptr, {10, 0.5, 4}}, out);
    return out.str();
  }();
  CHECK(truth.find("\"status\":\"not_sampled\"") != std::string::npos);
}

TEST_CASE("settings that cannot be are refused with a cure", "[sim]") {
  const auto refused = [](auto change) {
    WarehouseSettings s;
    change(s);
    try {
      static_cast<void>(draw_settings(s));
    } catch (const base::Error& e) {
      return e.code() == base::ErrorCode::kInvalidArgument && !e.cure().empty();
    }
    return false;
  };
  CHECK(refused([](auto& s) { s.docks = 9; }));
  CHECK(refused([](auto& s) { s.docks = -1; }));
  CHECK(refused([](auto& s) { s.forklifts = 3; }));
  CHECK(refused([](auto& s) { s.stations = 2, s.workers = 3; }));
  CHECK(refused([](auto& s) { s.limit = "luck"; }));
  CHECK(refused([](auto& s) { s.seconds = 0; }));
  CHECK(refused([](auto& s) { s.seconds = 1e12; }));
  CHECK(refused([](auto& s) { s.seconds = std::nan(""); }));
  CHECK(refused([](auto& s) { s.most_pallets = 100; }));
}

}  // namespace
}  // namespace reelgraph::sim
