#include "graph/network/network.h"

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/connected_components.hpp>
#include <deque>
#include <map>
#include <set>

#include "base/error.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph {
namespace {

using sqlite::Database;
using sqlite::database_of;
using sqlite::Statement;
using Kind = NetworkNode::Kind;
using Rows = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property, boost::no_property, std::uint32_t,
                                                std::uint32_t>;
using Vertex = std::uint32_t;

constexpr double kGoOn = 0.85;

// Edges by what they join. Each statement takes the row of one end; the whole archive leaves the condition out.
struct EdgeKind {
  Kind from, to;
  const char* rows;  ///< "SELECT from, to FROM ... WHERE live"
  const char* from_is;
  const char* to_is;
};
constexpr EdgeKind kEdgeKinds[] = {
    {Kind::kObservation, Kind::kEntity,
     "SELECT m.observation, m.entity FROM mention m JOIN observation o ON o.id = m.observation WHERE o.live = 1", " AND m.observation = ?",
     " AND m.entity = ?"},
    {Kind::kEvent, Kind::kEntity, "SELECT p.event, p.entity FROM participant p JOIN event e ON e.id = p.event WHERE e.live = 1",
     " AND p.event = ?", " AND p.entity = ?"},
    {Kind::kObservation, Kind::kEvent, "SELECT e.observation, e.id FROM event e WHERE e.live = 1", " AND e.observation = ?",
     " AND e.id = ?"},
    {Kind::kEntity, Kind::kEntity, "SELECT r.source, r.target FROM relation r JOIN observation o ON o.id = r.observation WHERE o.live = 1",
     " AND r.source = ?", " AND r.target = ?"},
};
// An observation and the one that follows it.
constexpr char kFollowing[] =
    "SELECT a.id, (SELECT b.id FROM observation b WHERE b.video = a.video AND b.live = 1 AND (b.start, b.id) > (a.start, a.id) "
    "ORDER BY b.start, b.id LIMIT 1) AS next FROM observation a WHERE a.live = 1 AND next IS NOT NULL";
constexpr char kBefore[] =
    "SELECT (SELECT b.id FROM observation b WHERE b.video = a.video AND b.live = 1 AND (b.start, b.id) < (a.start, a.id) "
    "ORDER BY b.start DESC, b.id DESC LIMIT 1) AS before, a.id FROM observation a WHERE a.live = 1 AND before IS NOT NULL AND a.id = ?";

}  // namespace

struct Network::State {
  std::vector<NetworkNode> nodes;  ///< sorted; their index is the vertex
  Rows rows;

  [[nodiscard]] std::optional<Vertex> vertex(NetworkNode node) const {
    const auto it = std::lower_bound(nodes.begin(), nodes.end(), node);
    if (it == nodes.end() || *it != node) return std::nullopt;
    return static_cast<Vertex>(it - nodes.begin());
  }
  template <typename Visit>
  void each_neighbour(Vertex v, const Visit& visit) const {
    for (auto [it, end] = boost::adjacent_vertices(v, rows); it != end; ++it) visit(*it);
  }
  [[nodiscard]] std::size_t degree(Vertex v) const { return boost::out_degree(v, rows); }
};

