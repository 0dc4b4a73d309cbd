// The scripts a newcomer runs first: sound shell, plain help, and nothing they ask for.

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> files{source_dir() / ".ci" / "run"};
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "scripts")) files.push_back(entry.path());
  return files;
}

bool executable(const std::filesystem::path& file) {
  return (std::filesystem::status(file).permissions() & std::filesystem::perms::owner_exec) != std::filesystem::perms::none;
}

}  // namespace

TEST_CASE("every script is sound shell", "[house]") {
  const bool have_shellcheck = run({"shellcheck", "--version"}).exit_code == 0;
  for (const std::filesystem::path& file : scripts()) {
    const ProcessResult syntax = run({"bash", "-n", file.string()});
    INFO(file << "\n" << syntax.err);
    CHECK(syntax.exit_code == 0);
    if (have_shellcheck) {
      const ProcessResult lint = run({"shellcheck", "-x", "-S", "warning", file.string()}, source_dir() / "scripts");
      INFO(lint.out);
      CHECK(lint.exit_code == 0);
    }
  }
}

TEST_CASE("every script but the shared piece can be run", "[house]") {
  for (const std::filesystem::path& file : scripts()) {
    INFO(file);
    CHECK(executable(file) == (file.extension() != ".sh"));
  }
}

TEST_CASE("setup lists the packages without touching the system, and leaves libtorch out when told", "[house]") {
  const std::string setup = (source_dir() / "scripts/setup").string();
  const ProcessResult all = run({setup, "--list"});
  const ProcessResult less = run({setup, "--without-torch", "--list"});
  CHECK(all.exit_code == 0);
  CHECK_THAT(all.out, Contains("libtorch-dev\n"));
  CHECK_THAT(all.out, Contains("libstemmer-dev\n"));
  CHECK(less.exit_code == 0);
  CHECK_THAT(less.out, !Contains("libtorch-dev"));
}

TEST_CASE("setup refuses an unknown option with exit code 2", "[house]") {
  const ProcessResult result = run({(source_dir() / "scripts/setup").string(), "--everything"});
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Contains("--everything"));
}

TEST_CASE("setup on a system without apt says what to install", "[house]") {
  // A PATH that holds only what the script needs before it looks for apt.
  TempDir dir;
  for (const char* tool : {"bash", "dirname", "env"}) {
    const std::filesystem::path there =
        std::filesystem::exists(std::string("/bin/") + tool) ? std::string("/bin/") + tool : std::string("/usr/bin/") + tool;
    std::filesystem::create_symlink(there, dir / tool);
  }
  const ProcessResult result = run({"/bin/bash", (source_dir() / "scripts/setup").string()}, {}, {}, {"PATH=" + dir.path().string()});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("not Debian"));
  CHECK_THAT(result.err, Contains("libavformat-dev"));
}

TEST_CASE("every package that a message of CMake names is one that setup installs", "[house]") {
  const std::string listed = "\n" + run({(source_dir() / "scripts/setup").string(), "--list"}).out;
  const std::string cmake = std::regex_replace(read_file(source_dir() / "cmake/Dependencies.cmake"), std::regex("#[^\n]*"), "");
  int seen = 0;
  for (std::size_t at = cmake.find("lib"); at != std::string::npos; at = cmake.find("lib", at + 1)) {
    const std::size_t end = cmake.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.", at);
    const std::string word = cmake.substr(at, end - at);
    if (!word.ends_with("-dev") || (at > 0 && std::isalnum(static_cast<unsigned char>(cmake[at - 1])) != 0)) continue;
    INFO(word);
    CHECK_THAT(listed, Contains("\n" + word + "\n"));
    ++seen;
  }
  CHECK(seen > 10);
}

}  // namespace reelgraph::test
