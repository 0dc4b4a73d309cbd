#include "ingest/streams.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/parseutils.h>
}

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

using base::Duration;
using base::Error;
using base::ErrorCode;
using base::MediaInfo;
using base::StreamInfo;
using base::StreamKind;

constexpr std::uint32_t kWebvttTag = MKTAG('w', 'v', 't', 't');

StreamKind kind_of(const AVStream& stream) {
  switch (stream.codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
      return (stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0 ? StreamKind::kAttachedPicture
                                                                                                         : StreamKind::kVideo;
    case AVMEDIA_TYPE_AUDIO: return StreamKind::kAudio;
    case AVMEDIA_TYPE_SUBTITLE: return StreamKind::kSubtitle;
    case AVMEDIA_TYPE_DATA: return stream.codecpar->codec_tag == kWebvttTag ? StreamKind::kSubtitle : StreamKind::kOther;
    default: return StreamKind::kOther;
  }
}

std::string tag_text(std::uint32_t tag) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) {
    const char c = static_cast<char>((tag >> shift) & 0xFF);
    if (c < 0x20 || c > 0x7E) return {};
    text += c;
  }
  return text;
}

bool is_encrypted(const AVStream& stream) {
  const std::uint32_t tag = stream.codecpar->codec_tag;
  if (tag == MKTAG('e', 'n', 'c', 'v') || tag == MKTAG('e', 'n', 'c', 'a') || tag == MKTAG('e', 'n', 'c', 't')) return true;
  return av_stream_get_side_data(&stream, AV_PKT_DATA_ENCRYPTION_INIT_INFO, nullptr) != nullptr ||
         av_dict_get(stream.metadata, "enc_key_id", nullptr, 0) != nullptr;
}

bool is_text(AVCodecID id) {
  const AVCodecDescriptor* d = avcodec_descriptor_get(id);
  return d != nullptr && (d->props & AV_CODEC_PROP_TEXT_SUB) != 0;
}

/// Why the stream cannot be read; empty if it can.
std::string obstacle(const AVStream& stream, StreamKind kind) {
  const AVCodecParameters& p = *stream.codecpar;
  if (kind == StreamKind::kOther || kind == StreamKind::kAttachedPicture) return {};
  if (is_encrypted(stream)) return "encrypted";
  if (p.codec_tag == kWebvttTag) return {};
  if (kind == StreamKind::kSubtitle && p.codec_id != AV_CODEC_ID_NONE && !is_text(p.codec_id))
    return "subtitles that are pictures, not text";
  if (p.codec_id == AV_CODEC_ID_NONE || find_decoder(p.codec_id) == nullptr) {
    std::string name = p.codec_id == AV_CODEC_ID_NONE ? tag_text(p.codec_tag) : avcodec_get_name(p.codec_id);
    return "no decoder" + (name.empty() ? std::string() : " for " + name);
  }
  return {};
}

/// Higher is better; equal streams are told apart by their index.
std::pair<int, std::int64_t> rank(const AVStream& stream) {
  constexpr int kSide = AV_DISPOSITION_COMMENT | AV_DISPOSITION_HEARING_IMPAIRED | AV_DISPOSITION_VISUAL_IMPAIRED | AV_DISPOSITION_DUB |
                        AV_DISPOSITION_DEPENDENT | AV_DISPOSITION_STILL_IMAGE;
  const int disposition = ((stream.disposition & kSide) == 0 ? 2 : 0) + ((stream.disposition & AV_DISPOSITION_DEFAULT) != 0 ? 1 : 0);
  const AVCodecParameters& p = *stream.codecpar;
  return {disposition, p.codec_type == AVMEDIA_TYPE_VIDEO ? static_cast<std::int64_t>(p.width) * p.height : p.ch_layout.nb_channels};
}

