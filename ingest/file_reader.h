#pragma once
// The stages put together: input, demuxer, decoders, clock.

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "ingest/audio_decoder.h"
#include "ingest/clock.h"
#include "ingest/damage_log.h"
#include "ingest/demuxer.h"
#include "ingest/media_reader.h"
#include "ingest/packet_decoder.h"
#include "ingest/streams.h"
#include "ingest/subtitles.h"
#include "ingest/video_frame.h"

namespace reelgraph::ingest {

/// Reads one file once. Keeps one picture back, so that each is given with its measured duration.
class FileReader final : public MediaReader {
 public:
  struct Extras {
    bool earlier = false;     ///< also give the pictures between the key picture before `options.from` and it
    int audio_rate = 16'000;  ///< Hz
  };
  FileReader(std::unique_ptr<Input> input, const ReaderOptions& options, Extras extras);
  FileReader(std::unique_ptr<Input> input, const ReaderOptions& options) : FileReader(std::move(input), options, Extras{}) {}

  [[nodiscard]] const base::MediaInfo& info() const override { return choice_.info; }
  [[nodiscard]] std::optional<MediaEvent> next() override;
  [[nodiscard]] base::MediaSummary summary() const override;

 private:
  using Ready = std::variant<std::unique_ptr<VideoFrame>, base::AudioBlock, base::Cue>;

  void open_decoders();
  void read_more();
  void take_packet(const AVPacket& packet);
  void take_video(const AVPacket* packet);
  void take_audio(const AVPacket* packet);
  void take_cues(const AVPacket& packet);
  void take_picture(const AVFrame& frame);
  void give_sound(std::vector<base::AudioBlock>&& blocks);
  void give_pending(base::Duration duration);
  void plan_skip(base::Timestamp kept);
  [[nodiscard]] bool skips(const AVPacket& packet);
  void finish();
  void throw_if_nothing() const;
  [[nodiscard]] bool past_end(base::Timestamp at) const { return options_.to && at >= *options_.to; }

  ReaderOptions options_;
  bool earlier_;
  std::unique_ptr<Input> input_;
  StreamChoice choice_;
  std::unique_ptr<Demuxer> demuxer_;
  std::unique_ptr<PacketDecoder> video_, audio_;
  std::map<int, SubtitleDecoder> subtitles_;
  Orientation orientation_;
  ColorConverter converter_;
  AudioMixer mixer_;
  FrameTimes frame_times_;
  DamageLog damage_;

  std::deque<Ready> ready_;
  std::unique_ptr<VideoFrame> pending_;  ///< decoded last; its end is not known yet
  std::unique_ptr<VideoFrame> given_;    ///< what the caller looks at
  std::optional<base::Timestamp> last_kept_;
  std::optional<base::Timestamp> skip_until_;  ///< decoding time of the key packet to go on from
  base::Duration last_claimed_duration_ = 0;   ///< of the last decoded picture
  base::Timestamp video_end_ = 0, packet_end_ = 0, cue_end_ = 0;
  bool video_done_ = true, audio_done_ = true;
  bool encrypted_ = false;
  bool ended_ = false, stopped_ = false;
  std::int64_t given_events_ = 0;
  std::string obstacle_;  ///< decoders that could not be opened
};

}  // namespace reelgraph::ingest
