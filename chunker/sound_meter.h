#pragma once
// Loudness of sound, ten times a second.

#include <cstdint>
#include <vector>

#include "base/chunk.h"
#include "base/media.h"

namespace reelgraph::chunker {

/// Root mean square over steps of 100 ms on the video's clock. Steps without any sound give no sample.
class SoundMeter {
 public:
  static constexpr base::Duration kStep = 100 * base::kMillisecond;

  /// Blocks in time order; what is not a number counts as silence, what lies before the last block is passed over.
  void add(const base::AudioBlock& block);
  /// Nothing comes after: gives the step that is not full.
  void finish();
  /// Samples completed since the last call.
  [[nodiscard]] std::vector<base::SoundSample> take();
  /// Sound has been measured up to here.
  [[nodiscard]] base::Timestamp reached() const { return reached_; }

 private:
  void close();

  std::int64_t step_ = -1;  ///< index of the step that is being filled; -1: none
  double energy_ = 0;
  std::int64_t count_ = 0;
  base::Timestamp reached_ = 0;
  std::vector<base::SoundSample> done_;
};

}  // namespace reelgraph::chunker