Network::Network(std::vector<Edge> edges) : state_(std::make_unique<State>()) {
  std::vector<NetworkNode>& nodes = state_->nodes;
  nodes.reserve(2 * edges.size());
  for (const auto& [a, b] : edges) {
    nodes.push_back(a);
    nodes.push_back(b);
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::vector<std::pair<Vertex, Vertex>> arcs;
  arcs.reserve(2 * edges.size());
  for (const auto& [a, b] : edges) {
    if (a == b) continue;
    const Vertex x = *state_->vertex(a), y = *state_->vertex(b);
    arcs.emplace_back(x, y);
    arcs.emplace_back(y, x);
  }
  std::sort(arcs.begin(), arcs.end());
  arcs.erase(std::unique(arcs.begin(), arcs.end()), arcs.end());
  state_->rows = Rows(boost::edges_are_sorted, arcs.begin(), arcs.end(), static_cast<Vertex>(nodes.size()));
}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::whole(const Store& store, std::size_t most_edges) {
  Database& database = database_of(store);
  std::vector<Edge> edges;
  const auto read = [&](const std::string& sql, Kind from, Kind to) {
    Statement rows(database, sql);
    while (rows.step()) {
      if (edges.size() >= most_edges)
        throw base::Error(base::ErrorCode::kInvalidArgument, "the graph has more than " + std::to_string(most_edges) + " edges");
      edges.push_back({{from, rows.integer(0)}, {to, rows.integer(1)}});
    }
  };
  for (const EdgeKind& kind : kEdgeKinds) read(kind.rows, kind.from, kind.to);
  read(kFollowing, Kind::kObservation, Kind::kObservation);
  return Network(std::move(edges));
}

Network Network::around(const Store& store, std::span<const NetworkNode> seeds, std::size_t most_edges) {
  Database& database = database_of(store);
  struct Reader {
    Kind from, to;
    bool at_from;  ///< bound to the row of `from`
    Statement rows;
  };
  std::vector<Reader> readers;
  for (const EdgeKind& kind : kEdgeKinds) {
    readers.push_back({kind.from, kind.to, true, Statement(database, std::string(kind.rows) + kind.from_is)});
    readers.push_back({kind.from, kind.to, false, Statement(database, std::string(kind.rows) + kind.to_is)});
  }
  readers.push_back({Kind::kObservation, Kind::kObservation, true, Statement(database, std::string(kFollowing) + " AND a.id = ?")});
  readers.push_back({Kind::kObservation, Kind::kObservation, false, Statement(database, kBefore)});
  std::vector<Edge> edges;
  std::set<NetworkNode> seen(seeds.begin(), seeds.end());
  std::deque<NetworkNode> open(seeds.begin(), seeds.end());
  while (!open.empty() && edges.size() < most_edges) {
    const NetworkNode node = open.front();
    open.pop_front();
    for (Reader& r : readers) {
      if ((r.at_from ? r.from : r.to) != node.kind) continue;
      r.rows.with(node.row);
      while (edges.size() < most_edges && r.rows.step()) {
        const NetworkNode a{r.from, r.rows.integer(0)}, b{r.to, r.rows.integer(1)};
        edges.emplace_back(a, b);
        const NetworkNode other = a == node ? b : a;
        if (seen.insert(other).second) open.push_back(other);
      }
      r.rows.reset();
    }
  }
  return Network(std::move(edges));
}

std::size_t Network::nodes() const { return state_->nodes.size(); }
std::size_t Network::edges() const { return boost::num_edges(state_->rows) / 2; }

std::vector<Network::Ranked> Network::page_rank(std::span<const NetworkNode> seeds, std::size_t most, double tolerance) const {
  const State& s = *state_;
  std::vector<Vertex> starts;
  for (const NetworkNode& seed : seeds) {
    if (const auto v = s.vertex(seed)) starts.push_back(*v);
  }
  if (starts.empty()) return {};
  std::vector<double> score(s.nodes.size(), 0), rest(s.nodes.size(), 0);  // what a node has, and what it must still pass on
  std::vector<bool> queued(s.nodes.size(), false);
  std::deque<Vertex> queue;
  std::vector<Vertex> touched;
  const auto give = [&](Vertex v, double amount) {
    if (score[v] == 0 && rest[v] == 0) touched.push_back(v);
    rest[v] += amount;
    if (queued[v] || rest[v] <= tolerance * static_cast<double>(std::max<std::size_t>(1, s.degree(v)))) return;
    queued[v] = true;
    queue.push_back(v);
  };
  for (const Vertex v : starts) give(v, 1 / static_cast<double>(starts.size()));
  while (!queue.empty()) {
    const Vertex v = queue.front();
    queue.pop_front();
    queued[v] = false;
    const double amount = rest[v];
    rest[v] = 0;
    const std::size_t degree = s.degree(v);
    if (degree == 0) {  // nowhere to go on to: all of it stays
      score[v] += amount;
      continue;
    }
    score[v] += (1 - kGoOn) * amount;
    const double share = kGoOn * amount / static_cast<double>(degree);
    s.each_neighbour(v, [&](Vertex other) { give(other, share); });
  }
  std::vector<Ranked> ranked;
  for (const Vertex v : touched) {
    if (score[v] > 0) ranked.push_back({s.nodes[v], score[v]});
  }
  const auto better = [](const Ranked& a, const Ranked& b) { return a.score != b.score ? a.score > b.score : a.node < b.node; };
  const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(std::min(most, ranked.size()));
  std::partial_sort(ranked.begin(), end, ranked.end(), better);
  ranked.erase(end, ranked.end());
  return ranked;
}

std::vector<NetworkNode> Network::shortest_path(NetworkNode from, NetworkNode to) const {
  const State& s = *state_;
  const auto first = s.vertex(from), last = s.vertex(to);
  if (!first || !last) return {};
  std::vector<Vertex> before(s.nodes.size(), static_cast<Vertex>(s.nodes.size()));
  before[*first] = *first;
  boost::breadth_first_search(
      s.rows, *first,
      boost::visitor(boost::make_bfs_visitor(boost::record_predecessors(
          boost::make_iterator_property_map(before.begin(), boost::get(boost::vertex_index, s.rows)), boost::on_tree_edge()))));
  if (before[*last] == s.nodes.size()) return {};
  std::vector<NetworkNode> path{to};
  for (Vertex v = *last; v != *first;) {
    v = before[v];
    path.push_back(s.nodes[v]);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<std::vector<NetworkNode>> Network::components() const {
  const State& s = *state_;
  std::vector<Vertex> component(s.nodes.size());
  const auto n =
      boost::connected_components(s.rows, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, s.rows)));
  std::vector<std::vector<NetworkNode>> sets(n);
  for (std::size_t v = 0; v < s.nodes.size(); ++v) sets[component[v]].push_back(s.nodes[v]);
  std::stable_sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return sets;
}

std::vector<std::pair<RowId, std::int64_t>> Network::co_occurring(RowId entity) const {
  const State& s = *state_;
  const auto v = s.vertex({Kind::kEntity, entity});
  if (!v) return {};
  std::map<RowId, std::int64_t> together;
  s.each_neighbour(*v, [&](Vertex where) {
    if (s.nodes[where].kind == Kind::kEntity) return;
    s.each_neighbour(where, [&](Vertex other) {
      if (s.nodes[other].kind == Kind::kEntity && other != *v) ++together[s.nodes[other].row];
    });
  });
  std::vector<std::pair<RowId, std::int64_t>> sorted(together.begin(), together.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

}  // namespace reelgraph::graph
