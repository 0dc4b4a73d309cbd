#include "graph/store.h"

#include "base/error.h"
#include "graph/archive.h"
#include "tests/graph/fixture.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;
using base::kSecond;

namespace reelgraph::test {
namespace {

struct Fixture {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  Store& store = archive.store();
};

TEST_CASE("a video that is put twice is one row with the later facts", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 10));
  VideoRecord changed = video("film", 12);
  changed.title = "A film";
  REQUIRE(f.store.put_video(changed) == row);
  REQUIRE(f.store.videos().size() == 1);
  CHECK(f.store.find_video("film")->duration == 12 * kSecond);
  CHECK(f.store.find_video("A film")->id == "film");
  CHECK_FALSE(f.store.find_video("nothing"));
  CHECK(f.store.counts().videos == 1);
}

TEST_CASE("a title that several videos bear is refused by naming them", "[graph]") {
  Fixture f;
  for (const char* id : {"one", "two"}) {
    VideoRecord v = video(id, 10);
    v.title = "Same";
    f.store.put_video(v);
  }
  try {
    (void)f.store.find_video("Same");
    FAIL("no error");
  } catch (const base::Error& e) {
    CHECK(e.code() == base::ErrorCode::kInvalidArgument);
    CHECK_THAT(e.what(), Contains("one, two"));
  }
}

TEST_CASE("a video is found by its path, its file name, and its content", "[graph]") {
  Fixture f;
  VideoRecord v = video("film", 10);
  v.path = "/films/2024/film.mp4";
  v.content_id = "abc";
  f.store.put_video(v);
  CHECK(f.store.find_video("/films/2024/film.mp4")->id == "film");
  CHECK(f.store.find_video("film.mp4")->id == "film");
  CHECK_FALSE(f.store.find_video("ilm.mp4"));
  CHECK(f.store.find_content("abc")->id == "film");
  CHECK_FALSE(f.store.find_content(""));
}

TEST_CASE("a committed chunk shows as events, entities, text and coverage", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  f.store.commit_chunk(chunk(row, "k0", 0, 30, goal("film", 3, 5)));
  const auto events = f.store.events({});
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "goal");
  CHECK(events[0].span == base::TimeSpan{3 * kSecond, 5 * kSecond});
  REQUIRE(events[0].participants.size() == 1);
  CHECK(events[0].participants[0].name == "Pedro");
  CHECK(events[0].participants[0].role == "agent");
  CHECK(f.store.event_types() == std::vector<std::string>{"goal"});
  CHECK(f.store.roles() == std::vector<std::string>{"agent"});
  CHECK(f.store.relation_types() == std::vector<std::string>{"plays_for"});
  CHECK(f.store.entity_types() == std::vector<std::string>{"player", "team"});
  CHECK(f.store.find_entities("PEDRO", true, 5).size() == 1);
  CHECK(f.store.find_entities("pedro eliezer rodriguez", true, 5).size() == 1);
  CHECK(f.store.find_entities("rodríguez", true, 5).empty());
  CHECK(f.store.find_entities("rodríguez", false, 5).size() == 1);
  REQUIRE(f.store.coverage("film").size() == 1);
  const auto hits = f.store.search({.words = {"scored"}, .videos = {}, .within = {}});
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].span == events[0].span);
  CHECK(hits[0].event == events[0].row);
  CHECK(f.store.knows_word("scores"));
  CHECK_FALSE(f.store.knows_word("penguin"));
  const Counts counts = f.store.counts();
  CHECK(counts.chunks == 1);
  CHECK(counts.observations == 1);
  CHECK(counts.entities == 2);
  CHECK(counts.mentions == 2);
  CHECK(counts.events == 1);
  CHECK(counts.relations == 1);
}

}  // namespace
}  // namespace reelgraph::test
