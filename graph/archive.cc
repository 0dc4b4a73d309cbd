#include "graph/archive.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "graph/frame_files.h"
#include "graph/sqlite/schema.h"
#include "graph/sqlite/sqlite_store.h"
#include "graph/writer_lock.h"

namespace reelgraph::graph {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;

[[noreturn]] void fail(const std::string& message, const fs::path& file, const std::string& cure) {
  throw base::Error(base::ErrorCode::kArchive, message, file.string(), cure);
}

void require_archive(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found)
    fail("there is no archive here", folder, "name another with -a, or make one with `ingest` or `import`");
  if (status.type() != fs::file_type::directory)
    fail("is not an archive folder", folder, "an archive is a folder NAME.reel; name another with -a");
  const fs::path file = folder / "graph.db";
  if (!fs::exists(file, error)) {
    fail("has no graph.db, so it is no archive", folder, "name another with -a, or make one with `ingest` or `import`");
  }
  if (!fs::is_regular_file(file, error)) fail("is not a regular file", file, "name another archive with -a");
}

constexpr std::string_view kMagic("SQLite format 3\0", 16);

[[noreturn]] void fail_foreign(const fs::path& file) {
  fail("is not an SQLite database", file, "name another archive, or restore this file from a copy");
}

/// SQLite's own check sees a file that is empty or much too short only when a page is missed; here it is seen at once.
void check_header(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  char header[100] = {};
  if (!in.read(header, sizeof header)) {
    if (size >= sizeof header || ::access(file.c_str(), R_OK) != 0) fail("the database cannot be read", file, "check its permissions");
    const auto got = static_cast<std::size_t>(in.gcount());
    if (std::string_view(header, std::min<std::size_t>(got, 16)) != kMagic.substr(0, got)) fail_foreign(file);
    fail(size == 0 ? "the database is empty" : "the database is cut off", file,
         "restore it from a copy, or remove the archive folder and begin anew");
  }
  if (std::string_view(header, 16) != kMagic) fail_foreign(file);
  const auto byte = [&](int i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(header[i])); };
  const std::uint64_t page = (byte(16) << 8 | byte(17)) == 1 ? 65536 : (byte(16) << 8 | byte(17));
  const std::uint64_t pages = byte(28) << 24 | byte(29) << 16 | byte(30) << 8 | byte(31);
  const bool counted = std::string_view(header + 24, 4) == std::string_view(header + 92, 4);
  // Pages that only the write-ahead log holds yet are not counted in this header, which a checkpoint writes last.
  if (counted && pages * page > size) {
    fail("the database is cut off: " + std::to_string(size) + " bytes of " + std::to_string(pages * page), file, "restore it from a copy");
  }
}

bool has_log(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file.string() + "-wal", error);
  return !error && size > 0;
}

std::unique_ptr<Database> open_for_reading(const fs::path& file) {
  const fs::path folder = file.parent_path();
  if (::access(folder.c_str(), W_OK) == 0 && ::access(file.c_str(), W_OK) == 0)
    return std::make_unique<Database>(file, Database::Mode::kRead);
  // Without the right to write here, SQLite cannot make the side files that readers of a live archive share.
  if (!has_log(file)) return std::make_unique<Database>(file, Database::Mode::kImmutable);
  try {
    auto database = std::make_unique<Database>(file, Database::Mode::kRead);
    (void)sqlite::check_version(*database);
    return database;
  } catch (const base::Error& e) {
    throw base::Error(e.code(), e.message() + "; it was not closed cleanly, and its log cannot be read from a read-only place", e.context(),
                      "copy the archive to a writable place and open it there");
  }
}

}  // namespace

struct Archive::State {
  fs::path folder;
  std::unique_ptr<WriterLock> lock;
  std::unique_ptr<sqlite::SqliteStore> store;
};

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&& other) noexcept {
  if (this != &other) {
    // The store goes before the lock that guards it.
    if (state_) state_->store.reset();
    state_ = std::move(other.state_);
  }
  return *this;
}
Archive::~Archive() {
  if (state_) state_->store.reset();
}

