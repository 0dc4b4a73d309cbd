#pragma once
// The built program as its users meet it.

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/support.h"

namespace reelgraph::test {

/// Calls the program with an archive and a home of its own.
class Reel {
 public:
  explicit Reel(const std::string& archive = "a.reel") : archive_(dir / archive) {}

  TempDir dir;

  [[nodiscard]] const std::filesystem::path& archive() const { return archive_; }
  [[nodiscard]] std::vector<std::string> environment() const {
    return {"HOME=" + dir.path().string(), "XDG_CONFIG_HOME=", "REELGRAPH_ARCHIVE="};
  }

  ProcessResult call(std::vector<std::string> words, const std::string& input = {}) const {
    words.insert(words.begin(), {binary().string(), "-a", archive_.string()});
    return run(words, dir.path(), input, environment());
  }

  /// The one JSON document that the call must print, whatever its exit code, which is put into `exit_code`.
  nlohmann::json json(std::vector<std::string> words, int* exit_code = nullptr) const {
    words.insert(words.begin(), "--json");
    const ProcessResult result = call(words);
    INFO("exit code " << result.exit_code << "\n" << result.out << "\n" << result.err);
    REQUIRE(nlohmann::json::accept(result.out));
    if (exit_code != nullptr)
      *exit_code = result.exit_code;
    else
      REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out);
  }

  /// Runs a script in bash with $reel and $archive set.
  ProcessResult script(const std::string& text, double limit_s = 120) const {
    std::vector<std::string> variables = environment();
    variables.push_back("reel=" + binary().string());
    variables.push_back("archive=" + archive_.string());
    return run({"bash", "-c", text}, dir.path(), {}, variables, limit_s);
  }

  [[nodiscard]] std::string exported() const {
    const ProcessResult result = call({"export"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result.out;
  }

 private:
  std::filesystem::path archive_;
};

/// Two scenes of `half` seconds with a cut between them; the first moves, the second stands still.
inline void draw_two_scenes(const std::filesystem::path& film, int half = 3, const std::string& size = "320x180", int rate = 10) {
  const std::string n = std::to_string(half), common = ":s=" + size + ":r=" + std::to_string(rate) + ":d=" + n;
  draw_film({"-f", "lavfi", "-i", "testsrc2=" + common.substr(1) + "[a];smptebars=" + common.substr(1) + "[b];[a][b]concat=n=2", "-c:v",
             "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50"},
            film);
}

}  // namespace reelgraph::test
