// Questions of goods and places: what part a name takes follows from the parts that its kind takes in the archive.
#include <sstream>

#include "base/error.h"
#include "query/plan.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

base::Profile warehouse() {
  base::Profile p;
  p.event_types = {{"process", "", {"processed", "processing"}, {"agent", "object", "place"}},
                   {"drop", "", {"dropped", "set down", "drops"}, {"agent", "object", "place"}},
                   {"pick_up", "", {"pick up", "picked up"}, {"agent", "object", "place"}},
                   {"arrive", "", {"arrives", "arrived", "dock", "docks"}, {"agent", "place"}},
                   {"leave", "", {"leaves"}, {"agent", "place"}},
                   {"wait", "", {"waits", "waited"}, {"agent", "place"}},
                   {"near_miss", "", {"near misses", "close calls"}, {"agent", "other"}},
                   {"travel", "", {"carry", "carried"}, {"agent", "object", "source", "destination"}}};
  p.entity_types = {{"worker", "", {"workers"}, {}},    {"forklift", "", {"forklifts"}, {}}, {"pallet", "", {"pallets"}, {}},
                    {"dock", "", {"docks", "bay"}, {}}, {"station", "", {"stations"}, {}},   {"rack", "", {"racks", "storage"}, {}}};
  return p;
}

/// Takes part as `role`; the id is "type:name".
struct Part {
  const char* role;
  const char* type;
  const char* name;
};

std::string line(int start, int end, const std::string& event, const std::vector<Part>& parts) {
  std::string entities, participants;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string ref = "e" + std::to_string(i), type = parts[i].type, name = parts[i].name, comma = i > 0 ? "," : "";
    entities += comma + R"({"ref":")" + ref + R"(","id":")" + type + ":" + name + R"(","name":")" + name + R"(","type":")" + type + "\"}";
    participants += comma + R"({"ref":")" + ref + R"(","role":")" + parts[i].role + "\"}";
  }
  const std::string time = "\"start\":" + std::to_string(start) + ",\"end\":" + std::to_string(end);
  return R"({"type":"observation","video":"hall",)" + time + R"(,"caption":")" + event + R"(","entities":[)" + entities +
         R"(],"events":[{"type":")" + event + "\"," + time + R"(,"description":")" + event + R"(","participants":[)" + participants +
         R"(]}],"provenance":{"kind":"import","name":"sim"}})" + "\n";
}

/// 10 minutes in a hall: two workers, two forklifts, pallets 14 and 15, and a dock, a station, a staging place and a storage.
void import_hall(test::ArchiveFixture& a) {
  const Part green{"agent", "forklift", "green forklift"}, blue{"agent", "forklift", "blue forklift"};
  const Part red{"agent", "worker", "red worker"}, purple{"agent", "worker", "purple worker"};
  const Part p14{"object", "pallet", "pallet 14"}, p15{"object", "pallet", "pallet 15"}, p16{"object", "pallet", "pallet 16"};
  const Part packing{"place", "station", "packing 1"}, staging{"place", "place", "staging"}, storage{"place", "rack", "storage"};
  const Part dock1{"place", "dock", "dock 1"}, dock2{"place", "dock", "dock 2"}, hall{"place", "place", "hall"};
  a.import(R"({"type":"video","id":"hall","title":"Hall of the north","duration":600})"
           "\n" +
           line(5, 7, "arrive", {{"agent", "pallet", "pallet 14"}, dock1}) +
           line(9, 11, "arrive", {{"agent", "pallet", "pallet 15"}, dock1}) +
           line(12, 14, "arrive", {{"agent", "pallet", "pallet 16"}, dock2}) + line(20, 22, "pick_up", {green, p14, dock1}) +
           line(22, 30, "travel", {green, p14, {"source", "dock", "dock 1"}, {"destination", "place", "staging"}}) +
           line(30, 33, "drop", {green, p14, staging}) + line(33, 50, "wait", {{"agent", "pallet", "pallet 14"}, staging}) +
           line(33, 40, "travel", {green, {"source", "place", "staging"}, {"destination", "dock", "dock 1"}}) +
           line(50, 150, "process", {red, p14, packing}) + line(160, 190, "process", {purple, p15, packing}) +
           line(200, 220, "process", {red, p16, packing}) + line(230, 232, "leave", {purple, packing}) +
           line(300, 302, "leave", {red, hall}) + line(310, 320, "drop", {blue, p14, storage}) +
           line(330, 340, "travel", {blue, p15, {"source", "station", "packing 1"}, {"destination", "rack", "storage"}}) +
           line(345, 355, "travel", {blue, p16, {"source", "station", "packing 1"}, {"destination", "rack", "storage"}}) +
           line(360, 370, "travel", {green, {"source", "dock", "dock 1"}, {"destination", "place", "staging"}}));
}

