#include "ingest/clip_encoder.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;

constexpr AVRational kVideoBase{1, 60'000};  ///< MPEG-4 part 2 counts in 16 bits

const AVCodec* first_encoder(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const AVCodec* codec = avcodec_find_encoder_by_name(name)) return codec;
  }
  throw Error(ErrorCode::kInternal, "FFmpeg was built without an encoder for this kind of clip", "", "use another ending, such as .mkv");
}

void open(AVCodecContext& context, const AVCodec& codec, Dictionary& options) {
  if (const int error = avcodec_open2(&context, &codec, options.get()); error < 0) {
    throw Error(ErrorCode::kInternal, std::string("the encoder ") + codec.name + " cannot be opened: " + ffmpeg_error_text(error));
  }
}

}  // namespace

ClipEncoder::ClipEncoder(Muxer& muxer, base::Size size, bool audio, Effort effort) : muxer_(muxer) {
  if (size.width > 0) open_video(size, effort);
  if (audio) open_audio(effort);
  for (Track* track : {&video_, &audio_}) {
    if (!track->context) continue;
    track->stream = muxer_.add_stream(track->context->time_base);
    avcodec_parameters_from_context(muxer_.format()->streams[track->stream]->codecpar, track->context.get());
  }
  muxer_.start();
}

