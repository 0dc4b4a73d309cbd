#include "query/report/summary.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "query/report/statements.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query::report {
namespace {

/// A morning of three different things: deliveries, then an alarm, then cleaning; one sentence each ten seconds.
std::string morning(const std::string& id, int minutes = 30) {
  std::string lines =
      R"({"type":"video","id":")" + id + R"(","title":"Morning )" + id + R"(","duration":)" + std::to_string(minutes * 60) + "}\n";
  for (int t = 0; t < minutes * 60; t += 10) {
    const int third = 3 * t / (minutes * 60);
    const std::string text = third == 0   ? "A van delivers parcels to the ramp"
                             : third == 1 ? "The alarm siren sounds and people evacuate"
                                          : "A cleaner mops the wet floor";
    const std::string type = t == minutes * 30 ? "fire" : third == 0 ? "deliver" : third == 1 ? "evacuate" : "mop";
    const std::string said = type == "fire" ? "Flames rise from the battery rack" : text + " number " + std::to_string(t % 70);
    const std::string time = "\"start\":" + std::to_string(t) + ",\"end\":" + std::to_string(t + 5);
    lines += R"({"type":"observation","video":")" + id + "\"," + time + R"(,"caption":")" + said + R"(","events":[{"type":")" + type +
             "\"," + time + R"(,"description":")" + said + R"("}],"provenance":{"kind":"vlm","name":"m","version":"1"}})" + "\n";
  }
  return lines;
}

std::vector<const SummarySection*> of_level(const SummaryReport& report, int level) {
  std::vector<const SummarySection*> sections;
  for (const SummarySection& s : report.sections) {
    if (s.level == level) sections.push_back(&s);
  }
  return sections;
}

}  // namespace

TEST_CASE("chapters lie where the matter changes, cover the video, and each sentence is cited", "[summary]") {
  test::ArchiveFixture f;
  f.import(morning("a"));
  const SummaryReport report = summarise(f.store(), nullptr, {}, nullptr);
  const auto chapters = of_level(report, 1);
  REQUIRE(chapters.size() >= 3);
  CHECK(chapters.front()->span.start == 0);
  CHECK(chapters.back()->span.end == 1800 * base::kSecond);
  for (std::size_t i = 1; i < chapters.size(); ++i) CHECK(chapters[i]->span.start == chapters[i - 1]->span.end);
  for (const double border : {600.0, 1200.0}) {
    CHECK(std::any_of(chapters.begin(), chapters.end(),
                      [&](const SummarySection* s) { return std::abs(base::to_seconds(s->span.start) - border) <= 45; }));
  }
  for (const SummarySection& s : report.sections) {
    CHECK_FALSE(s.text.empty());
    const auto marks = static_cast<std::size_t>(std::count(s.text.begin(), s.text.end(), '['));
    CHECK(marks == s.citations.size());
    for (const int n : s.citations) {
      REQUIRE(n >= 1);
      REQUIRE(n <= static_cast<int>(report.citations.size()));
      const Citation& c = report.citations[static_cast<std::size_t>(n) - 1];
      if (s.level == 1) {
        CHECK(c.span.start >= s.span.start);
        CHECK(c.span.start < s.span.end);
        CHECK(s.text.find(c.text) != std::string::npos);
      }
    }
  }
  // What happens once is what is told of a video.
  const auto video = of_level(report, 2);
  REQUIRE(video.size() == 1);
  CHECK(video[0]->text.find("Flames rise") != std::string::npos);
  CHECK(video[0]->text.find("1 fire") != std::string::npos);
}

TEST_CASE("a summary is kept until its video changes, and only that one is made again", "[summary]") {
  test::ArchiveFixture f;
  f.import(morning("a"));
  f.import(morning("b", 20));
  const SummaryReport first = summarise(f.store(), &f.store(), {}, nullptr);
  CHECK(first.made == 2);
  CHECK(first.kept == 0);
  const SummaryReport second = summarise(f.store(), &f.store(), {}, nullptr);
  CHECK(second.made == 0);
  CHECK(second.kept == 2);
  REQUIRE(second.sections.size() == first.sections.size());
  for (std::size_t i = 0; i < first.sections.size(); ++i) {
    CHECK(second.sections[i].text == first.sections[i].text);
    CHECK(second.sections[i].title == first.sections[i].title);
    CHECK(second.sections[i].span == first.sections[i].span);
  }
  f.import(
      R"({"type":"observation","video":"b","start":1000,"end":1005,"caption":"A dog runs in","provenance":{"kind":"vlm","name":"m","version":"1"}})"
      "\n");
  const SummaryReport third = summarise(f.store(), &f.store(), {}, nullptr);
  CHECK(third.made == 1);
  CHECK(third.kept == 1);
  // Nothing of the older one is left beside it.
  int rows = 0;
  f.store().each_summary("b", [&](const base::SummaryLine& line) {
    ++rows;
    CHECK(line.body.value("maker", "") == "reelgraph summary 1");
  });
  CHECK(rows == static_cast<int>(
                    std::count_if(third.sections.begin(), third.sections.end(), [](const SummarySection& s) { return s.video == "b"; })));
  // Another number of sentences is another summary.
  SummaryOptions more;
  more.sentences = 5;
  CHECK(summarise(f.store(), nullptr, more, nullptr).made == 2);
}

