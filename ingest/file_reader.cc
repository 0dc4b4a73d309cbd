#include "ingest/file_reader.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

using base::Duration;
using base::Error;
using base::ErrorCode;
using base::kSecond;
using base::Timestamp;

/// With `to` reached in one stream, the others may lag this far in the file before reading ends.
constexpr Duration kInterleave = 10 * kSecond;

void also(std::string& reasons, const std::string& reason) {
  if (reason.empty()) return;
  reasons += (reasons.empty() ? "" : "; ") + reason;
}

Timestamp time_of(const AVPacket& packet) { return packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts; }

}  // namespace

FileReader::FileReader(std::unique_ptr<Input> input, const ReaderOptions& options, Extras extras)
    : options_(options),
      earlier_(extras.earlier),
      input_(std::move(input)),
      choice_(choose_streams(*input_)),
      mixer_(extras.audio_rate),
      frame_times_(choice_.info.video_stream >= 0 ? nominal_interval(*input_->stream(choice_.info.video_stream))
                                                  : 40 * base::kMillisecond) {
  input_->interrupt().allow(options_.limits.open_deadline_s);
  open_decoders();
  if (options_.from) demuxer_->seek(*options_.from);
}

void FileReader::open_decoders() {
  const base::MediaInfo& info = choice_.info;
  std::vector<int> wanted;
  DecoderOptions decoder;
  decoder.limits = options_.limits;
  // One decoder that refuses its stream does not take the others with it.
  const auto try_open = [&](int index, auto make) {
    try {
      make();
      wanted.push_back(index);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInternal) throw;
      also(obstacle_, "stream " + std::to_string(index) + ": " + error.message());
    }
  };
  if (options_.want_audio && info.audio_stream >= 0) {
    try_open(info.audio_stream,
             [&] { audio_ = std::make_unique<PacketDecoder>(*input_->stream(info.audio_stream), decoder, input_->name()); });
  }
  if (options_.want_video && info.video_stream >= 0) {
    decoder.threads = options_.threads;
    decoder.keyframes_only = options_.keyframes_only;
    // Where few pictures are wanted, those that no other needs are not decoded.
    decoder.skip_unreferenced = options_.max_fps > 0 && 8 * options_.max_fps * static_cast<double>(frame_times_.interval()) <= 1e6;
    orientation_ = stream_orientation(*input_->stream(info.video_stream));
    try_open(info.video_stream,
             [&] { video_ = std::make_unique<PacketDecoder>(*input_->stream(info.video_stream), decoder, input_->name()); });
  }
  if (options_.want_subtitles) {
    for (const int index : info.subtitle_streams) {
      try_open(index, [&] {
        subtitles_.try_emplace(index, *input_->stream(index), info.streams[static_cast<std::size_t>(index)].language,
                               "embedded:" + std::to_string(index));
      });
    }
  }
  video_done_ = !video_;
  audio_done_ = !audio_;
  if (wanted.empty() && !obstacle_.empty())
    throw Error(ErrorCode::kBadInput, "holds nothing that can be read: " + obstacle_, input_->name(),
                "convert it with a program that can decode it");
  demuxer_ = std::make_unique<Demuxer>(*input_, choice_.clock, wanted, video_ ? info.video_stream : audio_ ? info.audio_stream : -1);
}

std::optional<MediaEvent> FileReader::next() {
  given_.reset();
  input_->interrupt().allow(options_.limits.stall_deadline_s);
  while (true) {
    if (input_->interrupt().stop_requested()) {
      stopped_ = true;
      return std::nullopt;
    }
    if (!ready_.empty()) {
      Ready ready = std::move(ready_.front());
      ready_.pop_front();
      ++given_events_;
      if (auto* sound = std::get_if<base::AudioBlock>(&ready)) return std::move(*sound);
      if (auto* cue = std::get_if<base::Cue>(&ready)) return std::move(*cue);
      given_ = std::move(std::get<std::unique_ptr<VideoFrame>>(ready));
      return static_cast<const base::Frame*>(given_.get());
    }
    if (ended_) return std::nullopt;
    read_more();
    // A stop ends the demuxer as the end of the file does; only the latter is the end of the film.
    if (ended_ && !input_->interrupt().stop_requested()) throw_if_nothing();
  }
}

