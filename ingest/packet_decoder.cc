#include "ingest/packet_decoder.h"

#include "base/error.h"
#include "ingest/input.h"

namespace reelgraph::ingest {

using base::Error;
using base::ErrorCode;

PacketDecoder::PacketDecoder(const AVStream& stream, const DecoderOptions& options, const std::string& file) : frame_(make_frame()) {
  const std::string place = file + " stream " + std::to_string(stream.index);
  const AVCodec* codec = find_decoder(stream.codecpar->codec_id);
  if (codec == nullptr)
    throw Error(ErrorCode::kBadInput, std::string("no decoder for ") + avcodec_get_name(stream.codecpar->codec_id), place);
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw Error(ErrorCode::kInternal, "out of memory for a decoder", place);
  if (const int error = avcodec_parameters_to_context(context_.get(), stream.codecpar); error < 0) {
    throw Error(ErrorCode::kBadInput, "its parameters are unsound: " + ffmpeg_error_text(error), place);
  }
  context_->pkt_timebase = kMicroseconds;
  context_->max_pixels = options.limits.max_pixels;
  context_->thread_count = options.keyframes_only ? 1 : options.threads;
  context_->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
  if (options.keyframes_only) context_->skip_frame = AVDISCARD_NONKEY;
  if (!options.keyframes_only && options.skip_unreferenced) context_->skip_frame = AVDISCARD_NONREF;
  Dictionary opening;
  opening.set("codec_whitelist", allowed_decoders());
  if (const int error = avcodec_open2(context_.get(), codec, opening.get()); error < 0) {
    throw Error(ErrorCode::kBadInput, std::string("the ") + codec->name + " decoder refuses it: " + ffmpeg_error_text(error), place);
  }
}

void PacketDecoder::note_damage(int error) {
  ++damaged_;
  last_damage_ = ffmpeg_error_text(error);
}

bool PacketDecoder::receive(const std::function<void(AVFrame&)>& take) {
  const int error = avcodec_receive_frame(context_.get(), frame_.get());
  if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return false;
  if (error < 0) {
    note_damage(error);
    return true;  // the decoder goes on with the next picture
  }
  // Before an edit list's start: decoded because later pictures need it, never shown.
  if ((frame_->flags & AV_FRAME_FLAG_DISCARD) == 0) {
    ++frames_;
    if ((frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame_->decode_error_flags != 0) {
      ++damaged_;
      last_damage_ = "pictures with errors";
    }
    take(*frame_);
  }
  av_frame_unref(frame_.get());
  return true;
}

void PacketDecoder::decode(const AVPacket* packet, const std::function<void(AVFrame&)>& take) {
  int error = avcodec_send_packet(context_.get(), packet);
  if (error == AVERROR(EAGAIN)) {
    while (receive(take)) {
    }
    error = avcodec_send_packet(context_.get(), packet);
  }
  if (error < 0 && error != AVERROR_EOF) note_damage(error);
  // A decoder that answers every call with an error must not hold us for ever.
  for (std::int64_t limit = damaged_ + 1000; receive(take) && damaged_ < limit;) {
  }
}

}  // namespace reelgraph::ingest
