// Scores are those of the reference scorer, and nothing of the truth is seen while answering.
#include <fstream>

#include "tests/e2e/program.h"

namespace reelgraph::test {

TEST_CASE("eval prints what the reference scorer prints, and answers the same without the truth beside the questions", "[e2e][shared]") {
  const auto set = shared("eval/soccer"), scorer = shared("tools/score.py");
  if (!set || !scorer) return;
  const Reel reel;
  std::vector<std::string> import{"import"}, observations;
  for (const char* match : {"epl-3754059", "epl-3754077"})
    observations.push_back((*set / (match + std::string(".observations.jsonl"))).string());
  import.insert(import.end(), observations.begin(), observations.end());
  REQUIRE(reel.call(import).exit_code == 0);

  for (const char* file : {"questions.jsonl", "questions_free.jsonl"}) {
    // Questions about matches that are not imported are kept: they are answered "not covered", and scored.
    const std::string questions = (*set / file).string();
    const std::string answers = (reel.dir / "answers.jsonl").string(), blind = (reel.dir / "blind.jsonl").string();
    const nlohmann::json printed = reel.json({"eval", questions, "--answers", answers});
    std::vector<std::string> command{"python3", scorer->string(), questions, answers, "--observations"};
    command.insert(command.end(), observations.begin(), observations.end());
    const ProcessResult reference = run(command);
    INFO(reference.err);
    REQUIRE(reference.exit_code == 0);
    CHECK(printed == nlohmann::json::parse(reference.out));

    std::ifstream full(questions);
    std::ofstream stripped(reel.dir / "stripped.jsonl");
    for (std::string line; std::getline(full, line);) {
      nlohmann::json question = nlohmann::json::parse(line);
      for (const char* key : {"answer", "category", "evidence"}) question.erase(key);
      stripped << question.dump() << '\n';
    }
    stripped.close();
    reel.call({"eval", (reel.dir / "stripped.jsonl").string(), "--answers", blind});
    std::ifstream a(answers), b(blind);
    std::string x, y;
    int lines = 0;
    while (std::getline(a, x)) {
      REQUIRE(std::getline(b, y));
      CHECK(x == y);
      ++lines;
    }
    CHECK_FALSE(std::getline(b, y));
    CHECK(lines > 50);
  }
}

}  // namespace reelgraph::test