void FileReader::read_more() {
  const bool cues_only = !video_ && !audio_;
  if (!cues_only && video_done_ && audio_done_) return finish();
  if (input_->interrupt().late()) {
    also(obstacle_, "decoding gave nothing for too long");
    return finish();
  }
  const AVPacket* packet = demuxer_->read();
  if (packet == nullptr) return finish();
  take_packet(*packet);
}

void FileReader::take_packet(const AVPacket& packet) {
  if (av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr) encrypted_ = true;
  const Timestamp at = time_of(packet);
  const Timestamp reached = packet.dts != AV_NOPTS_VALUE ? packet.dts : at;
  const bool far_past = options_.to && reached != AV_NOPTS_VALUE && reached >= *options_.to + kInterleave;
  if (packet.stream_index == choice_.info.video_stream && video_) {
    if (packet.pts != AV_NOPTS_VALUE) packet_end_ = std::max(packet_end_, packet.pts + std::min(packet.duration, kInterleave));
    if (far_past) video_done_ = true;
    if (!video_done_) take_video(&packet);
  } else if (packet.stream_index == choice_.info.audio_stream && audio_) {
    if (far_past) audio_done_ = true;
    if (!audio_done_ && !(options_.from && at != AV_NOPTS_VALUE && at + kSecond < *options_.from)) take_audio(&packet);
  } else {
    take_cues(packet);
  }
  if (far_past) video_done_ = audio_done_ = true;
}

bool FileReader::skips(const AVPacket& packet) {
  if (options_.keyframes_only && (packet.flags & AV_PKT_FLAG_KEY) == 0) return true;
  if (!skip_until_) return false;
  const Timestamp at = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
  if (at != AV_NOPTS_VALUE && at < *skip_until_) return true;
  if ((packet.flags & AV_PKT_FLAG_KEY) == 0) return true;
  skip_until_.reset();
  video_->flush();
  return false;
}

void FileReader::plan_skip(Timestamp kept) {
  // Between pictures that are wanted far apart, whole groups need no decoding: go on at the last key packet before the next one.
  if (options_.max_fps <= 0 || options_.max_fps > 0.5 || demuxer_->jumps() > 0) return;
  AVStream* stream = input_->stream(choice_.info.video_stream);
  const Timestamp due = kept + std::llround(1e6 / options_.max_fps);
  const std::int64_t goal = av_rescale_q(due + choice_.clock.zero, kMicroseconds, stream->time_base);
  const AVIndexEntry* entry = avformat_index_get_entry_from_timestamp(stream, goal, AVSEEK_FLAG_BACKWARD);
  if (entry == nullptr || (entry->flags & AVINDEX_KEYFRAME) == 0) return;
  const Timestamp key = av_rescale_q(entry->timestamp, stream->time_base, kMicroseconds) - choice_.clock.zero;
  if (key > kept + kSecond) skip_until_ = key - 1;
}

void FileReader::take_video(const AVPacket* packet) {
  if (packet != nullptr && skips(*packet)) return;
  const std::int64_t before = video_->damaged();
  video_->decode(packet, [&](AVFrame& frame) { take_picture(frame); });
  if (const std::int64_t more = video_->damaged() - before; more > 0) {
    const Timestamp at = packet == nullptr ? AV_NOPTS_VALUE : time_of(*packet);
    damage_.damaged(more, at == AV_NOPTS_VALUE ? std::nullopt : std::optional(at));
  }
}

