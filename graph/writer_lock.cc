#include "graph/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/error.h"

namespace reelgraph::graph {

WriterLock::WriterLock(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) {
    const int reason = errno;
    const bool full = reason == ENOSPC || reason == EDQUOT;
    throw base::Error(base::ErrorCode::kArchive, "the archive cannot be written: " + base::errno_text(reason), file.string(),
                      full ? "free some space and run the command again"
                           : "check the permissions of the folder, or copy the archive to a writable place");
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    char holder[32] = {};
    const ssize_t n = ::pread(descriptor_, holder, sizeof holder - 1, 0);
    std::string pid;
    for (ssize_t i = 0; i < n && holder[i] >= '0' && holder[i] <= '9'; ++i) pid += holder[i];
    ::close(descriptor_);
    if (reason == EWOULDBLOCK) {
      throw base::Error(base::ErrorCode::kArchive, "is being written by another process" + (pid.empty() ? "" : " (pid " + pid + ")"),
                        folder.string(), "wait until it is done; readers are not blocked");
    }
    throw base::Error(base::ErrorCode::kArchive, "cannot be locked: " + base::errno_text(reason), file.string(),
                      "put the archive on a file system with locks");
  }
  // Who holds it is a courtesy: on a full disk the lock itself still stands.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) return;
}

WriterLock::~WriterLock() {
  // Closing releases the lock. The file stays: removing it would let two processes lock two files of the same name.
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace reelgraph::graph
