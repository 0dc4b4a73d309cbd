#pragma once
// The plain words of a `signals` observation.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/chunk.h"
#include "captioner/signals/motion.h"
#include "captioner/signals/sound.h"
#include "captioner/signals/visibility.h"

namespace reelgraph::captioner::signals {

/// What was found within one chunk's own part: spans are whole and may reach beyond it.
struct Findings {
  base::TimeSpan own;
  const base::ChunkSignals* measured = nullptr;
  std::vector<MotionSpan> motion;
  std::vector<ViewSpan> trouble;
  std::vector<SoundSpan> sound;
  std::vector<std::string> told;  ///< sentences about things that came, went or changed, without a full stop
};

/// One to a few sentences that say what was measured and no more ("The picture cuts 2 times. Something moves on the left for about 12 s.").
[[nodiscard]] std::string caption(const Findings& findings);

/// Cues that start within `own` (`first`: or before it) as one text, line by line, repeated lines once.
[[nodiscard]] std::string transcript(const std::vector<base::Cue>& cues, base::TimeSpan own, bool first);

/// Averages over the chunk's own part: brightness, sharpness, motion_share, camera, sound_db.
[[nodiscard]] nlohmann::json averages(const Findings& findings);

}  // namespace reelgraph::captioner::signals