void FileReader::take_picture(const AVFrame& frame) {
  if (video_done_ || skip_until_) return;
  std::optional<Timestamp> claimed;
  if (frame.best_effort_timestamp != AV_NOPTS_VALUE) claimed = frame.best_effort_timestamp;
  // Before the film's start: players do not show it.
  if (claimed && *claimed < 0) return;
  if (claimed && *claimed > base::kMaxTimestamp) return damage_.damaged(1, std::nullopt);
  const Timestamp at = frame_times_.next(claimed);
  damage_.good(at, frame_times_.interval());
  last_claimed_duration_ = frame.pkt_duration;
  if (past_end(at)) {
    video_end_ = *options_.to;
    video_done_ = true;
    return give_pending(pending_ ? at - pending_->at() : 0);
  }
  video_end_ = at;
  if (options_.from && at < *options_.from && !earlier_) return;
  if (options_.max_fps > 0 && last_kept_ && static_cast<double>(at - *last_kept_) < 1e6 / options_.max_fps - 1000) return;
  AVStream* stream = input_->stream(choice_.info.video_stream);
  // FFmpeg's interface wants a frame it could change, and does not change it.
  const AVRational aspect = av_guess_sample_aspect_ratio(input_->format(), stream, const_cast<AVFrame*>(&frame));
  auto kept =
      std::make_unique<VideoFrame>(frame, at, display_size(frame.width, frame.height, aspect, orientation_), orientation_, converter_);
  if (!kept->valid()) throw Error(ErrorCode::kInternal, "out of memory for a frame", input_->name());
  if (pending_) give_pending(at - pending_->at());
  pending_ = std::move(kept);
  last_kept_ = at;
  plan_skip(at);
}

void FileReader::give_pending(Duration duration) {
  if (!pending_) return;
  pending_->set_duration(duration);
  ready_.emplace_back(std::move(pending_));
}

void FileReader::take_audio(const AVPacket* packet) {
  std::vector<base::AudioBlock> blocks;
  audio_->decode(packet, [&](AVFrame& frame) {
    if (frame.pts == AV_NOPTS_VALUE) frame.pts = frame.best_effort_timestamp;
    if (frame.pts != AV_NOPTS_VALUE && std::abs(frame.pts) > base::kMaxTimestamp) frame.pts = AV_NOPTS_VALUE;
    mixer_.add(frame, blocks);
  });
  if (packet == nullptr) mixer_.finish(blocks);
  give_sound(std::move(blocks));
}

void FileReader::give_sound(std::vector<base::AudioBlock>&& blocks) {
  for (base::AudioBlock& block : blocks) {
    const auto length = [&] { return av_rescale(static_cast<std::int64_t>(block.samples.size()), kSecond, block.sample_rate); };
    if (options_.from && block.at < *options_.from) {
      const std::int64_t cut = av_rescale(*options_.from - block.at, block.sample_rate, kSecond);
      if (cut >= static_cast<std::int64_t>(block.samples.size())) continue;
      block.samples.erase(block.samples.begin(), block.samples.begin() + static_cast<std::ptrdiff_t>(cut));
      block.at = *options_.from;
    }
    if (past_end(block.at)) audio_done_ = true;
    if (audio_done_) return;
    if (options_.to && block.at + length() > *options_.to) {
      block.samples.resize(static_cast<std::size_t>(av_rescale(*options_.to - block.at, block.sample_rate, kSecond)));
      audio_done_ = true;
    }
    if (!video_) damage_.good(block.at, length());
    if (!block.samples.empty()) ready_.emplace_back(std::move(block));
  }
}

void FileReader::take_cues(const AVPacket& packet) {
  const auto found = subtitles_.find(packet.stream_index);
  if (found == subtitles_.end()) return;
  for (base::Cue& cue : found->second.decode(packet)) {
    cue_end_ = std::max(cue_end_, cue.span.end);
    if ((options_.from && cue.span.end <= *options_.from) || past_end(cue.span.start)) continue;
    ready_.emplace_back(std::move(cue));
  }
}

void FileReader::finish() {
  if (ended_) return;
  ended_ = true;
  if (input_->interrupt().stop_requested()) return;
  if (video_ && !video_done_) take_video(nullptr);
  if (audio_ && !audio_done_) take_audio(nullptr);
  if (const auto last = frame_times_.last(); last && !video_done_) {
    video_end_ = *last + frame_times_.last_duration(last_claimed_duration_);
    // Pictures that were not decoded count for the film's length.
    if (options_.keyframes_only || options_.max_fps > 0) video_end_ = std::max(video_end_, packet_end_);
    if (options_.to) video_end_ = std::min(video_end_, *options_.to);
  }
  if (pending_) give_pending(std::max<Duration>(0, video_end_ - pending_->at()));
  damage_.finish(video_end_);
}

