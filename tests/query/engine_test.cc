#include "query/engine.h"

#include "base/error.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using test::ArchiveFixture;

base::Profile small_sports() {
  base::Profile profile;
  profile.event_types = {{"goal", "", {"score", "scores", "scored"}, {}}, {"substitution", "", {"substituted"}, {}}};
  return profile;
}

std::vector<std::string> names(const nlohmann::json& list) {
  std::vector<std::string> out;
  for (const auto& v : list) out.push_back(v.at("name").get<std::string>());
  std::sort(out.begin(), out.end());
  return out;
}

TEST_CASE("events are counted by type, time and who takes part", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  const auto count = [&](const std::string& question) {
    const Answer answer = a.ask(question, "match-1", {small_sports()});
    INFO(question << ": " << answer.text);
    CHECK(answer.status == Status::kAnswered);
    CHECK(answer.kind == "count");
    return answer.value;
  };
  CHECK(count("How many shots are there in the match?") == 3);
  CHECK(count("How many goals did Chelsea score?") == 2);
  CHECK(count("How many shots did Pedro take?") == 2);
  CHECK(count("how many shots happened between 0:15 and 1:40") == 2);
  CHECK(count("How many shots were taken before the first goal?") == 1);
  CHECK(count("How many shots in the last twenty seconds?") == 0);
  CHECK(count("How many substitutions in the second half?") == 1);
}

TEST_CASE("a count reads well, whoever it is about", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  CHECK(a.ask("How many shots did Pedro take?").text == "2. Counted shots by Pedro in match-1.");
  CHECK(a.ask("How many passes did Pedro make to Matic?").text == "1. Counted passes by Pedro to Nemanja Matić in match-1.");
}

TEST_CASE("passes are counted for who plays them and in the direction asked for", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  CHECK(a.ask("How many passes did Pedro make?").value == 1);
  CHECK(a.ask("How many passes did Pedro make to Matic?").value == 1);
  CHECK(a.ask("How many passes to Pedro?").value == 1);
}

TEST_CASE("a computed answer cites its events", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  const Answer answer = a.ask("How many shots are there?");
  REQUIRE(answer.claims.size() == 1);
  CHECK(answer.claims[0].citations == std::vector<int>{1, 2, 3});
  REQUIRE(answer.citations.size() == 3);
  CHECK(answer.citations[0].video == "match-1");
  CHECK(answer.citations[0].span == base::TimeSpan{10 * base::kSecond, 11 * base::kSecond});
  CHECK(answer.citations[0].event.has_value());
  CHECK_THAT(answer.text, Contains("Counted"));
  CHECK(answer.plan.at("ask") == "count");
}

TEST_CASE("yes and no are told with what shows them", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  const Answer yes = a.ask("Is there a goal after 1:00?");
  CHECK(yes.kind == "boolean");
  CHECK(yes.value == true);
  CHECK(yes.citations.size() == 1);
  const Answer no = a.ask("Was there a goal in the first ten seconds?");
  CHECK(no.status == Status::kAnswered);
  CHECK(no.value == false);
  CHECK(a.ask("Did Gary Cahill score?", {}, {small_sports()}).value == false);
}

TEST_CASE("first, last and second are times of one event", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  CHECK(a.ask("When was the first goal scored?", {}, {small_sports()}).value == 20.0);
  CHECK(a.ask("When is the last shot?").value == 70.0);
  CHECK(a.ask("When is the second shot?").value == 20.0);
  CHECK(a.ask("When is the fourth shot?").status == Status::kNotSeen);
}

TEST_CASE("several times are listed with a citation each", "[engine]") {
  ArchiveFixture a;
  a.add_film();
  const Answer answer = a.ask("When does the picture cut?", "film");
  CHECK(answer.status == Status::kAnswered);
  CHECK(answer.kind == "list");
  REQUIRE(answer.value.size() == 3);
  CHECK(answer.value[1].at("start") == 20.0);
  CHECK(answer.citations.size() == 3);
}

