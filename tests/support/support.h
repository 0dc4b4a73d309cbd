#pragma once
// What tests share: folders that vanish, reference data that may be absent, programs to run, films to draw.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Catch2's main header moved between versions 2 and 3.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
using Catch::Matchers::Contains;
#else
#include <catch2/catch.hpp>
using Catch::Matchers::Contains;
#endif

namespace reelgraph::test {

/// A new empty folder, removed with all it holds at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A path below the reference data, or nothing where it is absent: the test then prints "SKIPPED: ..." and should return.
/// With REELGRAPH_REQUIRE_SHARED set (CI), absence fails the test instead.
[[nodiscard]] std::optional<std::filesystem::path> shared(const std::string& relative);

/// The checkout's root.
[[nodiscard]] std::filesystem::path source_dir();
/// The built program.
[[nodiscard]] std::filesystem::path binary();

struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal if killed; 124 if it ran past the limit
  std::string out, err;
};
/// Runs a program (PATH is searched) to its end. Output is captured, standard input is /dev/null or `input`.
/// Extra environment as "NAME=VALUE".
ProcessResult run(const std::vector<std::string>& command, const std::filesystem::path& folder = {}, const std::string& input = {},
                  const std::vector<std::string>& environment = {}, double limit_s = 120);

/// Draws a film with the ffmpeg program: `arguments` go between `ffmpeg -v error -y` and the output file. Fails the test if ffmpeg does.
void draw_film(const std::vector<std::string>& arguments, const std::filesystem::path& output);

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace reelgraph::test
