#pragma once
// Measured spans as events of the archive's vocabulary: cut, motion, camera_moves, loud, silent.

#include <map>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/chunk.h"
#include "base/observation.h"
#include "captioner/signals/motion.h"
#include "captioner/signals/sound.h"
#include "captioner/signals/visibility.h"

namespace reelgraph::captioner::signals {

[[nodiscard]] base::Event cut_event(const base::ShotBoundary& boundary);
[[nodiscard]] base::Event motion_event(const MotionSpan& motion);
[[nodiscard]] base::Event camera_event(const ViewSpan& span);
[[nodiscard]] base::Event sound_event(const SoundSpan& sound);

/// Lets at most some events of a type through that start within one minute, so that a film of flicker does not flood the archive.
class EventLimit {
 public:
  explicit EventLimit(int per_minute) : per_minute_(per_minute) {}

  /// Appends to `events` if there is room; else adds one note a minute and type ("too_many_events") to `notes`.
  void pass(base::Event event, std::vector<base::Event>& events, std::vector<base::CoverageNote>& notes);

 private:
  struct Count {
    base::Timestamp minute = -1;
    int events = 0;
  };
  int per_minute_;
  std::map<std::string, Count> counts_;
};

}  // namespace reelgraph::captioner::signals
