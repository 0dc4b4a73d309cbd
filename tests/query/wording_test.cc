// Kinds of wording that strangers used and the reader of questions once did not know: one line or two of each kind.
#include "query/plan.h"
#include "tests/query/archive_fixture.h"
#include "tests/query/league_fixture.h"

namespace reelgraph::query {
namespace {

using nlohmann::json;
using test::League;

struct Wording {
  const char* question;
  json want;
};

void check(const std::vector<Wording>& wordings) {
  League l;
  for (const Wording& w : wordings) {
    INFO(w.question);
    CHECK(l.value(w.question) == w.want);
  }
}

TEST_CASE("an event that is understood is not named", "[wording]") {
  check({{"Who got Blues' first?", "Cy Çelik"}, {"When did Reds get their second?", 80.0}, {"How many did Reds get?", 2}});
}

TEST_CASE("what comes before the question itself is passed over", "[wording]") {
  check({{"I'd like to know who was sent off", "Ben Baker"},
         {"Pls tell me how many fouls there were", 3},
         {"Can you tell me if Ann Able was taken off?", true}});
}

TEST_CASE("a noun without a verb is counted", "[wording]") {
  check({{"fouls by Baker?", 2}, {"total fouls after the break", 2}, {"gap between the two headers?", 70.0}});
}

TEST_CASE("more than, at least, fewer than: a number that is not what is counted", "[wording]") {
  check({{"Which players committed more than one foul?", json::array({"Ben Baker"})},
         {"Did Baker foul at least three times?", false},
         {"Did Baker commit fewer than three fouls?", true},
         {"Did anyone foul more than once?", true},
         {"How many players committed at least two fouls?", 1},
         {"Who committed two fouls?", "Ben Baker"}});
}

TEST_CASE("either of two kinds, and two kinds counted together", "[wording]") {
  check({{"How many players were booked or sent off?", 1},
         {"How many fouls and substitutions were there altogether?", 4},
         {"Was anyone booked or sent off before the break?", true}});
}

TEST_CASE("just before a part begins is the end of the one before it", "[wording]") {
  check({{"Who scored just before the break?", "Cy Çelik"}});
}

TEST_CASE("both sides", "[wording]") {
  check({{"Did both teams score?", true},
         {"Did both sides make a substitution?", false},
         {"Did each team commit at least two fouls?", false}});
}

TEST_CASE("a comparison of two parts of which the second is named by its number only", "[wording]") {
  check({{"Were there fewer fouls in the first half than in the second?", true},
         {"Did Blues have more shots in the second half than in the first?", false}});
}

TEST_CASE("it is the same one who is spoken of in a clause without a subject", "[wording]") {
  check({{"How many shots did Ann Able have before being taken off?", 1}, {"How long after coming on did Eve Fox score?", 10.0 - 0.5}});
}

TEST_CASE("two sentences: the second asks of the two events of the first", "[wording]") {
  check({{"Ann Able had a shot and was later taken off. How long between the two?", 60.0}});
}

TEST_CASE("the time into a video, and the end of what goes on", "[wording]") {
  check({{"How many seconds into the game was the first foul?", 20.0},
         {"What is the time of the last foul?", 95.0},
         {"When did the last foul end?", 95.5}});
}

TEST_CASE("the time by which, and the time at which", "[wording]") {
  check({{"How many fouls had there been by the time of the substitution?", 1},
         {"At the time of the red card, how many goals had Reds scored?", 2}});
}

TEST_CASE("leaving out what says something of itself", "[wording]") {
  check({{"Leaving out the own goal, who scored?", json::array({"Cy Çelik", "Eve Fox"})}});
}

TEST_CASE("what is true of both parts, of both of two, of one after the other", "[wording]") {
  check({{"Were there goals in both halves?", true},
         {"Did Reds score in both halves?", false},
         {"Who committed fouls in both halves?", "Ben Baker"},
         {"Who had a shot and was later taken off?", "Ann Able"},
         {"Who was taken off and later had a shot?", "no answer"},
         {"Did Çelik and Fox score?", true},
         {"Did Ann Able and Eve Fox score?", false},
         {"How many fouls did Baker and Fox commit?", 3},
         {"How many different foulers were there?", 2}});
}

TEST_CASE("a card and a substitution are two things, not a substitution with a card", "[wording]") {
  League l;
  const query::Answer answer = l.ask("Who was both booked and taken off?");
  CHECK(answer.status == query::Status::kNotSeen);
  REQUIRE(answer.plan.at("others").size() == 1);
  CHECK(answer.plan.at("select").at("kinds")[0].at("types") == json::array({"foul"}));
  CHECK(answer.plan.at("others")[0].at("kinds")[0].at("types") == json::array({"substitution"}));
}

TEST_CASE("how long somebody was there: from coming until going, or as far as what he did shows it", "[wording]") {
  check({{"How long was Eve Fox on the pitch?", 30.0},
         {"How long was Ann Able on the pitch?", 69.0},
         {"How long was Ben Baker on the pitch?", 89.0},
         {"How long was Fox on before she scored?", 10.0}});
}

TEST_CASE("numbers and ordinals of what is not named again", "[wording]") {
  check({{"How long between goals one and two?", 30.0},
         {"How long between goal one and goal three?", 50.0},
         {"How long between Baker's booking and Fox's first?", 60.0}});
}

TEST_CASE("times told from something else", "[wording]") {
  check({{"How many shots were there within 15 seconds of the substitution?", 1},
         {"How much later than the first goal was the substitution?", 40.0 - 0.5},
         {"How many fouls followed the winner?", 2},
         {"How many fouls did Blues commit while they were behind?", 1},
         {"How many seconds had gone when Fox scored?", 80.0},
         {"How long after the break did Fox score?", 30.0}});
}

TEST_CASE("the last before something says how long before", "[wording]") {
  League l;
  const query::Answer answer = l.ask("What was the last event before the winner?");
  CHECK(answer.value.at("type") == "substitution");
  CHECK(answer.text.find("That is 10 s before") != std::string::npos);
}

TEST_CASE("where there are none at the time asked about, the answer says how many there are at others", "[wording]") {
  League l;
  CHECK(l.ask("Did Reds score in the first half?").text.find("At other times there are 2") != std::string::npos);
}

TEST_CASE("plans of these kinds survive their JSON form", "[wording]") {
  League l;
  for (const char* question :
       {"How long was Eve Fox on the pitch?", "Who had a shot and was later taken off?", "Did Reds score in both halves?"}) {
    INFO(question);
    json plan = l.ask(question).plan;
    for (const char* shown : {"views", "videos_looked_at", "found_by"}) plan.erase(shown);
    CHECK(to_json(plan_from_json(plan, "plan.json")) == plan);
  }
}

TEST_CASE("of how many videos is no condition", "[wording]") {
  League l;
  CHECK(l.value("Which of the two matches had the most fouls?", "") == "Reds v Blues");
}

TEST_CASE("where two readings differ, the answer gives the figure of the other", "[wording]") {
  League l;
  CHECK(l.ask("How many goals did Reds score?").text.find("instead of the side that it counts for: 1") != std::string::npos);
  CHECK(l.ask("How many goals did Blues score before the break?").text.find("instead") == std::string::npos);
}

TEST_CASE("a number is a name where one thing bears it, and a count where several do", "[wording]") {
  test::ArchiveFixture f;
  const auto arrival = [](int at, int dock) {
    const std::string number = std::to_string(dock), time = R"("start":)" + std::to_string(at) + R"(,"end":)" + std::to_string(at + 1);
    return R"({"type":"observation","video":"hall",)" + time + R"(,"entities":[{"ref":"d","id":"hall/dock)" + number +
           R"(","name":"dock )" + number + R"(","type":"dock"},{"ref":"p","id":"hall/)" + std::to_string(at) +
           R"(","name":"Ann","type":"pallet"}],"events":[{"type":"arrive",)" + time +
           R"(,"participants":[{"ref":"p","role":"agent"},{"ref":"d","role":"place"}]}],"provenance":{"kind":"vlm","name":"m","version":"1"}})" +
           "\n";
  };
  f.import(arrival(10, 1) + arrival(20, 2) + arrival(30, 2));
  base::Profile words;
  words.event_types = {{"arrive", "", {"arrived", "arrivals"}, {"agent", "place"}}};
  CHECK(f.ask("How many arrivals were there at dock 2?", "hall", {words}).value == 2);
  CHECK(f.ask("How many arrivals were there at dock 1?", "hall", {words}).value == 1);
}

TEST_CASE("of two things, the verb before them is no third", "[wording]") {
  test::ArchiveFixture f;
  const auto opened = [](int at, const char* type) {
    const std::string time = R"("start":)" + std::to_string(at) + R"(,"end":)" + std::to_string(at + 1);
    return R"({"type":"observation","video":"yard",)" + time + R"(,"events":[{"type":")" + type + "\"," + time +
           R"(}],"provenance":{"kind":"vlm","name":"m","version":"1"}})" + "\n";
  };
  f.import(opened(10, "opens_gate") + opened(20, "opens_trunk") + opened(30, "opens_car_door"));
  base::Profile words;
  words.event_types = {
      {"opens_gate", "", {"gate opened"}, {}}, {"opens_trunk", "", {"boot opened"}, {}}, {"opens_car_door", "", {"car door opened"}, {}}};
  const Answer answer = f.ask("What was opened first, the boot or the car door?", "yard", {words});
  REQUIRE(answer.status == Status::kAnswered);
  CHECK(answer.value.at("type") == "opens_trunk");
}

}  // namespace
}  // namespace reelgraph::query
