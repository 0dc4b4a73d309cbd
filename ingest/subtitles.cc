#include "ingest/subtitles.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "ingest/input.h"
#include "ingest/subtitle_text.h"

namespace reelgraph::ingest {
namespace {

/// A cue whose end the file does not tell is shown this long.
constexpr base::Duration kDefaultLength = 4 * base::kSecond;
constexpr base::Duration kLongest = base::kHour;

/// Calls `visit(type, body)` for each ISO box that lies wholly in `bytes`.
template <typename Visit>
void each_box(std::string_view bytes, Visit visit) {
  while (bytes.size() >= 8) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<std::uint8_t>(bytes[i]);
    if (size < 8 || size > bytes.size()) return;
    visit(bytes.substr(4, 4), bytes.substr(8, size - 8));
    bytes.remove_prefix(size);
  }
}

struct SubtitleGuard {
  AVSubtitle subtitle{};
  ~SubtitleGuard() { avsubtitle_free(&subtitle); }
};

bool is_plain_text_codec(AVCodecID id) {
  return id == AV_CODEC_ID_SUBRIP || id == AV_CODEC_ID_TEXT || id == AV_CODEC_ID_ASS || id == AV_CODEC_ID_SSA || id == AV_CODEC_ID_WEBVTT;
}

}  // namespace

std::vector<std::string> webvtt_sample_texts(std::string_view sample) {
  std::vector<std::string> texts;
  each_box(sample, [&](std::string_view type, std::string_view body) {
    if (type != "vttc") return;
    each_box(body, [&](std::string_view inner, std::string_view text) {
      if (inner == "payl") texts.push_back(tidied(plain_text_of_markup(decode_charset(text))));
    });
  });
  return texts;
}

SubtitleDecoder::SubtitleDecoder(const AVStream& stream, std::string language, std::string source)
    : language_(std::move(language)), source_(std::move(source)) {
  if (stream.codecpar->codec_type == AVMEDIA_TYPE_DATA) return;
  const AVCodec* codec = find_decoder(stream.codecpar->codec_id);
  if (codec == nullptr) throw base::Error(base::ErrorCode::kBadInput, "no decoder for its subtitles", source_);
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw base::Error(base::ErrorCode::kInternal, "out of memory for a decoder", source_);
  avcodec_parameters_to_context(context_.get(), stream.codecpar);
  context_->pkt_timebase = kMicroseconds;
  if (const int error = avcodec_open2(context_.get(), codec, nullptr); error < 0) {
    throw base::Error(base::ErrorCode::kBadInput, "the subtitle decoder refuses the stream: " + ffmpeg_error_text(error), source_);
  }
}

std::vector<std::string> SubtitleDecoder::texts(const AVPacket& packet, base::Duration& start, base::Duration& end) {
  const std::string_view bytes(reinterpret_cast<const char*>(packet.data), static_cast<std::size_t>(std::max(0, packet.size)));
  if (!context_) return webvtt_sample_texts(bytes);

  Packet converted;
  const AVPacket* sent = &packet;
  if (is_plain_text_codec(context_->codec_id) && !base::is_valid_utf8(bytes)) {
    const std::string text = decode_charset(bytes);
    converted = make_packet();
    if (av_new_packet(converted.get(), static_cast<int>(text.size())) < 0) return {};
    std::copy(text.begin(), text.end(), converted->data);
    av_packet_copy_props(converted.get(), &packet);
    sent = converted.get();
  }
  SubtitleGuard guard;
  int got = 0;
  const int error = avcodec_decode_subtitle2(context_.get(), &guard.subtitle, &got, const_cast<AVPacket*>(sent));
  if (error < 0) ++damaged_;
  if (error < 0 || got == 0) return {};
  start = static_cast<base::Duration>(guard.subtitle.start_display_time) * base::kMillisecond;
  // UINT32_MAX stands for "until the next one".
  if (guard.subtitle.end_display_time != 0 && guard.subtitle.end_display_time != UINT32_MAX) {
    end = static_cast<base::Duration>(guard.subtitle.end_display_time) * base::kMillisecond;
  }
  std::vector<std::string> result;
  for (unsigned i = 0; i < guard.subtitle.num_rects; ++i) {
    const AVSubtitleRect& rect = *guard.subtitle.rects[i];
    std::string text;
    if (rect.ass != nullptr) text = plain_text_of_ass(text_field_of_ass_event(rect.ass));
    if (rect.ass == nullptr && rect.text != nullptr) text = rect.text;
    result.push_back(tidied(plain_text_of_markup(text)));
  }
  return result;
}

std::vector<base::Cue> SubtitleDecoder::decode(const AVPacket& packet) {
  std::vector<base::Cue> cues;
  const base::Timestamp at = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (at == AV_NOPTS_VALUE) return cues;
  base::Duration start = 0, end = 0;
  for (std::string& text : texts(packet, start, end)) {
    if (text.empty()) continue;
    if (end <= start) end = packet.duration > 0 ? packet.duration : start + kDefaultLength;
    base::TimeSpan span{at + start, at + std::min(end, start + kLongest)};
    if (span.end <= 0 || span.end <= span.start) continue;
    span.start = std::max<base::Timestamp>(0, span.start);
    cues.push_back({span, std::move(text), language_, source_});
  }
  return cues;
}

}  // namespace reelgraph::ingest
