#pragma once
// Who is who, by hand: entities are joined and told apart, single mentions split off; every decision is a row of a log and can be undone.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/store.h"

namespace reelgraph::graph {

/// One side of a decision.
struct Identified {
  RowId entity = 0;  ///< which it belongs to now; 0: the archive holds it no more
  std::string name;  ///< how that side itself is called
};

/// A row of the identity log.
struct IdentityDecision {
  std::int64_t number = 0;
  std::string action;  ///< merge | split | distinct; of imports also others, which are kept and have no effect
  Identified a, b;
  bool automatic = false;
  bool undone = false;
  bool holds = true;  ///< false: undone, or an import whose sides are not there or that contradicts what holds
  double score = 1;   ///< of an automatic one, 0..1
  std::string reason;
};

/// A mention that a later description has replaced.
struct EarlierMention {
  std::string video;
  base::TimeSpan span;
  RowId observation = 0;
  RowId superseded_by = 0;  ///< 0: not known
  std::string name;         ///< as it was described
  std::string captioner;
};

/// The identity log of an open archive. Borrows the store; one thread at a time. A change and all that follows from it (participants,
/// relations, names, counts, vectors of entities) are one transaction; on an error nothing has changed.
class Identity {
 public:
  explicit Identity(Store& store);

  /// The two are one from now on. @throws base::Error kInvalidArgument: no such entity, the same one, declared distinct, two ids of one
  /// source
  IdentityDecision merge(RowId a, RowId b, const std::string& reason = {});
  /// The two are never one. @throws base::Error kInvalidArgument: no such entity, one and the same, declared already
  IdentityDecision distinct(RowId a, RowId b, const std::string& reason = {});
  /// The mention is somebody of its own. @throws base::Error kInvalidArgument: no such mention, it is alone, it was merged by hand
  IdentityDecision split(RowId observation, std::int64_t seq, const std::string& reason = {});
  /// Takes a decision back. An automatic merge is undone by declaring its two sides distinct, which is a decision of its own.
  /// @returns the undone one, or for an automatic merge the new one
  /// @throws base::Error kInvalidArgument: no such decision, undone already, one that a later decision builds on
  IdentityDecision undo(std::int64_t number);

 private:
  void require_entity(RowId row) const;
  IdentityDecision decide(const std::string& action, RowId a, RowId b, const std::string& reason, const std::string& mark = {});
  Store& store_;
};

/// Reconsiders who is who among those that are described and not named, with the vectors of their descriptions (embeddings.h); to be called
/// after such vectors were made. One transaction. REQUIRES: opened for writing
void identify_by_descriptions(Store& store);

/// The log, by number. @param entity 0: all; else what concerns that entity
[[nodiscard]] std::vector<IdentityDecision> identity_log(const Store& store, RowId entity = 0);
/// What superseded observations said of an entity, by time.
[[nodiscard]] std::vector<EarlierMention> earlier_mentions(const Store& store, RowId entity, int limit);
/// What replaced an observation, if anything did.
[[nodiscard]] std::optional<RowId> superseded_by(const Store& store, RowId observation);
/// Mentions of an entity as (observation, seq), in the order of Store::mentions.
[[nodiscard]] std::vector<std::pair<RowId, std::int64_t>> mention_ids(const Store& store, RowId entity, int limit);
/// Entities of one name that are known to be different ones: by ids of one source, by team or number, or because one video holds both.
/// @returns how to tell them apart ("Silva (City, entity:3)"), each once; empty if they may as well be one, seen in several videos
[[nodiscard]] std::vector<std::string> namesakes(const Store& store, const std::vector<RowId>& entities);
/// The entity that an entity was merged into; itself if none.
[[nodiscard]] RowId current_entity(const Store& store, RowId entity);

}  // namespace reelgraph::graph
