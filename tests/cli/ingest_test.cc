// The state machine of an ingest, with fakes at every interface and the real chunker.

#include <stop_token>

#include "cli/pipeline/batch.h"
#include "cli/pipeline/settings.h"
#include "cli/pipeline/video_ingest.h"
#include "tests/cli/fakes.h"
#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

using base::kSecond;
using pipeline::Status;

/// Everything an ingest stands on; `run` starts one as a new process would.
struct Desk {
  FakeSource source;
  FakeCaptioner captioner;
  FakeStore store;
  FakeFrames frames;
  FakeProgress progress;
  pipeline::IngestRequest request;
  std::stop_source stop;
  std::vector<std::string> warnings;

  explicit Desk(std::map<std::string, FakeFilm> films = {{"/films/one.mp4", {}}}) {
    source.films = std::move(films);
    for (const auto& [path, film] : source.films) request.files.emplace_back(path);
    request.sampling.chunking.length = 4 * kSecond;
    request.sampling.chunking.overlap = 1 * kSecond;
  }

  pipeline::BatchResult run() {
    return pipeline::ingest_batch(
        request, captioner, source, store, frames, progress, [this](base::LogLevel, const std::string& text) { warnings.push_back(text); },
        stop.get_token());
  }
  pipeline::VideoOutcome run_one() { return run().videos.at(0); }
};

std::vector<base::TimeSpan> spans_of(const FakeStore& store, const std::string& video, graph::CoverageStatus status) {
  std::vector<base::TimeSpan> spans;
  for (const graph::CoverageSpan& part : store.coverage(video)) {
    if (part.status == status) spans.push_back(part.span);
  }
  return base::SpanSet(spans).spans();
}

}  // namespace

TEST_CASE("a new film is described from its first to its last instant", "[pipeline]") {
  Desk desk;
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kDone);
  CHECK(outcome.id == "one");
  CHECK(outcome.duration == 10 * kSecond);
  CHECK(outcome.chunks_done == 3);
  CHECK(outcome.chunks_skipped == 0);
  CHECK(outcome.frames > 0);
  CHECK(outcome.reason.empty());
  CHECK(desk.captioner.described == std::vector<base::Timestamp>{0, 3 * kSecond, 6 * kSecond});
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kDescribed) == std::vector<base::TimeSpan>{{0, 10 * kSecond}});
  CHECK(desk.store.rows.at("one").state == graph::VideoState::kDone);
  CHECK(desk.store.rows.at("one").duration == 10 * kSecond);
  CHECK(desk.progress.opened_files == 1);
  CHECK(desk.progress.finished_files == 1);
}

TEST_CASE("running a finished ingest again does nothing and says so", "[pipeline]") {
  Desk desk;
  (void)desk.run();
  const std::string before = desk.store.dump();
  const int commits = desk.store.commits_made;
  desk.captioner.described.clear();
  desk.source.opened_from.clear();
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kUnchanged);
  CHECK(outcome.reason == "already ingested");
  CHECK(outcome.chunks_done == 0);
  CHECK(outcome.chunks_skipped == 3);
  CHECK(outcome.duration == 10 * kSecond);
  CHECK(desk.store.dump() == before);
  CHECK(desk.store.commits_made == commits);
  CHECK(desk.captioner.described.empty());
  CHECK(desk.source.opened_from.empty());
}

TEST_CASE("a copy of a known film is unchanged and names the first id", "[pipeline]") {
  FakeFilm film;
  film.content = "same bytes";
  Desk desk({{"/films/a.mp4", film}, {"/other/b.mp4", film}});
  const pipeline::BatchResult both = desk.run();
  CHECK(both.videos.at(0).status == Status::kDone);
  CHECK(both.videos.at(1).status == Status::kUnchanged);
  CHECK(both.videos.at(1).id == "a");
  CHECK(both.videos.at(1).reason == "same content as a");
  CHECK(desk.store.rows.size() == 1);
  CHECK(desk.progress.finished_files == 2);

  desk.request.files = {"/other/b.mp4"};
  const pipeline::VideoOutcome later = desk.run_one();
  CHECK(later.status == Status::kUnchanged);
  CHECK_THAT(later.reason, Contains("same content as a"));
}