struct Hall {
  Hall() { import_hall(a); }
  Answer ask(const std::string& question) { return a.ask(question, {}, {warehouse()}); }
  std::string name(const std::string& question) {
    const Answer answer = ask(question);
    INFO(question << ": " << answer.text);
    CHECK(answer.status == Status::kAnswered);
    return answer.value.is_object() ? answer.value.value("name", "") : answer.value.dump();
  }
  test::ArchiveFixture a;
};

TEST_CASE("what something is done to is the object where the archive says so, in the passive as well", "[parts]") {
  Hall hall;
  CHECK(hall.ask("How long was pallet 14 processed?").value == 100);
  CHECK(hall.ask("When was pallet 15 processed?").value == 160);
  CHECK(hall.ask("How many times was pallet 14 picked up?").value == 1);
  CHECK(hall.name("Who processed pallet 14?") == "red worker");
  CHECK(hall.name("Which pallet did the purple worker process?") == "pallet 15");
}

TEST_CASE("where is answered with a place where events tell theirs", "[parts]") {
  Hall hall;
  CHECK(hall.name("Where was pallet 14 processed?") == "packing 1");
  CHECK(hall.name("At which station was pallet 14 processed?") == "packing 1");
  CHECK(hall.name("Where did the green forklift pick up the pallet?") == "dock 1");
  CHECK(hall.name("Where did the green forklift set down pallet 14?") == "staging");
  CHECK(hall.name("In which zone did the blue forklift drop the pallet?") == "storage");
  CHECK(hall.name("Where was the longest wait?") == "staging");
}

TEST_CASE("a place is no doer: what never happened there did not happen", "[parts]") {
  Hall hall;
  CHECK(hall.ask("Did the green forklift ever drop a pallet at storage?").value == false);
  CHECK(hall.ask("Did the blue forklift drop a pallet at storage?").value == true);
  CHECK(hall.ask("Did the purple worker leave the hall?").value == false);
  CHECK(hall.ask("Did the red worker leave the hall?").value == true);
  CHECK(hall.ask("Did the purple worker leave the kitchen?").status == Status::kNotSeen);
}

TEST_CASE("a name like others that nothing bears is not seen, and never left out", "[parts]") {
  Hall hall;
  for (const char* question : {"Who processed pallet 9999?", "Who picked up pallet 99 at staging?", "Which worker processed pallet 99?",
                               "Was pallet 99 processed?", "How many pallets arrived at dock 9?", "Who processed a pallet at packing 7?",
                               "When did the purple forklift leave packing 1?"}) {
    const Answer answer = hall.ask(question);
    INFO(question << ": " << answer.text);
    CHECK(answer.status == Status::kNotSeen);
    CHECK_THAT(answer.text, Contains("Nothing in the archive is called"));
  }
  CHECK(hall.ask("When did pallet 16 arrive at bay 2?").value == 12);  // another word for the type
  CHECK(hall.ask("Did the red worker process a pallet 2 times?").status != Status::kNotSeen);
}

TEST_CASE("events that a profile knows and the archive holds none of were not seen", "[parts]") {
  Hall hall;
  for (const auto& [question, name] :
       {std::pair{"How many near misses were there?", "near miss"}, std::pair{"How many close calls were there?", "near miss"}}) {
    const Answer answer = hall.ask(question);
    INFO(answer.text);
    CHECK(answer.status == Status::kNotSeen);
    CHECK_THAT(answer.text, Contains("None was seen: there is no \"" + std::string(name) + "\""));
  }
}

TEST_CASE("a type that is named narrows what is counted, unless it is what is asked for", "[parts]") {
  Hall hall;
  CHECK(hall.name("Who processed the most pallets?") == "red worker");
  CHECK(hall.name("Which forklift carried the most pallets?") == "blue forklift");  // the green one went more often, but empty
  CHECK(hall.ask("How often did the green forklift carry a pallet?").value == 1);
  CHECK(hall.name("At which dock did most pallets arrive?") == "dock 1");
  CHECK(hall.ask("Did the blue forklift drop a pallet at the dock?").value == false);
  CHECK(hall.ask("Did the green forklift pick up a pallet at a dock?").value == true);
  CHECK(hall.ask("Did anyone process more than 1 pallet?").value == true);
  CHECK(hall.ask("Did anyone process more than 2 pallets?").value == false);
}

TEST_CASE("how many are somewhere at an instant counts those who are there, not those who begin", "[parts]") {
  Hall hall;
  CHECK(hall.ask("How many pallets were waiting at staging at 0:40?").value == 1);
  CHECK(hall.ask("How many pallets were at staging at 0:40?").value == 1);
  CHECK(hall.ask("How many pallets were at packing 1 at 1:30?").value == 1);
  CHECK(hall.ask("How many pallets were at packing 1 at 0:40?").value == 0);
}

