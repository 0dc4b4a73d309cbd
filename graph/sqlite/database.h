#pragma once
// SQLite behind RAII. Every failure leaves as base::Error kArchive that names the file and the cure; no code of SQLite's crosses this
// header.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace reelgraph::graph::sqlite {

/// A connection. Owns the handle; neither copied nor moved, because statements and transactions borrow it.
/// For use from one thread.
class Database {
 public:
  enum class Mode {
    kRead,       ///< shares the file with a writer
    kImmutable,  ///< on read-only media: no lock and no side file is made
    kWrite,      ///< must exist
    kCreate,     ///< made if absent
  };
  /// @throws base::Error kArchive
  Database(const std::filesystem::path& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that give no rows.
  void execute(const char* sql);
  void execute(const std::string& sql) { execute(sql.c_str()); }

  [[nodiscard]] std::int64_t last_insert_rowid() const;
  [[nodiscard]] std::int64_t changes() const;  ///< rows changed by the last statement
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] sqlite3* handle() const { return handle_; }

  /// Copies the whole database into a new file. On error that file is removed.
  void backup_to(const std::filesystem::path& file);

  /// Throws what the connection's last failure means for the user.
  [[noreturn]] void fail(int result) const;

 private:
  sqlite3* handle_ = nullptr;
  std::filesystem::path file_;
};

/// What an SQLite result means for the user. @param detail SQLite's own words
[[noreturn]] void throw_sqlite(int result, const std::string& detail, const std::filesystem::path& file);

/// A prepared statement. Bind, step, read; `reset` (or a new `bind_all`) makes it ready again. Columns and parameters count from 0.
/// REQUIRES: outlived by its database.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  /// Text and blobs are borrowed until the next `reset` or bind.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);
  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }

  /// Resets, then binds from 0 on.
  template <typename... Values>
  Statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(index++, values), ...);
    return *this;
  }

  /// True while there is a row.
  bool step();
  /// Steps to the end; for statements that give no rows.
  void run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  [[nodiscard]] std::string_view view(int column) const;  ///< until the next step or reset
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
  [[nodiscard]] sqlite3_stmt* handle() const { return handle_; }

 private:
  Database* database_;
  sqlite3_stmt* handle_ = nullptr;
};

/// All or nothing: rolled back by the destructor unless `commit` came. Does not nest.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// One value of a query that gives one row; 0 or "" if it gives none.
[[nodiscard]] std::int64_t query_integer(Database& database, std::string_view sql);
[[nodiscard]] std::string query_text(Database& database, std::string_view sql);

}  // namespace reelgraph::graph::sqlite