TEST_CASE("when nothing happens is what was described less what happens", "[engine]") {
  ArchiveFixture a;
  a.add_film("film", 50);
  const Answer answer = a.ask("When is nothing moving?", "film");
  CHECK(answer.status == Status::kAnswered);
  REQUIRE(answer.kind == "list");
  REQUIRE(answer.value.size() == 3);
  CHECK(answer.value[0] == nlohmann::json({{"video", "film"}, {"start", 0.0}, {"end", 5.0}}));
  CHECK(answer.value[1] == nlohmann::json({{"video", "film"}, {"start", 15.0}, {"end", 30.0}}));
  CHECK(answer.value[2] == nlohmann::json({{"video", "film"}, {"start", 35.0}, {"end", 50.0}}));
  CHECK_THAT(answer.text, Contains("Only 0:00:50.000 of the 0:01:00.000"));
}

TEST_CASE("durations are added, or taken of one event, or between two", "[engine]") {
  ArchiveFixture a;
  a.add_film();
  a.import_match();
  CHECK(a.ask("For how many seconds in total is there motion?", "film").value == 15.0);
  CHECK(a.ask("How long is nothing moving?", "film").value == 45.0);
  CHECK(a.ask("How long was the first motion?", "film").value == 10.0);
  CHECK(a.ask("How many seconds passed between the first and the second goal?", "match-1").value == 50.0);
}

TEST_CASE("who is the one in the role that the question names", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  CHECK(a.ask("Who scored the first goal?", {}, {small_sports()}).value.at("name") == "Pedro");
  CHECK(a.ask("Who assisted the goal scored by Pedro?", {}, {small_sports()}).value.at("name") == "Eden Hazard");
  CHECK(a.ask("Who replaced Pedro?").value.at("name") == "Gary Cahill");
  CHECK(a.ask("Which team scored the last goal?", {}, {small_sports()}).value.at("name") == "Chelsea");
  const Answer list = a.ask("List the players who scored", {}, {small_sports()});
  CHECK(list.kind == "list");
  CHECK(names(list.value) == std::vector<std::string>{"Eden Hazard", "Pedro"});
}

TEST_CASE("order between kinds of event is an event", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  const Answer answer = a.ask("Which happens first: goal or shot?");
  CHECK(answer.kind == "event");
  CHECK(answer.value.at("type") == "shot");
  CHECK(a.ask("What happened last?").value.at("type") == "substitution");
}

TEST_CASE("videos are named that hold what is asked for", "[engine]") {
  ArchiveFixture a;
  a.import_match("match-1");
  a.add_film();
  const Answer answer = a.ask("Which videos have a goal?");
  CHECK(answer.status == Status::kAnswered);
  CHECK(answer.value.at("id") == "match-1");
  CHECK(a.ask("How many goals are there in match-1?").value == 2);
}

TEST_CASE("a question with a word that is not understood gets no number", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  for (const char* question : {"How many of the shots were not goals?", "How many shots did both take?",
                               "How many shots and goals are there?", "How many shots wide?", "How many shots with a green ball?"}) {
    const Answer answer = a.ask(question, "match-1");
    INFO(question << ": " << answer.text);
    CHECK(answer.status != Status::kAnswered);
  }
}

TEST_CASE("unknown names were not seen", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  CHECK(a.ask("How many goals did Ronaldo score?", {}, {small_sports()}).status == Status::kNotSeen);
  CHECK(a.ask("Does anybody steal a bicycle?").status == Status::kNotSeen);
  CHECK(a.ask("When does Zidane appear?").status == Status::kNotSeen);
}

TEST_CASE("what was not described is not covered", "[engine]") {
  ArchiveFixture a;
  a.add_film("film", 30);
  CHECK(a.ask("When does the picture cut after 0:40?", "film").status == Status::kNotCovered);
  CHECK(a.ask("How many cuts after 2:00?", "film").status == Status::kNotCovered);
  CHECK(a.ask("How many cuts between 0:50 and 0:20?", "film").status == Status::kNotUnderstood);
  const Answer half = a.ask("How many cuts are there?", "film");
  CHECK(half.value == 2);
  CHECK_THAT(half.text, Contains("Only 0:00:30.000"));
}

