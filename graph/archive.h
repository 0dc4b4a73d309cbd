#pragma once
// An archive folder NAME.reel: graph.db (SQLite, the only truth) and frames/ab/HASH.jpg. Copying the folder copies the archive.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "graph/store.h"

namespace reelgraph::graph {

enum class OpenMode {
  kRead,    ///< must exist; never written to, works on a read-only folder
  kWrite,   ///< must exist; takes the writer's lock
  kCreate,  ///< made if absent; takes the writer's lock
};

/// An open archive. One process writes at a time (advisory lock, released when this is destroyed); readers are never blocked.
class Archive {
 public:
  /// @throws base::Error kArchive: not there, not a database, cut off, newer schema, no permission, disk full, locked by another writer
  ///         (naming its process), each with the cure
  static Archive open(const std::filesystem::path& folder, OpenMode mode, base::LogSink log = {});
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  [[nodiscard]] Store& store();
  [[nodiscard]] const Store& store() const;
  [[nodiscard]] const std::filesystem::path& folder() const;

  /// Stores JPEG bytes under their hash. @returns the path relative to the folder. Idempotent; durable before it returns.
  std::string add_frame(const std::string& jpeg, const std::string& content_hash);
  [[nodiscard]] std::filesystem::path frame_path(const std::string& relative) const;

  struct Size {
    std::int64_t database = 0, frames = 0, vectors = 0;  ///< bytes
  };
  [[nodiscard]] Size size_on_disk() const;

 private:
  struct State;
  explicit Archive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What `verify` found: one line a problem, and whether it was mended.
struct Finding {
  std::string text;
  std::string cure;
  bool repaired = false;
  bool fatal = false;  ///< the archive cannot be trusted
};
/// Checks integrity, foreign keys, spans, counts, frame files and their hashes, and the derived index against the truth; `repair` rebuilds
/// what is derived.
[[nodiscard]] std::vector<Finding> verify(const std::filesystem::path& folder, bool repair,
                                          const std::function<void(const std::string&)>& progress = {});

}  // namespace reelgraph::graph
