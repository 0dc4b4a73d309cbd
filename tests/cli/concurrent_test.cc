// Captioners that work in the background: committed as they arrive, in any order, within a budget.

#include <algorithm>

#include "cli/pipeline/batch.h"
#include "cli/pipeline/budget.h"
#include "cli/pipeline/static_scene.h"
#include "tests/cli/fakes.h"
#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

/// Keeps up to `room` chunks under way and gives them back in an order of its own.
class LateCaptioner final : public base::Captioner {
 public:
  std::size_t room = 3;
  bool newest_first = false, previous = false;
  std::set<base::Timestamp> failing;
  std::optional<base::Timestamp> dies_at;
  std::function<void(base::Timestamp)> on_begin;
  std::vector<base::Timestamp> begun;
  std::vector<std::string> before;
  base::Usage each{100, 10, 0.5}, worst{150, 50, 0.9};

  base::CaptionerIdentity identity() const override { return {"late", "late", "1", "p"}; }
  bool has_memory() const override { return false; }
  bool is_concurrent() const override { return true; }
  bool wants_previous() const override { return previous; }
  int batch_size() const override { return 1; }
  std::unique_ptr<base::CaptionSession> open(const std::string&, const base::MediaInfo&) override {
    return std::make_unique<Session>(*this);
  }

 private:
  class Session final : public base::CaptionSession {
   public:
    explicit Session(LateCaptioner& owner) : owner_(owner) {}
    void watch(const base::Frame&, bool) override {}
    std::vector<base::CaptionResult> describe(std::span<const base::Chunk>) override { throw std::logic_error("must not be used"); }
    std::optional<base::Estimate> estimate(const base::Chunk&) override { return base::Estimate{owner_.each, owner_.worst, 0}; }
    bool has_room() const override { return under_way_.size() < owner_.room; }
    void begin(const base::Chunk& chunk) override {
      if (owner_.dies_at && chunk.span.start >= *owner_.dies_at) throw base::Error(base::ErrorCode::kModel, "given up");
      if (owner_.on_begin) owner_.on_begin(chunk.span.start);
      owner_.begun.push_back(chunk.span.start);
      owner_.before.push_back(chunk.before);
      under_way_.push_back(chunk);
    }
    std::vector<base::Finished> finished(bool wait) override {
      if (!wait || under_way_.empty()) return {};
      const auto at = owner_.newest_first ? under_way_.end() - 1 : under_way_.begin();
      base::Finished done;
      done.chunk = at->index;
      done.result.usage = owner_.each;
      if (owner_.failing.contains(at->span.start)) {
        done.result.failure = "no luck";
      } else {
        base::Observation o;
        o.span = at->span;
        o.caption = "from " + std::to_string(at->span.start);
        o.provenance = {"vlm", "late", "1"};
        done.result.observation = o;
      }
      under_way_.erase(at);
      return {done};
    }

   private:
    LateCaptioner& owner_;
    std::vector<base::Chunk> under_way_;
  };
};

struct Bench {
  FakeSource source;
  FakeStore store;
  FakeFrames frames;
  FakeProgress progress;
  LateCaptioner captioner;
  pipeline::IngestRequest request;
  std::stop_source stop;

  Bench() {
    source.films["/film"] = FakeFilm{.duration = 20 * base::kSecond};
    request.files = {"/film"};
    request.sampling.chunking.length = 2 * base::kSecond;
    request.sampling.chunking.overlap = 0;
  }
  pipeline::VideoOutcome ingest() {
    return pipeline::ingest_batch(request, captioner, source, store, frames, progress, {}, stop.get_token()).videos.front();
  }
};

}  // namespace

TEST_CASE("the order in which replies come decides nothing", "[pipeline]") {
  Bench in_order, backwards, one_by_one;
  backwards.captioner.newest_first = true;
  one_by_one.captioner.room = 1;
  CHECK(in_order.ingest().status == pipeline::Status::kDone);
  CHECK(backwards.ingest().chunks_done == 10);
  CHECK(one_by_one.ingest().usage.prompt_tokens == 1000);
  CHECK(in_order.store.dump() == backwards.store.dump());
  CHECK(in_order.store.dump() == one_by_one.store.dump());
}

