#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "chunker/tracking/events.h"
#include "chunker/tracking/telling.h"
#include "chunker/tracking/zones.h"
#include "tests/support/support.h"

namespace reelgraph::chunker::tracking {
namespace {

using base::kSecond;

Rules warehouse_rules() {
  return parse_rules({{"carriers", {"forklift"}},
                      {"workers", {"worker"}},
                      {"goods", {"pallet"}},
                      {"arrive_at", {"dock"}},
                      {"process_at", {"packing"}},
                      {"wait_at", {"dock", "staging", "packing"}},
                      {"leave_from", {"storage"}},
                      {"zone_types", {{"dock", "dock"}, {"packing", "station"}}}},
                     "test");
}

base::Zone zone(const char* name, double x0, double y0, double x1, double y1) {
  return {name, {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, {}};
}

std::vector<base::Zone> floor_plan() {
  return {zone("dock 1", 0.1, 0.05, 0.3, 0.25), zone("staging", 0.1, 0.4, 0.45, 0.6), zone("storage", 0.6, 0.4, 0.9, 0.6),
          zone("packing 1", 0.5, 0.75, 0.7, 0.95)};
}

/// A film told frame by frame, one a second.
class Film {
 public:
  explicit Film(std::vector<base::Zone> zones = floor_plan(), Rules rules = warehouse_rules())
      : reader(std::move(rules), std::move(zones), 9.0 / 16) {}
  void frame(std::vector<Sighting> things) { reader.add({(seconds++) * kSecond, std::move(things)}); }
  std::vector<TrackedEvent> end() {
    reader.finish(seconds * kSecond);
    return reader.take();
  }
  EventReader reader;
  int seconds = 0;
};

Sighting forklift(double x, double y, const char* load = "") { return {"forklift", "blue", load, {x, y}}; }
Sighting worker(double x, double y, const char* label = "red") { return {"worker", label, "", {x, y}}; }
Sighting pallet(double x, double y, const char* load = "boxes") { return {"pallet", "", load, {x, y}}; }

std::vector<const TrackedEvent*> of_type(const std::vector<TrackedEvent>& events, const std::string& type) {
  std::vector<const TrackedEvent*> found;
  for (const TrackedEvent& event : events) {
    if (event.event.type == type) found.push_back(&event);
  }
  return found;
}

std::string name_in_role(const TrackedEvent& event, const std::string& role) {
  for (const auto& [party, r] : event.parties) {
    if (r == role) return party.name;
  }
  return {};
}

double seconds(base::Timestamp t) { return base::to_seconds(t); }

/// A pallet comes to the dock at 5 s, a forklift takes it at 25 s and sets it down in staging at 35 s.
std::vector<TrackedEvent> delivery(int misread_every = 0, int miss_every = 0) {
  Film film;
  for (int t = 0; t < 70; ++t) {
    std::vector<Sighting> seen;
    const bool carried = t >= 25 && t < 35;
    const double share = std::clamp((t - 26) / 4.0, 0.0, 1.0);
    const double x = t < 10 ? 0.6 : t < 20 ? 0.6 - 0.04 * (t - 10) : 0.2 + 0.1 * share, y = t < 10 ? 0.32 : 0.32;
    if (miss_every == 0 || t % miss_every != 3) seen.push_back(forklift(x, y, carried ? "boxes" : ""));
    if (misread_every != 0 && t % misread_every == 4 && !seen.empty()) seen.back().label = "purple";
    if (t >= 5 && t < 25) seen.push_back(pallet(0.2, 0.2));
    if (t >= 35) seen.push_back(pallet(0.3, 0.45));
    film.frame(std::move(seen));
  }
  return film.end();
}

}  // namespace

TEST_CASE("goods that arrive, are carried and are set down are one thing, and each step is told with its time and place", "[tracking]") {
  const std::vector<TrackedEvent> events = delivery();
  const auto arrivals = of_type(events, "arrive"), pick_ups = of_type(events, "pick_up"), drops = of_type(events, "drop"),
             ways = of_type(events, "travel");
  REQUIRE(arrivals.size() == 1);
  REQUIRE(pick_ups.size() == 1);
  REQUIRE(drops.size() == 1);
  CHECK(seconds(arrivals[0]->event.span.start) == Approx(5).margin(1));
  CHECK(name_in_role(*arrivals[0], "place") == "dock 1");
  CHECK(seconds(pick_ups[0]->event.span.end) == Approx(25).margin(1));
  CHECK(name_in_role(*pick_ups[0], "agent") == "blue forklift");
  CHECK(name_in_role(*pick_ups[0], "place") == "dock 1");
  CHECK(name_in_role(*pick_ups[0], "object") == name_in_role(*arrivals[0], "agent"));
  CHECK(seconds(drops[0]->event.span.end) == Approx(35).margin(1));
  CHECK(name_in_role(*drops[0], "place") == "staging");
  CHECK(name_in_role(*drops[0], "object") == name_in_role(*arrivals[0], "agent"));
  const auto loaded =
      std::find_if(ways.begin(), ways.end(), [](const TrackedEvent* e) { return e->event.attributes.value("loaded", false); });
  REQUIRE(loaded != ways.end());
  CHECK(name_in_role(**loaded, "source") == "dock 1");
  CHECK(name_in_role(**loaded, "destination") == "staging");
  const auto waits = of_type(events, "wait");
  REQUIRE(waits.size() == 2);
  CHECK(seconds(waits[0]->event.span.start) == Approx(5).margin(1.5));
  CHECK(seconds(waits[0]->event.span.end) == Approx(22).margin(1.5));
  CHECK(name_in_role(*waits[1], "place") == "staging");
  CHECK(seconds(waits[1]->event.span.end) == Approx(70).margin(0.1));
}

namespace {

/// A forklift stands before a pallet in staging from 10 s to 40 s, has lifted it at 38 s if it `takes` it, and drives to the storage; from
/// `misread` on the pallet is said to be on its forks.
std::vector<TrackedEvent> before_goods(int misread, bool takes) {
  Rules rules = warehouse_rules();
  rules.turn = 1500 * base::kMillisecond;
  Film film(floor_plan(), rules);
  for (int t = 0; t < 90; ++t) {
    const double x = t < 10 ? 0.7 - 0.04 * t : t < 40 ? 0.3 : std::min(0.7, 0.3 + 0.04 * (t - 40));
    const bool loaded = takes && t >= 38 && t < 60;
    const bool said = loaded || (t >= misread && t < 40);
    std::vector<Sighting> seen{forklift(x, 0.62, said ? "boxes" : "")};
    if (!said) seen.push_back(takes && t >= 60 ? pallet(0.7, 0.55) : pallet(0.3, 0.5));
    film.frame(std::move(seen));
  }
  return film.end();
}

}  // namespace

TEST_CASE("goods that lie before the forks and look as if they lay on them are taken up when the carrier leaves with them", "[tracking]") {
  for (const int misread : {38, 33, 25, 14}) {
    INFO("seen on the forks from second " << misread);
    const std::vector<TrackedEvent> events = before_goods(misread, true);
    const auto pick_ups = of_type(events, "pick_up"), drops = of_type(events, "drop"), waits = of_type(events, "wait");
    REQUIRE(pick_ups.size() == 1);
    CHECK(seconds(pick_ups[0]->event.span.end) == Approx(38).margin(1.5));
    CHECK(name_in_role(*pick_ups[0], "place") == "staging");
    REQUIRE(drops.size() == 1);
    CHECK(name_in_role(*drops[0], "object") == name_in_role(*pick_ups[0], "object"));
    REQUIRE(waits.size() == 1);
    CHECK(seconds(waits[0]->event.span.end) == Approx(35).margin(1.5));
  }
}

TEST_CASE("goods that lie before the forks and stay there when the carrier leaves were never taken up", "[tracking]") {
  const std::vector<TrackedEvent> events = before_goods(15, false);
  CHECK(of_type(events, "pick_up").empty());
  CHECK(of_type(events, "drop").empty());
  const auto waits = of_type(events, "wait");
  REQUIRE(waits.size() == 1);
  CHECK(waits[0]->event.span == base::TimeSpan{0, 90 * kSecond});
}

TEST_CASE("goods that are taken away while the next of their kind come are told apart, also by a carrier that crept the last step",
          "[tracking]") {
  Film film({zone("dock 1", 0.65, 0.68, 0.85, 0.95), zone("storage", 0.5, 0.3, 0.9, 0.56)});
  for (int t = 0; t < 60; ++t) {
    const double x = t < 9 ? 0.3 + 0.043 * t : t < 26 ? 0.729 : std::max(0.3, 0.729 - 0.04 * (t - 26));
    std::vector<Sighting> seen{forklift(x, 0.604, t < 25 ? "" : "boxes")};
    seen.push_back(pallet(0.771, t == 25 ? 0.896 : t == 26 ? 0.82 : 0.771));
    film.frame(std::move(seen));
  }
  const std::vector<TrackedEvent> events = film.end();
  const auto pick_ups = of_type(events, "pick_up"), arrivals = of_type(events, "arrive"), waits = of_type(events, "wait");
  REQUIRE(pick_ups.size() == 1);
  CHECK(name_in_role(*pick_ups[0], "place") == "dock 1");
  REQUIRE(arrivals.size() == 1);
  CHECK(seconds(arrivals[0]->event.span.start) == Approx(25).margin(1.5));
  CHECK(name_in_role(*arrivals[0], "agent") != name_in_role(*pick_ups[0], "object"));
  CHECK(waits.size() == 2);
}

TEST_CASE("goods carried so short a way that the carrier was not seen to move were picked up and set down", "[tracking]") {
  Film film;
  for (int t = 0; t < 60; ++t) {
    const bool carried = t >= 20 && t < 28;
    std::vector<Sighting> seen{forklift(t < 22 ? 0.3 : 0.33, 0.62, carried ? "boxes" : "")};
    if (t < 20) seen.push_back(pallet(0.24, 0.5));
    if (t >= 28) seen.push_back(pallet(0.36, 0.5));
    film.frame(std::move(seen));
  }
  const std::vector<TrackedEvent> events = film.end();
  const auto pick_ups = of_type(events, "pick_up"), drops = of_type(events, "drop");
  REQUIRE(pick_ups.size() == 1);
  REQUIRE(drops.size() == 1);
  CHECK(seconds(pick_ups[0]->event.span.end) == Approx(20).margin(1));
  CHECK(seconds(drops[0]->event.span.end) == Approx(28).margin(1));
  CHECK(name_in_role(*drops[0], "object") == name_in_role(*pick_ups[0], "object"));
}

TEST_CASE("a carrier that turns on the spot sets down what it took up, in few seconds and with its load unread in one of them",
          "[tracking]") {
  // It stands between staging and packing: takes up at 20 s, sets down at the other side some seconds later, and leaves at 40 s.
  const auto told = [](int down, int unread) {
    Film film({zone("staging", 0.1, 0.4, 0.45, 0.5), zone("packing 1", 0.1, 0.64, 0.45, 0.8)});
    for (int t = 0; t < 60; ++t) {
      const bool carried = t >= 20 && t < down && t != unread;
      std::vector<Sighting> seen{forklift(t < 10   ? 0.8 - 0.06 * t
                                          : t < 40 ? 0.25
                                                   : std::min(0.8, 0.25 + 0.06 * (t - 39)),
                                          0.57, carried ? "boxes" : "")};
      if (t < 20) seen.push_back(pallet(0.23, 0.47));
      if (t >= down || t == unread) seen.push_back(pallet(0.25, 0.7));
      film.frame(std::move(seen));
    }
    return film.end();
  };
  for (const auto& [down, unread] : std::vector<std::pair<int, int>>{{28, -1}, {28, 23}, {23, -1}}) {
    INFO("set down at " << down << " s, unread at " << unread << " s");
    const std::vector<TrackedEvent> events = told(down, unread);
    const auto pick_ups = of_type(events, "pick_up"), drops = of_type(events, "drop");
    REQUIRE(pick_ups.size() == 1);
    REQUIRE(drops.size() == 1);
    CHECK(name_in_role(*pick_ups[0], "place") == "staging");
    CHECK(name_in_role(*drops[0], "place") == "packing 1");
    CHECK(seconds(pick_ups[0]->event.span.end) == Approx(20).margin(1.5));
    CHECK(seconds(drops[0]->event.span.end) == Approx(down).margin(1.5));
    CHECK(name_in_role(*pick_ups[0], "object") == name_in_role(*drops[0], "object"));
  }
}

TEST_CASE("what a carrier was seen to take before it was lost from view is told", "[tracking]") {
  Film film;
  for (int t = 0; t < 120; ++t) {
    std::vector<Sighting> seen;
    if (t < 40) seen.push_back(forklift(0.3, 0.62, t < 20 ? "" : "boxes"));
    if (t < 20) seen.push_back(pallet(0.3, 0.5));
    film.frame(std::move(seen));
  }
  const auto told = film.reader.take();  // before the film's end
  const auto pick_ups = of_type(told, "pick_up");
  REQUIRE(pick_ups.size() == 1);
  CHECK(seconds(pick_ups[0]->event.span.end) == Approx(20).margin(1));
}

TEST_CASE("goods are set down some time after the carrier came, whenever they are seen to leave its forks", "[tracking]") {
  for (const int seen_free : {12, 15, 17, 30}) {
    INFO("seen free from second " << seen_free);
    Film film;
    for (int t = 0; t < 60; ++t) {
      std::vector<Sighting> seen{forklift(std::max(0.3, 0.7 - 0.04 * t), 0.62, t < seen_free ? "boxes" : "")};
      if (t >= seen_free) seen.push_back(pallet(0.3, 0.5));
      film.frame(std::move(seen));
    }
    const std::vector<TrackedEvent> events = film.end();
    const auto drops = of_type(events, "drop");
    REQUIRE(drops.size() == 1);
    CHECK(seconds(drops[0]->event.span.end) == Approx(14.5).margin(2.5));
    CHECK(name_in_role(*drops[0], "place") == "staging");
  }
}

TEST_CASE("events with goods tell their load, those without tell none", "[tracking]") {
  for (const TrackedEvent& event : delivery()) {
    INFO(event.event.description);
    const bool goods = std::any_of(event.parties.begin(), event.parties.end(), [](const auto& p) { return p.first.type == "pallet"; });
    CHECK(event.event.attributes.value("load", "") == (goods ? "boxes" : ""));
  }
}

TEST_CASE("the seconds in which a carrier turns before it sets off are not idle, but its standing to the end is", "[tracking]") {
  const auto idle_until = [](base::Duration turn, int stands) {
    Rules rules = warehouse_rules();
    rules.turn = turn;
    Film film(floor_plan(), rules);
    for (int t = 0; t < 40; ++t) film.frame({forklift(0.5 + 0.04 * std::max(0, std::min(t, stands + 8) - stands), 0.32)});
    const auto events = film.end();
    const auto idle = of_type(events, "idle");
    REQUIRE_FALSE(idle.empty());
    return seconds(idle.front()->event.span.end);
  };
  CHECK(idle_until(2 * kSecond, 20) == Approx(idle_until(0, 20) - 2));
  CHECK(idle_until(2 * kSecond, 40) == Approx(idle_until(0, 40)));
}

TEST_CASE("an observation tells the way of each thing that was in view, as short as it can be told", "[tracking]") {
  Film film;
  for (int t = 0; t < 40; ++t) film.frame({forklift(0.2 + 0.01 * std::min(t, 20), 0.32), pallet(0.2, 0.2)});
  film.reader.finish(40 * kSecond);
  const base::Observation seen = observe(film.reader, "hall", {10 * kSecond, 40 * kSecond});
  const nlohmann::json& paths = seen.attributes.at("paths");
  REQUIRE(paths.at("forklift:blue").size() > 5);
  const nlohmann::json first = paths["forklift:blue"].front();
  CHECK(first[0] == 10);
  CHECK((first[1].get<double>() + first[3].get<double>()) / 2 == Approx(0.3).margin(0.002));
  CHECK((first[2].get<double>() + first[4].get<double>()) / 2 == Approx(0.32).margin(0.002));
  CHECK(paths.at("pallet:1").size() == 2);  // it stood
  for (const base::EntityMention& mention : seen.entities) {
    if (mention.span) CHECK(mention.box.has_value());
  }
}

TEST_CASE("a colour misread or a thing missed in single frames changes nothing of what happened", "[tracking]") {
  const auto plain = delivery();
  for (const auto& events : {delivery(9, 0), delivery(0, 7), delivery(11, 6)}) {
    for (const char* type : {"arrive", "pick_up", "drop"}) {
      const auto a = of_type(plain, type), b = of_type(events, type);
      REQUIRE(b.size() == a.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        INFO(type << " at " << seconds(a[i]->event.span.end) << " s and " << seconds(b[i]->event.span.end) << " s");
        CHECK(std::abs(seconds(a[i]->event.span.end - b[i]->event.span.end)) <= 2);
        CHECK(name_in_role(*a[i], "agent") == name_in_role(*b[i], "agent"));
        CHECK(name_in_role(*a[i], "place") == name_in_role(*b[i], "place"));
      }
    }
  }
}

TEST_CASE("a worker who walks in, works on goods and walks out has entered, worked and left", "[tracking]") {
  Film film;
  for (int t = 0; t < 60; ++t) {
    const double x = t < 10 ? 0.4 : t < 14 ? 0.4 + 0.04 * (t - 10) : t < 40 ? 0.56 : std::max(0.4, 0.56 - 0.04 * (t - 40));
    film.frame({worker(x, 0.85), pallet(0.6, 0.87)});
  }
  const auto events = film.end();
  const auto enters = of_type(events, "enter"), leaves = of_type(events, "leave"), work = of_type(events, "process");
  REQUIRE(enters.size() == 1);
  REQUIRE(leaves.size() == 1);
  REQUIRE(work.size() == 1);
  CHECK(seconds(enters[0]->event.span.start) == Approx(12.5).margin(1));
  CHECK(seconds(leaves[0]->event.span.start) == Approx(41.5).margin(1));
  CHECK(seconds(work[0]->event.span.start) == Approx(14).margin(2));
  CHECK(seconds(work[0]->event.span.end) == Approx(40).margin(2));
  CHECK(name_in_role(*work[0], "station") == "packing 1");
  // The goods wait before and after.
  const auto waits = of_type(events, "wait");
  REQUIRE(waits.size() == 2);
  CHECK(waits[0]->event.span.end <= work[0]->event.span.start + kSecond);
  CHECK(waits[1]->event.span.start >= work[0]->event.span.end - kSecond);
}

TEST_CASE("who stands near a border of a zone does not enter and leave it every second", "[tracking]") {
  Film film;
  for (int t = 0; t < 60; ++t) film.frame({worker(0.5 + (t % 2 == 0 ? 0.01 : -0.01), 0.85)});
  CHECK(of_type(film.end(), "enter").size() <= 1);
}

TEST_CASE("who steps out of a zone by a cell for three seconds has left and entered it", "[tracking]") {
  Film film;
  for (int t = 0; t < 60; ++t) film.frame({worker(t >= 20 && t < 23 ? 0.71 : 0.66, 0.85)});
  const auto events = film.end();
  const auto enters = of_type(events, "enter"), leaves = of_type(events, "leave");
  REQUIRE(enters.size() == 1);
  REQUIRE(leaves.size() == 1);
  CHECK(seconds(leaves[0]->event.span.start) == Approx(19.8).margin(0.7));
  CHECK(seconds(enters[0]->event.span.start) == Approx(22.3).margin(0.7));
}

TEST_CASE("who rests one step beside where it works is idle between two works, and works no longer than it stood there", "[tracking]") {
  Film film;
  for (int t = 0; t < 90; ++t) {
    std::vector<Sighting> seen{worker(t < 30 || t >= 60 ? 0.685 : 0.715, 0.85)};
    if (t < 40) seen.push_back(pallet(0.65, 0.87));
    if (t >= 58) seen.push_back(pallet(0.62, 0.87, "sacks"));
    film.frame(std::move(seen));
  }
  const auto events = film.end();
  const auto work = of_type(events, "process"), idle = of_type(events, "idle"), waits = of_type(events, "wait");
  REQUIRE(work.size() == 2);
  CHECK(seconds(work[0]->event.span.end) == Approx(30).margin(1.5));
  CHECK(seconds(work[1]->event.span.start) == Approx(60).margin(1.5));
  REQUIRE(idle.size() == 1);
  CHECK(seconds(idle[0]->event.span.start) == Approx(30).margin(1.5));
  CHECK(seconds(idle[0]->event.span.end) == Approx(60).margin(1.5));
  CHECK(name_in_role(*idle[0], "place") == "packing 1");
  CHECK(std::any_of(waits.begin(), waits.end(), [](const TrackedEvent* e) { return std::abs(seconds(e->event.span.start) - 58) < 1.5; }));
}

TEST_CASE("a carrier that the film finds or leaves under way has gone from its start, or until its end", "[tracking]") {
  Film film;
  for (int t = 0; t < 60; ++t) film.frame({forklift(t < 10 ? 0.2 + 0.04 * t : t < 52 ? 0.6 : 0.6 - 0.04 * (t - 51), 0.32)});
  const auto events = film.end();
  const auto ways = of_type(events, "travel"), idle = of_type(events, "idle");
  REQUIRE(ways.size() == 2);
  CHECK(seconds(ways[0]->event.span.start) == Approx(0).margin(0.5));
  CHECK(seconds(ways[0]->event.span.end) == Approx(10).margin(1));
  CHECK(seconds(ways[1]->event.span.start) == Approx(51).margin(1.5));
  CHECK(ways[1]->event.span.end == 60 * kSecond);
  REQUIRE(idle.size() == 1);
  CHECK(idle[0]->event.span.end <= ways[1]->event.span.start);
}

TEST_CASE("an idle carrier has come up to goods beside it before it takes them, but not to those that it set down there", "[tracking]") {
  const auto ways_before_the_second_pick_up = [](bool its_own) {
    Rules rules = warehouse_rules();
    rules.approach = 4 * kSecond;
    Film film(floor_plan(), rules);
    for (int t = 0; t < 100; ++t) {
      const double x = t < 10 ? 0.7 - 0.04 * t : t < 62 ? 0.3 : std::min(0.7, 0.3 + 0.04 * (t - 62));
      const bool loaded = t < 14 || (t >= 60 && t < 80);
      std::vector<Sighting> seen{forklift(x, 0.62, !loaded ? "" : t < 14 || its_own ? "boxes" : "sacks")};
      if (t >= 14 && (!its_own || t < 60)) seen.push_back(pallet(0.3, 0.5));
      if (!its_own && t < 60) seen.push_back(pallet(0.38, 0.57, "sacks"));
      film.frame(std::move(seen));
    }
    const auto events = film.end();
    REQUIRE(of_type(events, "pick_up").size() == 1);
    const base::Timestamp lifts = of_type(events, "pick_up")[0]->event.span.start;
    const auto ways = of_type(events, "travel");
    return std::count_if(ways.begin(), ways.end(), [lifts](const TrackedEvent* e) {
      return e->event.span == base::TimeSpan{lifts - 4 * kSecond, lifts};
    });
  };
  CHECK(ways_before_the_second_pick_up(false) == 1);
  CHECK(ways_before_the_second_pick_up(true) == 0);
}

TEST_CASE("two of one colour at a time are two", "[tracking]") {
  Film film;
  for (int t = 0; t < 20; ++t) film.frame({worker(0.2, 0.3), worker(0.8, 0.3)});
  film.reader.finish(20 * kSecond);
  const auto present = film.reader.present({0, 20 * kSecond});
  REQUIRE(present.size() == 2);
  CHECK(present[0].party.key != present[1].party.key);
}

TEST_CASE("what is seen once or twice is nothing, and an empty film has no events", "[tracking]") {
  Film film;
  for (int t = 0; t < 30; ++t) film.frame(t == 7 || t == 20 ? std::vector<Sighting>{worker(0.6, 0.85)} : std::vector<Sighting>{});
  CHECK(film.end().empty());
  Film empty;
  CHECK(empty.end().empty());
}

TEST_CASE("goods that somebody passes in front of neither leave nor arrive", "[tracking]") {
  Film film;
  for (int t = 0; t < 60; ++t)
    film.frame(t >= 20 && t < 26 ? std::vector<Sighting>{worker(0.2, 0.15)} : std::vector<Sighting>{pallet(0.2, 0.15)});
  const auto events = film.end();
  CHECK(of_type(events, "arrive").empty());
  for (const TrackedEvent* leaving : of_type(events, "leave"))
    CHECK(name_in_role(*leaving, "agent") == "red worker");  // who was there for six seconds
  CHECK(of_type(events, "wait").size() == 1);
}

TEST_CASE("what is observed chunk by chunk is what is observed at once", "[tracking]") {
  std::vector<base::Observation> parts;
  Film film;
  for (int t = 0; t < 60; ++t) {
    film.frame(t < 25 ? std::vector<Sighting>{forklift(0.2, 0.32), pallet(0.2, 0.2)} : std::vector<Sighting>{forklift(0.2, 0.32, "boxes")});
    if (t % 10 == 9) parts.push_back(observe(film.reader, "film", {(t - 9) * kSecond, (t + 1) * kSecond}));
  }
  film.reader.finish(60 * kSecond);
  parts.push_back(observe(film.reader, "film", {60 * kSecond, 60 * kSecond}));
  int pick_ups = 0;
  for (const base::Observation& o : parts) {
    for (const base::Event& event : o.events) {
      pick_ups += event.type == "pick_up";
      for (const base::Participant& p : event.participants) {
        CHECK(std::any_of(o.entities.begin(), o.entities.end(), [&](const base::EntityMention& m) { return m.ref == p.ref; }));
      }
    }
  }
  CHECK(pick_ups == 1);
}

TEST_CASE("memory of a long film is bounded", "[tracking]") {
  Film film;
  for (int t = 0; t < 20'000; ++t) {
    film.frame({worker(0.2 + 0.1 * std::sin(t / 30.0), 0.3), pallet(0.2, 0.15, t / 600 % 2 == 0 ? "boxes" : "drums")});
    static_cast<void>(film.reader.take());
  }
  CHECK(film.reader.present({0, 20'000 * kSecond}).size() < 10);
}

TEST_CASE("rules that cannot be meant are refused with their key", "[tracking]") {
  CHECK_THROWS_WITH(parse_rules({{"carrier", {"x"}}}, "p"), Catch::Contains("tracking.carrier"));
  CHECK_THROWS_WITH(parse_rules({{"carriers", "forklift"}}, "p"), Catch::Contains("tracking.carriers"));
  CHECK_THROWS_WITH(parse_rules({{"reach", -1}}, "p"), Catch::Contains("tracking.reach"));
  CHECK_THROWS_WITH(parse_rules({{"reach", "far"}}, "p"), Catch::Contains("tracking.reach"));
  CHECK_THROWS_WITH(parse_rules({{"zone_types", {{"dock", 3}}}}, "p"), Catch::Contains("zone_types.dock"));
  CHECK(parse_rules(nullptr, "p").empty());
  CHECK(zone_kind("dock 12") == "dock");
  CHECK(zone_kind("left penalty area") == "left penalty area");
}

}  // namespace reelgraph::chunker::tracking
