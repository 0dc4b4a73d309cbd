#pragma once
// Chooses the pictures that are kept with a chunk: those that the chunker found worth keeping, and those that show an event.

#include <deque>
#include <vector>

#include "base/chunk.h"
#include "base/observation.h"
#include "cli/pipeline/writer.h"

namespace reelgraph::pipeline {

/// One video's choice. An event may be told one or more chunks after it happened, so the candidates of the last few chunks are remembered
/// (as JPEG, so that memory stays small). Not for use from several threads.
class EvidenceKeeper {
 public:
  /// @param source borrowed; encodes
  explicit EvidenceKeeper(MediaSource& source) : source_(source) {}

  /// Pictures to commit with `chunk`, by time, each once: its keyframes, and for every event the first picture at or within a second after
  /// the moment that shows it, and after its end. REQUIRES: called for each described chunk in time order.
  [[nodiscard]] std::vector<Writer::Picture> choose(const base::Chunk& chunk, const base::Observation& observation);

 private:
  struct Remembered {
    int chunk = 0;
    Writer::Picture picture;
    bool kept = false;
  };
  void remember(const base::Chunk& chunk);

  MediaSource& source_;
  std::deque<Remembered> remembered_;  ///< by chunk, then time
};

}  // namespace reelgraph::pipeline
