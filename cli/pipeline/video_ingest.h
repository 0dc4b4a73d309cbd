#pragma once
// The state machine of one video: known or new, read, cut, described, committed chunk by chunk, closed.

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/captioner.h"
#include "base/chunk.h"
#include "base/span_set.h"
#include "cli/pipeline/budget.h"
#include "cli/pipeline/evidence.h"
#include "cli/pipeline/types.h"
#include "cli/pipeline/writer.h"

namespace reelgraph::pipeline {

/// What a batch has found out before a video's own work begins.
struct Admission {
  int file = 0;  ///< in the order of the request
  std::filesystem::path path;
  std::string content_id;
  std::string id;                           ///< the video's, known or new
  std::optional<graph::VideoRecord> known;  ///< the archive's row of this content
  std::vector<base::Cue> sidecar;
};

/// Coverage reason of what the user did not ask for.
inline constexpr const char* kOutsideReason = "outside --from and --to";

/// Everything asked for was described with these settings, and no chunk waits for another try.
[[nodiscard]] bool is_finished(const graph::VideoRecord& video, const std::vector<graph::ChunkRecord>& chunks,
                               const std::vector<graph::CoverageSpan>& coverage, const Sampling& sampling);

/// What earlier runs took, where a budget of time was given.
[[nodiscard]] double spent_seconds(const graph::VideoRecord& video);

/// One video's ingest, used once. Borrows all; runs on one thread.
/// A chunk is committed in one transaction, so a kill at any instant loses no more than the chunks in hand; the next run finds done chunks
/// by their key. What a captioner describes in the background is committed as it arrives, in any order. Throws Error kArchive when the
/// store fails; everything else becomes part of the outcome.
class VideoIngest {
 public:
  VideoIngest(const IngestRequest& request, Admission admission, base::Captioner& captioner, MediaSource& source, Writer& writer,
              Budget& budget, ProgressSink& progress, base::LogSink log, std::stop_token stop);
  [[nodiscard]] VideoOutcome run();

 private:
  struct Reading;
  void plan_reading();
  [[nodiscard]] bool read(Reading& reading);
  void flush(Reading& reading);
  void settle(Reading& reading, const base::Chunk& chunk, base::CaptionResult result, int attempts);
  void commit(Reading& reading, const base::Chunk& chunk, base::CaptionResult result, int attempts);
  void advance(std::span<const base::Chunk> chunks);
  [[nodiscard]] std::vector<base::CaptionResult> describe(Reading& reading, const std::vector<base::Chunk>& chunks,
                                                          std::vector<int>& attempts);
  [[nodiscard]] bool is_done(const base::Chunk& chunk) const;
  void begin(Reading& reading, base::Chunk chunk);
  [[nodiscard]] bool allowed(Reading& reading, const base::Estimate& estimate);
  void collect(Reading& reading, bool wait);
  void drain(Reading& reading);
  void carry(Reading& reading, base::Chunk chunk, const base::TimeSpan& reference);
  [[nodiscard]] std::optional<base::Observation> stored_observation(const base::TimeSpan& span);
  [[nodiscard]] std::string caption_before(base::Timestamp at);
  void note_time();
  void close(Reading& reading);
  void fail(const std::string& reason);

  const IngestRequest& request_;
  Admission admission_;
  base::Captioner& captioner_;
  MediaSource& source_;
  Writer& writer_;
  Budget& budget_;
  ProgressSink& progress_;
  base::Duration settled_ = 0;  ///< of the chunks that are done with
  base::LogSink log_;
  std::stop_token stop_;

  nlohmann::json settings_;
  graph::VideoRecord video_;
  VideoOutcome outcome_;
  std::set<std::string> done_keys_;
  std::map<std::string, base::Usage> earlier_usage_;  ///< by key: what tries of earlier runs took that came to nothing
  bool out_of_budget_ = false;
  base::Timestamp read_from_ = 0;  ///< where reading and the first chunk start
};

}  // namespace reelgraph::pipeline
