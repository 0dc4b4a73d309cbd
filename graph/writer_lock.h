#pragma once
// One process writes an archive at a time.

#include <filesystem>

namespace reelgraph::graph {

/// Advisory lock on NAME.reel/lock, which holds the writer's process id. Released by the destructor, and by the kernel when the process
/// dies; the file stays.
class WriterLock {
 public:
  /// @throws base::Error kArchive if another process holds it (naming it), or if the file cannot be made
  explicit WriterLock(const std::filesystem::path& folder);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace reelgraph::graph
