#include "ingest/input.h"

extern "C" {
#include <libavutil/avstring.h>
#include <libavutil/mem.h>
}

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;

// Self-contained containers and elementary streams. Left out on purpose: everything that names other files (hls, dash, concat, sdp, image2,
// imf, vobsub, ...), capture devices, text art and game formats.
constexpr const char* kMediaFormats =
    "mov,matroska,avi,flv,live_flv,mpegts,mpeg,mpegvideo,ogg,asf,rm,mxf,nut,ivf,obu,av1,h264,hevc,m4v,vc1,dv,gxf,wtv,gif,yuv4mpegpipe,"
    "wav,w64,aiff,mp3,aac,ac3,eac3,dts,truehd,flac,amr,au,caf,ape,tta,wv,srt,webvtt,ass";
constexpr const char* kSubtitleFormats = "srt,webvtt,ass";

constexpr const char* kDecoders =
    "h264,hevc,vp8,vp9,libdav1d,mpeg4,mpeg1video,mpeg2video,mpegvideo,h261,h263,h263i,h263p,flv,msmpeg4v1,msmpeg4,msmpeg4v2,wmv1,wmv2,wmv3,"
    "vc1,mjpeg,prores,dnxhd,"
    "ffv1,huffyuv,ffvhuff,utvideo,rawvideo,yuv4,v210,qtrle,rpza,svq1,svq3,cinepak,dvvideo,theora,vp3,vp4,vp5,vp6,vp6f,vp6a,rv10,rv20,rv30,"
    "rv40,gif,png,cfhd,magicyuv,"
    "aac,aac_latm,mp1,mp1float,mp2,mp2float,mp3,mp3float,ac3,eac3,dca,truehd,mlp,opus,libopus,vorbis,flac,alac,amrnb,amrwb,wmav1,wmav2,"
    "wmapro,wmalossless,cook,ralf,"
    "sipr,atrac3,atrac3p,gsm,gsm_ms,ape,tta,wavpack,speex,nellymoser,qdm2,qcelp,subrip,srt,text,mov_text,webvtt,ass,ssa";

/// Playlists are text; FFmpeg recognises some only by a file's ending, so the well-known openings are looked for as well.
const char* playlist_kind(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  while (!head.empty() && std::string_view(" \t\r\n").find(head.front()) != std::string_view::npos) head.remove_prefix(1);
  if (head.starts_with("#EXTM3U")) return "an HLS or M3U playlist";
  if (head.starts_with("ffconcat version")) return "an FFmpeg concat list";
  if (head.starts_with("<") && (head.find("<MPD") != std::string_view::npos)) return "a DASH manifest";
  if (head.starts_with("<") && (head.find("<SmoothStreamingMedia") != std::string_view::npos)) return "a Smooth Streaming manifest";
  if (head.starts_with("v=0") && head.find("\nm=") != std::string_view::npos) return "an SDP session description";
  if (head.starts_with("[playlist]")) return "a playlist";
  if (head.starts_with("[Reference]") || head.starts_with("<asx") || head.starts_with("<ASX")) return "an ASX playlist";
  return nullptr;
}

bool names_other_files(std::string_view format) {
  constexpr std::array<std::string_view, 9> names{"hls", "dash", "concat", "concatf", "sdp", "imf", "vobsub", "applehttp", "rtsp"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view n) { return format.find(n) != std::string_view::npos; });
}

/// Per-stream options for avformat_find_stream_info, which decodes a little.
class ProbeOptions {
 public:
  ProbeOptions(unsigned streams, const ReaderLimits& limits) : options_(streams) {
    for (AVDictionary*& one : options_) {
      av_dict_set_int(&one, "max_pixels", limits.max_pixels, 0);
      av_dict_set(&one, "threads", "1", 0);
    }
  }
  ~ProbeOptions() {
    for (AVDictionary*& one : options_) av_dict_free(&one);
  }
  ProbeOptions(const ProbeOptions&) = delete;
  ProbeOptions& operator=(const ProbeOptions&) = delete;
  AVDictionary** get() { return options_.data(); }

 private:
  std::vector<AVDictionary*> options_;
};

}  // namespace

const std::string& allowed_decoders() {
  static const std::string list = [] {
    std::string names = kDecoders;
    void* position = nullptr;
    while (const AVCodec* codec = av_codec_iterate(&position)) {
      const std::string_view name = codec->name;
      if (av_codec_is_decoder(codec) != 0 && (name.starts_with("pcm_") || name.starts_with("adpcm_"))) names.append(",").append(name);
    }
    return names;
  }();
  return list;
}

const AVCodec* find_decoder(AVCodecID id) {
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr || av_match_list(codec->name, allowed_decoders().c_str(), ',') == 0) return nullptr;
  return codec;
}

int Input::refuse_open(AVFormatContext* format, AVIOContext** pb, const char*, int, AVDictionary**) {
  *pb = nullptr;
  ++static_cast<Input*>(format->opaque)->refused_opens_;
  return AVERROR(EPERM);
}

std::unique_ptr<Input> Input::open(const std::filesystem::path& path, const ReaderLimits& limits, std::stop_token stop) {
  std::unique_ptr<Input> input(new Input(path.string(), std::move(stop)));
  input->source_ = std::make_unique<AvioSource>(RegularFile::open(path), input->interrupt_);
  input->probe(InputKind::kMedia, limits);
  return input;
}

