#include "graph/store.h"

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "graph/archive.h"
#include "graph/transfer.h"
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

std::string exported(const Archive& archive) {
  std::ostringstream out;
  export_archive(archive, out, {});
  return out.str();
}

std::vector<std::string> types_of(const std::vector<EventRecord>& events) {
  std::vector<std::string> types;
  for (const EventRecord& e : events) types.push_back(e.type);
  return types;
}

/// An observation over a chunk with events of the given types, a second apart.
base::Observation seen(double start, double end, const std::vector<std::string>& types, const std::string& captioner = "a") {
  base::Observation o;
  o.video = "film";
  o.span = span(start, end);
  o.caption = "seen by " + captioner;
  o.provenance = {"vlm", captioner, "1"};
  for (const std::string& type : types) {
    o.events.push_back({type, span(start, start + 1), "", {}, nlohmann::json::object(), std::nullopt});
    start += 1;
  }
  return o;
}

TEST_CASE("a chunk that is done is not stored twice, a failed one is replaced by a success", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  ChunkCommit failed = chunk(row, "k0", 0, 30, std::nullopt);
  failed.chunk.state = ChunkState::kFailed;
  failed.chunk.failure = "server busy";
  failed.coverage = {{failed.chunk.span, CoverageStatus::kFailed, "server busy"}};
  f.store.commit_chunk(failed);
  f.store.commit_chunk(failed);
  REQUIRE(f.store.chunks("film").size() == 1);
  CHECK(f.store.chunks("film")[0].attempts == 2);
  CHECK(f.store.chunks("film")[0].failure == "server busy");
  REQUIRE(f.store.coverage("film").size() == 1);
  CHECK(f.store.coverage("film")[0].status == CoverageStatus::kFailed);

  f.store.commit_chunk(chunk(row, "k0", 0, 30, seen(0, 30, {"goal"})));
  REQUIRE(f.store.chunks("film").size() == 1);
  CHECK(f.store.chunks("film")[0].state == ChunkState::kDone);
  CHECK(f.store.chunks("film")[0].attempts == 3);
  REQUIRE(f.store.coverage("film").size() == 1);
  CHECK(f.store.coverage("film")[0].status == CoverageStatus::kDescribed);

  f.store.commit_chunk(chunk(row, "k0", 0, 30, seen(0, 30, {"other"})));
  CHECK(types_of(f.store.events({})) == std::vector<std::string>{"goal"});
  CHECK(f.store.counts().chunks == 1);
}

TEST_CASE("a commit that fails leaves nothing", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  base::Observation bad = goal("film", 3, 5);
  bad.events[0].participants.push_back({"nobody", "agent"});
  CHECK_THROWS_AS(f.store.commit_chunk(chunk(row, "k0", 0, 30, bad)), base::Error);
  CHECK_THROWS_AS(f.store.commit_chunk(chunk(row + 1, "k1", 0, 30, goal("film", 3, 5))), base::Error);
  CHECK(f.store.chunks("film").empty());
  CHECK(f.store.counts().observations == 0);
  CHECK(f.store.counts().chunks == 0);
  f.store.commit_chunk(chunk(row, "k0", 0, 30, goal("film", 3, 5)));
  CHECK(f.store.counts().entities == 2);
  CHECK(f.store.coverage("film").size() == 1);
}

TEST_CASE("another captioner's description takes the place of the first once it covers it", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  f.store.commit_chunk(chunk(row, "a0", 0, 30, seen(0, 30, {"goal", "pass"})));
  f.store.commit_chunk(chunk(row, "a1", 30, 60, seen(30, 60, {"foul"})));
  const RowId old = f.store.events({})[0].observation;

  // Shorter chunks: the first half alone does not replace the whole.
  f.store.commit_chunk(chunk(row, "b0", 0, 15, seen(0, 15, {"shot"}, "b")));
  CHECK(types_of(f.store.events({})) == std::vector<std::string>{"goal", "shot", "pass", "foul"});
  f.store.commit_chunk(chunk(row, "b1", 15, 30, seen(15, 30, {"save"}, "b")));
  CHECK(types_of(f.store.events({})) == std::vector<std::string>{"shot", "save", "foul"});
  CHECK(f.store.event_types() == std::vector<std::string>{"foul", "save", "shot"});
  CHECK(f.store.counts().observations == 3);
  CHECK(f.store.captioners() == std::vector<std::string>{"a 1", "b 1"});
  REQUIRE(f.store.observation(old));
  CHECK(f.store.observation(old)->superseded);
  CHECK(f.store.observation(old)->observation.events.size() == 2);
  CHECK(f.store.observations("film", span(0, 60), 0).size() == 3);
  CHECK(f.store.search({{"goal"}, false, {}, {}, 10}).empty());
  CHECK(verify(f.archive.folder(), false).empty());
}

