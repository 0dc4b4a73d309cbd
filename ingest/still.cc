// One picture out of a film, and pictures as JPEG and PNG.

#include <algorithm>
#include <climits>

#include "base/error.h"
#include "ingest/clip.h"
#include "ingest/file_reader.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;

/// Runs one picture through an encoder; the same picture gives the same bytes.
std::string encode_one(AVCodecContext& context, const AVFrame* frame) {
  const Packet packet = make_packet();
  int error = avcodec_send_frame(&context, frame);
  if (error >= 0) error = avcodec_send_frame(&context, nullptr);
  if (error >= 0) error = avcodec_receive_packet(&context, packet.get());
  if (error < 0) throw Error(ErrorCode::kInternal, "a picture could not be encoded: " + ffmpeg_error_text(error));
  return {reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size)};
}

CodecContext open_encoder(AVCodecID id, const base::Image& image, AVPixelFormat format, int quality) {
  silence_ffmpeg();
  if (image.width < 1 || image.height < 1 ||
      image.pixels.size() != static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3) {
    throw Error(ErrorCode::kInvalidArgument, "an empty or unsound picture cannot be encoded");
  }
  const AVCodec* codec = avcodec_find_encoder(id);
  CodecContext context(codec == nullptr ? nullptr : avcodec_alloc_context3(codec));
  if (!context) throw Error(ErrorCode::kInternal, std::string("FFmpeg was built without an encoder for ") + avcodec_get_name(id));
  context->width = image.width;
  context->height = image.height;
  context->pix_fmt = format;
  context->time_base = {1, 25};
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_BITEXACT;
  if (quality > 0) {
    context->color_range = AVCOL_RANGE_JPEG;
    context->flags |= AV_CODEC_FLAG_QSCALE;
    // Quality 100 is the encoder's scale 1, quality 1 its scale 31; in between the steps of its tables, about as libjpeg's.
    const double scale = std::clamp(1 + (100 - quality) * 0.28, 1.0, 31.0);
    context->global_quality = static_cast<int>(scale * FF_QP2LAMBDA);
  }
  if (const int error = avcodec_open2(context.get(), codec, nullptr); error < 0) {
    throw Error(ErrorCode::kInternal, "the picture encoder cannot be opened: " + ffmpeg_error_text(error));
  }
  return context;
}

FrameHandle make_picture(const AVCodecContext& context) {
  FrameHandle frame = make_frame();
  frame->format = context.pix_fmt;
  frame->width = context.width;
  frame->height = context.height;
  frame->color_range = context.color_range;
  frame->pts = 0;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw Error(ErrorCode::kInternal, "out of memory for a picture");
  return frame;
}

}  // namespace

