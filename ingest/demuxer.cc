#include "ingest/demuxer.h"

#include <algorithm>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

using base::Duration;
using base::kSecond;
using base::Timestamp;

constexpr int kMostErrorsInARow = 100;
constexpr std::size_t kMostHeldBytes = std::size_t{64} << 20;

std::optional<Timestamp> microseconds(std::int64_t value, AVRational base) {
  if (value == AV_NOPTS_VALUE) return std::nullopt;
  const std::int64_t us = av_rescale_q(value, base, kMicroseconds);
  if (us == INT64_MIN) return std::nullopt;  // rescaling overflowed
  return us;
}

}  // namespace

Demuxer::Demuxer(Input& input, FilmClock::Options clock, const std::vector<int>& wanted, int leader)
    : input_(input), clock_options_(clock), clock_(clock), wanted_(input.format()->nb_streams, 0), leader_(leader), packet_(make_packet()) {
  for (const int index : wanted) wanted_[static_cast<std::size_t>(index)] = 1;
  for (unsigned i = 0; i < input.format()->nb_streams; ++i) {
    AVStream& stream = *input.format()->streams[i];
    stream.discard = wanted_[i] == 0 ? AVDISCARD_ALL : AVDISCARD_DEFAULT;
  }
}

bool Demuxer::read_raw(AVPacket& packet) {
  int errors = 0;
  while (true) {
    av_packet_unref(&packet);
    const int error = av_read_frame(input_.format(), &packet);
    if (error >= 0) {
      // Streams that appear after opening are not read.
      if (static_cast<std::size_t>(packet.stream_index) >= wanted_.size() || wanted_[static_cast<std::size_t>(packet.stream_index)] == 0)
        continue;
      return true;
    }
    if (error == AVERROR_EOF) {
      if (input_.read_error() != 0) failure_ = "reading failed: " + base::errno_text(input_.read_error());
      return false;
    }
    if (input_.interrupt().stop_requested()) return false;
    if (input_.interrupt().late()) {
      failure_ = "reading gave nothing for too long";
      return false;
    }
    ++damaged_;
    if (++errors >= kMostErrorsInARow) {
      failure_ = "reading ended early: " + ffmpeg_error_text(error);
      return false;
    }
  }
}

bool Demuxer::is_subtitle(const AVPacket& packet) const {
  const AVMediaType type = input_.stream(packet.stream_index)->codecpar->codec_type;
  return type == AVMEDIA_TYPE_SUBTITLE || type == AVMEDIA_TYPE_DATA;
}

void Demuxer::to_film_time(AVPacket& packet) {
  const AVRational base = input_.stream(packet.stream_index)->time_base;
  const PacketTimes raw{microseconds(packet.pts, base), microseconds(packet.dts, base), microseconds(packet.duration, base).value_or(0)};
  const PacketTimes film = is_subtitle(packet) ? clock_.follow(leader_, raw) : clock_.place(packet.stream_index, raw);
  packet.pts = film.pts.value_or(AV_NOPTS_VALUE);
  packet.dts = film.dts.value_or(AV_NOPTS_VALUE);
  packet.duration = film.duration;
  packet.time_base = kMicroseconds;
}

AVPacket* Demuxer::read() {
  if (!held_.empty()) {
    packet_ = std::move(held_.front());
    held_.pop_front();
    return packet_.get();
  }
  if (!read_raw(*packet_)) return nullptr;
  to_film_time(*packet_);
  return packet_.get();
}

bool Demuxer::seek_by_index(Timestamp target) {
  // A container's index often tells decoding times, which precede those of presentation: step further back until a key picture is early
  // enough.
  for (const Duration back : {Duration{0}, 2 * kSecond, 10 * kSecond, 60 * kSecond}) {
    const Timestamp goal = std::max<Timestamp>(0, target - back) + clock_options_.zero;
    if (avformat_seek_file(input_.format(), -1, INT64_MIN, goal, goal, 0) < 0) return false;
    clock_.restart();
    held_.clear();
    std::size_t bytes = 0;
    while (bytes < kMostHeldBytes) {
      Packet packet = make_packet();
      if (!read_raw(*packet)) break;
      to_film_time(*packet);
      const bool leads = leader_ < 0 || packet->stream_index == leader_;
      const std::optional<Timestamp> at = packet->pts != AV_NOPTS_VALUE   ? std::optional(packet->pts)
                                          : packet->dts != AV_NOPTS_VALUE ? std::optional(packet->dts)
                                                                          : std::nullopt;
      const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
      bytes += static_cast<std::size_t>(packet->size);
      held_.push_back(std::move(packet));
      if (!at || !leads) continue;
      if (key && *at <= target) return true;
      break;
    }
    if (target - back <= 0) return !held_.empty();
  }
  return false;
}

void Demuxer::skip_to(Timestamp target) {
  held_.clear();
  std::size_t bytes = 0;
  while (!input_.interrupt().raised()) {
    Packet packet = make_packet();
    if (!read_raw(*packet)) return;
    to_film_time(*packet);
    const Timestamp at = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    const bool leads = leader_ < 0 || packet->stream_index == leader_;
    const bool known = at != AV_NOPTS_VALUE;
    if (leads && known && at <= target && (packet->flags & AV_PKT_FLAG_KEY) != 0) {
      // Nothing before this picture is needed, but for cues that may still be shown.
      std::erase_if(held_, [&](const Packet& p) { return !is_subtitle(*p); });
      bytes = 0;
    }
    bytes += static_cast<std::size_t>(packet->size);
    held_.push_back(std::move(packet));
    if ((leads && known && at > target + kSecond) || bytes > kMostHeldBytes) return;
  }
}

void Demuxer::seek(Timestamp target) {
  if (target <= 0) return;
  // Times of transport streams may have been joined up: only reading them all tells where `target` is.
  if (!clock_options_.may_be_discontinuous) {
    if (seek_by_index(target)) return;
    clock_.restart();
    held_.clear();
    if (av_seek_frame(input_.format(), -1, clock_options_.zero, AVSEEK_FLAG_BACKWARD) < 0) {
      avformat_seek_file(input_.format(), -1, INT64_MIN, 0, INT64_MAX, AVSEEK_FLAG_BYTE);
    }
  }
  skip_to(target);
}

}  // namespace reelgraph::ingest
