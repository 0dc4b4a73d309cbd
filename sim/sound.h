#pragma once
// Plain synthesised sound of a simulated world.

#include <cstdint>
#include <vector>

#include "base/media.h"
#include "sim/random.h"
#include "sim/world.h"

namespace reelgraph::sim {

enum class Ambience : std::uint8_t { kHum, kCrowd };

/// A sound of its own over the ambience.
struct SoundCue {
  enum class Kind : std::uint8_t { kBeeps, kDoor, kWhistle, kCheer };
  Kind kind;
  double from = 0, to = 0;  ///< seconds
};

/// What is heard of a world's events: beeps of forklifts that set off backwards, doors; the referee's whistle, a cheering crowd.
[[nodiscard]] std::vector<SoundCue> cues_of(const History& history);

/// Gives the sound piece by piece. The same seed and cues give the same samples.
class Soundtrack {
 public:
  Soundtrack(std::uint64_t seed, Ambience ambience, std::vector<SoundCue> cues, int sample_rate);

  /// The next `seconds` of it: float32 [N] in -1..1.
  [[nodiscard]] base::AudioBlock next(double seconds);

 private:
  void add(base::AudioBlock& block, const SoundCue& cue) const;

  Ambience ambience_;
  std::vector<SoundCue> cues_;  ///< by start
  std::size_t first_ = 0;       ///< that may still be heard
  int rate_;
  std::int64_t done_ = 0;  ///< samples
  std::uint64_t noise_;
  float smooth_ = 0, smoother_ = 0;
  std::vector<float> hum_;  ///< one second
};

}  // namespace reelgraph::sim
