// Questions about what moved, as the `signals` captioner tells of it.
#include "query/compound.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

base::Profile measured() {
  base::Profile profile;
  profile.event_types = {{"appear", "", {"appears", "comes into view"}, {"agent"}},
                         {"leave", "", {"leaves"}, {"agent"}},
                         {"presence", "", {"in view", "visit", "visits"}, {"agent"}},
                         {"removed", "", {"taken away"}, {"object"}},
                         {"put_back", "", {"put back"}, {"object"}}};
  return profile;
}

/// A film of 60 s: something red from 5 to 15 s, going up, something white from 20 to 50 s, going down; a still thing leaves and returns.
void import_film(test::ArchiveFixture& a) {
  const auto line = [](double start, double end, const std::string& event, const std::string& type, const std::string& ref,
                       const std::string& what, const std::string& role, const std::string& attributes) {
    const std::string time = "\"start\":" + std::to_string(start) + ",\"end\":" + std::to_string(end);
    return R"({"type":"observation","video":"yard",)" + time + R"(,"caption":")" + what + " " + event + R"(","entities":[{"ref":")" + ref +
           R"(","id":"yard/)" + ref + R"(","type":")" + type + R"(","description":")" + what + R"("}],"events":[{"type":")" + event +
           "\"," + time + R"(,"description":")" + what + " " + event + R"(","participants":[{"ref":")" + ref + R"(","role":")" + role +
           R"("}],"attributes":)" + attributes + R"(}],"provenance":{"kind":"import","name":"signals"}})" + "\n";
  };
  const std::string red = "a moving thing, mostly red", white = "a moving thing, mostly white", still = "a still thing, mostly grey";
  const std::string up = R"({"colour":"red","direction":"up"})", down = R"({"colour":"white","direction":"down"})";
  a.import(R"({"type":"video","id":"yard","duration":60})"
           "\n" +
           line(5, 5, "appear", "moving_thing", "track-1", red, "agent", R"({"colour":"red"})") +
           line(5, 15, "presence", "moving_thing", "track-1", red, "agent", up) +
           line(15, 15, "leave", "moving_thing", "track-1", red, "agent", up) +
           line(20, 20, "appear", "moving_thing", "track-2", white, "agent", "{}") +
           line(20, 50, "presence", "moving_thing", "track-2", white, "agent", down) +
           line(50, 50, "leave", "moving_thing", "track-2", white, "agent", down) +
           line(8, 8, "removed", "static_thing", "thing-1", still, "object", R"({"region":"left"})") +
           line(40, 40, "put_back", "static_thing", "thing-1", still, "object", R"({"region":"left"})"));
}

TEST_CASE("visits are counted and measured, and the time without any is what they leave", "[tracks]") {
  test::ArchiveFixture a;
  import_film(a);
  CHECK(a.ask("How many times does something appear?", "yard", {measured()}).value == 2);
  CHECK(a.ask("How long was the longest visit?", "yard", {measured()}).value == 30);
  CHECK(a.ask("How long did the shortest visit last?", "yard", {measured()}).value == 10);
  for (const char* question : {"When is nobody in view?", "When is nothing in view?"}) {
    const Answer empty = a.ask(question, "yard", {measured()});
    INFO(question << ": " << empty.text);
    REQUIRE(empty.value.is_array());
    REQUIRE(empty.value.size() == 3);
    CHECK(empty.value[1].at("start") == 15);
    CHECK(empty.value[1].at("end") == 20);
    CHECK(empty.citations.size() == 3);
  }
}

TEST_CASE("the way of what is named by its colour is looked up, not guessed", "[tracks]") {
  test::ArchiveFixture a;
  import_film(a);
  for (const char* question :
       {"Which way does the red one go?", "what direction did the red thing take", "Where is the red one heading?"}) {
    const Answer answer = a.ask(question, "yard", {measured()});
    INFO(question << ": " << answer.text);
    CHECK(answer.value == "up");
    CHECK_FALSE(answer.citations.empty());
  }
  CHECK(a.ask("Which way does the white one move?", "yard", {measured()}).value == "down");
  CHECK(a.ask("Which way does the purple one go?", "yard", {measured()}).status != Status::kAnswered);
}

TEST_CASE("two questions in one sentence get both answers, with citations that fit", "[tracks]") {
  test::ArchiveFixture a;
  import_film(a);
  const Answer answer = a.ask("What was taken away, and when was it put back?", "yard", {measured()});
  INFO(answer.text);
  REQUIRE(answer.status == Status::kAnswered);
  REQUIRE(answer.value.size() == 2);
  CHECK(answer.value[0].at("name") == "a still thing, mostly grey");
  CHECK(answer.value[1] == 40);
  REQUIRE(answer.citations.size() == 2);
  CHECK(answer.citations[0].span.start == 8 * base::kSecond);
  CHECK(answer.citations[1].span.start == 40 * base::kSecond);
  REQUIRE(answer.claims.size() == 2);
  CHECK(answer.claims[1].citations == std::vector<int>{2});
}

TEST_CASE("a sentence with one question is not cut", "[tracks]") {
  CHECK(split_questions("When do Tom and Ann meet?").empty());
  CHECK(split_questions("").empty());
  CHECK(split_questions(" and what").empty());
  CHECK(split_questions("Who came, and when did she leave?") == std::vector<std::string>{"Who came?", "when did she leave?"});
}

}  // namespace
}  // namespace reelgraph::query
