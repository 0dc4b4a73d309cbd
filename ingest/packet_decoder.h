#pragma once
// One stream's decoder: packets in, frames out. Damage is counted, not thrown.

#include <functional>
#include <string>

#include "ingest/ffmpeg_handles.h"
#include "ingest/media_reader.h"

namespace reelgraph::ingest {

struct DecoderOptions {
  int threads = 1;                 ///< 0: one per core
  bool keyframes_only = false;     ///< decode key pictures only; then without frame threads, which would only add delay
  bool skip_unreferenced = false;  ///< pass over pictures that no other picture needs
  ReaderLimits limits;
};

/// Owns the codec context. Packets must carry microseconds of the film's clock.
class PacketDecoder {
 public:
  /// @throws base::Error kBadInput if the decoder cannot be opened for these parameters
  PacketDecoder(const AVStream& stream, const DecoderOptions& options, const std::string& file);

  /// Decodes one packet (null: drains what is left) and hands over each frame that comes out. A stop is up to the caller.
  void decode(const AVPacket* packet, const std::function<void(AVFrame&)>& take);
  /// Forgets what it holds (after a seek).
  void flush() { avcodec_flush_buffers(context_.get()); }

  [[nodiscard]] std::int64_t frames() const { return frames_; }
  [[nodiscard]] std::int64_t damaged() const { return damaged_; }
  /// Why the last damaged packet could not be decoded; empty if none was.
  [[nodiscard]] const std::string& last_damage() const { return last_damage_; }
  [[nodiscard]] const AVCodecContext& context() const { return *context_; }

 private:
  bool receive(const std::function<void(AVFrame&)>& take);
  void note_damage(int error);

  CodecContext context_;
  FrameHandle frame_;
  std::int64_t frames_ = 0;
  std::int64_t damaged_ = 0;
  std::string last_damage_;
};

}  // namespace reelgraph::ingest