TEST_CASE("a copy of a film that failed has failed too", "[pipeline]") {
  FakeFilm film;
  film.content = "noise";
  film.open_failure = "moov atom not found";
  Desk desk({{"/films/a.mp4", film}, {"/films/b.mp4", film}});
  const pipeline::BatchResult both = desk.run();
  CHECK(both.videos.at(0).status == Status::kFailed);
  CHECK(both.videos.at(1).status == Status::kFailed);
  CHECK_THAT(both.videos.at(1).reason, Contains("same content as a"));
}

TEST_CASE("films of one name get ids of their own, in order, whatever the number of jobs", "[pipeline]") {
  Desk desk({{"/a/x.mp4", {}}, {"/b/x.mp4", {}}, {"/c/x.mov", {}}});
  desk.request.jobs = 3;
  desk.captioner.on_describe = {};
  const pipeline::BatchResult result = desk.run();
  CHECK(result.videos.at(0).id == "x");
  CHECK(result.videos.at(1).id == "x-2");
  CHECK(result.videos.at(2).id == "x-3");
  for (const pipeline::VideoOutcome& outcome : result.videos) CHECK(outcome.status == Status::kDone);
}

TEST_CASE("option --id names a video, an id that another has is refused", "[pipeline]") {
  Desk desk;
  desk.request.id = "final";
  CHECK(desk.run_one().id == "final");
  desk.source.films["/films/two.mp4"] = {};
  desk.request.files = {"/films/two.mp4"};
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kFailed);
  CHECK_THAT(outcome.reason, Contains("final"));
  CHECK(desk.store.rows.size() == 1);
}

TEST_CASE("option --id of imported observations joins the film to them", "[pipeline]") {
  Desk desk;
  graph::VideoRecord imported;
  imported.id = "match-1";
  imported.title = "Home v Away";
  imported.state = graph::VideoState::kImported;
  desk.store.put_video(imported);
  desk.request.id = "match-1";
  CHECK(desk.run_one().status == Status::kDone);
  CHECK(desk.store.rows.size() == 1);
  CHECK(desk.store.rows.at("match-1").title == "Home v Away");
  CHECK(desk.store.rows.at("match-1").path == "/films/one.mp4");
}

TEST_CASE("the first chunk is described alone, so that a short film too has an estimate early", "[pipeline]") {
  for (const base::Duration length : {4 * kSecond + kSecond / 5, 6 * kSecond, 10 * kSecond}) {
    INFO(length);
    Desk desk({{"/films/one.mp4", {.duration = length}}});
    desk.captioner.batch = 4;
    CHECK(desk.run_one().status == Status::kDone);
    REQUIRE(!desk.captioner.batches.empty());
    CHECK(desk.captioner.batches.front() == 1);
    CHECK(desk.captioner.described.size() == desk.store.commits.size());
  }
}

TEST_CASE("a kill before or after any commit loses nothing: the resumed archive equals an undisturbed one", "[pipeline]") {
  const bool memory = GENERATE(false, true);
  const int batch = GENERATE(1, 2);
  Desk undisturbed;
  undisturbed.captioner.memory = memory;
  undisturbed.captioner.batch = batch;
  (void)undisturbed.run();
  REQUIRE(undisturbed.store.commits.size() == 3);

  for (int first = 0; first < 6; ++first) {
    for (int second = first % 2; second < 6; second += 2) {
      INFO("memory " << memory << ", batch " << batch << ", killed at " << first << " and " << second);
      Desk desk;
      desk.captioner.memory = memory;
      desk.captioner.batch = batch;
      for (const int kill : {first, second}) {
        int moment = 0;
        desk.store.on_commit = [&](bool) {
          if (moment++ == kill) throw Killed{};
        };
        try {
          (void)desk.run();
        } catch (const Killed&) {
        }
      }
      desk.store.on_commit = {};
      const pipeline::VideoOutcome outcome = desk.run_one();
      CHECK((outcome.status == Status::kDone || outcome.status == Status::kUnchanged));
      CHECK(desk.store.dump() == undisturbed.store.dump());
    }
  }
}

TEST_CASE("without memory a resumed ingest reads from the first unfinished chunk, with memory from the start", "[pipeline]") {
  const bool memory = GENERATE(false, true);
  Desk desk;
  desk.captioner.memory = memory;
  int commits = 0;
  desk.store.on_commit = [&](bool before) {
    if (before && ++commits == 2) throw Killed{};
  };
  CHECK_THROWS_AS(desk.run(), Killed);
  desk.store.on_commit = {};
  desk.captioner.described.clear();
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.chunks_done == 2);
  CHECK(outcome.chunks_skipped == 1);
  CHECK(desk.source.opened_from == std::vector<base::Timestamp>{0, memory ? 0 : 3 * kSecond});
  CHECK(desk.captioner.described.size() == (memory ? 3 : 2));
}

