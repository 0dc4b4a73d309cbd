#pragma once
// Statements that are prepared on first use and kept.

#include <unordered_map>

#include "graph/sqlite/database.h"

namespace reelgraph::graph::sqlite {

/// Keyed by the address of the SQL: hand it the constants of `sql.h`. A statement that a caller is stepping through must not be
/// fetched again by what it calls.
class StatementCache {
 public:
  explicit StatementCache(Database& database) : database_(database) {}

  Statement& operator[](const char* sql) {
    const auto it = statements_.find(sql);
    if (it != statements_.end()) return it->second;
    return statements_.emplace(sql, Statement(database_, sql)).first->second;
  }

 private:
  Database& database_;
  std::unordered_map<const char*, Statement> statements_;
};

}  // namespace reelgraph::graph::sqlite
