#include "cli/config.h"

#include "base/error.h"
#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

base::Error refused(const std::string& toml) {
  try {
    (void)cli::Config::parse(toml, "config.toml");
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("it must be refused: " << toml);
  throw;  // FAIL does not return
}

}  // namespace

TEST_CASE("a config file gives defaults, without one there are none", "[config]") {
  const cli::Config config =
      cli::Config::parse("# mine\narchive = \"/data/a.reel\"\nchunk = 20\nfps = 0.5\njobs = 2\nfast = true\n", "config.toml");
  CHECK(config.text("archive") == "/data/a.reel");
  CHECK(config.number("chunk") == 20);
  CHECK(config.number("fps") == 0.5);
  CHECK(config.number("jobs") == 2);
  CHECK(config.flag("fast"));
  CHECK_FALSE(config.text("profile"));
  const TempDir folder;
  CHECK(cli::Config::load(folder / "none.toml").values().empty());
}

TEST_CASE("a wrong config file is refused with file, line and cure", "[config]") {
  CHECK(refused("archive = \"a\"\nchunk = = 3\n").context() == "config.toml:2");
  const base::Error unknown = refused("\n\narchives = \"a\"\n");
  CHECK(unknown.context() == "config.toml:3");
  CHECK_THAT(unknown.what(), Contains("archives") && Contains("keys are archive"));
  CHECK_THAT(refused("jobs = 0").what(), Contains("between 1 and 256"));
  CHECK_THAT(refused("jobs = 1.5").what(), Contains("whole number"));
  CHECK_THAT(refused("chunk = \"30\"").what(), Contains("must be a number"));
  CHECK_THAT(refused("chunk = nan").what(), Contains("between"));
  CHECK_THAT(refused("fps = inf").what(), Contains("between"));
  CHECK_THAT(refused("archive = \"\"").what(), Contains("empty"));
  CHECK_THAT(refused("archive = [\"a\"]").what(), Contains("text"));
  CHECK_THAT(refused("fast = 1").what(), Contains("true or false"));
  for (const char* toml : {"chunk = = 3", "x = 1", "jobs = 0"}) CHECK(refused(toml).code() == base::ErrorCode::kBadInput);
}

TEST_CASE("setting a key keeps every other line, comments too", "[config]") {
  const TempDir folder;
  const std::filesystem::path file = folder / "sub" / "config.toml";
  cli::set_config(file, "jobs", "2");
  CHECK(read_file(file) == "jobs = 2\n");
  write_file(file, "# first\njobs = 2 # two\n\narchive = \"\"\"\nx.reel\"\"\"\n# last");
  cli::set_config(file, "jobs", "3");
  cli::set_config(file, "archive", "/data/my \"best\".reel");
  cli::set_config(file, "fast", "yes");
  CHECK(read_file(file) == "# first\njobs = 3\n\narchive = \"/data/my \\\"best\\\".reel\"\n# last\nfast = true\n");
  CHECK(cli::Config::load(file).text("archive") == "/data/my \"best\".reel");
}

TEST_CASE("a value that does not fit is refused and the file stays as it was", "[config]") {
  const TempDir folder;
  const std::filesystem::path file = folder / "config.toml";
  write_file(file, "jobs = 2\n");
  CHECK_THROWS_WITH(cli::set_config(file, "jobs", "many"), Contains("whole number") && Contains("many"));
  CHECK_THROWS_WITH(cli::set_config(file, "jobs", "9999"), Contains("between"));
  CHECK_THROWS_WITH(cli::set_config(file, "job", "1"), Contains("unknown key"));
  CHECK(read_file(file) == "jobs = 2\n");
  write_file(file, "jobs = \n");
  CHECK_THROWS_WITH(cli::set_config(file, "fps", "1"), Contains("config.toml:1"));
  CHECK(read_file(file) == "jobs = \n");
}

}  // namespace reelgraph::test
