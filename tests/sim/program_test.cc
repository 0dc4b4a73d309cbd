// The program reelgraph-sim from outside.
#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

ProcessResult sim(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), (binary().parent_path() / "reelgraph-sim").string());
  return run(arguments);
}

TEST_CASE("options that make no sense end with exit code 2, the option and a cure", "[sim]") {
  const TempDir dir;
  const std::string out = (dir / "x").string();
  const std::vector<std::vector<std::string>> cases{{"--seed", "-1"},
                                                    {"--seed", "1e3"},
                                                    {"--seed", "99999999999999999999999"},
                                                    {"--minutes", "0"},
                                                    {"--minutes", "nan"},
                                                    {"--minutes", "1e9"},
                                                    {"--size", "big"},
                                                    {"--size", "1000000x2"},
                                                    {"--fps", "inf"},
                                                    {"--docks", "9"},
                                                    {"--start-clock", "25:00"},
                                                    {"--lose", "200"},
                                                    {"--bottleneck", "luck"},
                                                    {"--line", "1"},
                                                    {"--workers", "x"}};
  for (const auto& options : cases) {
    std::vector<std::string> arguments{"warehouse", "--no-film", "-o", out};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProcessResult result = sim(arguments);
    INFO(options[0] << " " << options[1] << ": " << result.err);
    CHECK(result.exit_code == 2);
    CHECK_FALSE(result.err.empty());
    CHECK(result.out.empty());
  }
  CHECK_FALSE(std::filesystem::exists(out));
  CHECK(sim({}).exit_code == 2);
  CHECK(sim({"circus"}).exit_code == 2);
}

TEST_CASE("the help has examples, and a day without pictures takes a moment", "[sim]") {
  const TempDir dir;
  const ProcessResult help = sim({"--help"});
  CHECK(help.exit_code == 0);
  CHECK_THAT(help.out, Contains("Examples:") && Contains("warehouse") && Contains("match"));
  const ProcessResult day = sim({"warehouse", "--seed", "2", "--minutes", "1440", "--no-film", "-o", (dir / "day").string()});
  CHECK(day.exit_code == 0);
  CHECK_THAT(day.out, Contains("24:00:00"));
  const ProcessResult again = sim({"warehouse", "--no-film", "-o", (dir / "day").string()});
  CHECK(again.exit_code == 5);
  CHECK_THAT(again.err, Contains("--force"));
  const ProcessResult line = sim({"warehouse", "--line", "4", "--minutes", "60", "-o", (dir / "line").string()});
  CHECK(line.exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(dir / "line" / "film.mp4"));
}

}  // namespace
}  // namespace reelgraph::test
