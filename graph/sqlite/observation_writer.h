#pragma once
// Turns one observation into rows: source, entities by exact identity, mentions, events, relations, and their place in both indexes.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/observation.h"
#include "graph/sqlite/statement_cache.h"

namespace reelgraph::graph::sqlite {

/// Counts by kind and word that a transaction changes; written once at its end.
class Tally {
 public:
  void add(const char* kind, const std::string& word, std::int64_t n) { changes_[{kind, word}] += n; }
  void flush(StatementCache& statements);
  void forget() { changes_.clear(); }

 private:
  std::map<std::pair<std::string, std::string>, std::int64_t> changes_;
};

/// Works inside its caller's transaction. Remembers sources and descriptors between observations, so that bulk imports look little up.
///
/// Exact identity: the same (provenance.name, id) is the same entity; without an id, the same name and type in the same video from the same
/// source; without a name each mention is a thing of its own. What descriptions say of one entity is united; where they contradict
/// each other the smaller text wins, so that the outcome does not depend on the order in which they came.
class ObservationWriter {
 public:
  explicit ObservationWriter(Database& database, StatementCache& statements) : database_(database), use_(statements) {}

  /// REQUIRES: a transaction; `o` canonical (base::make_canonical).
  /// @param hash 16 bytes of the canonical line
  /// @returns the observation's row
  std::int64_t write(std::int64_t video, const base::Observation& o, const std::string& hash, std::optional<std::int64_t> chunk);

  /// Takes a live observation out of every answer; its rows stay.
  void supersede(std::int64_t observation, std::int64_t by);

  /// Removes the rows of a video's observations, and what no mention holds any more.
  void remove_observations(std::int64_t video);

  Tally& tally() { return tally_; }

  /// Writes pending counts. Call before the transaction commits.
  void flush();
  /// Drops what was remembered. Call after a rollback.
  void forget();

 private:
  struct Known {
    std::int64_t descriptor = 0;
    std::int64_t entity = 0;
  };
  Known resolve(std::int64_t video, std::int64_t observation, std::size_t seq, const base::Observation& o,
                const base::EntityMention& mention);
  std::int64_t find_or_add_entity(std::int64_t video, const std::string& source, const base::EntityMention& mention, bool& added);
  void unite(std::int64_t entity, const base::EntityMention& description);
  void add_aliases(std::int64_t entity, const base::EntityMention& description);
  void rebuild_entity(std::int64_t entity);
  void retire(std::int64_t observation);
  std::int64_t source_row(const base::Provenance& provenance);
  void write_event(std::int64_t video, std::int64_t observation, std::size_t seq, const base::Event& event);

  Database& database_;
  StatementCache& use_;
  std::unordered_map<std::string, std::int64_t> sources_;
  std::unordered_map<std::string, Known> descriptors_;
  std::unordered_map<std::int64_t, std::int64_t> mention_changes_;
  std::vector<Known> mentioned_;  ///< of the observation being written, by seq
  Tally tally_;
};

/// Index in `entities` of a canonical ref ("e12" is 12).
[[nodiscard]] std::size_t ref_index(const std::string& ref);

/// Lists are stored as lines; none of their items holds a newline.
[[nodiscard]] std::string join_lines(const std::vector<std::string>& lines);
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

}  // namespace reelgraph::graph::sqlite
