#include "graph/sqlite/database.h"

#include <sqlite3.h>

#include <system_error>
#include <utility>

#include "base/error.h"

namespace reelgraph::graph::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

/// A path as an SQLite URI, so that `?immutable=1` can follow and no name is mistaken for one.
std::string uri(const std::filesystem::path& file, bool immutable) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    const auto b = static_cast<unsigned char>(c);
    const bool plain =
        (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '/' || b == '.' || b == '-' || b == '_';
    if (plain) {
      text += c;
    } else {
      text += '%';
      text += kHex[b >> 4];
      text += kHex[b & 15];
    }
  }
  return immutable ? text + "?immutable=1" : text;
}

/// What went wrong, and the cure.
std::pair<std::string, const char*> explain(int result, const std::string& detail) {
  constexpr const char* kMakeRoom = "free some space and run the command again";
  switch (result) {
    case SQLITE_IOERR_SHORT_READ: return {"the database is cut off", "restore the file from a copy"};
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMSIZE: return {"writing failed, perhaps because the disk is full; nothing of this step was stored", kMakeRoom};
    default: break;
  }
  switch (result & 0xFF) {
    case SQLITE_NOTADB: return {"is not an SQLite database", "name another archive, or restore this file from a copy"};
    case SQLITE_CORRUPT: return {"the database is damaged or cut off: " + detail, "run verify, or restore the file from a copy"};
    case SQLITE_FULL: return {"the disk is full; nothing of this step was stored", kMakeRoom};
    case SQLITE_READONLY:
      return {"the archive cannot be written: " + detail, "check the permissions of the folder, or copy the archive to a writable place"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {"the database is in use by another program", "wait until it is done and run the command again"};
    case SQLITE_CANTOPEN: return {"the database cannot be opened: " + detail, "check that the file exists and that you may read it"};
    case SQLITE_PERM:
    case SQLITE_AUTH: return {"no permission: " + detail, "check the permissions of the archive folder"};
    case SQLITE_NOMEM: return {"not enough memory for the database", "close other programs and run the command again"};
    case SQLITE_TOOBIG: return {"a text is too large to be stored", "split the observation into smaller ones"};
    case SQLITE_IOERR: return {"reading or writing failed: " + detail, "check the disk, then run verify"};
    default: return {"the database failed: " + detail, "run verify; if it finds nothing this is a defect of reelgraph"};
  }
}

}  // namespace

void throw_sqlite(int result, const std::string& detail, const std::filesystem::path& file) {
  const auto [message, cure] = explain(result, detail);
  throw base::Error(base::ErrorCode::kArchive, message, file.string(), cure);
}

Database::Database(const std::filesystem::path& file, Mode mode) : file_(file) {
  int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == Mode::kRead || mode == Mode::kImmutable ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == Mode::kCreate) flags |= SQLITE_OPEN_CREATE;
  const int result = sqlite3_open_v2(uri(file, mode == Mode::kImmutable).c_str(), &handle_, flags, nullptr);
  if (result != SQLITE_OK) {
    const std::string detail = handle_ ? sqlite3_errmsg(handle_) : "out of memory";
    sqlite3_close(handle_);
    throw_sqlite(result, detail, file);
  }
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  // The file may come from a stranger: functions and virtual tables with side effects stay out of its schema's reach, and its cells are
  // checked.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::fail(int result) const { throw_sqlite(result, sqlite3_errmsg(handle_), file_); }

void Database::execute(const char* sql) {
  const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result);
}

std::int64_t Database::last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

void Database::backup_to(const std::filesystem::path& file) {
  const auto remove = [&] {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  };
  remove();
  sqlite3* copy = nullptr;
  int result = sqlite3_open_v2(uri(file, false).c_str(), &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, nullptr);
  if (result == SQLITE_OK) {
    if (sqlite3_backup* backup = sqlite3_backup_init(copy, "main", handle_, "main")) {
      sqlite3_backup_step(backup, -1);
      result = sqlite3_backup_finish(backup);
    } else {
      result = sqlite3_errcode(copy);
    }
  }
  const std::string detail = copy ? sqlite3_errmsg(copy) : "out of memory";
  sqlite3_close(copy);
  if (result == SQLITE_OK) return;
  remove();
  throw_sqlite(result, detail, file);
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  const int result =
      sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (result != SQLITE_OK) database.fail(result);
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement::Statement(Statement&& other) noexcept : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int result = sqlite3_bind_int64(handle_, index + 1, value); result != SQLITE_OK) database_->fail(result);
  return *this;
}
Statement& Statement::bind(int index, double value) {
  if (const int result = sqlite3_bind_double(handle_, index + 1, value); result != SQLITE_OK) database_->fail(result);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() ? text.data() : "";
  const int result = sqlite3_bind_text64(handle_, index + 1, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (result != SQLITE_OK) database_->fail(result);
  return *this;
}
Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() ? bytes.data() : "";
  const int result = sqlite3_bind_blob64(handle_, index + 1, data, bytes.size(), SQLITE_STATIC);
  if (result != SQLITE_OK) database_->fail(result);
  return *this;
}
Statement& Statement::bind_null(int index) {
  if (const int result = sqlite3_bind_null(handle_, index + 1); result != SQLITE_OK) database_->fail(result);
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  // The reset must not hide the reason, and a statement that failed must not hold a lock.
  const std::string detail = sqlite3_errmsg(database_->handle());
  sqlite3_reset(handle_);
  throw_sqlite(result, detail, database_->file());
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() { sqlite3_reset(handle_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

std::string_view Statement::view(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const int bytes = sqlite3_column_bytes(handle_, column);
  return data ? std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(bytes)) : std::string_view();
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // SQLite may have rolled back by itself (disk full); a second rollback would only fail.
  if (open_ && !sqlite3_get_autocommit(database_.handle())) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

std::int64_t query_integer(Database& database, std::string_view sql) {
  Statement statement(database, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string query_text(Database& database, std::string_view sql) {
  Statement statement(database, sql);
  return statement.step() ? statement.text(0) : std::string();
}

}  // namespace reelgraph::graph::sqlite