TEST_CASE("no cuts in a film that was measured are 0, and nothing where nothing measures them", "[engine]") {
  ArchiveFixture a;
  a.add_film("film", 60, false);
  a.import_match();
  CHECK(a.ask("How many cuts are there?", "film").value == 0);
  CHECK(a.ask("Does the camera move?", "film").value == false);
  CHECK(a.ask("When does the picture cut?", "film").status == Status::kNotSeen);
  CHECK(a.ask("How many cuts are there?", "match-1").status == Status::kNotCovered);
  CHECK(a.ask("When is nothing moving?", "match-1").status == Status::kNotCovered);
  CHECK(a.ask("How many goals are there?", "film").status == Status::kNotCovered);
}

TEST_CASE("hostile questions get a status, never an exception", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  a.add_film();
  const std::vector<std::string> questions = {"",
                                              " \t\n",
                                              "???",
                                              std::string(1 << 20, 'a'),
                                              std::string("goal\0\x01\x1f goal", 12),
                                              "\xff\xfe\xfd",
                                              "goal AND OR NOT NEAR(\"*^:-",
                                              "'; DROP TABLE event; --",
                                              "Когда был первый гол?",
                                              "最初のゴールはいつ",
                                              "how many",
                                              "when",
                                              "who",
                                              "which",
                                              "between and",
                                              "between the first and",
                                              "after the first",
                                              "nothing nobody never"};
  for (const std::string& question : questions) {
    INFO(question.substr(0, 40));
    Answer answer;
    CHECK_NOTHROW(answer = a.ask(question));
    CHECK(answer.status != Status::kAnswered);
    CHECK_FALSE(answer.text.empty());
    CHECK_NOTHROW(to_json(answer).dump());
  }
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "goal Pedro ";
  CHECK_NOTHROW(a.ask(many));
}

TEST_CASE("options that contradict themselves are refused with their names", "[engine]") {
  ArchiveFixture a;
  a.add_film();
  const Engine engine(a.store(), {});
  AskOptions options;
  options.videos = {"no-such-film"};
  CHECK_THROWS_AS(engine.ask("when does it cut", options), base::Error);
  options.videos = {};
  options.from = 20;
  options.to = 20;
  CHECK_THROWS_AS(engine.ask("when does it cut", options), base::Error);
}

TEST_CASE("a span given as an option bounds the question", "[engine]") {
  ArchiveFixture a;
  a.add_film();
  AskOptions options;
  options.from = 15 * base::kSecond;
  options.to = 30 * base::kSecond;
  CHECK(Engine(a.store(), {}).ask("How many cuts are there?", options).value == 1);
}

TEST_CASE("the document of an answer has every key of the contract", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  const auto answered = to_json(a.ask("How many shots are there?"));
  for (const char* key : {"question", "status", "answer", "claims", "citations", "coverage", "plan", "timing_ms"})
    CHECK(answered.contains(key));
  CHECK(answered["answer"]["kind"] == "count");
  for (const char* key : {"asked", "described", "failed", "not_sampled"}) CHECK(answered["coverage"].contains(key));
  CHECK(answered["coverage"]["asked"][0][0] == "match-1");
  for (const char* key : {"n", "video", "start", "end", "text", "event", "observation", "frame"})
    CHECK(answered["citations"][0].contains(key));
  const auto refused = to_json(a.ask("Who is Zidane?"));
  CHECK(refused["status"] == "not_seen");
  CHECK(refused["answer"].is_null());
}

TEST_CASE("the same question twice gives the same answer", "[engine]") {
  ArchiveFixture a;
  a.import_match();
  for (const char* question : {"How many shots are there?", "Pedro shoots", "What happened?"}) {
    auto first = to_json(a.ask(question));
    auto second = to_json(a.ask(question));
    first.erase("timing_ms");
    second.erase("timing_ms");
    CHECK(first == second);
  }
}

}  // namespace
}  // namespace reelgraph::query
