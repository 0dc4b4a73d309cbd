#include "base/write_file.h"

#include <ostream>
#include <stdexcept>

#include "base/error.h"
#include "tests/support/support.h"

namespace reelgraph::test {

TEST_CASE("a file appears whole or not at all", "[write]") {
  const TempDir folder;
  base::write_file(folder / "a.txt", "one");
  CHECK(read_file(folder / "a.txt") == "one");
  CHECK_THROWS_AS(base::write_file(folder / "a.txt",
                                   [](std::ostream& out) {
                                     out << "half of two";
                                     throw std::runtime_error("no");
                                   }),
                  std::runtime_error);
  CHECK(read_file(folder / "a.txt") == "one");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a place that cannot be written to is told with its name", "[write]") {
  const TempDir folder;
  CHECK_THROWS_WITH(base::write_file(folder / "none" / "a.txt", "x"), Contains("none/a.txt") && Contains("No such file"));
  CHECK_THROWS_WITH(base::write_file(folder.path(), "x"), Contains("folder"));
  CHECK_THROWS_WITH(base::write_file("/dev/full", std::string(1 << 20, 'x')), Contains("/dev/full"));
}

}  // namespace reelgraph::test
