#include "ingest/clip.h"

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "ingest/clip_encoder.h"
#include "ingest/demuxer.h"
#include "ingest/file_reader.h"
#include "ingest/muxer.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimeSpan;
using base::Timestamp;

struct CopyPlan {
  std::deque<Packet> packets;  ///< from the key picture to the clip's start
  Timestamp start = 0;
};

/// Reads up to the clip's start, keeping what a player needs to begin there. Empty if no key picture is near enough.
std::optional<CopyPlan> plan_copy(Demuxer& demuxer, int leader, TimeSpan span, base::Duration tolerance) {
  constexpr std::size_t kMostBytes = std::size_t{128} << 20;
  CopyPlan plan;
  bool found = false;
  std::size_t bytes = 0;
  while (AVPacket* packet = demuxer.read()) {
    if (packet->dts == AV_NOPTS_VALUE || packet->pts == AV_NOPTS_VALUE) return std::nullopt;
    const bool leads = packet->stream_index == leader;
    if (leads && (packet->flags & AV_PKT_FLAG_KEY) != 0 && packet->pts <= span.start) {
      plan.packets.clear();
      plan.start = packet->pts;
      found = true;
      bytes = 0;
    }
    const bool past = leads && packet->dts > span.start;
    bytes += static_cast<std::size_t>(packet->size);
    if (bytes > kMostBytes) return std::nullopt;
    Packet copy = make_packet();
    av_packet_move_ref(copy.get(), packet);
    if (found) plan.packets.push_back(std::move(copy));
    if (past) break;
  }
  if (!found || span.start - plan.start > tolerance) return std::nullopt;
  return plan;
}

/// Empty if copying cannot serve; then nothing was written.
std::optional<ClipResult> try_copy(const std::filesystem::path& film, TimeSpan span, const std::filesystem::path& output,
                                   base::Duration tolerance, std::stop_token stop) {
  const std::unique_ptr<Input> input = Input::open(film, ReaderLimits{}, stop);
  const StreamChoice choice = choose_streams(*input);
  const int video = choice.info.video_stream, audio = choice.info.audio_stream;
  const int leader = video >= 0 ? video : audio;
  if (leader < 0) return std::nullopt;

  Muxer muxer(output);
  std::vector<int> streams;
  std::vector<int> place(input->format()->nb_streams, -1);
  for (const int index : {video, audio}) {
    if (index < 0) continue;
    if (!muxer.can_hold(input->stream(index)->codecpar->codec_id)) return std::nullopt;
    place[static_cast<std::size_t>(index)] = muxer.add_stream(input->stream(index)->time_base);
    copy_stream(*input->stream(index), muxer, place[static_cast<std::size_t>(index)]);
    streams.push_back(index);
  }
  Demuxer demuxer(*input, choice.clock, streams, leader);
  input->interrupt().allow(600);
  demuxer.seek(span.start);
  std::optional<CopyPlan> plan = plan_copy(demuxer, leader, span, tolerance);
  if (!plan) return std::nullopt;
  try {
    muxer.start();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kBadInput) return std::nullopt;
    throw;
  }

  Timestamp end = plan->start;
  std::vector<char> done(place.size(), 0);
  // Packets come in decoding order: one shown after the end is kept only if one shown before it follows, which may need it.
  std::vector<Packet> late;
  const auto write = [&](AVPacket& packet) {
    end = std::max(end, packet.pts + packet.duration);
    packet.pts -= plan->start;
    packet.dts -= plan->start;
    return muxer.write(packet, place[static_cast<std::size_t>(packet.stream_index)], kMicroseconds);
  };
  const auto take = [&](AVPacket& packet) {
    const auto stream = static_cast<std::size_t>(packet.stream_index);
    if (packet.dts == AV_NOPTS_VALUE || packet.pts == AV_NOPTS_VALUE) return false;
    if (packet.dts >= span.end) done[stream] = 1;
    if (done[stream] != 0 || (packet.stream_index != leader && packet.pts < plan->start)) return true;
    if (packet.pts >= span.end && packet.stream_index == leader) {
      late.push_back(make_packet());
      av_packet_move_ref(late.back().get(), &packet);
      return true;
    }
    if (packet.pts >= span.end) return true;
    if (packet.stream_index == leader) {
      for (const Packet& one : late) {
        if (!write(*one)) return false;
      }
      late.clear();
    }
    return write(packet);
  };
  for (Packet& packet : plan->packets) {
    if (!take(*packet)) return std::nullopt;
  }
  while (std::any_of(streams.begin(), streams.end(), [&](int index) { return done[static_cast<std::size_t>(index)] == 0; })) {
    AVPacket* packet = demuxer.read();
    if (packet == nullptr) break;
    if (packet->dts != AV_NOPTS_VALUE && packet->dts > span.end + 10 * base::kSecond) break;  // a stream that ended long ago
    if (!take(*packet)) return std::nullopt;
  }
  if (stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "stopped while cutting a clip", film.string());
  if (end <= span.start) return std::nullopt;
  muxer.commit();
  return ClipResult{true, {plan->start, end}};
}

