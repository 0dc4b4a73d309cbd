#pragma once
// Many files, some at once, into one archive.

#include <vector>

#include "base/captioner.h"
#include "cli/pipeline/types.h"
#include "graph/store.h"

namespace reelgraph::pipeline {

struct BatchResult {
  std::vector<VideoOutcome> videos;  ///< in the order of the request
  bool interrupted = false;          ///< stopped on request with work left
};

/// Ingests every file of the request. A file that fails does not keep the others from being done. A file whose bytes could be read but not
/// understood gets a row in the archive (state failed, with the reason), so that `info` shows it; one that could not be read at all is told
/// in the result only, as there is nothing to know it again by.
/// @throws base::Error kArchive when the store fails: what was committed stays
[[nodiscard]] BatchResult ingest_batch(const IngestRequest& request, base::Captioner& captioner, MediaSource& source, graph::Store& store,
                                       FrameSink& frames, ProgressSink& progress, const base::LogSink& log, std::stop_token stop);

struct BatchPlan {
  std::vector<VideoPlan> videos;
  std::string basis;  ///< what the tokens rest on, one clause; empty where nothing is paid
};

/// What `ingest_batch` would do, told from the headers of the files; where chunks are paid for, from a few windows of each film as well,
/// cut as they will be, because what is sent depends on how many pictures are worth sending.
/// @param store may be null: no archive yet
[[nodiscard]] BatchPlan plan_batch(const IngestRequest& request, base::Captioner& captioner, MediaSource& source, const graph::Store* store,
                                   const base::LogSink& log, std::stop_token stop);

}  // namespace reelgraph::pipeline
