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

/// What `ingest_batch` would do, told from the headers of the files.
/// @param store may be null: no archive yet
[[nodiscard]] std::vector<VideoPlan> plan_batch(const IngestRequest& request, base::Captioner& captioner, MediaSource& source,
                                                const graph::Store* store, const base::LogSink& log, std::stop_token stop);

}  // namespace reelgraph::pipeline