std::optional<base::Timestamp> stream_start(const AVStream& stream) {
  if (stream.start_time == AV_NOPTS_VALUE) return std::nullopt;
  base::Timestamp start = av_rescale_q(stream.start_time, stream.time_base, kMicroseconds);
  const AVCodecParameters& p = *stream.codecpar;
  // Matroska starts Opus before 0 by the encoder's padding, which is never heard.
  if (p.codec_type == AVMEDIA_TYPE_AUDIO && start < 0 && p.initial_padding > 0 && p.sample_rate > 0) {
    start = std::min<base::Timestamp>(0, start + av_rescale(p.initial_padding, 1'000'000, p.sample_rate) + 1000);
  }
  return start;
}

std::optional<std::string> wall_start(const AVFormatContext& format) {
  const std::string text = metadata_value(format.metadata, "creation_time");
  std::int64_t us = 0;
  if (text.empty() || av_parse_time(&us, text.c_str(), 0) < 0) return std::nullopt;
  const std::time_t seconds = us / 1'000'000;
  std::tm utc{};
  // Unset clocks write 1904 or 1970.
  if (gmtime_r(&seconds, &utc) == nullptr || utc.tm_year < 90 || utc.tm_year > 300) return std::nullopt;
  char iso[40];
  std::strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return iso;
}

/// A duration that such a file can have: no film has under 100 bits a second.
bool plausible(Duration claimed, std::int64_t bytes) {
  return claimed > 0 && claimed < base::kMaxTimestamp && static_cast<double>(bytes) * 8 * 1e6 / static_cast<double>(claimed) >= 100;
}

}  // namespace

Orientation orientation_of(const std::int32_t* matrix) {
  if (matrix == nullptr) return {};
  std::int32_t m[9];
  std::copy_n(matrix, 9, m);
  Orientation result;
  if (static_cast<double>(m[0]) * m[4] - static_cast<double>(m[1]) * m[3] < 0) {
    result.mirror = true;
    av_display_matrix_flip(m, 1, 0);
  }
  const double counter_clockwise = av_display_rotation_get(m);
  if (!std::isfinite(counter_clockwise)) return {};
  const int quarter = static_cast<int>(std::lround(-counter_clockwise / 90));
  result.degrees = ((quarter % 4 + 4) % 4) * 90;
  return result;
}

Orientation stream_orientation(const AVStream& stream) {
  std::size_t size = 0;
  const std::uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data == nullptr || size < 9 * sizeof(std::int32_t)) return {};
  return orientation_of(reinterpret_cast<const std::int32_t*>(data));
}

base::Size display_size(int width, int height, AVRational aspect, Orientation orientation) {
  double factor = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  if (factor < 0.1 || factor > 10) factor = 1;  // no screen has such pixels
  base::Size size{std::max(1, static_cast<int>(std::lround(width * factor))), std::max(1, height)};
  if (orientation.degrees % 180 != 0) std::swap(size.width, size.height);
  return size;
}

Duration nominal_interval(const AVStream& stream) {
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate}) {
    if (rate.num > 0 && rate.den > 0 && av_q2d(rate) <= 1000 && av_q2d(rate) >= 0.01) return std::llround(1e6 / av_q2d(rate));
  }
  return 40 * base::kMillisecond;
}