Archive Archive::open(const fs::path& folder, OpenMode mode, base::LogSink log) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  const fs::path file = folder / "graph.db";
  const bool writing = mode != OpenMode::kRead;
  bool fresh = false;
  if (mode == OpenMode::kCreate) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
      fail("is not an archive folder", folder, "an archive is a folder NAME.reel; name another with -a");
    }
    fs::create_directories(folder, error);
    if (error)
      fail("the archive folder cannot be made: " + error.message(), folder, "check the permissions and the space of the folder above");
    state->lock = std::make_unique<WriterLock>(folder);
    // A creation that was killed leaves a file without tables, or of no bytes, perhaps with the log that would have filled it.
    fresh = !fs::exists(file, error) || (fs::file_size(file, error) == 0 && !has_log(file));
  }
  if (!fresh) {
    require_archive(folder);
    if (!has_log(file)) check_header(file);
  }
  if (writing && !state->lock) state->lock = std::make_unique<WriterLock>(folder);

  std::unique_ptr<Database> database;
  if (writing) {
    database = std::make_unique<Database>(file, fresh ? Database::Mode::kCreate : Database::Mode::kWrite);
  } else {
    database = open_for_reading(file);
  }
  std::int64_t version = sqlite::check_version(*database);
  sqlite::configure(*database, writing);
  if (version == 0) {
    if (mode != OpenMode::kCreate) fail("the database has no tables", file, "remove the archive folder and begin anew");
    sqlite::create_schema(*database);
  } else if (version < sqlite::kSchemaVersion) {
    if (!writing) {
      // Only the tables change, not what they say, so a reader may do it too, as the one writer of that moment.
      database.reset();
      { Archive upgraded = open(folder, OpenMode::kWrite, log); }
      database = open_for_reading(file);
      sqlite::configure(*database, false);
    } else {
      const fs::path copy = sqlite::migrate(*database, version);
      base::log(log, base::LogLevel::kInfo,
                folder.string() + ": brought from schema version " + std::to_string(version) + " to " +
                    std::to_string(sqlite::kSchemaVersion) + "; the old database is kept as " + copy.filename().string());
    }
  }
  state->store = std::make_unique<sqlite::SqliteStore>(std::move(database), writing);
  if (writing && version > 0 && version < sqlite::kIdentityVersion) {
    state->store->change([&] { state->store->identities().resolve_all(); });
  }
  return Archive(std::move(state));
}

Store& Archive::store() { return *state_->store; }
const Store& Archive::store() const { return *state_->store; }
const fs::path& Archive::folder() const { return state_->folder; }

std::string Archive::add_frame(const std::string& jpeg, const std::string& content_hash) {
  if (!state_->lock) fail("is open for reading only", state_->folder, "open the archive for writing");
  return write_frame(state_->folder, jpeg, content_hash);
}

fs::path Archive::frame_path(const std::string& relative) const {
  if (!is_frame_path(relative))
    fail("names a frame that is no file of the archive: " + relative, state_->folder / "graph.db", "run verify --repair");
  return state_->folder / relative;
}

Archive::Size Archive::size_on_disk() const {
  Size size;
  std::error_code error;
  const auto add = [&](std::int64_t& sum, const fs::path& file) {
    const auto bytes = fs::file_size(file, error);
    if (!error) sum += static_cast<std::int64_t>(bytes);
  };
  for (const char* name : {"graph.db", "graph.db-wal"}) add(size.database, state_->folder / name);
  each_frame_file(state_->folder, [&](const std::string& relative) { add(size.frames, state_->folder / relative); });
  for (auto it = fs::directory_iterator(state_->folder, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with("vectors-")) add(size.vectors, it->path());
  }
  return size;
}

}  // namespace reelgraph::graph
