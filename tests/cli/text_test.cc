#include "cli/text.h"

#include "tests/support/support.h"

namespace reelgraph::test {

TEST_CASE("columns line up, also with wide letters and accents", "[text]") {
  CHECK(cli::table({{"A", "B"}, {"long one", "x"}, {"é", "y"}, {"日本", "z"}}) == "A         B\nlong one  x\né         y\n日本      z\n");
  CHECK(cli::table({{"a", ""}, {"b"}}) == "a\nb\n");
  CHECK(cli::table({}).empty());
}

TEST_CASE("sizes, efforts and counts read well", "[text]") {
  CHECK(cli::format_bytes(0) == "0 B");
  CHECK(cli::format_bytes(999) == "999 B");
  CHECK(cli::format_bytes(3'400'000) == "3.4 MB");
  CHECK(cli::format_bytes(1'234'000'000'000) == "1.2 TB");
  CHECK(cli::format_effort(0.04) == "0.0 s");
  CHECK(cli::format_effort(250) == "4 min 10 s");
  CHECK(cli::format_effort(7500) == "2 h 05 min");
  CHECK(cli::count_of(1, "entity") == "1 entity");
  CHECK(cli::count_of(0, "entity") == "0 entities");
  CHECK(cli::count_of(2, "chunk") == "2 chunks");
  CHECK(cli::format_span({83'500'000, 83'500'000}) == "0:01:23.500");
  CHECK(cli::format_span({0, 83'500'000}) == "0:00:00.000 - 0:01:23.500");
}

}  // namespace reelgraph::test