TEST_CASE("killed at any commit, the next run sends only what was under way, and ends the same", "[pipeline]") {
  Bench clean;
  REQUIRE(clean.ingest().status == pipeline::Status::kDone);
  const int commits = clean.store.commits_made;
  for (int kill = 1; kill < commits; ++kill) {
    Bench bench;
    int left = kill;
    bench.store.on_commit = [&](bool before) {
      if (!before && --left == 0) throw Killed{};
    };
    CHECK_THROWS_AS(bench.ingest(), Killed);
    const auto sent = bench.captioner.begun.size();
    const auto done = std::count_if(bench.store.commits.begin(), bench.store.commits.end(),
                                    [](const auto& c) { return c.second.chunk.state == graph::ChunkState::kDone; });
    bench.store.on_commit = nullptr;
    CHECK(bench.ingest().status == pipeline::Status::kDone);
    CHECK(bench.store.dump() == clean.store.dump());
    CHECK(bench.captioner.begun.size() == sent + 10 - static_cast<std::size_t>(done));
    CHECK(sent - static_cast<std::size_t>(done) <= bench.captioner.room);
  }
}

TEST_CASE("a chunk is written down before it is sent", "[pipeline]") {
  Bench bench;
  bench.captioner.on_begin = [&](base::Timestamp start) {
    const auto written = std::any_of(bench.store.commits.begin(), bench.store.commits.end(), [&](const auto& c) {
      return c.second.chunk.span.start == start && c.second.chunk.state == graph::ChunkState::kUnderWay &&
             c.second.chunk.usage.prompt_tokens == 150;
    });
    CHECK(written);
  };
  CHECK(bench.ingest().status == pipeline::Status::kDone);
}

TEST_CASE("a budget is not passed whatever comes back, over kills and resumes", "[pipeline]") {
  for (const std::int64_t budget : {200, 199, 500, 777, 1600}) {
    Bench bench;
    bench.request.limits.tokens = budget;
    int left = 5;
    bench.store.on_commit = [&](bool before) {
      if (!before && --left == 0) throw Killed{};
    };
    try {
      (void)bench.ingest();
    } catch (const Killed&) {
    }
    bench.store.on_commit = nullptr;
    for (int run = 0; run < 3; ++run) {
      const auto outcome = bench.ingest();
      INFO(budget << " " << outcome.reason);
      if (outcome.status == pipeline::Status::kInterrupted) CHECK_THAT(outcome.reason, Contains("larger --budget-tokens"));
      CHECK(static_cast<std::int64_t>(bench.captioner.begun.size()) * 110 <= budget);
    }
    if (budget >= 200) CHECK(!bench.captioner.begun.empty());
    bench.request.limits.tokens = 0;
    CHECK(bench.ingest().status == pipeline::Status::kDone);
  }
}

TEST_CASE("what a failed try took is kept when the chunk is repaired", "[pipeline]") {
  Bench bench;
  bench.captioner.failing = {4 * base::kSecond};
  const auto first = bench.ingest();
  CHECK(first.status == pipeline::Status::kPartial);
  CHECK(first.chunks_failed == 1);
  bench.captioner.failing.clear();
  const auto second = bench.ingest();
  CHECK(second.status == pipeline::Status::kDone);
  CHECK(second.chunks_done == 1);
  std::int64_t tokens = 0;
  for (const auto& [key, commit] : bench.store.commits) tokens += commit.chunk.usage.prompt_tokens;
  CHECK(tokens == 1100);
}

TEST_CASE("a server given up leaves what came back, and the film fails as the model's fault", "[pipeline]") {
  Bench bench;
  bench.captioner.dies_at = 10 * base::kSecond;
  const auto outcome = bench.ingest();
  CHECK(outcome.status == pipeline::Status::kFailed);
  CHECK(outcome.model_failure);
  CHECK(outcome.chunks_done == 5);
  bench.captioner.dies_at.reset();
  CHECK(bench.ingest().status == pipeline::Status::kDone);
  CHECK(bench.captioner.begun.size() == 10);
}

