#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "chunker/tracking/ball_events.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::chunker::tracking;

namespace {

/// A field of 100 x 50 m that fills the picture.
std::vector<base::Zone> zones() {
  return {{"pitch", {{0, 0}, {1, 0}, {1, 1}, {0, 1}}, {}},
          {"left_goal", {{-0.02, 0.44}, {0, 0.44}, {0, 0.56}, {-0.02, 0.56}}, {}},
          {"right_goal", {{1, 0.44}, {1.02, 0.44}, {1.02, 0.56}, {1, 0.56}}, {}}};
}

const nlohmann::json kTable{{"kind", "match"}, {"field_size", {100, 50}}};

struct Match {
  Match() : reader(std::get<BallRules>(parse_any_rules(kTable, "p")), zones(), "p") {}
  /// One second; the ball at x, y metres. Red attacks the right goal; its players stand at 30 and 85 m, both keepers in their goals.
  void second(double x, double y) {
    const auto thing = [](const char* type, const char* label, double px, double py) {
      return Sighting{type, label, "", {px / 100, py / 50}};
    };
    reader.add({at++ * base::kSecond,
                {thing("player", "red", 2, 25), thing("player", "red", 30, 10), thing("player", "red", 85, 20),
                 thing("player", "blue", 98, 25), thing("player", "blue", 60, 40), thing("ball", "", x, y)}});
  }
  void seconds(int count, double x, double y) {
    for (int i = 0; i < count; ++i) second(x + 0.8 * (i % 2), y);  // before and behind who has it: it does not lie
  }
  std::vector<TrackedEvent> end() {
    reader.finish(at * base::kSecond);
    return reader.take();
  }
  BallReader reader;
  int at = 0;
};

const TrackedEvent* first(const std::vector<TrackedEvent>& events, const std::string& type) {
  const auto found = std::find_if(events.begin(), events.end(), [&](const TrackedEvent& e) { return e.event.type == type; });
  return found == events.end() ? nullptr : &*found;
}

std::string in_role(const TrackedEvent& event, const std::string& role) {
  for (const auto& [party, r] : event.parties) {
    if (r == role) return party.name;
  }
  return {};
}

}  // namespace

TEST_CASE("the ball goes from one player of a side to another: a pass of that side, with its length", "[tracking]") {
  Match match;
  match.seconds(6, 29.6, 10);
  match.second(57, 15);
  match.seconds(6, 84.6, 20);
  const std::vector<TrackedEvent> events = match.end();
  const TrackedEvent* pass = first(events, "pass");
  REQUIRE(pass != nullptr);
  CHECK(in_role(*pass, "team") == "red");
  CHECK(in_role(*pass, "agent") != in_role(*pass, "recipient"));
  CHECK(pass->event.attributes.at("outcome") == "complete");
  CHECK(pass->event.attributes.at("length_m").get<double>() == Approx(56).margin(2));
  CHECK(base::to_seconds(pass->event.span.start) == Approx(5.5));
  CHECK(events.size() == 1);
}

TEST_CASE("a ball that lies in the goal after an attacker had it is a shot and a goal, with who passed to him", "[tracking]") {
  Match match;
  match.seconds(5, 29.6, 10);
  match.seconds(4, 84.6, 20);
  for (int i = 0; i < 6; ++i) match.second(100, 25.5);
  for (int i = 0; i < 3; ++i) match.second(50, 25);
  const std::vector<TrackedEvent> events = match.end();
  const TrackedEvent *goal = first(events, "goal"), *shot = first(events, "shot");
  REQUIRE(goal != nullptr);
  REQUIRE(shot != nullptr);
  CHECK(shot->event.attributes.at("outcome") == "goal");
  CHECK(in_role(*goal, "team") == "red");
  CHECK(in_role(*goal, "assister") == in_role(*first(events, "pass"), "agent"));
  CHECK(goal->event.span.start == shot->event.span.start);
  CHECK(goal->event.attributes.at("half") == 1);
}

TEST_CASE("what the other side's keeper gets from near his goal was a shot that he saved, what another opponent gets a lost pass",
          "[tracking]") {
  Match saved;
  saved.seconds(5, 84.6, 20);
  saved.seconds(4, 97.6, 25);
  const std::vector<TrackedEvent> events = saved.end();
  REQUIRE(first(events, "shot") != nullptr);
  CHECK(first(events, "shot")->event.attributes.at("outcome") == "saved");
  REQUIRE(first(events, "save") != nullptr);
  CHECK(in_role(*first(events, "save"), "team") == "blue");

  Match lost;
  lost.seconds(5, 29.6, 10);
  lost.seconds(5, 59.6, 40);
  const std::vector<TrackedEvent> others = lost.end();
  CHECK(first(others, "shot") == nullptr);
  REQUIRE(first(others, "pass") != nullptr);
  CHECK(first(others, "pass")->event.attributes.at("outcome") == "incomplete");
  REQUIRE(first(others, "interception") != nullptr);
  CHECK(in_role(*first(others, "interception"), "team") == "blue");
}

TEST_CASE("rules of a match that cannot be meant are refused with their place", "[tracking]") {
  const auto made = [](const nlohmann::json& table, std::vector<base::Zone> there) {
    return make_reader(parse_any_rules(table, "my.toml:7"), there, 9.0 / 16, "my.toml:7");
  };
  CHECK(made(kTable, zones()) != nullptr);
  CHECK_THROWS_WITH(parse_any_rules({{"kind", "chess"}}, "my.toml:7"), Catch::Contains("chess") && Catch::Contains("my.toml:7"));
  CHECK_THROWS_WITH(parse_any_rules({{"kind", "match"}, {"carriers", {"x"}}}, "p"), Catch::Contains("tracking.carriers"));
  CHECK_THROWS_WITH(parse_any_rules({{"kind", "match"}, {"goals", {"one"}}}, "p"), Catch::Contains("tracking.goals"));
  CHECK_THROWS_WITH(parse_any_rules({{"kind", "match"}, {"field_size", "big"}}, "p"), Catch::Contains("tracking.field_size"));
  CHECK_THROWS_WITH(parse_any_rules({{"kind", "match"}, {"reach", -1}}, "p"), Catch::Contains("tracking.reach"));
  CHECK_THROWS_WITH(made({{"kind", "match"}}, zones()), Catch::Contains("tracking.field_size is missing"));
  CHECK_THROWS_WITH(made(kTable, {}), Catch::Contains("\"pitch\"") && Catch::Contains("my.toml:7"));
  std::vector<base::Zone> wrong = zones();
  std::swap(wrong[1].polygon, wrong[2].polygon);
  CHECK_THROWS_WITH(made(kTable, wrong), Catch::Contains("other end"));
  wrong = zones();
  std::reverse(wrong[0].polygon.begin(), wrong[0].polygon.end());
  CHECK_THROWS_WITH(made(kTable, wrong), Catch::Contains("once round"));
}
