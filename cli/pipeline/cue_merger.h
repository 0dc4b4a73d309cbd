#pragma once
// Puts the cues of subtitle files beside a film into the stream of what is read from the film.

#include <deque>
#include <vector>

#include "base/media.h"

namespace reelgraph::pipeline {

/// Gives each cue once, in time order; a cue whose words were just given at about the same time (the same subtitles inside and beside the
/// film) is dropped.
class CueMerger {
 public:
  /// @param sidecar by start
  explicit CueMerger(std::vector<base::Cue> sidecar) : sidecar_(std::move(sidecar)) {}

  /// Side-car cues that start at or before `at` and were not given yet.
  [[nodiscard]] std::vector<base::Cue> upto(base::Timestamp at);
  /// May a cue from the film itself be used?
  [[nodiscard]] bool accept(const base::Cue& cue);

 private:
  [[nodiscard]] bool seen(const base::Cue& cue) const;
  void note(const base::Cue& cue);

  std::vector<base::Cue> sidecar_;
  std::size_t next_ = 0;
  std::deque<base::Cue> recent_;
};

}  // namespace reelgraph::pipeline
