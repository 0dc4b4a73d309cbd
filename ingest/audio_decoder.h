#pragma once
// Decoded sound to mono float blocks of one rate on the film's clock.

#include <optional>
#include <vector>

#include "base/media.h"
#include "ingest/ffmpeg_handles.h"

namespace reelgraph::ingest {

/// Mixes, resamples and counts. Time runs with the samples, since containers round; where a frame's own time differs by more than 50 ms
/// (a gap, a join), the count starts again there. Never steps back: sound that overlaps what was given is cut off.
class AudioMixer {
 public:
  /// @param rate of what is given, Hz
  explicit AudioMixer(int rate = 16'000) : rate_(rate) {}

  /// Takes one decoded frame; its pts is microseconds of the film or AV_NOPTS_VALUE. Blocks that are full go to `out`.
  void add(const AVFrame& frame, std::vector<base::AudioBlock>& out);
  /// What is left, at the end or before a seek.
  void finish(std::vector<base::AudioBlock>& out);

  /// End of the sound so far; empty before any.
  [[nodiscard]] std::optional<base::Timestamp> end() const { return end_; }
  /// Frames that could not be converted.
  [[nodiscard]] int refused() const { return refused_; }

 private:
  struct Format {
    int rate = 0, sample_format = -1, channels = 0;
    std::uint64_t mask = 0;
    friend bool operator==(const Format&, const Format&) = default;
  };
  bool prepare(const AVFrame& frame);
  void drain(std::vector<base::AudioBlock>& out);
  void convert(const AVFrame* frame);
  void give_full_blocks(std::vector<base::AudioBlock>& out, bool all);

  [[nodiscard]] base::Duration length_of(std::int64_t samples) const;

  int rate_;
  Swr swr_;
  Format format_;
  std::vector<float> pending_;     ///< float32 [N] not yet given
  base::Timestamp run_start_ = 0;  ///< where the counted run began
  std::int64_t run_samples_ = 0;   ///< samples of this run that were given
  bool running_ = false;
  std::optional<base::Timestamp> end_;
  int refused_ = 0;
};

}  // namespace reelgraph::ingest
