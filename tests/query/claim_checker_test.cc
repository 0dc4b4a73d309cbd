// Prose is let through only as far as its evidence bears it: tried with lies.

#include "query/claim_checker.h"

#include "base/error.h"
#include "query/answerer.h"
#include "tests/query/archive_fixture.h"
#include "tests/support/support.h"

using namespace reelgraph;
using query::CheckedSentence;
using query::Verdict;

namespace {

const std::vector<query::CitedEvidence> kEvidence{
    {"match-1", {base::from_seconds(1171.2), base::from_seconds(1183.2)}, "Pedro scores for Chelsea after 3 passes"},
    {"match-1", {base::from_seconds(20), base::from_seconds(21)}, "Eden Hazard does not shoot"},
};

std::vector<CheckedSentence> check(const std::string& prose, const std::string& common = {}) {
  const query::WordCutter cutter;
  return query::check_claims(prose, kEvidence, common, cutter);
}

Verdict verdict(const std::string& prose, const std::string& common = {}) {
  const auto checked = check(prose, common);
  REQUIRE(checked.size() == 1);
  INFO(prose);
  for (const std::string& problem : checked[0].problems) UNSCOPED_INFO(problem);
  return checked[0].verdict;
}

class LyingModel final : public base::TextModel {
 public:
  explicit LyingModel(std::string reply) : reply_(std::move(reply)) {}
  std::string name() const override { return "liar"; }
  base::TextReply write(const base::TextRequest& request) override {
    asked = request;
    return {reply_, false, {10, 5, 0}};
  }
  base::TextRequest asked;

 private:
  std::string reply_;
};

}  // namespace

TEST_CASE("what the evidence says is supported", "[query]") {
  for (const char* good : {"Pedro scores for Chelsea [1].", "Pedro scored at 0:19:31 [1].", "Pedro scores after three passes [1].",
                           "At 19:35 Pedro scores for Chelsea [1].", "Pedro scores for Chelsea in 12 seconds [1].",
                           "Then Pedro scores [1].", "Eden Hazard does not shoot [2].", "Pedro scores for Chelsea [1][1].",
                           "In match-1 Pedro scores [1].", "Eden Hazard doesn't shoot [2]."})
    CHECK(verdict(good) == Verdict::kSupported);
  CHECK(verdict("Chelsea had 31 shots [1].", "Chelsea had 31 shots.") == Verdict::kSupported);
}

TEST_CASE("an invented number, name, time or citation is dropped", "[query]") {
  for (const char* lie : {"Pedro scores after 7 passes [1].",
                          "Pedro scores after seven passes [1].",
                          "Pedro scores after twenty-three passes [1].",
                          "Pedro scores after \xD9\xA7 passes [1].",
                          "Pedro scores after \xEF\xBC\x97 passes [1].",
                          "Pedro scores a dozen goals [1].",
                          "Pedro scores twice [1].",
                          "Pedro scores his second goal [1].",
                          "Pedro scores the 5th goal [1].",
                          "Pedro scores 1,300 goals [1].",
                          "Pedro scores 2.5 goals [1].",
                          "Zlatan scores for Chelsea [1].",
                          "Then Zlatan scores [1].",
                          "Pedro scores for Arsenal [1].",
                          "Pedro Zlatan scores [1].",
                          "Pedro scores at 0:45:00 [1].",
                          "Pedro scores at 45:00 [1].",
                          "Pedro scores at 0:19:31 [2].",
                          "Pedro scores in 90 seconds [1].",
                          "Pedro scores after 5min [1].",
                          "Pedro scores for Chelsea [9].",
                          "Pedro scores for Chelsea.",
                          "Pedro scores for Chelsea [0].",
                          "Pedro scores for Chelsea [99999999999].",
                          "Pedro scores for Chelsea [x].",
                          "Pedro wears number 10 [1].",
                          "Pedro scores on 2015-08-23 [1].",
                          "It was 1-0 for Chelsea [1]."})
    CHECK(verdict(lie) == Verdict::kDropped);
}

TEST_CASE("evidence of another citation does not count", "[query]") {
  CHECK(verdict("Pedro scores [2].") == Verdict::kDropped);
  CHECK(verdict("Eden Hazard scores for Chelsea [1].") == Verdict::kDropped);
}

TEST_CASE("a denial of what is said, and words of matter that nobody said, are flagged", "[query]") {
  for (const char* doubtful : {"Pedro never scores for Chelsea [1].", "Eden Hazard shoots [2].", "Pedro bribes the referee [1].",
                               "zlatan scores for Chelsea [1]."})
    CHECK(verdict(doubtful) == Verdict::kFlagged);
  CHECK_THAT(check("Pedro bribes the referee [1].")[0].problems.front(), Contains("bribes") && Contains("referee"));
}

TEST_CASE("citations that do not exist are taken off, those that do stay", "[query]") {
  const auto checked = check("Pedro scores for Chelsea [1, 9].");
  CHECK(checked[0].citations == std::vector<int>{1});
  CHECK(checked[0].verdict == Verdict::kSupported);
  CHECK_THAT(checked[0].problems.front(), Contains("[9] does not exist"));
}