void FileReader::throw_if_nothing() const {
  if (given_events_ > 0 || !ready_.empty() || options_.from || options_.to) return;
  if (video_ && video_->frames() > 0) return;
  if (audio_ && audio_->frames() > 0) return;
  std::string reason = encrypted_ ? "its streams are encrypted" : std::string();
  if (video_ && !encrypted_)
    also(reason, video_->damaged() == 0 ? "no picture in it" : std::to_string(video_->damaged()) + " damaged video packets");
  if (audio_ && !encrypted_)
    also(reason, audio_->damaged() == 0 ? "no sound in it" : std::to_string(audio_->damaged()) + " damaged audio packets");
  if (!video_ && !audio_ && !options_.want_video && !options_.want_audio) return;  // nothing else was asked for
  also(reason, obstacle_);
  also(reason, demuxer_->failure());
  if (reason.empty()) reason = "no text in it";
  throw Error(ErrorCode::kBadInput, "nothing in it can be read: " + reason, input_->name(),
              encrypted_ ? "decrypt it first" : "check that the file is whole; copy or record it again");
}

base::MediaSummary FileReader::summary() const {
  base::MediaSummary summary;
  summary.frames = video_ ? video_->frames() : 0;
  summary.damaged = demuxer_->damaged() + (video_ ? video_->damaged() : 0) + (audio_ ? audio_->damaged() + mixer_.refused() : 0);
  for (const auto& [index, decoder] : subtitles_) summary.damaged += decoder.damaged();
  summary.gaps = damage_.gaps();
  summary.duration = std::max(video_end_, mixer_.end().value_or(0));
  if (options_.to) summary.duration = std::min(summary.duration, *options_.to);
  if (!video_ && !audio_) summary.duration = cue_end_;

  std::string& reason = summary.partial_reason;
  if (stopped_) also(reason, "stopped on request");
  if (encrypted_) also(reason, "encrypted parts");
  for (const base::StreamInfo& one : choice_.info.streams) {
    const bool rival = one.note.starts_with("not read:");
    const bool asked =
        (one.kind == base::StreamKind::kVideo && options_.want_video) || (one.kind == base::StreamKind::kAudio && options_.want_audio);
    if (!one.note.empty() && !rival && asked)
      also(reason, std::string(one.kind == base::StreamKind::kVideo ? "video" : "audio") + " stream " + std::to_string(one.index) +
                       " was not read: " + one.note);
  }
  also(reason, obstacle_);
  also(reason, demuxer_->failure());
  if (!ended_ || stopped_) return summary;
  if (video_ && video_->frames() == 0 && !options_.from && !options_.to)
    also(reason, "no picture of video stream " + std::to_string(choice_.info.video_stream) + " could be decoded");
  if (audio_ && audio_->frames() == 0 && !options_.from && !options_.to)
    also(reason, "no sound of audio stream " + std::to_string(choice_.info.audio_stream) + " could be decoded");
  if (summary.damaged > 0)
    also(reason, std::to_string(summary.damaged) + (summary.damaged == 1 ? " damaged packet or picture" : " damaged packets or pictures"));
  if (demuxer_->jumps() > 0)
    also(reason,
         "its times jump " + std::to_string(demuxer_->jumps()) + (demuxer_->jumps() == 1 ? " time" : " times") + " and were joined up");
  const bool whole = !options_.to && (video_ || choice_.info.video_stream < 0) && (audio_ || choice_.info.audio_stream < 0);
  if (whole && choice_.claim && *choice_.claim - summary.duration > std::max(kSecond, *choice_.claim / 20)) {
    also(reason,
         "only the first " + base::format_time(summary.duration) + " of the claimed " + base::format_time(*choice_.claim) + " are there");
    if (summary.gaps.empty() || summary.gaps.back().span.end <= summary.duration) {
      summary.gaps.push_back({{summary.duration, *choice_.claim}, "missing at the end"});
    }
  }
  return summary;
}

}  // namespace reelgraph::ingest