TEST_CASE("at most asks for the longest", "[parts]") {
  Hall hall;
  CHECK(hall.ask("How long did the red worker take at most to process a pallet?").value == 100);
}

}  // namespace
TEST_CASE("any of a type may be any of hundreds, and the plan that says so can be given back", "[parts]") {
  test::ArchiveFixture a;
  std::string lines = R"({"type":"video","id":"hall","title":"Hall","duration":6000})"
                      "\n";
  std::vector<std::string> names;
  for (int i = 0; i < 700; ++i) names.push_back("pallet " + std::to_string(i));
  for (int i = 0; i < 700; ++i)
    lines += line(8 * i, 8 * i + 5, "travel",
                  {{"agent", "forklift", i % 3 == 0 ? "blue forklift" : "green forklift"},
                   {"object", "pallet", names[static_cast<std::size_t>(i)].c_str()}});
  a.import(lines);
  const Answer answer = a.ask("Which forklift carried the most pallets?", {}, {warehouse()});
  REQUIRE(answer.status == Status::kAnswered);
  CHECK(answer.value["name"] == "green forklift");
  Plan plan;
  plan.ask = Ask::kCount;
  plan.select.who.push_back({std::vector<graph::RowId>(700, 1), {"any pallet"}, "object", false, false});
  CHECK(plan_from_json(to_json(plan), "plan").select.who.front().entities.size() == 700);
}

TEST_CASE("who is compared takes the same part as whom it is compared with", "[parts]") {
  Hall hall;
  const Answer answer = hall.ask("Did the green forklift set down more pallets than the blue forklift?");
  CHECK(answer.value == false);
  CHECK(answer.text.find("drops by blue forklift") != std::string::npos);
  CHECK(hall.ask("Did the green forklift carry more pallets than the blue forklift?").value == false);
}

TEST_CASE("the first and the longest of a type are chosen among those of the type", "[parts]") {
  Hall hall;
  const Part staging{"place", "place", "staging"};
  hall.a.import(line(400, 402, "wait", {{"agent", "forklift", "green forklift"}, staging}) +
                line(410, 415, "wait", {{"agent", "forklift", "blue forklift"}, staging}));
  CHECK(hall.name("Which forklift waited the longest?") == "blue forklift");
  CHECK(hall.name("Which forklift was the first to wait?") == "green forklift");
  CHECK(hall.name("Which pallet waited the longest?") == "pallet 14");
}

TEST_CASE("the busiest stretch of time is the one in which most begins", "[questions]") {
  Hall hall;
  const auto start = [&](const std::string& question) {
    const Answer answer = hall.ask(question);
    INFO(question << ": " << answer.text);
    CHECK(answer.status == Status::kAnswered);
    return answer.value.is_number() ? answer.value.get<double>() : -1;
  };
  CHECK(start("When was it busiest?") == 0);
  CHECK(start("In which minute did most pallets arrive?") == 0);
  CHECK(start("Which minute had the most travels by the blue forklift?") == 300);
  CHECK(start("When was storage busiest?") == 300);
  CHECK(start("What was the quietest minute?") == 60);
  CHECK(start("What was the busiest hour?") == 0);  // there is only a part of one
  CHECK(hall.ask("When was it busiest?").text.find("9 events") != std::string::npos);
  CHECK(hall.ask("Which dock was the busiest?").kind != "time");
  CHECK_THROWS_AS(plan_from_json({{"ask", "busiest"}, {"select", nlohmann::json::object()}, {"per_s", 0.001}}, "plan"), base::Error);
}

TEST_CASE("what was not looked at is not quiet, and a video in which nothing happens is", "[questions]") {
  test::ArchiveFixture a;
  std::string lines = R"({"type":"video","id":"a","title":"A","duration":240})"
                      "\n"
                      R"({"type":"coverage","video":"a","start":0,"end":130,"status":"described"})"
                      "\n";
  for (const int start : {5, 20, 70}) lines += line(start, start + 2, "process", {{"agent", "worker", "red worker"}});
  for (std::size_t at = 0; (at = lines.find(R"("video":"hall")", at)) != std::string::npos;) lines.replace(at, 14, R"("video":"a")");
  a.import(lines);
  CHECK(a.ask("Which minute was the quietest?", {}, {warehouse()}).value == 60);  // the third and fourth were not looked at
  a.import(R"({"type":"video","id":"b","title":"B","duration":120})"
           "\n"
           R"({"type":"coverage","video":"b","start":0,"end":120,"status":"described"})"
           "\n");
  const Answer both = a.ask("Which minute was the quietest?", {}, {warehouse()});
  CHECK(both.value == 0);
  CHECK(both.text.find(" in b, with 0 events, level with 1 more") != std::string::npos);
}

}  // namespace reelgraph::query
