// Questions about a hall, in which places take part beside those who act and goods bear numbers.
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

/// A forklift sets pallet 14 down at storage at 10 s, another one pallet 15 at staging at 20 s.
void import_hall(test::ArchiveFixture& a) {
  const auto drop = [](int at, const std::string& forklift, const std::string& pallet, const std::string& place) {
    const std::string time = "\"start\":" + std::to_string(at) + ",\"end\":" + std::to_string(at + 2);
    return R"({"type":"observation","video":"hall",)" + time + R"(,"caption":"a drop","entities":[{"ref":"f","id":"hall/)" + forklift +
           R"(","type":"forklift","name":")" + forklift + R"("},{"ref":"p","id":"hall/)" + pallet + R"(","type":"pallet","name":")" +
           pallet + R"("},{"ref":"z","id":"hall/)" + place + R"(","type":"place","name":")" + place + R"("}],"events":[{"type":"drop",)" +
           time + R"(,"description":")" + forklift + " sets down " + pallet + " at " + place +
           R"(","participants":[{"ref":"f","role":"agent"},{"ref":"p","role":"object"},{"ref":"z","role":"place"}]}],)" +
           R"("provenance":{"kind":"import","name":"t"}})" + "\n";
  };
  a.import(R"({"type":"video","id":"hall","duration":60})"
           "\n" +
           drop(10, "red forklift", "pallet 14", "storage") + drop(20, "blue forklift", "pallet 15", "staging"));
}

TEST_CASE("a place after at is where it was done, not one who did it", "[warehouse]") {
  test::ArchiveFixture a;
  import_hall(a);
  CHECK(a.ask("Did the red forklift drop a pallet at storage?", "hall").value == true);
  CHECK(a.ask("Did the red forklift drop a pallet at staging?", "hall").value == false);
  CHECK(a.ask("How many times did the blue forklift drop a pallet at staging?", "hall").value == 1);
  CHECK(a.ask("How many times did the blue forklift drop a pallet at storage?", "hall").value == 0);
}

TEST_CASE("a place that is left is not one who leaves", "[warehouse]") {
  test::ArchiveFixture a;
  a.import(
      R"({"type":"video","id":"hall","duration":60})"
      "\n"
      R"({"type":"observation","video":"hall","start":5,"end":6,"caption":"red worker leaves hall","entities":[{"ref":"w","id":"hall/red","type":"worker","name":"red worker"},{"ref":"h","id":"hall/hall","type":"zone","name":"hall"}],"events":[{"type":"leave","start":5,"end":6,"description":"red worker leaves hall","participants":[{"ref":"w","role":"agent"},{"ref":"h","role":"place"}]}],"provenance":{"kind":"import","name":"t"}})"
      "\n"
      R"({"type":"observation","video":"hall","start":9,"end":10,"caption":"blue worker leaves packing 1","entities":[{"ref":"w","id":"hall/blue","type":"worker","name":"blue worker"},{"ref":"h","id":"hall/packing","type":"station","name":"packing 1"}],"events":[{"type":"leave","start":9,"end":10,"description":"blue worker leaves packing 1","participants":[{"ref":"w","role":"agent"},{"ref":"h","role":"place"}]}],"provenance":{"kind":"import","name":"t"}})"
      "\n");
  CHECK(a.ask("Did the red worker leave the hall?", "hall").value == true);
  CHECK(a.ask("Did the blue worker leave the hall?", "hall").value == false);
  CHECK(a.ask("Did the blue worker ever leave packing 1?", "hall").value == true);
}

TEST_CASE("a number that no thing of its kind bears is not left out", "[warehouse]") {
  test::ArchiveFixture a;
  import_hall(a);
  for (const char* question : {"Who dropped pallet 9999?", "Which forklift dropped pallet 77?"}) {
    const Answer answer = a.ask(question, "hall");
    INFO(question << ": " << answer.text);
    CHECK(answer.value.is_null());
    CHECK_THAT(answer.text, Contains("pallet"));
  }
  CHECK_THAT(a.ask("Which forklift dropped pallet 14?", "hall").text, Contains("red forklift"));
}

}  // namespace
}  // namespace reelgraph::query
