#pragma once
// The tables of an archive, and how older ones become today's.

#include <cstdint>
#include <string>
#include <vector>

#include "graph/sqlite/database.h"

namespace reelgraph::graph::sqlite {

/// Written to the database header, so that `file` and we know an archive ("Reel").
inline constexpr std::int64_t kApplicationId = 0x5265656C;
/// `pragma user_version`. Raised with every change of the tables; each older version has a migration.
inline constexpr std::int64_t kSchemaVersion = 4;
/// The version from which on an archive knows who is who; what comes from an older one is looked through once.
inline constexpr std::int64_t kIdentityVersion = 5;

/// What is stored in `pragma user_version` after checking that this is an archive at all; 0 for an empty database.
/// @throws base::Error kArchive for another program's database or a newer version (naming both versions)
[[nodiscard]] std::int64_t check_version(Database& database);

/// Makes the tables in an empty database, in one transaction.
void create_schema(Database& database);

/// Brings an older archive to today's tables in one transaction, after copying the file to `graph.db.v<old>.bak` beside it.
/// @returns the copy. @throws base::Error kArchive; the archive is then as it was
std::filesystem::path migrate(Database& database, std::int64_t from);

/// Connection settings: cache, durability, foreign keys. `writing`: also the write-ahead log.
void configure(Database& database, bool writing);

/// Recounts `tally` from the truth.
void rebuild_tally(Database& database);

/// What `rebuild_tally` would store, as "KIND WORD: N" lines.
[[nodiscard]] std::vector<std::string> recount(Database& database);

}  // namespace reelgraph::graph::sqlite