TEST_CASE("a film of which no chunk could be described has failed", "[pipeline]") {
  Bench bench;
  for (int i = 0; i < 10; ++i) bench.captioner.failing.insert(i * 2 * base::kSecond);
  const auto outcome = bench.ingest();
  CHECK(outcome.status == pipeline::Status::kFailed);
  CHECK(outcome.model_failure);
  CHECK(outcome.duration == bench.source.films.at("/film").duration);  // the film itself was read
  CHECK_THAT(outcome.reason, Contains("no luck"));
}

TEST_CASE("on request the run stops after what is under way", "[pipeline]") {
  Bench bench;
  bench.captioner.on_begin = [&](base::Timestamp start) {
    if (start >= 8 * base::kSecond) bench.stop.request_stop();
  };
  const auto outcome = bench.ingest();
  CHECK(outcome.status == pipeline::Status::kInterrupted);
  CHECK(outcome.chunks_done == 5);
  for (const auto& [key, commit] : bench.store.commits) CHECK(commit.chunk.state == graph::ChunkState::kDone);
}

TEST_CASE("a budget lets two threads spend no more than one", "[pipeline]") {
  pipeline::Limits limits;
  limits.usd = 10;
  pipeline::Budget budget(limits);
  const base::Estimate estimate{{0, 0, 3}, {0, 0, 4}, 0};
  CHECK(budget.reserve(estimate) == pipeline::Budget::Verdict::kGranted);
  CHECK(budget.reserve(estimate) == pipeline::Budget::Verdict::kGranted);
  CHECK(budget.reserve(estimate) == pipeline::Budget::Verdict::kBusy);
  budget.settle(estimate.worst, {0, 0, 3});
  CHECK(budget.reserve(estimate) == pipeline::Budget::Verdict::kBusy);
  budget.settle(estimate.worst, {0, 0, 3});
  CHECK(budget.reserve(estimate) == pipeline::Budget::Verdict::kGranted);
  budget.settle(estimate.worst, {0, 0, 3});
  CHECK(budget.reserve(estimate) == pipeline::Budget::Verdict::kSpent);
  CHECK_THAT(budget.reason(), Contains("$9.00 of $10.00") && Contains("--budget-usd"));
}

TEST_CASE("a still scene is known again, and a small change in it is not overlooked", "[pipeline]") {
  base::Chunk chunk;
  chunk.span = chunk.own = {0, 30 * base::kSecond};
  chunk.keyframes.push_back({0, plain_picture(640, 360, 90, 90, 90), 1});
  pipeline::StaticScene scene;
  CHECK_FALSE(scene.same_as(chunk));
  scene.set(chunk);
  chunk.index = 1;
  REQUIRE(scene.same_as(chunk));
  CHECK(scene.same_as(chunk)->index == 0);
  base::Chunk small = chunk;  // a thing of 24 x 24 pixels
  for (int y = 100; y < 124; ++y) {
    for (int x = 300; x < 324; ++x) small.keyframes[0].image.pixels[static_cast<std::size_t>((y * 640 + x) * 3)] = 200;
  }
  CHECK_FALSE(scene.same_as(small));
  base::Chunk darker = chunk;
  darker.keyframes[0].image = plain_picture(640, 360, 86, 86, 86);
  CHECK_FALSE(scene.same_as(darker));
  base::Chunk said = chunk;
  said.cues.push_back({{0, 1}, "hello"});
  CHECK_FALSE(scene.same_as(said));
  base::Chunk moving = chunk;
  moving.signals.picture.push_back({.motion = 0.02});
  CHECK_FALSE(scene.same_as(moving));
  base::Chunk cut = chunk;
  cut.signals.boundaries.push_back({});
  CHECK_FALSE(scene.same_as(cut));
  base::Observation o;
  o.span = {0, 30 * base::kSecond};
  o.caption = "an empty yard";
  o.events.push_back({});
  const base::CaptionResult carried = pipeline::carried_forward(o, chunk);
  CHECK(carried.observation->events.empty());
  CHECK(carried.observation->caption == "an empty yard");
  CHECK_THAT(carried.notes.at(0).reason, Contains("carried forward from 0:00:00.000"));
}

}  // namespace reelgraph::test