TEST_CASE("chunks that overlap without sharing their own parts leave each other alone", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  ChunkCommit first = chunk(row, "k0", 0, 32, seen(0, 32, {"goal"})), second = chunk(row, "k1", 28, 60, seen(28, 60, {"foul"}));
  first.chunk.own = span(0, 30);
  second.chunk.own = span(30, 60);
  f.store.commit_chunk(first);
  f.store.commit_chunk(second);
  CHECK(f.store.counts().events == 2);
}

TEST_CASE("an archive that was opened anew between chunks holds the same graph", "[graph]") {
  TempDir dir;
  std::vector<ChunkCommit> commits;
  for (int i = 0; i < 6; ++i) {
    base::Observation o = goal("film", 10 * i, 10 * i + 5);
    base::EntityMention someone;
    someone.ref = "x";
    someone.description = "someone number " + std::to_string(i);
    someone.attributes = {{"colour", i % 2 == 0 ? "red" : "blue"}};
    o.entities.push_back(someone);
    o.entities[0].attributes = {{"shirt", i}};
    commits.push_back(chunk(0, "k" + std::to_string(i), 10 * i, 10 * i + 10, o));
  }
  const auto ingest = [&](const std::filesystem::path& folder) {
    Archive archive = Archive::open(folder, OpenMode::kCreate);
    const RowId row = archive.store().put_video(video("film", 60));
    for (ChunkCommit& c : commits) {
      c.chunk.video = row;
      archive.store().commit_chunk(c);
    }
  };
  ingest(dir / "a.reel");
  {
    for (std::size_t done = 0; done <= commits.size(); ++done) {
      Archive archive = Archive::open(dir / "b.reel", OpenMode::kCreate);
      const RowId row = archive.store().put_video(video("film", 60));
      for (std::size_t i = 0; i < done; ++i) {
        commits[i].chunk.video = row;
        archive.store().commit_chunk(commits[i]);
      }
    }
  }
  const Archive a = Archive::open(dir / "a.reel", OpenMode::kRead), b = Archive::open(dir / "b.reel", OpenMode::kRead);
  CHECK(exported(a) == exported(b));
  CHECK(a.store().entities("", {}, 0).size() == b.store().entities("", {}, 0).size());
  CHECK(a.store().find_entities("pedro", true, 1)[0].attributes == b.store().find_entities("pedro", true, 1)[0].attributes);
}

TEST_CASE("identity is exact: same id, or same name and type in one video, and never two ids", "[graph]") {
  Fixture f;
  const auto add = [&](const std::string& film, int second, const std::optional<std::string>& id, const std::string& name,
                       const std::string& type, const std::string& source) {
    base::Observation o = seen(second, second + 1, {}, source);
    o.video = film;
    base::EntityMention m;
    m.ref = "m";
    m.stable_id = id;
    if (!name.empty()) m.name = name;
    m.type = type;
    o.entities = {m};
    const RowId row = f.store.put_video(video(film, 60));
    f.store.commit_chunk(chunk(row, film + std::to_string(second), second, second + 1, o));
  };
  add("one", 0, "p1", "Kim", "player", "s");
  add("two", 0, "p1", "Kim", "player", "s");  // the same id in another video: the same
  add("one", 1, "p2", "Kim", "player", "s");  // another id: another one
  add("one", 2, "p1", "Kim", "player", "t");  // the same id of another source: another one
  add("one", 3, {}, "Kim", "player", "s");    // no id: a fourth, of this video
  add("one", 4, {}, "Kim", "player", "s");    // the same again
  add("two", 1, {}, "Kim", "player", "s");    // in another video, where one alone is called so: that one
  add("one", 5, {}, "Kim", "referee", "s");   // of another type: a fifth
  add("one", 6, {}, "", "player", "s");       // nameless: each its own
  add("one", 7, {}, "", "player", "s");
  CHECK(f.store.find_entities("kim", true, 0).size() == 5);
  CHECK(f.store.counts().entities == 7);
  const EntityRecord first = f.store.find_entities("kim", true, 1)[0];
  CHECK(first.mentions == 3);
  const auto nameless = f.store.entities("player", {"one"}, 0);
  CHECK(nameless.size() == 6);
  CHECK(f.store.entity(nameless.back().row)->name == "player " + std::to_string(nameless.back().row));
}

