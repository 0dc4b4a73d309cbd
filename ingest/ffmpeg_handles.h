#pragma once
// FFmpeg's C handles in owning types, and its error numbers in words. Private to this folder: no public header includes it.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

#include "base/time.h"

namespace reelgraph::ingest {

struct PacketDeleter {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};
struct FrameDeleter {
  void operator()(AVFrame* f) const { av_frame_free(&f); }
};
struct CodecContextDeleter {
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
};
struct SwsDeleter {
  void operator()(SwsContext* c) const { sws_freeContext(c); }
};
struct SwrDeleter {
  void operator()(SwrContext* c) const { swr_free(&c); }
};
using Packet = std::unique_ptr<AVPacket, PacketDeleter>;
using FrameHandle = std::unique_ptr<AVFrame, FrameDeleter>;
using CodecContext = std::unique_ptr<AVCodecContext, CodecContextDeleter>;
using Sws = std::unique_ptr<SwsContext, SwsDeleter>;
using Swr = std::unique_ptr<SwrContext, SwrDeleter>;

/// Options of an FFmpeg object. Owns the dictionary.
class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&dict_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  void set(const char* key, const std::string& value) { av_dict_set(&dict_, key, value.c_str(), 0); }
  void set(const char* key, std::int64_t value) { av_dict_set_int(&dict_, key, value, 0); }
  [[nodiscard]] AVDictionary** get() { return &dict_; }

 private:
  AVDictionary* dict_ = nullptr;
};

/// @throws base::Error kInternal when memory is short
[[nodiscard]] Packet make_packet();
[[nodiscard]] FrameHandle make_frame();

/// "Invalid data found when processing input"
[[nodiscard]] std::string ffmpeg_error_text(int error);

inline constexpr AVRational kMicroseconds{1, 1'000'000};

/// A dictionary's value as sound UTF-8; empty if absent.
[[nodiscard]] std::string metadata_value(const AVDictionary* dict, const char* key);

/// FFmpeg writes warnings to standard error by itself; a library must not. Everything worth telling comes back as a value.
void silence_ffmpeg();

}  // namespace reelgraph::ingest