StreamChoice choose_streams(Input& input) {
  AVFormatContext& format = *input.format();
  StreamChoice choice;
  MediaInfo& info = choice.info;
  info.container = format.iformat->name;
  info.title = metadata_value(format.metadata, "title");
  info.wall_start = wall_start(format);

  std::string obstacles;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream& stream = *format.streams[i];
    StreamInfo one;
    one.index = static_cast<int>(i);
    one.kind = kind_of(stream);
    if (stream.codecpar->codec_id != AV_CODEC_ID_NONE) one.codec = avcodec_get_name(stream.codecpar->codec_id);
    one.language = metadata_value(stream.metadata, "language");
    if (one.language == "und") one.language.clear();
    one.note = obstacle(stream, one.kind);
    const bool readable = one.note.empty();
    if (!readable) obstacles += (obstacles.empty() ? "" : "; ") + std::string("stream ") + std::to_string(i) + " " + one.note;
    const auto better = [&](int chosen) { return chosen < 0 || rank(stream) > rank(*format.streams[chosen]); };
    if (readable && one.kind == StreamKind::kVideo && better(info.video_stream)) info.video_stream = one.index;
    if (readable && one.kind == StreamKind::kAudio && better(info.audio_stream)) info.audio_stream = one.index;
    if (readable && one.kind == StreamKind::kSubtitle) {
      info.subtitle_streams.push_back(one.index);
      (stream.codecpar->codec_tag == kWebvttTag ? choice.webvtt_boxes : choice.text_streams).push_back(one.index);
    }
    info.streams.push_back(std::move(one));
  }
  for (StreamInfo& one : info.streams) {
    const bool spare = (one.kind == StreamKind::kVideo && one.index != info.video_stream) ||
                       (one.kind == StreamKind::kAudio && one.index != info.audio_stream);
    if (spare && one.note.empty())
      one.note = "not read: stream " + std::to_string(one.kind == StreamKind::kVideo ? info.video_stream : info.audio_stream) + " is";
  }
  if (info.video_stream < 0 && info.audio_stream < 0 && info.subtitle_streams.empty()) {
    const bool encrypted = obstacles.find("encrypted") != std::string::npos;
    throw Error(ErrorCode::kBadInput,
                obstacles.empty() ? "holds no video, sound or text that can be read" : "holds nothing that can be read: " + obstacles,
                input.name(),
                encrypted           ? "decrypt it first"
                : obstacles.empty() ? ""
                                    : "convert it with a program that has the decoder");
  }

  std::optional<base::Timestamp> zero;
  std::optional<base::Timestamp> end;
  for (const int index : {info.video_stream, info.audio_stream}) {
    if (index < 0) continue;
    const AVStream& stream = *format.streams[index];
    const auto start = stream_start(stream);
    if (start && (!zero || *start < *zero)) zero = start;
    if (start && stream.duration != AV_NOPTS_VALUE && stream.duration > 0) {
      const base::Timestamp stop = *start + av_rescale_q(stream.duration, stream.time_base, kMicroseconds);
      if (!end || stop > *end) end = stop;
    }
  }
  choice.clock.zero = zero.value_or(0);
  choice.clock.may_be_discontinuous = (format.iformat->flags & AVFMT_TS_DISCONT) != 0;
  const int first = info.video_stream >= 0 ? info.video_stream : info.audio_stream;
  if (first >= 0 && format.streams[first]->pts_wrap_bits > 0 && format.streams[first]->pts_wrap_bits < 60) {
    choice.clock.wrap =
        av_rescale_q(std::int64_t{1} << format.streams[first]->pts_wrap_bits, format.streams[first]->time_base, kMicroseconds);
  }
  if (end && plausible(*end - choice.clock.zero, input.size())) choice.claim = *end - choice.clock.zero;
  if (format.duration != AV_NOPTS_VALUE && plausible(format.duration, input.size())) info.claimed_duration = format.duration;
  if (!end && first >= 0 && info.claimed_duration) {
    // Matroska and AVI tell one duration for the whole, which ends at that time and need not begin at zero.
    info.claimed_duration = std::max<base::Duration>(0, *info.claimed_duration - std::max<base::Timestamp>(0, choice.clock.zero));
    choice.claim = info.claimed_duration;
  }

  if (info.video_stream >= 0) {
    AVStream& stream = *format.streams[info.video_stream];
    const Orientation upright = stream_orientation(stream);
    info.rotation = upright.degrees;
    info.display_size =
        display_size(stream.codecpar->width, stream.codecpar->height, av_guess_sample_aspect_ratio(&format, &stream, nullptr), upright);
    if (stream.avg_frame_rate.num > 0 && stream.avg_frame_rate.den > 0) info.frame_rate = av_q2d(stream.avg_frame_rate);
  }
  return choice;
}

}  // namespace reelgraph::ingest
