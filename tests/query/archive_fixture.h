#pragma once
// A small archive in a temporary folder, made of observation lines and of chunks as an ingest would commit them.

#include <memory>
#include <sstream>
#include <string>

#include "graph/archive.h"
#include "graph/transfer.h"
#include "query/engine.h"
#include "tests/support/support.h"

namespace reelgraph::test {

class ArchiveFixture {
 public:
  ArchiveFixture() : archive_(graph::Archive::open(dir_ / "test.reel", graph::OpenMode::kCreate)) {}

  void import(const std::string& lines) {
    std::istringstream in(lines);
    graph::import_jsonl(archive_, in, "test.jsonl", {});
  }

  /// A match of 100 s with two goals, three shots and a pass each way.
  void import_match(const std::string& id = "match-1") {
    const auto player = [](const std::string& ref, const std::string& name) {
      return R"({"ref":")" + ref + R"(","id":"player:)" + name + R"(","name":")" + name + R"(","type":"player"})";
    };
    const std::string team = R"({"ref":"t1","id":"team:Chelsea","name":"Chelsea","type":"team"})";
    const auto line = [&](double start, double end, const std::string& type, const std::string& caption, const std::string& a,
                          const std::string& b, const std::string& b_role) {
      const auto time = "\"start\":" + std::to_string(start) + ",\"end\":" + std::to_string(end);
      std::string entities = player("p1", a) + "," + team;
      std::string participants = R"({"ref":"p1","role":"agent"},{"ref":"t1","role":"team"})";
      if (!b.empty()) {
        entities += "," + player("p2", b);
        participants += R"(,{"ref":"p2","role":")" + b_role + "\"}";
      }
      return R"({"type":"observation","video":")" + id + "\"," + time + R"(,"caption":")" + caption + R"(","entities":[)" + entities +
             R"(],"events":[{"type":")" + type + "\"," + time + R"(,"description":")" + caption + R"(","participants":[)" + participants +
             R"(]}],"provenance":{"kind":"import","name":"league"}})" + "\n";
    };
    import(R"({"type":"video","id":")" + id + R"(","title":"Chelsea v Stoke )" + id + R"(","duration":100})" + "\n" +
           line(5, 6, "pass", "Pedro passes to Matić", "Pedro", "Nemanja Matić", "recipient") +
           line(8, 9, "pass", "Matić passes to Pedro", "Nemanja Matić", "Pedro", "recipient") +
           line(10, 11, "shot", "Pedro shoots wide", "Pedro", "", "") + line(20, 21, "shot", "Pedro shoots", "Pedro", "", "") +
           line(20, 21, "goal", "Pedro scores", "Pedro", "Eden Hazard", "assister") +
           line(70, 71, "shot", "Eden Hazard shoots", "Eden Hazard", "", "") +
           line(70, 71, "goal", "Eden Hazard scores", "Eden Hazard", "", "") +
           line(80, 81, "substitution", "Gary Cahill comes on for Pedro", "Pedro", "Gary Cahill", "replacement"));
  }

  /// A film of 60 s that the `signals` captioner has described up to `described_to`, with motion, and cuts at 10, 20 and 40 s.
  void add_film(const std::string& id = "film", double described_to = 60, bool cuts = true) {
    graph::VideoRecord video;
    video.id = id;
    video.duration = 60 * base::kSecond;
    video.state = graph::VideoState::kDone;
    video.content_id = "content-" + id;
    const graph::RowId row = store().put_video(video);
    graph::ChunkCommit commit;
    commit.chunk = {"chunk-" + id,
                    row,
                    {0, base::from_seconds(described_to)},
                    {0, base::from_seconds(described_to)},
                    graph::ChunkState::kDone,
                    1,
                    {},
                    {}};
    base::Observation o;
    o.video = id;
    o.span = commit.chunk.span;
    o.caption = "A fixed picture";
    o.provenance = {"signals", "signals", "1"};
    const auto event = [&](const std::string& type, double start, double end) {
      if (start >= described_to) return;
      base::Event e;
      e.type = type;
      e.span = {base::from_seconds(start), base::from_seconds(end)};
      o.events.push_back(std::move(e));
    };
    event("motion", 5, 15);
    event("motion", 30, 35);
    if (cuts) {
      for (const double t : {10.0, 20.0, 40.0}) event("cut", t, t + 0.04);
    }
    commit.observation = std::move(o);
    commit.coverage = {{commit.chunk.span, graph::CoverageStatus::kDescribed, {}}};
    store().commit_chunk(commit);
  }

  [[nodiscard]] graph::Store& store() { return archive_.store(); }
  [[nodiscard]] graph::Archive& archive() { return archive_; }

  query::Answer ask(const std::string& question, const std::string& video = {}, std::vector<base::Profile> profiles = {}) {
    query::AskOptions options;
    if (!video.empty()) options.videos = {video};
    return query::Engine(store(), std::move(profiles)).ask(question, options);
  }

 private:
  TempDir dir_;
  graph::Archive archive_;
};

}  // namespace reelgraph::test