TEST_CASE("what descriptions say of one entity is united, whatever their order", "[graph]") {
  const auto entity = [](const std::vector<int>& order) {
    Fixture f;
    const RowId row = f.store.put_video(video("film", 60));
    for (const int i : order) {
      base::Observation o = goal("film", i, i + 1);
      o.entities[0].name = i == 0 ? "Pedro" : "Pedro R.";
      o.entities[0].attributes = {{"shirt", 10 + i}, {"only" + std::to_string(i), true}};
      f.store.commit_chunk(chunk(row, "k" + std::to_string(i), i, i + 1, o));
    }
    return f.store.find_entities("pedro r", true, 1).at(0);
  };
  const EntityRecord a = entity({0, 1, 2}), b = entity({2, 0, 1});
  CHECK(a.name == "Pedro");
  CHECK(b.name == "Pedro");
  CHECK(a.attributes == b.attributes);
  CHECK(a.attributes.size() == 4);
  CHECK(a.aliases == b.aliases);
  CHECK(a.aliases == std::vector<std::string>{"Pedro Eliezer Rodríguez", "Pedro R."});
}

TEST_CASE("removing a video removes all that hangs on it and nothing else", "[graph]") {
  Fixture f;
  for (const char* id : {"one", "two"}) {
    const RowId row = f.store.put_video(video(id, 60));
    ChunkCommit c = chunk(row, std::string("k") + id, 0, 30, goal(id, 3, 5));
    c.frames = {{kSecond, "frames/aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.jpg"}};
    c.observation->entities.push_back({"x", std::nullopt, std::nullopt, "ball", {}, "round", {}, std::nullopt, std::nullopt});
    f.store.commit_chunk(c);
  }
  CHECK(f.store.counts().entities == 4);
  f.store.remove_video("one");
  f.store.remove_video("nothing");
  const Counts counts = f.store.counts();
  CHECK(counts.videos == 1);
  CHECK(counts.chunks == 1);
  CHECK(counts.frames == 1);
  CHECK(counts.observations == 1);
  CHECK(counts.entities == 3);
  CHECK(f.store.events({}).size() == 1);
  CHECK(f.store.find_entities("pedro", true, 0).at(0).mentions == 1);
  CHECK(f.store.search({{"pedro"}, false, {}, {}, 10}).size() == 1);
  f.store.remove_video("two");
  CHECK(f.store.counts().entities == 0);
  CHECK(f.store.event_types().empty());
  CHECK(f.store.find_entities("pedro", true, 0).empty());
}

TEST_CASE("events are filtered by every field, and counted as they are listed", "[graph]") {
  Fixture f;
  for (const char* id : {"b", "a"}) {
    const RowId row = f.store.put_video(video(id, 600));
    for (int i = 0; i < 10; ++i) {
      base::Observation o = goal(id, 10 * i, 10 * i + 4);
      o.events[0].type = i % 2 == 0 ? "goal" : "save";
      o.events[0].attributes = {{"half", i < 5 ? 1 : 2}, {"own", i == 3}, {"by \"x\"", "it's"}, {"xg", 0.5 * i}};
      if (i == 7) o.events[0].participants = {{"p1", "keeper"}, {"t1", "team"}};
      f.store.commit_chunk(chunk(row, id + std::to_string(i), 10 * i, 10 * i + 10, o));
    }
  }
  const RowId pedro = f.store.find_entities("pedro", true, 1).at(0).row, chelsea = f.store.find_entities("chelsea", true, 1).at(0).row;
  const auto check = [&](const EventFilter& filter, std::size_t expected) {
    const auto events = f.store.events(filter);
    CHECK(events.size() == expected);
    EventFilter unlimited = filter;
    unlimited.limit = 0;
    if (filter.limit == 0) CHECK(f.store.count_events(unlimited) == static_cast<std::int64_t>(expected));
    return events;
  };
  const auto with = [](auto set) {
    EventFilter filter;
    set(filter);
    return filter;
  };
  const auto all = check({}, 20);
  CHECK(all.front().video == "a");
  CHECK(all.back().video == "b");
  CHECK(std::is_sorted(all.begin(), all.begin() + 10, [](const auto& x, const auto& y) { return x.span.start < y.span.start; }));
  check(with([](auto& q) { q.videos = {"a"}; }), 10);
  check(with([](auto& q) { q.videos = {"a", "a", "none"}; }), 10);
  check(with([](auto& q) { q.videos = {"none"}; }), 0);
  check(with([](auto& q) { q.types = {"goal"}; }), 10);
  check(with([](auto& q) { q.types = {"goal", "goal", "save"}; }), 20);
  check(with([](auto& q) { q.types = {"none"}; }), 0);
  check(with([](auto& q) { q.within = span(12, 30); }), 4);
  check(with([](auto& q) { q.within = span(14, 20); }), 0);
  check(with([](auto& q) { q.within = span(13, 13); }), 2);
  check(with([](auto& q) {
          q.videos = {"b"};
          q.within = span(0, 3600);
        }),
        10);
  check(with([](auto& q) { q.starts_within = span(10, 30); }), 4);
  check(with([&](auto& q) { q.entities = {pedro}; }), 20);
  check(with([&](auto& q) {
          q.entities = {pedro};
          q.role = "keeper";
        }),
        2);
  check(with([&](auto& q) { q.entities = {pedro, chelsea}; }), 2);
  check(with([](auto& q) { q.role = "team"; }), 2);
  check(with([](auto& q) { q.attributes = {{"half", 2}}; }), 10);
  check(with([](auto& q) { q.attributes = {{"own", true}}; }), 2);
  check(with([](auto& q) { q.attributes = {{"own", false}, {"half", 1}}; }), 8);
  check(with([](auto& q) { q.attributes = {{"by \"x\"", "it's"}}; }), 20);
  check(with([](auto& q) { q.attributes = {{"xg", nlohmann::json::array({1, 1.5})}}; }), 4);
  check(with([](auto& q) { q.attributes = {{"none", 1}}; }), 0);
  const auto newest = check(with([](auto& q) {
                              q.newest_first = true;
                              q.limit = 3;
                            }),
                            3);
  CHECK(newest[0].video == "a");
  CHECK(newest[0].span.start == 90 * kSecond);
  CHECK(newest[2].span.start == 70 * kSecond);
  CHECK(f.store.event(all[0].row)->type == all[0].type);
  CHECK_FALSE(f.store.event(999));
}