std::unique_ptr<Input> Input::open_bytes(std::string bytes, const std::string& name, InputKind kind, const ReaderLimits& limits) {
  std::unique_ptr<Input> input(new Input(name, {}));
  input->source_ = std::make_unique<AvioSource>(std::move(bytes), input->interrupt_);
  input->probe(kind, limits);
  return input;
}

void Input::probe(InputKind kind, const ReaderLimits& limits) {
  silence_ffmpeg();
  av_max_alloc(static_cast<std::size_t>(limits.max_allocation_bytes));  // FFmpeg keeps this once a process
  if (size() == 0) throw Error(ErrorCode::kBadInput, "is empty (0 bytes)", name_, "copy or record it again");
  if (const char* playlist = playlist_kind(source_->head(4096))) {
    throw Error(ErrorCode::kBadInput, std::string("is ") + playlist + " that names other files, not media", name_,
                "give the media files themselves");
  }
  interrupt_.allow(limits.open_deadline_s);

  const AVInputFormat* found = nullptr;
  const int score = av_probe_input_buffer2(source_->get(), &found, "", nullptr, 0, 0);
  if (score < 0 || found == nullptr) fail(score < 0 && score != AVERROR_INVALIDDATA ? score : AVERROR_INVALIDDATA);
  const char* formats = kind == InputKind::kMedia ? kMediaFormats : kSubtitleFormats;
  if (av_match_list(found->name, formats, ',') == 0) {
    if (names_other_files(found->name)) {
      throw Error(ErrorCode::kBadInput, std::string("is a playlist (") + found->name + ") that names other files, not media", name_,
                  "give the media files themselves");
    }
    throw Error(ErrorCode::kBadInput, std::string("is of the kind '") + found->name + "', which is not read here", name_,
                kind == InputKind::kMedia ? "convert it to MP4, MKV or WAV first" : "use SubRip (.srt), WebVTT (.vtt) or ASS (.ass)");
  }

  format_ = avformat_alloc_context();
  if (format_ == nullptr) throw Error(ErrorCode::kInternal, "out of memory for a container", name_);
  format_->pb = source_->get();
  format_->opaque = this;
  format_->io_open = &Input::refuse_open;
  format_->flags |= AVFMT_FLAG_CUSTOM_IO;
  format_->max_streams = limits.max_streams;
  format_->interrupt_callback = {&Interrupt::callback, &interrupt_};
  Dictionary options;
  options.set("format_whitelist", formats);
  options.set("protocol_whitelist", "none");
  options.set("codec_whitelist", allowed_decoders());
  // avformat_open_input frees the context when it fails, and leaves the pointer null.
  if (const int error = avformat_open_input(&format_, "", found, options.get()); error < 0) fail(error);
  ProbeOptions probe_options(format_->nb_streams, limits);
  const int error = avformat_find_stream_info(format_, format_->nb_streams == 0 ? nullptr : probe_options.get());
  // What probing could not find out is told stream by stream later; only an end on request or by the clock is final here.
  if (error < 0 && interrupt_.raised()) fail(error);
  if (interrupt_.stop_requested()) fail(AVERROR_EXIT);
}

void Input::fail(int error) const {
  if (interrupt_.stop_requested()) throw Error(ErrorCode::kInterrupted, "stopped while opening", name_);
  if (interrupt_.late()) throw Error(ErrorCode::kBadInput, "could not be opened in time", name_, "check the disk or the file");
  if (source_->read_error() != 0) {
    throw Error(ErrorCode::kBadInput, "cannot be read: " + base::errno_text(source_->read_error()), name_, "check the disk");
  }
  if (error == AVERROR(ENOMEM)) {
    throw Error(ErrorCode::kBadInput, "its header asks for more memory than is allowed, or there is none", name_,
                "remux it: ffmpeg -i IN -c copy OUT.mkv");
  }
  // The most common damage of recordings has a plain name.
  const std::string head = source_->head(64);
  if (head.size() >= 12 && (head.compare(4, 4, "ftyp") == 0 || head.compare(4, 4, "mdat") == 0)) {
    throw Error(ErrorCode::kBadInput, "is an MP4 file whose index (moov) is missing, damaged or encrypted: " + ffmpeg_error_text(error),
                name_, "finish the copy or recording; a broken recording may be mended by tools such as untrunc");
  }
  if (head.size() >= 12 && (head.compare(4, 4, "styp") == 0 || head.compare(4, 4, "moof") == 0 || head.compare(4, 4, "sidx") == 0)) {
    throw Error(ErrorCode::kBadInput, "is a fragment of a fragmented MP4 without the start that describes it: " + ffmpeg_error_text(error),
                name_, "join it to its initialisation segment: cat INIT FRAGMENT > FILM.mp4");
  }
  throw Error(ErrorCode::kBadInput, "is not media that can be read: " + ffmpeg_error_text(error), name_,
              "check that it is a whole video or sound file");
}

Input::~Input() {
  if (format_ != nullptr) avformat_close_input(&format_);
}

}  // namespace reelgraph::ingest
