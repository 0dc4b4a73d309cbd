#include "captioner/local/schema_automaton.h"

#include <algorithm>
#include <deque>

#include "base/error.h"

namespace reelgraph::captioner::local {

ByteAutomaton::ByteAutomaton(ByteGraph graph, const std::bitset<256>& writable)
    : graph_(std::move(graph)), distances_(graph_.nodes.size(), -1), seen_(graph_.nodes.size(), 0) {
  measure(writable);
  if (distances_[static_cast<std::size_t>(graph_.start)] < 0) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "no reply that fits the schema can be written with the bytes this model has",
                      "schema", "use words of the model's own alphabet in the schema");
  }
  std::vector<int> first{graph_.start};
  close_over_empty(first);
  static_cast<void>(intern(std::move(first)));
}

void ByteAutomaton::measure(const std::bitset<256>& writable) {
  // Backwards from the end; empty moves cost nothing, so they go to the front.
  struct Move {
    int from = 0, cost = 0;
  };
  std::vector<std::vector<Move>> into(graph_.nodes.size());
  for (std::size_t from = 0; from < graph_.nodes.size(); ++from) {
    for (const int to : graph_.nodes[from].empty) into[static_cast<std::size_t>(to)].push_back({static_cast<int>(from), 0});
    for (const ByteGraph::Edge& edge : graph_.nodes[from].edges) {
      bool any = false;
      for (int byte = edge.low; byte <= edge.high && !any; ++byte) any = writable[static_cast<std::size_t>(byte)];
      if (any) into[static_cast<std::size_t>(edge.to)].push_back({static_cast<int>(from), 1});
    }
  }
  std::deque<std::pair<int, int>> open{{graph_.end, 0}};
  while (!open.empty()) {
    const auto [node, distance] = open.front();
    open.pop_front();
    int& best = distances_[static_cast<std::size_t>(node)];
    if (best >= 0) continue;
    best = distance;
    longest_ = std::max(longest_, distance);
    for (const Move& move : into[static_cast<std::size_t>(node)]) {
      if (distances_[static_cast<std::size_t>(move.from)] >= 0) continue;
      if (move.cost == 0)
        open.emplace_front(move.from, distance);
      else
        open.emplace_back(move.from, distance + 1);
    }
  }
}

void ByteAutomaton::close_over_empty(std::vector<int>& nodes) {
  ++walk_;
  std::vector<int> reached;
  while (!nodes.empty()) {
    const int node = nodes.back();
    nodes.pop_back();
    int& seen = seen_[static_cast<std::size_t>(node)];
    if (seen == walk_) continue;
    seen = walk_;
    const ByteGraph::Node& here = graph_.nodes[static_cast<std::size_t>(node)];
    // What cannot reach the end is as good as not there; what only moves on silently stands for nothing itself.
    if (distances_[static_cast<std::size_t>(node)] >= 0 && (!here.edges.empty() || node == graph_.end)) reached.push_back(node);
    nodes.insert(nodes.end(), here.empty.begin(), here.empty.end());
  }
  std::sort(reached.begin(), reached.end());
  nodes = std::move(reached);
}

int ByteAutomaton::intern(std::vector<int> nodes) {
  const auto [it, fresh] = known_.emplace(std::move(nodes), static_cast<int>(states_.size()));
  if (!fresh) return it->second;
  State state;
  state.nodes = it->first;
  state.next.fill(kUnknown);
  state.text = true;
  state.distance = distances_[static_cast<std::size_t>(state.nodes.front())];
  for (const int node : state.nodes) {
    state.distance = std::min(state.distance, distances_[static_cast<std::size_t>(node)]);
    state.accepting |= node == graph_.end;
    state.text &= graph_.nodes[static_cast<std::size_t>(node)].text;
  }
  states_.push_back(std::move(state));
  return it->second;
}

int ByteAutomaton::explore(int state, std::uint8_t byte) {
  std::vector<int> nodes;
  for (const int node : states_[static_cast<std::size_t>(state)].nodes) {
    for (const ByteGraph::Edge& edge : graph_.nodes[static_cast<std::size_t>(node)].edges) {
      if (edge.low <= byte && byte <= edge.high) nodes.push_back(edge.to);
    }
  }
  if (!nodes.empty()) close_over_empty(nodes);
  const int next = nodes.empty() ? kDead : intern(std::move(nodes));
  states_[static_cast<std::size_t>(state)].next[byte] = next;
  return next;
}

bool ByteAutomaton::complete(int state) const {
  const State& here = states_[static_cast<std::size_t>(state)];
  return here.accepting && std::all_of(here.nodes.begin(), here.nodes.end(),
                                       [&](int node) { return graph_.nodes[static_cast<std::size_t>(node)].edges.empty(); });
}

std::optional<std::uint8_t> ByteAutomaton::forced(int state) {
  if (accepting(state)) return std::nullopt;
  std::optional<std::uint8_t> only;
  for (const int node : states_[static_cast<std::size_t>(state)].nodes) {
    for (const ByteGraph::Edge& edge : graph_.nodes[static_cast<std::size_t>(node)].edges) {
      if (distances_[static_cast<std::size_t>(edge.to)] < 0) continue;
      if (edge.low != edge.high || (only && *only != edge.low)) return std::nullopt;
      only = edge.low;
    }
  }
  return only;
}

}  // namespace reelgraph::captioner::local