void ClipEncoder::open_video(base::Size size, Effort effort) {
  const bool webm = std::string_view(muxer_.format()->oformat->name) == "webm";
  const AVCodec* codec = webm ? first_encoder({"libvpx", "libvpx-vp9"}) : first_encoder({"libx264", "mpeg4"});
  video_.context.reset(avcodec_alloc_context3(codec));
  AVCodecContext& c = *video_.context;
  c.width = size.width;
  c.height = size.height;
  c.pix_fmt = AV_PIX_FMT_YUV420P;
  c.time_base = kVideoBase;
  c.color_range = AVCOL_RANGE_MPEG;
  c.colorspace = AVCOL_SPC_BT709;
  c.color_primaries = AVCOL_PRI_BT709;
  c.color_trc = AVCOL_TRC_BT709;
  if ((muxer_.format()->oformat->flags & AVFMT_GLOBALHEADER) != 0) c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  Dictionary options;
  const std::string_view name = codec->name;
  if (name == "libx264") {
    const bool quick = effort == Effort::kQuick;
    options.set("preset", quick ? "ultrafast" : "veryfast");
    options.set("crf", quick ? "29" : "20");
    if (quick) c.thread_count = 1;
  } else if (name == "mpeg4") {
    c.flags |= AV_CODEC_FLAG_QSCALE;
    c.global_quality = 3 * FF_QP2LAMBDA;
  } else {
    c.bit_rate = std::max<std::int64_t>(500'000, static_cast<std::int64_t>(size.width) * size.height * 4);
    options.set("deadline", "realtime");
    options.set("cpu-used", "4");
  }
  open(c, *codec, options);

  to_yuv_.reset(sws_getContext(size.width, size.height, AV_PIX_FMT_RGB24, size.width, size.height, AV_PIX_FMT_YUV420P,
                               effort == Effort::kQuick ? SWS_FAST_BILINEAR : SWS_BICUBIC | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
  if (!to_yuv_) throw Error(ErrorCode::kInternal, "pictures of this size cannot be converted");
  sws_setColorspaceDetails(to_yuv_.get(), sws_getCoefficients(SWS_CS_ITU709), 1, sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16,
                           1 << 16);
  picture_ = make_frame();
  picture_->format = c.pix_fmt;
  picture_->width = size.width;
  picture_->height = size.height;
  if (av_frame_get_buffer(picture_.get(), 0) < 0) throw Error(ErrorCode::kInternal, "out of memory for a picture");
}

void ClipEncoder::open_audio(Effort effort) {
  const bool webm = std::string_view(muxer_.format()->oformat->name) == "webm";
  const bool wav = std::string_view(muxer_.format()->oformat->name) == "wav";
  const AVCodec* codec = webm ? first_encoder({"libopus", "libvorbis"}) : first_encoder({wav ? "pcm_s16le" : "aac"});
  audio_.context.reset(avcodec_alloc_context3(codec));
  AVCodecContext& c = *audio_.context;
  c.sample_rate = kAudioRate;
  // Planar or not is one for a single channel.
  const std::string_view name = codec->name;
  c.sample_fmt = name == "libopus" ? AV_SAMPLE_FMT_FLT : wav ? AV_SAMPLE_FMT_S16 : AV_SAMPLE_FMT_FLTP;
  c.ch_layout = AV_CHANNEL_LAYOUT_MONO;
  c.time_base = {1, kAudioRate};
  c.bit_rate = 96'000;
  if ((muxer_.format()->oformat->flags & AVFMT_GLOBALHEADER) != 0) c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  Dictionary options;
  if (effort == Effort::kQuick && name == "aac") options.set("aac_coder", "fast");
  open(c, *codec, options);
}

void ClipEncoder::encode(Track& track, const AVFrame* frame) {
  int error = avcodec_send_frame(track.context.get(), frame);
  const Packet packet = make_packet();
  while (error >= 0) {
    error = avcodec_receive_packet(track.context.get(), packet.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return;
    // MP4 ends before a last picture that does not say how long it stands: players would drop it.
    if (error >= 0 && &track == &video_ && packet->duration == 0) packet->duration = step_;
    if (error >= 0 && !muxer_.write(*packet, track.stream, track.context->time_base)) error = AVERROR_INVALIDDATA;
  }
  throw Error(ErrorCode::kInternal, "a clip could not be encoded: " + ffmpeg_error_text(error));
}

void ClipEncoder::picture(const base::Image& image, base::Timestamp at) {
  const std::int64_t pts = av_rescale_q(at, kMicroseconds, kVideoBase);
  if (picture_->pts != AV_NOPTS_VALUE && pts <= picture_->pts) return;  // closer than the clip's clock can tell
  if (av_frame_make_writable(picture_.get()) < 0) throw Error(ErrorCode::kInternal, "out of memory for a picture");
  const std::uint8_t* const from[4] = {image.pixels.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {image.width * 3, 0, 0, 0};
  if (picture_->pts != AV_NOPTS_VALUE) step_ = pts - picture_->pts;
  sws_scale(to_yuv_.get(), from, strides, 0, image.height, picture_->data, picture_->linesize);
  picture_->pts = pts;
  encode(video_, picture_.get());
}

void ClipEncoder::sound(const base::AudioBlock& block, base::Timestamp at) {
  const std::int64_t due = av_rescale(at, kAudioRate, base::kSecond);
  const std::int64_t have = samples_done_ + static_cast<std::int64_t>(samples_.size());
  if (due > have) samples_.insert(samples_.end(), static_cast<std::size_t>(due - have), 0.0F);
  samples_.insert(samples_.end(), block.samples.begin(), block.samples.end());
  encode_sound(false);
}

void ClipEncoder::encode_sound(bool all) {
  const std::size_t step = audio_.context->frame_size > 0 ? static_cast<std::size_t>(audio_.context->frame_size) : 1024;
  std::size_t used = 0;
  while (samples_.size() - used >= step || (all && used < samples_.size())) {
    const std::size_t n = std::min(step, samples_.size() - used);
    const FrameHandle frame = make_frame();
    frame->format = audio_.context->sample_fmt;
    frame->nb_samples = static_cast<int>(n);
    frame->sample_rate = kAudioRate;
    frame->ch_layout = AV_CHANNEL_LAYOUT_MONO;
    frame->pts = samples_done_;
    if (av_frame_get_buffer(frame.get(), 0) < 0) throw Error(ErrorCode::kInternal, "out of memory for sound");
    const auto first = samples_.begin() + static_cast<std::ptrdiff_t>(used);
    if (audio_.context->sample_fmt == AV_SAMPLE_FMT_S16) {
      std::transform(first, first + static_cast<std::ptrdiff_t>(n), reinterpret_cast<std::int16_t*>(frame->data[0]),
                     [](float s) { return static_cast<std::int16_t>(std::lround(std::clamp(s, -1.0F, 1.0F) * 32767.0F)); });
    } else {
      std::copy_n(first, n, reinterpret_cast<float*>(frame->data[0]));
    }
    encode(audio_, frame.get());
    used += n;
    samples_done_ += static_cast<std::int64_t>(n);
  }
  samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(used));
}

void ClipEncoder::finish() {
  if (video_.context) encode(video_, nullptr);
  if (!audio_.context) return;
  encode_sound(true);
  encode(audio_, nullptr);
}

}  // namespace reelgraph::ingest