TEST_CASE("a failed chunk is recorded with its reason, and described by the next ingest", "[pipeline]") {
  Desk desk;
  base::CaptionResult refused;
  refused.failure = "the model said nothing";
  desk.captioner.instead[3 * kSecond] = {refused};
  const pipeline::VideoOutcome first = desk.run_one();
  CHECK(first.status == Status::kPartial);
  CHECK(first.chunks_done == 2);
  CHECK(first.chunks_failed == 1);
  CHECK_THAT(first.reason, Contains("1 chunk could not be described"));
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kFailed) == std::vector<base::TimeSpan>{{3 * kSecond, 6 * kSecond}});
  REQUIRE(desk.warnings.size() == 1);
  CHECK_THAT(desk.warnings.front(), Contains("the model said nothing"));

  const pipeline::VideoOutcome second = desk.run_one();
  CHECK(second.status == Status::kDone);
  CHECK(second.chunks_done == 1);
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kFailed).empty());
  Desk undisturbed;
  (void)undisturbed.run();
  CHECK(desk.store.dump() == undisturbed.store.dump());
}

TEST_CASE("a failure that may pass is tried again at once, three times at most, and its cost adds up", "[pipeline]") {
  Desk desk;
  base::CaptionResult busy;
  busy.failure = "busy";
  busy.retryable = true;
  busy.usage.prompt_tokens = 10;
  desk.captioner.instead[0] = {busy, busy};
  desk.captioner.instead[3 * kSecond] = {busy, busy, busy, busy};
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.chunks_done == 2);
  CHECK(outcome.chunks_failed == 1);
  const std::vector<graph::ChunkRecord> chunks = desk.store.chunks("one");
  CHECK(chunks.at(0).attempts == 3);
  CHECK(chunks.at(0).usage.prompt_tokens == 20);
  CHECK(chunks.at(1).attempts == 3);
  CHECK(chunks.at(1).usage.prompt_tokens == 30);
  CHECK(chunks.at(2).attempts == 1);
}

TEST_CASE("when the model dies the film fails, what was described stays, and the next ingest goes on", "[pipeline]") {
  Desk desk;
  desk.captioner.model_dies_at = 3 * kSecond;
  const pipeline::VideoOutcome dead = desk.run_one();
  CHECK(dead.status == Status::kFailed);
  CHECK(dead.model_failure);
  CHECK(dead.chunks_done == 1);
  CHECK_THAT(dead.reason, Contains("the server is gone"));
  desk.captioner.model_dies_at.reset();
  const pipeline::VideoOutcome alive = desk.run_one();
  CHECK(alive.status == Status::kDone);
  CHECK(alive.chunks_done == 2);
  CHECK(alive.chunks_skipped == 1);
}

TEST_CASE("what the file cannot give is told as failed coverage, and the rest is described", "[pipeline]") {
  FakeFilm film;
  film.gaps = {{{4 * kSecond, 5 * kSecond}, "7 damaged packets"}};
  film.partial_reason = "1 s of it is damaged";
  Desk desk({{"/films/one.mp4", film}});
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kPartial);
  CHECK(outcome.reason == "1 s of it is damaged");
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kFailed) == std::vector<base::TimeSpan>{{4 * kSecond, 5 * kSecond}});
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kDescribed) ==
        std::vector<base::TimeSpan>{{0, 4 * kSecond}, {5 * kSecond, 10 * kSecond}});
  CHECK(desk.run_one().status == Status::kUnchanged);  // reading it again would change nothing
}

TEST_CASE("a file that breaks off while it is read keeps what was read", "[pipeline]") {
  FakeFilm film;
  film.breaks_at = 5 * kSecond;
  Desk desk({{"/films/one.mp4", film}});
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kPartial);
  CHECK_THAT(outcome.reason, Contains("the disk was pulled out") && Contains("0:00:05"));
  CHECK(outcome.duration == 5 * kSecond);
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kDescribed) == std::vector<base::TimeSpan>{{0, 5 * kSecond}});
}

