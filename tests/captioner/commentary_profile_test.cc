#include "captioner/commentary_profile.h"

#include "base/error.h"
#include "tests/support/support.h"

using namespace reelgraph;

namespace {

const std::string kSmall = R"(
name = "bowls"
[[tallies]]
name = "score"
type = "point"
side = "team"
[commentary]
language = "de"
tally = "score"
[[commentary.topics]]
name = "point"
types = ["point"]
importance = 90
always = true
[[commentary.styles]]
name = "live"
[commentary.words]
hits = ["trifft", "macht den Punkt"]
[[commentary.lines]]
of = "point"
say = ["{agent} <hits>!"]
)";

/// The message of what is refused when `from` is replaced by `to`.
std::string refusal(const std::string& from, const std::string& to) {
  std::string toml = kSmall;
  const std::size_t at = toml.find(from);
  REQUIRE(at != std::string::npos);
  toml.replace(at, from.size(), to);
  try {
    static_cast<void>(captioner::parse_commentary(toml, "bowls.toml"));
  } catch (const base::Error& e) {
    CHECK(e.context().starts_with("bowls.toml:"));
    return e.what();
  }
  FAIL("was accepted: " << to);
  return {};
}

}  // namespace

TEST_CASE("a profile's commentary is read, and a profile may have none", "[profiles][commentary]") {
  const auto c = captioner::parse_commentary(kSmall, "bowls.toml");
  REQUIRE(c.has_value());
  CHECK(c->profile == "bowls");
  CHECK(c->language == "de");
  CHECK(c->score.value().type == "point");
  CHECK(c->topics.at(0).family == "point");
  CHECK(c->lines.at(0).say.at(0) == "{agent} <hits>!");
  CHECK_FALSE(captioner::load_commentary("warehouse").has_value());
  const auto sports = captioner::load_commentary("sports");
  REQUIRE(sports.has_value());
  CHECK(sports->styles.size() == 3);
}

TEST_CASE("a commentary that cannot be spoken is refused with its line", "[profiles][commentary]") {
  CHECK_THAT(refusal("<hits>!", "<misses>!"), Catch::Matchers::Contains("no <misses>"));
  CHECK_THAT(refusal("{agent} <", "{agent <"), Catch::Matchers::Contains("not closed") || Catch::Matchers::Contains("there is no"));
  CHECK_THAT(refusal("of = \"point\"", "of = \"goal\""), Catch::Matchers::Contains("no topic or recap \"goal\""));
  CHECK_THAT(refusal("say = [", "when = [\"late\"]\nsay = ["), Catch::Matchers::Contains("always told"));
  CHECK_THAT(refusal("say = [", "styles = [\"radio\"]\nsay = ["), Catch::Matchers::Contains("no style \"radio\""));
  CHECK_THAT(refusal("tally = \"score\"", "tally = \"runs\""), Catch::Matchers::Contains("no tally \"runs\""));
  CHECK_THAT(refusal("importance = 90", "importance = 900"), Catch::Matchers::Contains("importance"));
  CHECK_THAT(refusal("always = true", "allways = true"), Catch::Matchers::Contains("allways"));
  CHECK_THAT(refusal("always = true", "joins = \"goal\""), Catch::Matchers::Contains("no topic \"goal\""));
  CHECK_THAT(refusal("language = \"de\"", ""), Catch::Matchers::Contains("language"));
}
