#pragma once
// What one pass over a file holds: shared by the two sources of `VideoIngest`.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chunker/chunker.h"
#include "cli/pipeline/cue_merger.h"
#include "cli/pipeline/static_scene.h"
#include "cli/pipeline/video_ingest.h"

namespace reelgraph::pipeline {

struct VideoIngest::Reading {
  /// A chunk that is being described in the background.
  struct UnderWay {
    base::Chunk chunk;
    base::Usage reserved;
    std::vector<base::Chunk> alike;  ///< chunks that get what is said of this one
  };

  std::unique_ptr<ingest::MediaReader> reader;
  std::unique_ptr<base::CaptionSession> session;
  chunker::Chunker chunker;
  CueMerger cues;
  EvidenceKeeper evidence;
  std::vector<base::Chunk> pending;   ///< closed, not yet described
  std::map<int, UnderWay> under_way;  ///< by index
  StaticScene scene;
  base::SpanSet told;        ///< gaps that were committed with chunks
  base::Timestamp seen = 0;  ///< latest time that was read
  std::string stopped;       ///< why reading ended early; empty if it did not
  std::string last_failure;  ///< of a chunk
  std::int64_t events = 0;

  Reading(std::unique_ptr<ingest::MediaReader> r, std::unique_ptr<base::CaptionSession> s, const chunker::ChunkerOptions& options,
          std::vector<base::Cue> sidecar, MediaSource& source)
      : reader(std::move(r)), session(std::move(s)), chunker(options), cues(std::move(sidecar)), evidence(source) {}
};

}  // namespace reelgraph::pipeline
