#pragma once
// What FFmpeg reads through: an open file or bytes in memory, never a name that FFmpeg could resolve by itself.

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/ffmpeg_handles.h"
#include "ingest/interrupt.h"
#include "ingest/regular_file.h"

namespace reelgraph::ingest {

/// Owns its file (or bytes) and the AVIOContext over it. Not movable: FFmpeg keeps its address. `interrupt` outlives it.
class AvioSource {
 public:
  AvioSource(RegularFile file, const Interrupt& interrupt);
  AvioSource(std::string bytes, const Interrupt& interrupt);
  ~AvioSource();
  AvioSource(const AvioSource&) = delete;
  AvioSource& operator=(const AvioSource&) = delete;

  [[nodiscard]] AVIOContext* get() { return context_; }
  [[nodiscard]] std::int64_t size() const;
  /// Up to `bytes` bytes from the start; the reading position stays where it is.
  [[nodiscard]] std::string head(std::size_t bytes) const;
  /// The last failure of the system while reading (errno), 0 if none.
  [[nodiscard]] int read_error() const { return read_error_; }

 private:
  void make_context();
  std::int64_t read_at(std::int64_t offset, void* buffer, std::size_t bytes) const;
  static int read(void* opaque, std::uint8_t* buffer, int bytes);
  static std::int64_t seek(void* opaque, std::int64_t offset, int whence);

  std::optional<RegularFile> file_;
  std::string bytes_;
  const Interrupt& interrupt_;
  AVIOContext* context_ = nullptr;
  std::int64_t position_ = 0;
  int read_error_ = 0;
};

}  // namespace reelgraph::ingest
