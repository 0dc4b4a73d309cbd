// Help, version, manual, completions: made from one set of definitions, and true.

#include "tests/e2e/program.h"

namespace reelgraph::test {

TEST_CASE("every command has help with examples, before and after its name", "[e2e]") {
  const Reel reel;
  const ProcessResult help = reel.call({"--help"});
  CHECK(help.exit_code == 0);
  for (const char* command : {"ingest", "import", "index", "ask", "search", "timeline", "entities", "show", "frame", "clip", "export",
                              "info", "verify", "config", "doctor", "completion", "man"}) {
    INFO(command);
    CHECK_THAT(help.out, Contains(std::string("\n  ") + command));
    const ProcessResult own = reel.call({command, "--help"});
    CHECK(own.exit_code == 0);
    CHECK_THAT(own.out, Contains("Examples:") && Contains(std::string("reelgraph")) && Contains(command));
    CHECK(own.err.empty());
  }
}

TEST_CASE("the version is told without loading what only some commands need", "[e2e]") {
  const Reel reel;
  const ProcessResult version = reel.call({"--version"});
  CHECK(version.exit_code == 0);
  CHECK_THAT(version.out, Contains("reelgraph 0."));
  const ProcessResult libraries = run({binary().string()}, {}, {}, {"LD_TRACE_LOADED_OBJECTS=1"});
  CHECK_THAT(libraries.out, Contains("libsqlite3"));
  for (const char* heavy : {"libavcodec", "libavformat", "libopencv", "libtorch", "libc10"})
    CHECK(libraries.out.find(heavy) == std::string::npos);
}

TEST_CASE("global options work before and after the command", "[e2e]") {
  const Reel reel;
  write_file(reel.dir / "o.jsonl", R"({"type":"observation","video":"m","start":1,"end":2,"caption":"Pedro scores"})"
                                   "\n");
  const std::string program = binary().string();
  CHECK(run({program, "import", "o.jsonl", "-a", "b.reel"}, reel.dir.path(), {}, reel.environment()).exit_code == 0);
  const ProcessResult after = run({program, "info", "--json", "-a", "b.reel"}, reel.dir.path(), {}, reel.environment());
  CHECK(nlohmann::json::parse(after.out).at("videos").size() == 1);
  std::vector<std::string> named = reel.environment();
  named.push_back("REELGRAPH_ARCHIVE=" + (reel.dir / "b.reel").string());
  CHECK(run({program, "--json", "info"}, "/", {}, named).exit_code == 0);
  CHECK(run({program, "info", "-q", "-v"}, reel.dir.path(), {}, reel.environment()).exit_code == 2);
}

TEST_CASE("completions load in a shell and complete commands, options and values", "[e2e]") {
  const Reel reel;
  const auto completed = [&](const std::string& words, int at) {
    const ProcessResult result = reel.script("source <(\"$reel\" completion bash); COMP_WORDS=(" + words +
                                             "); COMP_CWORD=" + std::to_string(at) + "; _reelgraph; echo \"${COMPREPLY[@]}\"");
    CHECK(result.err.empty());
    return result.out;
  };
  CHECK(completed("reelgraph ti", 1) == "timeline\n");
  CHECK(completed("reelgraph -a x.reel timeline --fo", 4) == "--format\n");
  CHECK(completed("reelgraph export --format g", 3) == "graphml\n");
  CHECK_THAT(completed("reelgraph completion z", 2), Contains("zsh"));
  if (run({"zsh", "--version"}).exit_code == 0) {
    CHECK(reel.script("\"$reel\" completion zsh > _reelgraph && zsh -n _reelgraph").exit_code == 0);
    const ProcessResult loaded =
        reel.script("zsh -fc 'autoload -Uz compinit; compinit -u -D; source <(\"$reel\" completion zsh); print ${_comps[reelgraph]}'");
    CHECK(loaded.out == "_reelgraph\n");
  }
}

TEST_CASE("the manual page renders without a warning", "[e2e]") {
  const Reel reel;
  const ProcessResult page = reel.call({"man"});
  CHECK(page.exit_code == 0);
  CHECK_THAT(page.out, Contains(".TH REELGRAPH 1"));
  if (run({"groff", "--version"}).exit_code != 0) {
    std::cout << "SKIPPED: no groff here to render it\n";
    return;
  }
  write_file(reel.dir / "reelgraph.1", page.out);
  const ProcessResult rendered = run({"groff", "-man", "-Tutf8", "-ww", "-P-cbou", (reel.dir / "reelgraph.1").string()});
  CHECK(rendered.exit_code == 0);
  CHECK(rendered.err.empty());
  CHECK_THAT(rendered.out, Contains("timeline") && Contains("EXIT STATUS"));
}

}  // namespace reelgraph::test
