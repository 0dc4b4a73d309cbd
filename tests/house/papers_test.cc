// What a reader is told must be there: the papers, and every command and file that README names.

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "tests/support/support.h"

namespace reelgraph::test {

TEST_CASE("the papers of the house are there", "[house]") {
  for (const char* path :
       {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", ".clang-format", ".clang-tidy", ".editorconfig", ".ci/run",
        "CMakePresets.json", "docs/architecture.md", "docs/archive.md", "docs/questions.md", "docs/profiles.md", "docs/formats.md",
        "scripts/setup", "scripts/test", "scripts/demo", "docs/adr/0001-captioner-session-with-memory.md"}) {
    INFO(path);
    CHECK(std::filesystem::file_size(source_dir() / path) > 100);
  }
  CHECK_THAT(read_file(source_dir() / "LICENSE"), Contains("Apache License"));
}

TEST_CASE("every file that the papers point to exists", "[house]") {
  const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_dir() / "docs")) {
    if (entry.path().extension() != ".md") continue;
    const std::string text = read_file(entry.path());
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
      INFO(entry.path() << " points to " << (*it)[1]);
      CHECK(std::filesystem::exists(entry.path().parent_path() / (*it)[1].str()));
    }
  }
  for (const char* paper : {"README.md", "CONTRIBUTING.md"}) {
    const std::string text = read_file(source_dir() / paper);
    const std::regex script(R"((scripts/[a-z_]+|\.ci/run|docs/[a-z_/0-9-]+\.md))");
    for (std::sregex_iterator it(text.begin(), text.end(), script), end; it != end; ++it) {
      INFO(paper << " names " << it->str());
      CHECK(std::filesystem::exists(source_dir() / it->str()));
    }
  }
}

TEST_CASE("every command that README shows is one the program has", "[house]") {
  const std::string help = run({binary().string(), "--help"}).out;
  const std::string text = read_file(source_dir() / "README.md");
  const std::regex call(R"(\nreelgraph (?:-a [^ \n]+ )?([a-z]+))");
  std::set<std::string> commands;
  for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) commands.insert((*it)[1]);
  CHECK(commands.size() >= 5);
  for (const std::string& command : commands) {
    INFO(command);
    CHECK_THAT(help, Contains(command));
    CHECK(run({binary().string(), command, "--help"}).exit_code == 0);
  }
}

}  // namespace reelgraph::test
