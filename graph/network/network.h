#pragma once
// Who took part in what, as a graph in memory: entities, events and observations, joined by mentions, participation, relations and the
// order of time. For ranking by nearness, paths of evidence and what hangs together.

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "graph/store.h"

namespace reelgraph::graph {

struct NetworkNode {
  enum class Kind : std::uint8_t { kEntity, kEvent, kObservation };
  Kind kind = Kind::kEntity;
  RowId row = 0;

  friend auto operator<=>(const NetworkNode&, const NetworkNode&) = default;
};

/// An undirected graph in compressed rows (boost::compressed_sparse_row_graph; each edge stands there in both directions). Immutable.
/// Nodes are in the order of NetworkNode. Only what is live is in it.
class Network {
 public:
  using Edge = std::pair<NetworkNode, NetworkNode>;

  /// Of edges in either direction; repeated ones count once, loops not at all.
  explicit Network(std::vector<Edge> edges);
  /// The whole archive. @throws base::Error kInvalidArgument: more than `most_edges`
  static Network whole(const Store& store, std::size_t most_edges);
  /// What lies around some nodes, nearest first, until there are `most_edges`. Costs the same whatever the size of the archive.
  static Network around(const Store& store, std::span<const NetworkNode> seeds, std::size_t most_edges);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  [[nodiscard]] std::size_t nodes() const;
  [[nodiscard]] std::size_t edges() const;

  struct Ranked {
    NetworkNode node;
    double score = 0;
  };
  /// Personalised PageRank: where a walk is that goes on with probability .85 and else starts again at one of the seeds, all alike. By
  /// local push (Andersen, Chung, Lang: Local Graph Partitioning using PageRank Vectors, 2006), so the cost depends on `tolerance`, not on
  /// the size of the graph. Best first, ties by node; seeds that are not in the graph are left out.
  /// @param tolerance what may be missing of a node's score, per edge of it
  [[nodiscard]] std::vector<Ranked> page_rank(std::span<const NetworkNode> seeds, std::size_t most, double tolerance = 5e-7) const;
  /// From `from` to `to`, both included, over the fewest edges; empty if there is none.
  [[nodiscard]] std::vector<NetworkNode> shortest_path(NetworkNode from, NetworkNode to) const;
  /// Sets of nodes that hang together, the largest first, each in order.
  [[nodiscard]] std::vector<std::vector<NetworkNode>> components() const;
  /// Entities that stand in one observation or event with this one, with how many of those; most first.
  [[nodiscard]] std::vector<std::pair<RowId, std::int64_t>> co_occurring(RowId entity) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reelgraph::graph
