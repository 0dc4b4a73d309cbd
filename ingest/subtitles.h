#pragma once
// One text subtitle stream: packets in, cues out.

#include <optional>
#include <vector>

#include "base/media.h"
#include "ingest/ffmpeg_handles.h"

namespace reelgraph::ingest {

/// Owns the decoder. Packets carry microseconds of the film.
class SubtitleDecoder {
 public:
  /// @param source goes into each cue. @throws base::Error kBadInput if the decoder refuses the stream
  SubtitleDecoder(const AVStream& stream, std::string language, std::string source);

  /// Cues of one packet; parts before the film's start are cut off. Damage is counted.
  [[nodiscard]] std::vector<base::Cue> decode(const AVPacket& packet);
  [[nodiscard]] int damaged() const { return damaged_; }

 private:
  std::vector<std::string> texts(const AVPacket& packet, base::Duration& start, base::Duration& end);

  CodecContext context_;  ///< null for WebVTT in MP4 boxes, which is read here
  std::string language_, source_;
  int damaged_ = 0;
};

/// Text of the cues in one sample of WebVTT in MP4 (ISO/IEC 14496-30: 'vttc' boxes with a 'payl'). Any bytes are fine.
[[nodiscard]] std::vector<std::string> webvtt_sample_texts(std::string_view sample);

/// Cues of a subtitle file's bytes, in time order. @throws base::Error kBadInput
[[nodiscard]] std::vector<base::Cue> read_sidecar_bytes(const std::string& bytes, const std::string& name, const std::string& language,
                                                        const std::string& source);

}  // namespace reelgraph::ingest