TEST_CASE("a part of a video is summarised by itself and kept nowhere", "[summary]") {
  test::ArchiveFixture f;
  f.import(morning("a"));
  SummaryOptions part;
  part.from = 1300 * base::kSecond;
  part.to = 1500 * base::kSecond;
  const SummaryReport report = summarise(f.store(), &f.store(), part, nullptr);
  REQUIRE_FALSE(report.sections.empty());
  for (const Citation& c : report.citations) CHECK(c.text.find("siren") == std::string::npos);
  f.store().each_summary("a", [](const base::SummaryLine&) { FAIL("a part was kept"); });
}

TEST_CASE("where nothing is known, nothing is made up, and it is said", "[summary]") {
  test::ArchiveFixture f;
  CHECK(summarise(f.store(), nullptr, {}, nullptr).sections.empty());
  f.import(R"({"type":"video","id":"empty","duration":60})"
           "\n");
  const SummaryReport report = summarise(f.store(), nullptr, {}, nullptr);
  CHECK(report.sections.empty());
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].find("nothing is known") != std::string::npos);
  f.import(
      R"({"type":"observation","video":"one","start":1,"end":2,"caption":"A cat sleeps.","provenance":{"kind":"vlm","name":"m","version":"1"}})"
      "\n");
  SummaryOptions only;
  only.videos = {"one"};
  const SummaryReport one = summarise(f.store(), nullptr, only, nullptr);
  REQUIRE(one.sections.size() == 2);
  CHECK(one.sections[1].text == "A cat sleeps [" + std::to_string(one.sections[1].citations.at(0)) + "].");
  SummaryOptions none;
  none.sentences = 0;
  CHECK_THROWS_AS(summarise(f.store(), nullptr, none, nullptr), base::Error);
}

TEST_CASE("a kept summary that was tampered with does no harm", "[summary]") {
  test::ArchiveFixture f;
  f.import(morning("a", 5));
  const SummaryReport first = summarise(f.store(), &f.store(), {}, nullptr);
  std::vector<base::SummaryLine> lines;
  f.store().each_summary("a", [&](const base::SummaryLine& line) { lines.push_back(line); });
  REQUIRE_FALSE(lines.empty());
  for (base::SummaryLine& line : lines) line.body["sentences"] = {{{"text", 7}, {"start", -1}}};
  f.store().put_summaries("a", "reelgraph summary 1", lines);
  const SummaryReport second = summarise(f.store(), nullptr, {}, nullptr);
  REQUIRE(second.sections.size() == first.sections.size());
  CHECK(second.sections[0].text == first.sections[0].text);
}

TEST_CASE("chapter markers are sound subtitles", "[summary]") {
  test::ArchiveFixture f;
  f.import(morning("a"));
  const SummaryReport report = summarise(f.store(), nullptr, {}, nullptr);
  const std::string vtt = summary_text(report, "vtt"), srt = summary_text(report, "srt");
  CHECK(vtt.starts_with("WEBVTT\n\n1\n00:00:00.000 --> "));
  CHECK(srt.starts_with("1\n00:00:00,000 --> "));
  const nlohmann::ordered_json json = summary_json(report);
  CHECK(json["sections"].size() == report.sections.size());
  CHECK(json["citations"].size() == report.citations.size());
  CHECK(json["sections"][0].contains("title"));
}

/// Says the same of everything, or fails.
class Parrot final : public base::TextModel {
 public:
  explicit Parrot(std::string says) : says_(std::move(says)) {}
  [[nodiscard]] std::string name() const override { return "parrot"; }
  [[nodiscard]] base::TextReply write(const base::TextRequest& /*request*/) override {
    if (says_.empty()) throw base::Error(base::ErrorCode::kModel, "is tired");
    return {says_, false, {}};
  }

 private:
  std::string says_;
};

TEST_CASE("what a model says of a section stands only where its sentences bear it, and one that fails costs nothing", "[summary]") {
  test::ArchiveFixture f;
  f.import(
      R"({"type":"observation","video":"one","start":1,"end":2,"caption":"A cat sleeps on the red sofa.","provenance":{"kind":"vlm","name":"m","version":"1"}})"
      "\n");
  const std::string plain = summarise(f.store(), nullptr, {}, nullptr).sections.back().text;
  Parrot right("A cat sleeps on the red sofa [1]."), wrong("Seven dogs bark at the mayor [1]."), silent("");
  const SummaryReport worded = summarise(f.store(), nullptr, {}, &right), refused = summarise(f.store(), nullptr, {}, &wrong),
                      failed = summarise(f.store(), nullptr, {}, &silent);
  CHECK(worded.worded == 2);
  CHECK(refused.refused == 2);
  CHECK(refused.sections.back().text == plain);
  CHECK(failed.failed == 2);
  CHECK(failed.sections.back().text == plain);
}

}  // namespace reelgraph::query::report
