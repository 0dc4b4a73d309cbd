#pragma once
// Opens and probes one container, hardened: only formats and decoders of a fixed list, only our own reads, limits, a deadline.

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "ingest/avio_source.h"
#include "ingest/ffmpeg_handles.h"
#include "ingest/interrupt.h"
#include "ingest/media_reader.h"

namespace reelgraph::ingest {

enum class InputKind {
  kMedia,     ///< films, sound, and subtitle files
  kSubtitle,  ///< SubRip, WebVTT, ASS/SSA only
};

/// An open AVFormatContext with its streams' parameters known. Owns the file; decodes nothing.
class Input {
 public:
  /// @throws base::Error kBadInput with the path, the reason and a cure; kInterrupted on a stop
  static std::unique_ptr<Input> open(const std::filesystem::path& path, const ReaderLimits& limits, std::stop_token stop);
  /// The same over bytes in memory; `name` stands in messages.
  static std::unique_ptr<Input> open_bytes(std::string bytes, const std::string& name, InputKind kind, const ReaderLimits& limits);

  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] AVFormatContext* format() { return format_; }
  [[nodiscard]] AVStream* stream(int index) { return format_->streams[index]; }
  [[nodiscard]] Interrupt& interrupt() { return interrupt_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::int64_t size() const { return source_->size(); }
  [[nodiscard]] int read_error() const { return source_->read_error(); }
  /// How many other files or addresses the media asked for; all were refused.
  [[nodiscard]] int refused_opens() const { return refused_opens_; }

 private:
  Input(std::string name, std::stop_token stop) : name_(std::move(name)), interrupt_(std::move(stop)) {}
  void probe(InputKind kind, const ReaderLimits& limits);
  [[noreturn]] void fail(int error) const;
  static int refuse_open(AVFormatContext* format, AVIOContext** pb, const char* url, int flags, AVDictionary** options);

  std::string name_;
  Interrupt interrupt_;
  std::unique_ptr<AvioSource> source_;
  AVFormatContext* format_ = nullptr;
  int refused_opens_ = 0;
};

/// Decoders that may be used, as FFmpeg's comma-separated list.
[[nodiscard]] const std::string& allowed_decoders();
/// The decoder for a codec if FFmpeg has one that is allowed here; else null.
[[nodiscard]] const AVCodec* find_decoder(AVCodecID id);

}  // namespace reelgraph::ingest
