#include "cli/pipeline/evidence.h"

#include "cli/pipeline/cue_merger.h"
#include "tests/cli/fakes.h"
#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

using base::kSecond;

base::Keyframe picture(base::Timestamp at) { return {at, plain_picture(4, 4, static_cast<std::uint8_t>(at / kSecond), 0, 0), 1}; }

base::Chunk chunk_of(int index, std::vector<base::Timestamp> keyframes, std::vector<base::Timestamp> candidates) {
  base::Chunk chunk;
  chunk.index = index;
  for (const base::Timestamp at : keyframes) chunk.keyframes.push_back(picture(at));
  for (const base::Timestamp at : candidates) chunk.candidates.push_back(picture(at));
  return chunk;
}

base::Observation showing(std::vector<base::Timestamp> times) {
  base::Observation observation;
  for (const base::Timestamp at : times) {
    base::Event event;
    event.type = "cut";
    event.span = {at, at};
    event.show_at = at;
    observation.events.push_back(event);
  }
  return observation;
}

std::vector<base::Timestamp> times(const std::vector<pipeline::Writer::Picture>& pictures) {
  std::vector<base::Timestamp> all;
  for (const auto& each : pictures) all.push_back(each.at);
  return all;
}

}  // namespace

TEST_CASE("keyframes are kept, and for an event the first picture at or within a second after the moment that shows it", "[pipeline]") {
  FakeSource source;
  pipeline::EvidenceKeeper keeper(source);
  const base::Chunk chunk = chunk_of(0, {0, 6 * kSecond}, {2 * kSecond, 3 * kSecond, 4 * kSecond, 5 * kSecond});
  const auto kept = keeper.choose(chunk, showing({2 * kSecond + kSecond / 2, 4 * kSecond, 5 * kSecond + kSecond / 2}));
  CHECK(times(kept) == std::vector<base::Timestamp>{0, 3 * kSecond, 4 * kSecond, 6 * kSecond});
  for (const auto& each : kept) CHECK(each.hash.size() == 32);
}

TEST_CASE("a picture from after an event's end is kept, to show what was there without it", "[pipeline]") {
  FakeSource source;
  pipeline::EvidenceKeeper keeper(source);
  base::Observation observation = showing({kSecond});
  observation.events.front().span = {kSecond, 3 * kSecond};
  const base::Chunk chunk = chunk_of(0, {0}, {1 * kSecond, 2 * kSecond, 3 * kSecond, 4 * kSecond});
  CHECK(times(keeper.choose(chunk, observation)) == std::vector<base::Timestamp>{0, 1 * kSecond, 3 * kSecond});
}

TEST_CASE("an event told later finds its picture among those of earlier chunks, and none is kept twice", "[pipeline]") {
  FakeSource source;
  pipeline::EvidenceKeeper keeper(source);
  CHECK(times(keeper.choose(chunk_of(0, {0}, {1 * kSecond, 2 * kSecond}), showing({}))) == std::vector<base::Timestamp>{0});
  CHECK(times(keeper.choose(chunk_of(1, {10 * kSecond}, {}), showing({1 * kSecond, 0}))) ==
        std::vector<base::Timestamp>{1 * kSecond, 10 * kSecond});
  CHECK(times(keeper.choose(chunk_of(2, {20 * kSecond}, {}), showing({1 * kSecond}))) == std::vector<base::Timestamp>{20 * kSecond});
  // Pictures of long ago are forgotten, so that memory stays bounded.
  for (int i = 3; i < 8; ++i) (void)keeper.choose(chunk_of(i, {}, {}), showing({}));
  CHECK(keeper.choose(chunk_of(8, {}, {}), showing({2 * kSecond})).empty());
}

TEST_CASE("side-car cues come in time order with what is read, each once", "[pipeline]") {
  pipeline::CueMerger merger({{{1, 5}, "a", "", "sidecar"}, {{3, 5}, "b", "", "sidecar"}, {{9, 10}, "c", "", "sidecar"}});
  CHECK(merger.upto(0).empty());
  CHECK(merger.upto(3).size() == 2);
  CHECK(merger.upto(3).empty());
  CHECK(merger.accept({{4, 6}, "other", "", "embedded:1"}));
  CHECK_FALSE(merger.accept({{4, 6}, "b", "", "embedded:1"}));
  CHECK(merger.upto(100).size() == 1);
  // The same words again from the same source are said twice, not listed twice.
  CHECK(merger.accept({{20, 30}, "other", "", "embedded:1"}));
}

}  // namespace reelgraph::test
