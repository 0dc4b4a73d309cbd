// The definitions of the commands, and what is made from them.

#include "cli/program.h"

#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/option_facts.h"
#include "cli/progress.h"
#include "tests/support/support.h"

namespace reelgraph::test {

TEST_CASE("the time left goes by the pictures a model is shown, however long their part of the film is", "[program]") {
  cli::Pace pace;
  CHECK_FALSE(pace.left(20));
  for (int i = 0; i < 5; ++i) pace.add(10, 0.001);  // described before: no work
  CHECK_FALSE(pace.left(20));
  pace.add(10, 90);
  CHECK(*pace.left(10) == Approx(90));
  for (const double seconds : {0.0, 0.0, 270.0}) pace.add(10, seconds);  // four chunks at once
  CHECK(*pace.left(20) == Approx(180));
  CHECK(*pace.left(3) == Approx(27));
  CHECK(*pace.left(0) == 0);
  CHECK(*pace.left(-3) == 0);  // a film longer than it claimed
}

TEST_CASE("every command has a description, examples that name it, and described options", "[program]") {
  const cli::Program program;
  CHECK(program.commands().size() == 21);
  for (const CLI::App* command : program.commands()) {
    INFO(command->get_name());
    CHECK(command->get_description().size() > 10);
    const std::vector<std::string>& examples = program.examples(command->get_name());
    REQUIRE_FALSE(examples.empty());
    for (const std::string& example : examples) CHECK_THAT(example, Contains("reelgraph") && Contains(command->get_name()));
    for (const cli::OptionFacts& option : cli::options_of(*command)) {
      INFO((option.names.empty() ? option.positional : option.names.back()));
      CHECK(option.description.size() > 2);
    }
  }
}

TEST_CASE("manual and completions name every command and every option", "[program]") {
  const cli::Program program;
  const std::string manual = cli::manual_page(program), bash = cli::bash_completion(program), zsh = cli::zsh_completion(program);
  for (const CLI::App* command : program.commands()) {
    INFO(command->get_name());
    CHECK_THAT(manual, Contains(".SS " + command->get_name()));
    CHECK_THAT(bash, Contains("    " + command->get_name() + ")"));
    CHECK_THAT(zsh, Contains("    " + command->get_name() + ")"));
    for (const cli::OptionFacts& option : cli::options_of(*command)) {
      for (const std::string& name : option.names) {
        CHECK_THAT(bash, Contains(name));
        CHECK_THAT(zsh, Contains("'*" + name + "["));
      }
    }
  }
  CHECK_THAT(bash, Contains("jsonl graphml csv srt vtt"));
  // A kind of report has options of its own.
  CHECK_THAT(manual, Contains(".SS report commentary") && Contains("lookahead"));
  CHECK_THAT(bash, Contains("--lookahead") && Contains("commentary"));
  CHECK_THAT(zsh, Contains("'*--lookahead["));
}

TEST_CASE("an error as JSON has code, message, place and cure", "[program]") {
  const nlohmann::ordered_json full = cli::error_json({base::ErrorCode::kBadInput, "is empty", "a.mp4", "get another"});
  CHECK(full.dump() == R"({"error":{"code":"bad_input","message":"is empty","context":"a.mp4","cure":"get another"}})");
  CHECK(cli::error_json({base::ErrorCode::kArchive, "gone"}).dump() ==
        R"({"error":{"code":"archive","message":"gone","context":null,"cure":null}})");
  CHECK(cli::error_text({base::ErrorCode::kBadInput, "is empty", "a.mp4", "get another"}) == "reelgraph: a.mp4: is empty\n  get another");
}

TEST_CASE("option --from must lie before --to", "[program]") {
  CHECK_FALSE(cli::span_of({}, {}));
  CHECK(cli::span_of(base::kSecond, {})->start == base::kSecond);
  CHECK(cli::span_of({}, base::kSecond)->end == base::kSecond);
  CHECK_THROWS_WITH(cli::span_of(2 * base::kSecond, base::kSecond), Contains("not before"));
  CHECK_THROWS_AS(cli::span_of(base::kSecond, base::kSecond), base::Error);
}

}  // namespace reelgraph::test