TEST_CASE("a film that cannot be opened does not keep the others from being done, and stands in the archive with its reason",
          "[pipeline]") {
  FakeFilm broken;
  broken.open_failure = "moov atom not found";
  Desk desk({{"/films/a.mp4", {}}, {"/films/b.mp4", broken}, {"/films/c.mp4", {}}});
  desk.request.files.insert(desk.request.files.begin(), "/films/missing.mp4");
  const pipeline::BatchResult result = desk.run();
  REQUIRE(result.videos.size() == 4);
  CHECK(result.videos.at(0).status == Status::kFailed);
  CHECK(result.videos.at(0).id.empty());
  CHECK(result.videos.at(1).status == Status::kDone);
  CHECK(result.videos.at(2).status == Status::kFailed);
  CHECK_THAT(result.videos.at(2).reason, Contains("moov atom not found") && Contains("get a whole copy"));
  CHECK(result.videos.at(3).status == Status::kDone);
  CHECK(desk.store.rows.at("b").state == graph::VideoState::kFailed);
  CHECK(desk.store.rows.at("b").reason == result.videos.at(2).reason);

  SECTION("mended under the same name, it takes the place of the failure") {
    desk.source.films["/films/b.mp4"] = FakeFilm{.content = "whole now"};
    desk.request.files = {"/films/b.mp4"};
    const pipeline::VideoOutcome outcome = desk.run_one();
    CHECK(outcome.id == "b");
    CHECK(outcome.status == Status::kDone);
    CHECK(desk.store.rows.size() == 3);
  }
}

TEST_CASE("option --from and --to describe a part, the rest is not sampled, and asking for all of it later adds the rest", "[pipeline]") {
  Desk desk;
  desk.request.sampling.from = 2 * kSecond;
  desk.request.sampling.to = 6 * kSecond;
  const pipeline::VideoOutcome part = desk.run_one();
  CHECK(part.status == Status::kDone);
  CHECK(part.duration == 10 * kSecond);
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kDescribed) == std::vector<base::TimeSpan>{{2 * kSecond, 6 * kSecond}});
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kNotSampled) ==
        std::vector<base::TimeSpan>{{0, 2 * kSecond}, {6 * kSecond, 10 * kSecond}});
  CHECK(desk.run_one().status == Status::kUnchanged);

  desk.request.sampling.from.reset();
  desk.request.sampling.to.reset();
  const pipeline::VideoOutcome whole = desk.run_one();
  CHECK(whole.status == Status::kDone);
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kNotSampled).empty());
  CHECK(spans_of(desk.store, "one", graph::CoverageStatus::kDescribed) == std::vector<base::TimeSpan>{{0, 10 * kSecond}});
}

TEST_CASE("option --from past the end of the film is an error that says how long it is", "[pipeline]") {
  Desk desk;
  desk.request.sampling.from = 60 * kSecond;
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kFailed);
  CHECK_THAT(outcome.reason, Contains("0:00:10"));
  CHECK(outcome.duration == 0);  // nothing was measured
}

TEST_CASE("an error in a later run takes nothing away from a video that was whole", "[pipeline]") {
  Desk desk;
  (void)desk.run();
  desk.request.recaption = true;
  desk.captioner.version = "2";
  desk.source.films.at("/films/one.mp4").open_failure = "the disk is on fire";
  CHECK(desk.run_one().status == Status::kFailed);
  CHECK(desk.store.rows.at("one").state == graph::VideoState::kDone);
  CHECK(desk.store.rows.at("one").duration == 10 * kSecond);
}

TEST_CASE("other settings leave a finished film alone unless --recaption asks for it", "[pipeline]") {
  Desk desk;
  (void)desk.run();
  desk.captioner.version = "2";
  const pipeline::VideoOutcome left = desk.run_one();
  CHECK(left.status == Status::kUnchanged);
  CHECK_THAT(left.reason, Contains("fake 1") && Contains("--recaption"));
  desk.request.recaption = true;
  const pipeline::VideoOutcome again = desk.run_one();
  CHECK(again.status == Status::kDone);
  CHECK(again.chunks_done == 3);
  CHECK(desk.run_one().status == Status::kUnchanged);
}

