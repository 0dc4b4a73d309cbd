#include "query/report/wording.h"

#include "base/error.h"
#include "tests/query/report/match_fixture.h"

namespace reelgraph::test {
namespace {

using query::report::CommentaryLine;
using query::report::Fact;
using query::report::why_not;

CommentaryLine change() {
  CommentaryLine line;
  line.span = {0, 6 * base::kSecond};
  line.text = "Eve Elm comes on for Flo Fox after 12 minutes.";
  line.events = {1};
  line.facts = {{"replacement", "Eve Elm", "Eve Elm", {1}, {1}}, {"agent", "Flo Fox", "Flo Fox", {2}, {1}}, {"minute", 12, "12", {}, {1}}};
  return line;
}

/// Says what it was told to, or fails.
class Parrot final : public base::TextModel {
 public:
  explicit Parrot(std::string reply) : reply_(std::move(reply)) {}
  std::string name() const override { return "parrot"; }
  base::TextReply write(const base::TextRequest& request) override {
    if (reply_ == "fail") throw base::Error(base::ErrorCode::kModel, "no reply", "parrot");
    base::TextReply reply;
    reply.text = reply_ == "echo" ? request.text : reply_;
    return reply;
  }

 private:
  std::string reply_;
};

}  // namespace

TEST_CASE("a model's line stands only if it says what the facts say", "[report][wording]") {
  const CommentaryLine line = change();
  CHECK(why_not(line, "m", "After 12 minutes Eve Elm comes on for Flo Fox.", 3).empty() == true);
  CHECK_THAT(why_not(line, "m", "Flo Fox comes on for Eve Elm after 12 minutes.", 3), Contains("another order"));
  CHECK_THAT(why_not(line, "m", "Eve Elm comes on after 12 minutes.", 3), Contains("leaves out a name"));
  CHECK_THAT(why_not(line, "m", "Eve Elm comes on for Flo Fox after 13 minutes.", 3), Contains("numbers"));
  CHECK_FALSE(why_not(line, "m", "Eve Elm comes on for Flo Fox after 12 minutes, says Zoe Zimmer.", 3).empty());
  CHECK_FALSE(why_not(line, "m", "Eve Elm, unbeaten champion, comes on for Flo Fox after 12 minutes.", 3).empty());
  CHECK_THAT(why_not(line, "m", "Eve Elm comes on for Flo Fox after 12 minutes, and so on and on and on and on and on.", 3), Contains("too long"));
  CHECK_FALSE(why_not(line, "m", "", 3).empty());
}

TEST_CASE("how a model did is told, and where it fails the grammar stands", "[report][wording]") {
  const Match match(drawn_match(2));
  const query::report::CommentaryReport plain = match.tell(bowls());
  REQUIRE(plain.lines.size() > 10);
  const auto lines = static_cast<int>(plain.lines.size());
  {
    query::report::CommentaryReport report = plain;
    Parrot echo("echo");
    query::report::word_lines(report, echo, {});
    REQUIRE(report.wording.has_value());
    CHECK(report.wording->model == "parrot");
    CHECK(report.wording->asked == lines);
    CHECK(report.wording->used == lines);
  }
  {
    query::report::CommentaryReport report = plain;
    Parrot liar("Zoe Zimmer scores 99 points.");
    query::report::word_lines(report, liar, {});
    CHECK(report.wording->replaced == lines);
    REQUIRE_FALSE(report.wording->reasons.empty());
    for (std::size_t i = 0; i < report.lines.size(); ++i) CHECK(report.lines[i].text == plain.lines[i].text);
  }
  {
    query::report::CommentaryReport report = plain;
    Parrot mute("fail");
    query::report::word_lines(report, mute, {});
    CHECK(report.wording->failed == 3);
    CHECK(report.wording->asked == 3);
  }
}

}  // namespace reelgraph::test
