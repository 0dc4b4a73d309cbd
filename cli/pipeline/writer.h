#pragma once
// The one writer of an archive, shared by the threads of a batch.

#include <mutex>
#include <utility>

#include "cli/pipeline/types.h"
#include "graph/store.h"

namespace reelgraph::pipeline {

/// Lends the store to one thread at a time. Borrows both; thread-safe.
class Writer {
 public:
  Writer(graph::Store& store, FrameSink& frames) : store_(store), frames_(frames) {}

  /// Calls `work(store)` while no other thread has it.
  template <class Work>
  auto with_store(Work&& work) {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(store_);
  }

  /// Writes the pictures, then everything of the chunk in one transaction. A kill in between leaves pictures that nothing names, which the
  /// next run names again.
  /// @param pictures JPEG bytes with their time
  struct Picture {
    base::Timestamp at = 0;
    std::string jpeg;
    std::string hash;
  };
  void commit(graph::ChunkCommit commit, const std::vector<Picture>& pictures) {
    const std::lock_guard lock(mutex_);
    for (const Picture& picture : pictures) commit.frames.push_back({picture.at, frames_.add_frame(picture.jpeg, picture.hash)});
    store_.commit_chunk(commit);
  }

 private:
  std::mutex mutex_;
  graph::Store& store_;
  FrameSink& frames_;
};

}  // namespace reelgraph::pipeline
