#pragma once
// An open regular file. Nothing else is ever opened: a FIFO would hang, a device may never end, a folder is a caller's mistake.

#include <cstdint>
#include <filesystem>

namespace reelgraph::ingest {

/// Owns a descriptor opened for reading (close-on-exec).
class RegularFile {
 public:
  /// @throws base::Error kBadInput: absent, not readable, not a regular file
  static RegularFile open(const std::filesystem::path& path);

  ~RegularFile();
  RegularFile(RegularFile&& other) noexcept;
  RegularFile& operator=(RegularFile&&) = delete;
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  [[nodiscard]] std::int64_t size() const { return size_; }  ///< bytes, when it was opened
  /// Bytes read at `offset`, 0 at the end, or -errno.
  [[nodiscard]] std::int64_t read(std::int64_t offset, void* buffer, std::size_t bytes) const;

 private:
  RegularFile(int fd, std::int64_t size) : fd_(fd), size_(size) {}
  int fd_;
  std::int64_t size_;
};

}  // namespace reelgraph::ingest
