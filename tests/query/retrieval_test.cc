#include "query/retrieval.h"

#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using test::ArchiveFixture;

std::string caption(double start, double end, const std::string& text) {
  return R"({"type":"observation","video":"clip","start":)" + std::to_string(start) + ",\"end\":" + std::to_string(end) +
         ",\"caption\":\"" + text + R"(","provenance":{"kind":"import","name":"vlm"}})" + "\n";
}

ArchiveFixture& with_captions(ArchiveFixture& a) {
  a.import(R"({"type":"video","id":"clip","duration":60})"
           "\n" +
           caption(0, 10, "A man holds an axe beside a wheelbarrow") + caption(8, 20, "The man splits wood with the axe") +
           caption(30, 40, "A dog walks around a green container") + caption(40, 50, "Ein Café in Zürich"));
  return a;
}

TEST_CASE("search ranks the moment that holds most of the words first", "[retrieval]") {
  ArchiveFixture a;
  const auto hits = Engine(with_captions(a).store(), {}).search("the dog near a green container", {});
  REQUIRE_FALSE(hits.empty());
  CHECK(hits[0].video == "clip");
  CHECK(hits[0].span.start == 30 * base::kSecond);
  CHECK(hits[0].score > 0.5);
  CHECK(hits[0].score <= 1.0);
  CHECK(hits[0].why == std::vector<std::string>{"lexical"});
}

TEST_CASE("search finds words in other forms and without their accents", "[retrieval]") {
  ArchiveFixture a;
  const Engine engine(with_captions(a).store(), {});
  CHECK_FALSE(engine.search("splitting", {}).empty());
  CHECK_FALSE(engine.search("cafe zurich", {}).empty());
  CHECK(engine.search("helicopter", {}).empty());
  CHECK(engine.search("the of and", {}).empty());
}

TEST_CASE("neighbours that overlap and speak of the same are one hit", "[retrieval]") {
  ArchiveFixture a;
  const auto hits = Engine(with_captions(a).store(), {}).search("man axe", {});
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].span == base::TimeSpan{0, 20 * base::kSecond});
}

TEST_CASE("search stays within the span and the limit", "[retrieval]") {
  ArchiveFixture a;
  SearchOptions options;
  options.from = 25 * base::kSecond;
  const Engine engine(with_captions(a).store(), {});
  CHECK(engine.search("axe", options).empty());
  options.from.reset();
  options.limit = 1;
  CHECK(engine.search("man dog", options).size() == 1);
}

TEST_CASE("what cannot be computed is answered with the nearest evidence and says so", "[retrieval]") {
  ArchiveFixture a;
  with_captions(a);
  const Answer answer = a.ask("a dog walks around the container");
  CHECK(answer.status == Status::kAnswered);
  CHECK(answer.kind == "text");
  CHECK_THAT(answer.text, Contains("nearest evidence"));
  REQUIRE_FALSE(answer.citations.empty());
  CHECK(answer.citations[0].span.start == 30 * base::kSecond);
}

TEST_CASE("the option with the most evidence is chosen", "[retrieval]") {
  ArchiveFixture a;
  with_captions(a);
  AskOptions options;
  options.choices = {"he plays the piano", "he splits wood", "he sleeps"};
  const Answer answer = Engine(a.store(), {}).ask("what does the man do with the axe", options);
  CHECK(answer.kind == "choice");
  CHECK(answer.value == 1);
  CHECK_FALSE(answer.citations.empty());
}

}  // namespace
}  // namespace reelgraph::query