TEST_CASE("mentions and relations come with their place", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  base::Observation o = goal("film", 3, 5);
  o.entities[0].box = base::Box{0.1, 0.2, 0.3, 0.4};
  o.entities[0].span = span(3.5, 4);
  o.entities[0].description = "in blue";
  f.store.commit_chunk(chunk(row, "k0", 0, 30, o));
  const RowId pedro = f.store.find_entities("pedro", true, 1).at(0).row;
  const auto mentions = f.store.mentions(pedro, 10);
  REQUIRE(mentions.size() == 1);
  CHECK(mentions[0].span == span(3.5, 4));
  CHECK(mentions[0].box == o.entities[0].box);
  CHECK(mentions[0].description == "in blue");
  const auto relations = f.store.relations(pedro, 10);
  REQUIRE(relations.size() == 1);
  CHECK(relations[0].source_name == "Pedro");
  CHECK(relations[0].target_name == "Chelsea");
  CHECK(relations[0].span == span(3, 5));
  CHECK(f.store.relations(relations[0].target, 10).size() == 1);
}

TEST_CASE("an import without coverage counts as described, gaps are replaced, and a failed chunk is no failure where another run succeeded",
          "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  CHECK(f.store.coverage("film").empty());
  f.store.put_gaps("film", {{span(50, 60), CoverageStatus::kNotSampled, "not asked for"}});
  f.store.put_gaps("film", {{span(55, 60), CoverageStatus::kFailed, "12 damaged packets"}});
  ChunkCommit failed = chunk(row, "a", 0, 30, std::nullopt);
  failed.chunk.state = ChunkState::kFailed;
  failed.coverage = {{span(0, 30), CoverageStatus::kFailed, "busy"}};
  f.store.commit_chunk(failed);
  f.store.commit_chunk(chunk(row, "b", 0, 20, seen(0, 20, {})));
  const auto coverage = f.store.coverage("film");
  REQUIRE(coverage.size() == 3);
  CHECK(coverage[0].span == span(0, 20));
  CHECK(coverage[1].span == span(20, 30));
  CHECK(coverage[1].status == CoverageStatus::kFailed);
  CHECK(coverage[2].reason == "12 damaged packets");
  CHECK_THROWS_AS(f.store.put_gaps("none", {}), base::Error);
}

TEST_CASE("the nearest frame in a span is found, else one close by", "[graph]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 60));
  ChunkCommit c = chunk(row, "k", 0, 60, seen(0, 60, {}));
  for (const int at : {2, 10, 20}) c.frames.push_back({at * kSecond, "frames/" + std::to_string(at)});
  f.store.commit_chunk(c);
  const auto near = [&](base::TimeSpan s, double at, double slack) {
    const auto frame = f.store.frame_near("film", s, base::from_seconds(at), base::from_seconds(slack));
    return frame ? frame->at / kSecond : -1;
  };
  CHECK(near(span(0, 60), 14, 0) == 10);
  CHECK(near(span(0, 60), 15, 0) == 10);
  CHECK(near(span(0, 60), 15.1, 0) == 20);
  CHECK(near(span(11, 20), 12, 2) == 10);
  CHECK(near(span(11, 20), 12, 1) == -1);
  CHECK(near(span(20, 20), 20, 0) == 20);
}

}  // namespace
}  // namespace reelgraph::test