TEST_CASE("a request to stop finishes the chunk in hand, the next ingest goes on from there", "[pipeline]") {
  Desk desk({{"/films/one.mp4", {}}, {"/films/two.mp4", {}}});
  desk.captioner.on_describe = [&](const base::Chunk& chunk) {
    if (chunk.span.start == 0) desk.stop.request_stop();
  };
  const pipeline::BatchResult stopped = desk.run();
  CHECK(stopped.interrupted);
  CHECK(stopped.videos.at(0).status == Status::kInterrupted);
  CHECK(stopped.videos.at(0).chunks_done >= 1);
  CHECK(stopped.videos.at(0).chunks_done <= 2);
  CHECK_THAT(stopped.videos.at(0).reason, Contains("run the same command again"));
  CHECK(stopped.videos.at(1).status == Status::kInterrupted);
  CHECK(stopped.videos.at(1).chunks_done == 0);

  desk.captioner.on_describe = {};
  desk.stop = {};
  const pipeline::BatchResult rest = desk.run();
  CHECK_FALSE(rest.interrupted);
  Desk undisturbed({{"/films/one.mp4", {}}, {"/films/two.mp4", {}}});
  (void)undisturbed.run();
  CHECK(desk.store.dump() == undisturbed.store.dump());
}

TEST_CASE("side-car subtitles reach the description once, also where the film holds the same ones", "[pipeline]") {
  FakeFilm film;
  film.cues = {{{1 * kSecond, 2 * kSecond}, "hello", "", "embedded:2"}};
  film.sidecar = {{{1 * kSecond, 2 * kSecond}, "hello", "en", "sidecar:one.srt"},
                  {{8 * kSecond, 9 * kSecond}, "good bye", "en", "sidecar:one.srt"}};
  Desk desk({{"/films/one.mp4", film}});
  (void)desk.run();
  std::string all;
  for (const auto& [key, commit] : desk.store.commits) all += commit.observation->transcript;
  CHECK(all.find("hello") == all.rfind("hello"));
  CHECK_THAT(all, Contains("good bye"));

  SECTION("a subtitle file that came later is new to describe, once asked to") {
    desk.source.films.at("/films/one.mp4").sidecar.pop_back();
    CHECK_THAT(desk.run_one().reason, Contains("--recaption"));
  }
}

TEST_CASE("a file with nothing in it that can be read fails with a reason", "[pipeline]") {
  FakeFilm film;
  film.pictures = false;
  Desk desk({{"/films/one.mp4", film}});
  const pipeline::VideoOutcome outcome = desk.run_one();
  CHECK(outcome.status == Status::kFailed);
  CHECK_THAT(outcome.reason, Contains("no picture, sound or subtitle"));
}

TEST_CASE("an event's picture is kept with it", "[pipeline]") {
  Desk desk;
  (void)desk.run();
  const graph::ChunkCommit& commit = desk.store.commits.at(desk.store.chunks("one").at(0).key);
  const base::Timestamp shown = *commit.observation->events.front().show_at;
  const bool found = std::any_of(commit.frames.begin(), commit.frames.end(),
                                 [&](const graph::StoredFrame& frame) { return frame.at >= shown && frame.at <= shown + kSecond; });
  CHECK(found);
}

TEST_CASE("an archive that fails stops the batch with its error", "[pipeline]") {
  Desk desk({{"/films/a.mp4", {}}, {"/films/b.mp4", {}}});
  desk.request.jobs = 2;
  desk.store.on_commit = [](bool) { throw base::Error(base::ErrorCode::kArchive, "the disk is full", "graph.db"); };
  try {
    (void)desk.run();
    FAIL("it must throw");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::kArchive);
    CHECK_THAT(error.what(), Contains("the disk is full"));
  }
}

TEST_CASE("a dry run plans without touching the archive", "[pipeline]") {
  FakeFilm broken;
  broken.open_failure = "moov atom not found";
  Desk desk({{"/films/a.mp4", {}}, {"/films/b.mp4", broken}, {"/films/c.mp4", {}}});
  desk.request.files = {"/films/c.mp4"};
  (void)desk.run();
  const std::string before = desk.store.dump();
  desk.request.files = {"/films/a.mp4", "/films/b.mp4", "/films/c.mp4"};
  const std::vector<pipeline::VideoPlan> plans =
      pipeline::plan_batch(desk.request, desk.captioner, desk.source, &desk.store, {}, {}).videos;
  REQUIRE(plans.size() == 3);
  CHECK(plans[0].status == "planned");
  CHECK(plans[0].chunks == 3);
  CHECK(plans[0].frames > 0);
  CHECK(plans[0].bytes > 0);
  CHECK(plans[1].status == "failed");
  CHECK(plans[2].status == "unchanged");
  CHECK(desk.store.dump() == before);
}

}  // namespace reelgraph::test
