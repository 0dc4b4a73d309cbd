#include "query/timeline.h"

#include <sstream>

#include "base/error.h"
#include "query/describe.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using test::ArchiveFixture;

std::string page_of(ArchiveFixture& a, const TimelinePage& page) {
  std::ostringstream out;
  write_timeline_html(out, a.store(), timeline(a.store(), {}), {}, page);
  return out.str();
}

TEST_CASE("a timeline holds the events in order, by video, type, entity and time", "[timeline]") {
  ArchiveFixture a;
  a.import_match();
  a.add_film();
  TimelineOptions options;
  CHECK(timeline(a.store(), options).size() == 13);
  options.videos = {"match-1"};
  options.types = {"shot", "goal"};
  const auto events = timeline(a.store(), options);
  REQUIRE(events.size() == 5);
  CHECK(std::is_sorted(events.begin(), events.end(), [](const auto& x, const auto& y) { return x.span.start < y.span.start; }));
  options.entity = "eden hazard";
  CHECK(timeline(a.store(), options).size() == 3);
  options.from = 60 * base::kSecond;
  CHECK(timeline(a.store(), options).size() == 2);
  options.limit = 1;
  CHECK(timeline(a.store(), options).size() == 1);
}

TEST_CASE("a timeline refuses what the archive does not know, naming it", "[timeline]") {
  ArchiveFixture a;
  a.import_match();
  TimelineOptions options;
  options.types = {"gaol"};
  CHECK_THROWS_WITH(timeline(a.store(), options), Contains("gaol") && Contains("goal"));
  options.types = {};
  options.entity = "Zidane";
  CHECK_THROWS_WITH(timeline(a.store(), options), Contains("Zidane"));
  options.entity = {};
  options.videos = {"match-9"};
  CHECK_THROWS_WITH(timeline(a.store(), options), Contains("match-9"));
}

TEST_CASE("the timeline's document follows the contract", "[timeline]") {
  ArchiveFixture a;
  a.import_match();
  const auto document = timeline_json(timeline(a.store(), {}));
  REQUIRE(document["events"].size() == 8);
  const auto& event = document["events"][0];
  for (const char* key : {"id", "video", "type", "start", "end", "description", "participants", "attributes"}) CHECK(event.contains(key));
  CHECK(event["participants"][0].contains("entity"));
  CHECK(event["start"] == 5.0);
}

TEST_CASE("the page holds its frames and nothing from outside", "[timeline]") {
  ArchiveFixture a;
  graph::VideoRecord video;
  video.id = "film";
  video.duration = 10 * base::kSecond;
  graph::ChunkCommit commit;
  commit.chunk.key = "k";
  commit.chunk.video = a.store().put_video(video);
  commit.chunk.span = commit.chunk.own = {0, 5 * base::kSecond};
  base::Observation o;
  o.video = "film";
  o.span = commit.chunk.span;
  o.provenance = {"signals", "signals", "1"};
  base::Event e;
  e.type = "cut";
  e.span = {2 * base::kSecond, 3 * base::kSecond};
  e.description = "<script>alert(\"x\")</script> & 'more'";
  o.events.push_back(e);
  commit.observation = o;
  commit.frames = {{2 * base::kSecond, a.archive().add_frame("\xff\xd8jpeg", "ab12ab12ab12ab12ab12ab12ab12ab12")}};
  commit.coverage = {{commit.chunk.span, graph::CoverageStatus::kDescribed, {}}};
  a.store().commit_chunk(commit);

  TimelinePage page;
  page.title = "A & <B>";
  page.read_frame = [&](const std::string& file) { return std::optional<std::string>(test::read_file(a.archive().frame_path(file))); };
  const std::string html = page_of(a, page);
  CHECK_THAT(html, Contains("<title>A &amp; &lt;B&gt;</title>"));
  CHECK_THAT(html, Contains("data:image/jpeg;base64,/9hqcGVn\""));
  CHECK_THAT(html, !Contains("<script"));
  CHECK_THAT(html, Contains("&lt;script&gt;"));
  CHECK_THAT(html, Contains("0:00:05.000 - 0:00:10.000: not looked at"));
  CHECK_THAT(html, !Contains("http://") && !Contains("https://") && !Contains("src=\"frames"));
  CHECK_THAT(html, Contains("</html>"));
  page.most_frames = 0;
  CHECK_THAT(page_of(a, page), !Contains("data:image"));
}

TEST_CASE("an archive without events still gives a page", "[timeline]") {
  ArchiveFixture a;
  std::ostringstream out;
  write_timeline_html(out, a.store(), {}, {}, {});
  CHECK_THAT(out.str(), Contains("0 events in 0 videos"));
}

TEST_CASE("one thing is described by name, alias, id or kind", "[describe]") {
  ArchiveFixture a;
  a.import_match();
  const auto by_name = describe(a.store(), "Pedro");
  REQUIRE(by_name);
  const auto& pedro = by_name->json["found"][0];
  CHECK(pedro["kind"] == "entity");
  CHECK(pedro["type"] == "player");
  CHECK(pedro["event_count"] == 6);
  CHECK_THAT(by_name->text, Contains("Pedro scores"));
  CHECK(describe(a.store(), "entity:" + pedro["id"].dump())->json["found"][0]["name"] == "Pedro");
  CHECK(describe(a.store(), "matic")->json["found"][0]["name"] == "Nemanja Matić");
  const auto event = pedro["events"][0]["id"].dump();
  CHECK(describe(a.store(), "event:" + event)->json["found"][0]["kind"] == "event");
  CHECK(describe(a.store(), "match-1")->json["found"][0]["kind"] == "video");
  CHECK_FALSE(describe(a.store(), "Zidane"));
  CHECK_FALSE(describe(a.store(), "event:999999"));
  CHECK_FALSE(describe(a.store(), ""));
}

}  // namespace
}  // namespace reelgraph::query