TEST_CASE("sentences are cut apart with their citations, however they are set", "[query]") {
  const auto checked =
      check("Pedro scores for Chelsea. [1] Zlatan cheers [1]. Eden Hazard does not shoot [2]\n- Pedro scores at 0:19:31.5! [1][2]\n\n[1]");
  REQUIRE(checked.size() == 4);
  CHECK(checked[0].citations == std::vector<int>{1});
  CHECK(checked[1].verdict == Verdict::kDropped);
  CHECK(checked[2].citations == std::vector<int>{2});
  CHECK(checked[3].text == "Pedro scores at 0:19:31.5!");
  CHECK(check("").empty());
  CHECK(check(std::string(100'000, '[')).size() <= 60);
}

TEST_CASE("a lying model: what was computed stands, its lies do not reach the reader", "[query]") {
  test::ArchiveFixture fixture;
  fixture.import_match();
  query::Answer answer = fixture.ask("How many goals are there?");
  REQUIRE(answer.status == query::Status::kAnswered);
  REQUIRE(answer.value == 2);
  const std::string computed = answer.text;
  LyingModel liar("There were 7 goals [1]. Zlatan scored at 0:59:00 [1]. Pedro scores [1]. He was paid [44]. Pedro bribes everybody [1].");
  query::word_answer(answer, liar, {});
  CHECK(answer.value == 2);
  CHECK_THAT(answer.text, Contains(computed) && Contains("Pedro scores [1]") && !Contains("7 goals") && !Contains("Zlatan") &&
                              !Contains("0:59") && !Contains("paid"));
  CHECK_THAT(answer.text, Contains("[not verified] Pedro bribes everybody"));
  REQUIRE(answer.wording);
  CHECK(answer.wording->sentences.size() == 5);
  CHECK_THAT(liar.asked.text, Contains("[1] video \"match-1\"") && Contains("How many goals"));
  const auto json = query::to_json(answer);
  CHECK(json["wording"]["sentences"][0]["verdict"] == "dropped");
}

TEST_CASE("a model that says nothing that holds leaves the answer as it was", "[query]") {
  test::ArchiveFixture fixture;
  fixture.import_match();
  for (const char* reply : {"Zlatan did it [1].", "NOT IN EVIDENCE", "", "[1]"}) {
    query::Answer answer = fixture.ask("Who scores first?");
    const query::Answer before = answer;
    LyingModel liar(reply);
    query::word_answer(answer, liar, {});
    CHECK(answer.text == before.text);
    CHECK(answer.value == before.value);
    CHECK(answer.status == before.status);
  }
}

TEST_CASE("a reply by the schema has its citations by construction, and is checked like any other", "[query]") {
  test::ArchiveFixture fixture;
  fixture.import_match();
  query::Answer answer = fixture.ask("How many goals are there?");
  REQUIRE(answer.citations.size() == 2);
  LyingModel model(R"({"sentences": [{"text": "Pedro scores", "cites": [1, 1]}, {"text": "Zlatan scores 7 goals!", "cites": [1]},
    {"text": "He was paid.", "cites": [44]}, {"text": 5, "cites": [1]}, "odd"]})");
  query::word_answer(answer, model, {});
  CHECK_THAT(answer.text, Contains("Pedro scores [1].") && !Contains("7 goals") && !Contains("paid"));
  REQUIRE(answer.wording);
  CHECK(answer.wording->sentences.size() == 3);
  const nlohmann::json schema = nlohmann::json::parse(model.asked.schema);
  CHECK(schema["properties"]["sentences"]["items"]["properties"]["cites"]["items"]["enum"] == nlohmann::json({1, 2}));
}

TEST_CASE("a model is shown the frames of what is cited and text within its budget", "[query]") {
  test::ArchiveFixture fixture;
  fixture.import_match();
  query::Answer answer = fixture.ask("How many goals are there?");
  REQUIRE(answer.citations.size() == 2);
  answer.citations[0].frame = "frames/a.jpg";
  answer.citations[1].frame = "frames/b.jpg";
  const auto shown = [&](query::WordingOptions options, bool frames) {
    LyingModel model("");
    if (frames) options.read_frame = [](const std::string& frame) { return "JPEG of " + frame; };
    query::Answer copy = answer;
    query::word_answer(copy, model, options);
    return model.asked;
  };
  const base::TextRequest all = shown({}, true);
  REQUIRE(all.pictures.size() == 2);
  CHECK(all.pictures[1].label == "Picture of [2]:");
  CHECK(all.pictures[1].jpeg == "JPEG of frames/b.jpg");
  CHECK(shown({}, false).pictures.empty());
  query::WordingOptions tight;
  tight.max_prompt_tokens = static_cast<int>(all.system.size() + all.text.size()) / 3 - 1;
  const base::TextRequest less = shown(tight, true);
  CHECK(less.system.size() + less.text.size() <= 3 * static_cast<std::size_t>(tight.max_prompt_tokens));
  CHECK_THAT(less.text, Contains("[1] video") && !Contains("[2] video"));
  CHECK(less.pictures.size() == 1);
  CHECK_THAT(less.schema, Contains("[1]") && !Contains("[1,2]"));
  answer.citations[0].text = std::string(50'000, 'x');
  tight.max_prompt_tokens = 500;
  const base::TextRequest cut = shown(tight, false);
  CHECK(cut.system.size() + cut.text.size() <= 1600);
  CHECK_THAT(cut.text, Contains("xxx") && Contains("How many goals"));
}

TEST_CASE("a model is not asked where there is no evidence", "[query]") {
  test::ArchiveFixture fixture;
  fixture.import_match();
  query::Answer answer = fixture.ask("How many unicorns are there?");
  LyingModel liar("There were 3 unicorns [1].");
  query::word_answer(answer, liar, {});
  CHECK_FALSE(answer.wording);
  CHECK(liar.asked.text.empty());
}
