#pragma once
// Writes a container under a temporary name; the file appears under its own name only when it is whole.

#include <filesystem>
#include <string>
#include <vector>

#include "ingest/ffmpeg_handles.h"

namespace reelgraph::ingest {

/// Owns the output file and its AVFormatContext. Without `commit`, nothing stays behind.
class Muxer {
 public:
  enum class Content { kFilm, kSoundToo };  ///< what endings are taken: those of films, or those of sound alone, too
  /// @throws base::Error kBadInput (ending), kArchive (cannot write)
  explicit Muxer(const std::filesystem::path& output, Content content = Content::kFilm);
  ~Muxer();
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;

  [[nodiscard]] AVFormatContext* format() { return format_; }
  [[nodiscard]] bool can_hold(AVCodecID codec) const;
  [[nodiscard]] bool is_sound_only() const { return sound_only_; }
  /// A new stream; its parameters are the caller's to fill. @returns its index
  int add_stream(AVRational time_base);
  /// After all streams are added.
  void start();
  /// `packet` in `time_base`; its content is taken over. False if the container refuses it.
  [[nodiscard]] bool write(AVPacket& packet, int stream, AVRational time_base);
  void commit();

 private:
  static int write_bytes(void* opaque, std::uint8_t* bytes, int count);
  static std::int64_t seek(void* opaque, std::int64_t offset, int whence);
  [[noreturn]] void fail(const std::string& what) const;
  void release() noexcept;

  std::filesystem::path output_;
  std::string temporary_;
  bool sound_only_ = false;
  int fd_ = -1;
  int write_error_ = 0;
  AVIOContext* io_ = nullptr;
  AVFormatContext* format_ = nullptr;
};

/// Makes stream `index` of the muxer one of packets copied from `from`.
void copy_stream(const AVStream& from, Muxer& muxer, int index);

/// The muxer a clip's ending stands for ("mp4", "matroska", "mov", "webm"). @throws base::Error kBadInput
[[nodiscard]] std::string muxer_name(const std::filesystem::path& output);

}  // namespace reelgraph::ingest
