#pragma once
// Keeps entities what the mentions and the identity log say they are, within the caller's transaction.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/identity/clusters.h"
#include "graph/sqlite/observation_writer.h"

namespace reelgraph::graph::sqlite {

/// Borrows everything. The outcome is a function of the live mentions and the decisions made by hand, whatever the order in which they
/// came: evidence within a video is made anew when the video changes, evidence between videos when a name's bearers change, and what is
/// connected to a change is clustered anew.
class IdentityResolver {
 public:
  IdentityResolver(Database& database, StatementCache& statements, ObservationWriter& writer)
      : database_(database), use_(statements), writer_(writer) {}

  /// After observations were written or superseded. REQUIRES: the writer's counts are flushed; flush again after it.
  void resolve(const ObservationWriter::Touched& touched);
  /// Every video, for an archive of an earlier version.
  void resolve_all();
  /// Every video in which somebody is described and not named, after vectors of descriptions were made.
  void resolve_nameless();
  /// After a decision about these atoms.
  void recluster(std::set<std::int64_t> atoms);
  /// Takes what a video's observations no longer mention out of everything. REQUIRES: its observations are gone
  void forget(std::int64_t video, const std::set<std::int64_t>& atoms);

  /// Names an atom without its row: {"source","id"}, {"source","video","type","name"[,"mark"]} or {"video","observation","mention"}.
  [[nodiscard]] nlohmann::json reference(std::int64_t atom);
  /// @returns the atom that is meant, or 0
  [[nodiscard]] std::int64_t find(const nlohmann::json& reference);
  /// The observation and place of a mention that is referred to; {0, 0} if there is none.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> find_mention(const nlohmann::json& reference);
  [[nodiscard]] identity::AtomFacts facts(std::int64_t atom);
  /// All atoms of an entity, itself among them.
  [[nodiscard]] std::vector<std::int64_t> atoms_of(std::int64_t entity);
  [[nodiscard]] std::int64_t entity_of(std::int64_t atom);
  struct Split {
    std::int64_t atom = 0;      ///< the mention's own
    std::int64_t original = 0;  ///< where it was; `atom` if it had one of its own, 0 if nothing else is left there
    std::string mark;           ///< of where it was
  };
  /// Gives a mention an atom of its own, unless it has one.
  Split split_off(std::int64_t observation, std::int64_t seq);
  /// The mention goes back to the atom it was split off. REQUIRES: `atom` was made by split_off and is joined to nothing
  /// @returns the entity where it is then
  std::int64_t put_back(std::int64_t atom, const std::string& mark);

 private:
  void settle_pending(std::set<std::int64_t>& changed);
  [[nodiscard]] bool has_namesakes() const;
  void match(std::int64_t video, std::set<std::int64_t>& changed, std::set<std::string>& names);
  void match_name(const std::string& name, std::set<std::int64_t>& changed);
  [[nodiscard]] std::vector<identity::Atom> atoms_in(std::int64_t video);
  [[nodiscard]] std::vector<float> vector_of(const std::string& description);
  bool store_links(std::int64_t scope, const std::string& key, std::vector<identity::Link> links, std::set<std::int64_t>& changed);
  void move_mention(std::int64_t observation, std::int64_t seq, const ObservationWriter::Known& to);
  void make_moved();
  void move_marked();
  void apply(const identity::Clusters& clusters);
  void write_log(const std::map<std::int64_t, identity::AtomFacts>& facts, const std::vector<identity::Link>& effective);
  void keep_alive(const std::map<std::int64_t, identity::AtomFacts>& facts, const identity::Clusters& clusters);

  Database& database_;
  StatementCache& use_;
  ObservationWriter& writer_;
};

/// The hash of a decision in the log; one that holds is there once.
[[nodiscard]] std::string decision_hash(const std::string& action, const nlohmann::json& details);

}  // namespace reelgraph::graph::sqlite
