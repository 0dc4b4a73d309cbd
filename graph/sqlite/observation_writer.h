#pragma once
// Turns one observation into rows: source, entities by exact identity, mentions, events, relations, and their place in both indexes.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
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
/// Exact identity makes atoms: the same (provenance.name, id) is the same atom; without an id, the same name, type and marks (team, number,
/// ...) in the same video from the same source, unless two of one observation are called so; without a name each mention is an atom of its
/// own. Which atoms are one entity is the IdentityResolver's to say. What descriptions say of one entity is united; where they contradict
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

  /// Removes the rows of a video's observations. @returns the atoms that they mentioned, some of which nothing mentions any more
  std::set<std::int64_t> remove_observations(std::int64_t video);
  /// Removes an atom that nothing mentions. REQUIRES: it is joined to no other
  void remove_atom(std::int64_t atom);

  /// The descriptor of a mention, made if need be; and the atom it belongs to, joined to an entity.
  struct Known {
    std::int64_t descriptor = 0;
    std::int64_t entity = 0;
  };
  /// @param mark see the column of entity. @param own the descriptor is of this one mention
  Known describe(std::int64_t video, const std::string& source, const base::EntityMention& mention, const std::string& mark, bool own);

  /// The view of an entity made anew from its live descriptions.
  void rebuild_entity(std::int64_t entity);
  /// Counts an entity's live mentions anew.
  void recount_mentions(std::int64_t entity);

  /// What was written since the last call: videos (true: with something that has no id), and entities whose mentions changed.
  struct Touched {
    std::map<std::int64_t, bool> videos;
    std::set<std::int64_t> entities;
  };
  Touched take_touched();
  /// Mentions of known descriptions may belong to other entities now.
  void forget_descriptors() { descriptors_.clear(); }

  Tally& tally() { return tally_; }

  /// Writes pending counts. Call before the transaction commits.
  void flush();
  /// Drops what was remembered. Call after a rollback.
  void forget();

 private:
  std::int64_t find_or_add_atom(std::int64_t video, const std::string& source, const base::EntityMention& mention, const std::string& mark,
                                bool& added);
  void unite(std::int64_t entity, const base::EntityMention& description);
  void add_aliases(std::int64_t entity, const base::EntityMention& description);
  void retire(std::int64_t observation);
  std::int64_t source_row(const base::Provenance& provenance);
  void write_event(std::int64_t video, std::int64_t observation, std::size_t seq, const base::Event& event);

  Database& database_;
  StatementCache& use_;
  std::unordered_map<std::string, std::int64_t> sources_;
  std::unordered_map<std::string, Known> descriptors_;
  std::unordered_map<std::int64_t, std::int64_t> mention_changes_;
  std::vector<Known> mentioned_;  ///< of the observation being written, by seq
  Touched touched_;
  Tally tally_;
};

/// The marks (graph/identity/matching.h) of each mention of an observation, as text; "@HASH:SEQ" where it is known by itself only.
[[nodiscard]] std::vector<std::string> marks_of_mentions(const base::Observation& o, const std::string& hash);

/// Index in `entities` of a canonical ref ("e12" is 12).
[[nodiscard]] std::size_t ref_index(const std::string& ref);

/// Lists are stored as lines; none of their items holds a newline.
[[nodiscard]] std::string join_lines(const std::vector<std::string>& lines);
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

}  // namespace reelgraph::graph::sqlite
