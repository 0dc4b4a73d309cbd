#include "cli/overlay.h"

#include <sstream>

#include "graph/archive.h"
#include "graph/transfer.h"
#include "tests/support/support.h"

namespace reelgraph::test {

TEST_CASE("marks stand where a way leads at the time, and say the name of what has one", "[cli]") {
  const TempDir dir;
  graph::Archive archive = graph::Archive::open(dir / "a.reel", graph::OpenMode::kCreate);
  std::istringstream lines(
      R"({"type":"video","id":"hall","duration":60})"
      "\n"
      R"({"type":"observation","video":"hall","start":0,"end":30,"caption":"c","entities":[)"
      R"({"ref":"f","id":"hall/forklift:blue","name":"blue forklift","type":"forklift","box":[0.5,0.5,0.6,0.6],"attributes":{"colour":"blue"}},)"
      R"({"ref":"t","id":"hall/track-3","type":"moving_thing","box":[0,0,0.1,0.1],"attributes":{"colour":"red"}}],"events":[],)"
      R"("attributes":{"paths":{"forklift:blue":[[0,0.1,0.5,0.2,0.6],[10,0.5,0.5,0.6,0.6]],"track-3":[[0,0,0,0.1,0.1],[30,0,0,0.1,0.1]]}},)"
      R"("provenance":{"kind":"vlm","name":"t","version":"1"}})"
      "\n");
  graph::import_jsonl(archive, lines, "test.jsonl", {});
  const std::vector<captioner::Mark> marks = cli::marks_at(std::as_const(archive).store(), "hall", 5 * base::kSecond);
  REQUIRE(marks.size() == 2);
  const captioner::Mark& forklift = marks[0].label == "blue forklift" ? marks[0] : marks[1];
  const captioner::Mark& thing = &forklift == &marks[0] ? marks[1] : marks[0];
  CHECK(forklift.label == "blue forklift");
  CHECK(forklift.box.x0 == Approx(0.3));
  CHECK(thing.label == "track-3 red, top left");
  // Beyond the end of its way by more than a gap it is not drawn.
  CHECK(cli::marks_at(std::as_const(archive).store(), "hall", 20 * base::kSecond).size() == 1);
}

}  // namespace reelgraph::test