std::string encode_jpeg(const base::Image& image, int quality) {
  if (quality < 1 || quality > 100) throw Error(ErrorCode::kInvalidArgument, "a JPEG quality is 1 to 100");
  const CodecContext context = open_encoder(AV_CODEC_ID_MJPEG, image, AV_PIX_FMT_YUV420P, quality);
  const FrameHandle frame = make_picture(*context);
  frame->quality = context->global_quality;
  const Sws sws(sws_getContext(image.width, image.height, AV_PIX_FMT_RGB24, image.width, image.height, AV_PIX_FMT_YUV420P,
                               SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr));
  if (!sws) throw Error(ErrorCode::kInternal, "a picture of this size cannot be converted for JPEG");
  const int* matrix = sws_getCoefficients(SWS_CS_ITU601);
  sws_setColorspaceDetails(sws.get(), matrix, 1, matrix, 1, 0, 1 << 16, 1 << 16);  // JFIF: BT.601, full range
  const std::uint8_t* const from[4] = {image.pixels.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {image.width * 3, 0, 0, 0};
  sws_scale(sws.get(), from, strides, 0, image.height, frame->data, frame->linesize);
  return encode_one(*context, frame.get());
}

base::Image decode_jpeg(std::string_view jpeg, const std::string& name) {
  constexpr std::int64_t kMostPixels = std::int64_t{64} << 20;
  const auto bad = [&](int error) {
    return Error(ErrorCode::kBadInput, "cannot be read as a JPEG picture: " + ffmpeg_error_text(error), name, "use a sound JPEG file");
  };
  silence_ffmpeg();
  const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
  const CodecContext context(codec == nullptr ? nullptr : avcodec_alloc_context3(codec));
  if (!context) throw Error(ErrorCode::kInternal, "FFmpeg was built without a decoder for JPEG");
  context->max_pixels = kMostPixels;
  context->thread_count = 1;
  context->err_recognition = AV_EF_EXPLODE;
  const Packet packet = make_packet();
  int error = avcodec_open2(context.get(), codec, nullptr);
  if (error >= 0) error = jpeg.size() > INT_MAX / 2 ? AVERROR_INVALIDDATA : av_new_packet(packet.get(), static_cast<int>(jpeg.size()));
  if (error < 0) throw bad(error);
  std::copy(jpeg.begin(), jpeg.end(), packet->data);
  const FrameHandle frame = make_frame();
  error = avcodec_send_packet(context.get(), packet.get());
  if (error >= 0) error = avcodec_send_packet(context.get(), nullptr);
  if (error >= 0) error = avcodec_receive_frame(context.get(), frame.get());
  if (error < 0) throw bad(error);
  const auto format = static_cast<AVPixelFormat>(frame->format);
  const Sws sws(sws_getContext(frame->width, frame->height, format, frame->width, frame->height, AV_PIX_FMT_RGB24,
                               SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, nullptr, nullptr, nullptr));
  if (!sws) throw bad(AVERROR_PATCHWELCOME);
  const int* matrix = sws_getCoefficients(SWS_CS_ITU601);
  sws_setColorspaceDetails(sws.get(), matrix, 1, matrix, 1, 0, 1 << 16, 1 << 16);  // JFIF: BT.601, full range
  base::Image image{frame->width, frame->height, {}};
  image.pixels.resize(static_cast<std::size_t>(frame->width) * static_cast<std::size_t>(frame->height) * 3);
  std::uint8_t* const to[4] = {image.pixels.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {image.width * 3, 0, 0, 0};
  sws_scale(sws.get(), frame->data, frame->linesize, 0, frame->height, to, strides);
  return image;
}

std::string encode_png(const base::Image& image) {
  const CodecContext context = open_encoder(AV_CODEC_ID_PNG, image, AV_PIX_FMT_RGB24, 0);
  const FrameHandle frame = make_picture(*context);
  const std::size_t row = static_cast<std::size_t>(image.width) * 3;
  for (int y = 0; y < image.height; ++y) {
    std::copy_n(image.pixels.data() + static_cast<std::size_t>(y) * row, row,
                frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0]);
  }
  return encode_one(*context, frame.get());
}

StillPicture picture_at(const std::filesystem::path& film, base::Timestamp at, std::stop_token stop) {
  if (at < 0)
    throw Error(ErrorCode::kInvalidArgument, "the time of a picture is before the start", film.string(), "give a time of 0 or more");
  ReaderOptions options;
  options.from = at;
  options.want_audio = options.want_subtitles = false;
  // The last picture of a film stays: once it is known which that is, it is looked for by its own time.
  for (base::Timestamp goal = at;;) {
    options.from = goal;
    FileReader reader(Input::open(film, options.limits, stop), options, {.earlier = true});
    if (reader.info().video_stream < 0) throw Error(ErrorCode::kBadInput, "has no pictures", film.string(), "only sound or text is in it");
    std::optional<base::Timestamp> last;
    while (const auto event = reader.next()) {
      const base::Frame& frame = *std::get<const base::Frame*>(*event);
      const bool first_of_all = !last && frame.at() > goal;
      if (first_of_all || goal < frame.at() + frame.duration()) {
        const base::Size size = frame.size();
        if (size.width > 8192 || size.height > 8192) return {frame.at(), frame.render(base::fit_within(size, 8192))};
        return {frame.at(), frame.render(size)};
      }
      last = frame.at();
    }
    if (stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "stopped while looking for a picture", film.string());
    const base::Timestamp end = reader.summary().duration;
    if (!last || goal < at)
      throw Error(ErrorCode::kBadInput, "no picture can be read at " + base::format_time(at), film.string(), "try an earlier time");
    if (at > end + base::kSecond) {
      throw Error(ErrorCode::kBadInput, "the film ends at " + base::format_time(end) + ", before " + base::format_time(at), film.string(),
                  "give an earlier time");
    }
    goal = *last;
  }
}

FfmpegFacts ffmpeg_facts() {
  FfmpegFacts facts;
  facts.version = av_version_info();
  const std::pair<const char*, AVCodecID> needed[] = {{"h264", AV_CODEC_ID_H264}, {"hevc", AV_CODEC_ID_HEVC},   {"vp9", AV_CODEC_ID_VP9},
                                                      {"av1", AV_CODEC_ID_AV1},   {"mpeg4", AV_CODEC_ID_MPEG4}, {"aac", AV_CODEC_ID_AAC},
                                                      {"mp3", AV_CODEC_ID_MP3},   {"opus", AV_CODEC_ID_OPUS},   {"ac3", AV_CODEC_ID_AC3}};
  for (const auto& [name, id] : needed) {
    if (find_decoder(id) == nullptr) facts.missing_decoders.emplace_back(name);
  }
  facts.can_encode_h264 = avcodec_find_encoder_by_name("libx264") != nullptr;
  return facts;
}

}  // namespace reelgraph::ingest
