#include "query/words.h"

#include "tests/support/support.h"

namespace reelgraph::query {
namespace {

std::vector<std::string> folded(const std::string& text) {
  std::vector<std::string> out;
  for (const Word& w : WordCutter().cut(text)) out.push_back(w.folded);
  return out;
}

TEST_CASE("accents, case and compatibility forms are folded", "[words]") {
  CHECK(fold("Nemanja MATIĆ") == "nemanja matic");
  CHECK(fold("César Azpilicueta") == "cesar azpilicueta");
  CHECK(fold("ﬁlm") == "film");
  CHECK(fold("Straße") == "strasse");
}

TEST_CASE("a clock time, a decimal and a contraction are one word each", "[words]") {
  CHECK(folded("At 3:05, wasn't it 1.5?") == std::vector<std::string>{"at", "3:05", "wasn't", "it", "1.5"});
  CHECK(folded("0:01:20.500") == std::vector<std::string>{"0:01:20.500"});
}

TEST_CASE("the possessive and joined names fall into their words", "[words]") {
  CHECK(folded("Chelsea's put_back re-entry") == std::vector<std::string>{"chelsea", "put", "back", "re", "entry"});
  CHECK(WordCutter().cut("Chelsea’s")[0].text == "Chelsea");
}

TEST_CASE("words are stemmed so that their forms meet", "[words]") {
  const WordCutter cutter;
  CHECK(cutter.stem("moving") == cutter.stem("moves"));
  CHECK(cutter.stem("substitutions") == cutter.stem("substitution"));
  CHECK(cutter.stem("replaced") == cutter.stem("replacement"));
}

TEST_CASE("broken UTF-8, control characters and other scripts give words or none, never a failure", "[words]") {
  CHECK(folded("\xff\xfe\x80").empty());
  CHECK(folded(std::string("a\0b", 3)) == std::vector<std::string>{"a", "b"});
  CHECK(folded("Когда гол?") == std::vector<std::string>{"когда", "гол"});
  CHECK(folded("").empty());
  CHECK(WordCutter().cut(std::string(1 << 20, 'x')).empty());
  CHECK(WordCutter().cut(std::string(3000, ' ') + "end").size() == 1);
}

TEST_CASE("numbers and ordinals are read from digits and words", "[words]") {
  CHECK(parse_number("twelve") == 12.0);
  CHECK(parse_number("2.5") == 2.5);
  CHECK_FALSE(parse_number("12a"));
  CHECK_FALSE(parse_number("nan"));
  CHECK_FALSE(parse_number("1e9"));
  CHECK(parse_ordinal("first") == 1);
  CHECK(parse_ordinal("last") == -1);
  CHECK(parse_ordinal("22nd") == 22);
  CHECK_FALSE(parse_ordinal("and"));
}

TEST_CASE("counts are written with the right form of the noun", "[words]") {
  CHECK(plural(1, "shot") == "1 shot");
  CHECK(plural(0, "pass") == "0 passes");
  CHECK(plural(2, "ball_recovery") == "2 ball recoveries");
  CHECK(plural(3, "camera_moves") == "3 camera moves");
}

}  // namespace
}  // namespace reelgraph::query
