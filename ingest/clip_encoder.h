#pragma once
// Encodes pictures and sound of a clip into a muxer.

#include <cstdint>
#include <vector>

#include "base/media.h"
#include "ingest/muxer.h"

namespace reelgraph::ingest {

/// Borrows the muxer. Pictures and sound come in time order, from 0.
class ClipEncoder {
 public:
  static constexpr int kAudioRate = 48'000;

  enum class Effort : std::uint8_t {
    kSmall,  ///< smaller files
    kQuick,  ///< several times as fast, larger files, one thread
  };

  /// Adds the streams and starts the muxer. @param size of the pictures, even; 0x0: no video
  ClipEncoder(Muxer& muxer, base::Size size, bool audio, Effort effort = Effort::kSmall);

  void picture(const base::Image& image, base::Timestamp at);
  /// Gaps become silence.
  void sound(const base::AudioBlock& block, base::Timestamp at);
  void finish();

 private:
  struct Track {
    CodecContext context;
    int stream = -1;
  };
  void open_video(base::Size size, Effort effort);
  void open_audio(Effort effort);
  void encode(Track& track, const AVFrame* frame);
  void encode_sound(bool all);

  Muxer& muxer_;
  Track video_, audio_;
  Sws to_yuv_;
  FrameHandle picture_;
  std::int64_t step_ = 0;          ///< between the last two pictures, in the clip's clock
  std::vector<float> samples_;     ///< float32 [N] mono, not yet encoded
  std::int64_t samples_done_ = 0;  ///< encoded
};

}  // namespace reelgraph::ingest
