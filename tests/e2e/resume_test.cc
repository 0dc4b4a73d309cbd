// Killed or interrupted at any instant, an ingest goes on where it stopped and ends in the same archive.

#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

/// Starts an ingest, sends it a signal once at least `chunks` are done, and gives its exit code.
std::string signalled(const std::string& signal, int chunks) {
  return "\"$reel\" -a \"$archive\" ingest film.mp4 --chunk 4 --overlap 1 & pid=$!\n"
         "done_chunks() { \"$reel\" -a \"$archive\" --json info 2>/dev/null | sed -n 's/^ *\"done\": \\([0-9]*\\),*$/\\1/p'; }\n"
         "while kill -0 $pid 2>/dev/null; do n=$(done_chunks); (( ${n:-0} >= " +
         std::to_string(chunks) + " )) && break; done\nkill -" + signal + " $pid\nwait $pid\n";
}

}  // namespace

TEST_CASE("killed twice in the middle, the finished archive equals that of an undisturbed run", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "film.mp4", 40, "640x360", 25);
  const ProcessResult first = reel.script(signalled("KILL", 2));
  INFO(first.out << first.err);
  CHECK(first.exit_code == 137);
  const nlohmann::json half = reel.json({"info"}).at("videos").at(0);
  CHECK(half.at("chunks").at("pending").get<int>() > 0);
  CHECK(half.at("state") == "unfinished");
  const ProcessResult second = reel.script(signalled("KILL", 8));
  INFO(second.out << second.err);
  CHECK(second.exit_code == 137);
  const nlohmann::json resumed = reel.json({"ingest", "film.mp4", "--chunk", "4", "--overlap", "1"}).at("videos").at(0);
  CHECK(resumed.at("status") == "done");
  CHECK(resumed.at("chunks").at("skipped").get<int>() >= 8);
  CHECK(reel.json({"verify"}).at("ok") == true);

  const std::string exported = reel.exported();
  std::filesystem::remove_all(reel.archive());
  REQUIRE(reel.call({"ingest", "film.mp4", "--chunk", "4", "--overlap", "1"}).exit_code == 0);
  CHECK(reel.exported() == exported);
}

TEST_CASE("an interrupt finishes the chunk in hand, exits 6 and says how to go on", "[e2e]") {
  const std::string signal = GENERATE("INT", "TERM");
  const Reel reel;
  draw_two_scenes(reel.dir / "film.mp4", 40, "640x360", 25);
  const ProcessResult stopped = reel.script(signalled(signal, 1));
  INFO(stopped.out << stopped.err);
  CHECK(stopped.exit_code == 6);
  CHECK_THAT(stopped.err, Contains("finishing the chunk in hand") && Contains("same command again"));
  const nlohmann::json resumed = reel.json({"ingest", "film.mp4", "--chunk", "4", "--overlap", "1"}).at("videos").at(0);
  CHECK(resumed.at("status") == "done");
  CHECK(resumed.at("chunks").at("skipped").get<int>() >= 1);
}

TEST_CASE("an interrupted import takes nothing and exits 6", "[e2e]") {
  const Reel reel;
  const ProcessResult stopped = reel.script(
      "trap '' PIPE; mkfifo lines; \"$reel\" -a \"$archive\" import - <lines & pid=$!; exec 3>lines\n"
      "until [[ -e $archive/graph.db ]]; do kill -0 $pid || break; done; kill -INT $pid\n"
      "line='{\"type\":\"observation\",\"video\":\"v\",\"start\":0,\"end\":1,\"caption\":\"x\"}'\n"
      "while kill -0 $pid 2>/dev/null; do printf '%s\\n' \"$line\" >&3 || break; done 2>/dev/null\nwait $pid\n");
  INFO(stopped.out << stopped.err);
  CHECK(stopped.exit_code == 6);
  CHECK_THAT(stopped.err, Contains("nothing of this file was imported"));
  CHECK(reel.json({"info"}).at("videos").empty());
}

}  // namespace reelgraph::test
