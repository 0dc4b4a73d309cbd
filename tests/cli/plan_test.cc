// What is known of an ingest before it begins: which chunks, and how much work they are.

#include "cli/pipeline/settings.h"
#include "cli/pipeline/types.h"
#include "tests/support/support.h"

namespace reelgraph::test {

using base::kSecond;

TEST_CASE("a chunk's key changes with content, span, own part and every setting, and with nothing else", "[pipeline]") {
  const pipeline::Sampling sampling;
  const base::CaptionerIdentity identity{"signals", "signals", "1", "p"};
  const nlohmann::json settings = pipeline::settings_json(sampling, identity, {});
  const base::TimeSpan span{0, 30 * kSecond}, own{0, 28 * kSecond};
  const std::string key = pipeline::chunk_key("content", span, own, settings);
  CHECK(key.size() == 32);
  CHECK(key == pipeline::chunk_key("content", span, own, pipeline::settings_json(sampling, identity, {})));
  CHECK(key != pipeline::chunk_key("other", span, own, settings));
  CHECK(key != pipeline::chunk_key("content", {0, 29 * kSecond}, own, settings));
  CHECK(key != pipeline::chunk_key("content", span, span, settings));
  std::vector<pipeline::Sampling> others(5, sampling);
  others[0].chunking.length += kSecond;
  others[1].chunking.keyframe_fps = 2;
  others[2].chunking.by_shots = true;
  others[3].fast = true;
  others[4].chunking.keyframes_per_chunk = 3;
  for (const pipeline::Sampling& other : others)
    CHECK(key != pipeline::chunk_key("content", span, own, pipeline::settings_json(other, identity, {})));
  for (base::CaptionerIdentity other : {base::CaptionerIdentity{"x", "signals", "1", "p"},
                                        {"signals", "x", "1", "p"},
                                        {"signals", "signals", "2", "p"},
                                        {"signals", "signals", "1", "q"}}) {
    CHECK(key != pipeline::chunk_key("content", span, own, pipeline::settings_json(sampling, other, {})));
  }
  pipeline::Sampling same = sampling;
  same.decoder_threads = 7;
  same.from = kSecond;
  CHECK(key == pipeline::chunk_key("content", span, own, pipeline::settings_json(same, identity, {})));
}

TEST_CASE("a model's work on a film is that on its chunks, of which the last shows fewer pictures", "[program]") {
  chunker::ChunkerOptions options;  // 30 s, 2 of them with the next; 8 pictures
  const auto at = [](double seconds) { return base::from_seconds(seconds); };
  const std::int64_t whole = pipeline::model_work({0, at(30)}, options);
  CHECK(whole == pipeline::model_work({at(28), at(58)}, options));
  CHECK(whole > 8);
  CHECK(pipeline::model_work({at(28), at(29)}, options) == whole - 7);
  CHECK(pipeline::model_work({at(28), at(28)}, options) == whole - 7);
  CHECK(pipeline::model_work_of_film({0, at(30)}, options) == whole);
  CHECK(pipeline::model_work_of_film({at(100), at(131)}, options) == 2 * whole - 5);  // 28 s on, 3 s are left
  options.keyframe_fps = 0.1;
  CHECK(pipeline::model_work({0, at(30)}, options) == whole - 5);
}

}  // namespace reelgraph::test