ClipResult encode(const std::filesystem::path& film, TimeSpan span, const std::filesystem::path& output, std::stop_token stop) {
  ReaderOptions options;
  options.from = span.start;
  options.to = span.end;
  options.want_subtitles = false;
  FileReader reader(Input::open(film, options.limits, stop), options, {.earlier = true, .audio_rate = ClipEncoder::kAudioRate});
  const base::MediaInfo& info = reader.info();
  std::optional<Muxer> muxer;
  std::optional<ClipEncoder> encoder;
  base::Size size{};
  Timestamp end = span.start;
  std::vector<base::AudioBlock> early;  // sound before the first picture, whose size the encoder needs
  const auto begin = [&](base::Size wanted) {
    size = {wanted.width - wanted.width % 2, wanted.height - wanted.height % 2};
    if (info.video_stream >= 0) size = {std::max(2, size.width), std::max(2, size.height)};
    muxer.emplace(output);
    encoder.emplace(*muxer, size, info.audio_stream >= 0);
    for (const base::AudioBlock& block : early) encoder->sound(block, block.at - span.start);
    early.clear();
  };
  if (info.video_stream < 0) begin({});
  while (const auto event = reader.next()) {
    if (const auto* sound = std::get_if<base::AudioBlock>(&*event)) {
      end = std::max(end, sound->at + static_cast<base::Duration>(sound->samples.size()) * base::kSecond / sound->sample_rate);
      if (encoder) {
        encoder->sound(*sound, sound->at - span.start);
      } else {
        early.push_back(*sound);
      }
    } else if (const auto* picture = std::get_if<const base::Frame*>(&*event)) {
      const base::Frame& frame = **picture;
      if (frame.at() + frame.duration() <= span.start) continue;
      if (!encoder) begin(base::fit_within(frame.size(), 4096));
      encoder->picture(frame.render(size), std::max(frame.at(), span.start) - span.start);
      end = std::max(end, std::min(span.end, frame.at() + frame.duration()));
    }
  }
  if (stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "stopped while cutting a clip", film.string());
  if (!encoder || end <= span.start) {
    throw Error(ErrorCode::kBadInput, "nothing is there between " + base::format_time(span.start) + " and " + base::format_time(span.end),
                film.string(), "give a span within the film");
  }
  encoder->finish();
  muxer->commit();
  return {false, {span.start, end}};
}

}  // namespace

ClipResult cut_clip(const std::filesystem::path& film, TimeSpan span, const std::filesystem::path& output, base::Duration tolerance,
                    std::stop_token stop) {
  if (span.start < 0 || span.end <= span.start) {
    throw Error(ErrorCode::kBadInput, "the end of a clip is not after its start", film.string(), "give a later end");
  }
  static_cast<void>(muxer_name(output));  // a wrong ending is told before anything is read
  std::error_code unknown;
  if (std::filesystem::equivalent(film, output, unknown)) {
    throw Error(ErrorCode::kBadInput, "a clip cannot replace the film it is cut from", output.string(), "give another name");
  }
  if (auto copied = try_copy(film, span, output, tolerance, stop)) return *copied;
  return encode(film, span, output, std::move(stop));
}

}  // namespace reelgraph::ingest
