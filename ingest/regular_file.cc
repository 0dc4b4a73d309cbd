#include "ingest/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no regular file";
}

[[noreturn]] void refuse(const std::filesystem::path& path, mode_t mode) {
  throw Error(ErrorCode::kBadInput, std::string("is ") + kind_of(mode) + ", not a regular file", path.string(),
              S_ISDIR(mode) ? "name a file in it" : "copy the media into a file first");
}

[[noreturn]] void fail(const std::filesystem::path& path, int error_number) {
  const char* cure = error_number == EACCES ? "make the file readable for this user" : error_number == ENOENT ? "check the path" : "";
  throw Error(ErrorCode::kBadInput, "cannot be opened: " + base::errno_text(error_number), path.string(), cure);
}

}  // namespace

RegularFile RegularFile::open(const std::filesystem::path& path) {
  struct stat facts {};
  // Looked at before opening, since opening alone can act on a device; and again afterwards, since the name may point elsewhere by then.
  if (::stat(path.c_str(), &facts) != 0) fail(path, errno);
  if (!S_ISREG(facts.st_mode)) refuse(path, facts.st_mode);
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) fail(path, errno);
  RegularFile file(fd, 0);
  if (::fstat(fd, &facts) != 0) fail(path, errno);
  if (!S_ISREG(facts.st_mode)) refuse(path, facts.st_mode);
  file.size_ = facts.st_size;
  return file;
}

RegularFile::~RegularFile() {
  if (fd_ >= 0) ::close(fd_);
}

RegularFile::RegularFile(RegularFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

std::int64_t RegularFile::read(std::int64_t offset, void* buffer, std::size_t bytes) const {
  while (true) {
    const ssize_t n = ::pread(fd_, buffer, bytes, offset);
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace reelgraph::ingest
