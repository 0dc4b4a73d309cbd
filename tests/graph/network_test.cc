// The graph in memory against plain ways to the same answers.

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "base/error.h"
#include "graph/archive.h"
#include "graph/network/network.h"
#include "graph/transfer.h"
#include "tests/support/support.h"

using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

using Kind = NetworkNode::Kind;

std::vector<Network::Edge> random_edges(std::mt19937& random, int nodes, int edges) {
  std::vector<Network::Edge> out;
  const auto node = [&] {
    return NetworkNode{static_cast<Kind>(random() % 3), static_cast<RowId>(random() % static_cast<unsigned>(nodes))};
  };
  for (int i = 0; i < edges; ++i) out.emplace_back(node(), node());
  return out;
}

using Neighbours = std::map<NetworkNode, std::set<NetworkNode>>;
Neighbours neighbours_of(const std::vector<Network::Edge>& edges) {
  Neighbours n;
  for (const auto& [a, b] : edges) {
    n[a];
    n[b];
    if (a == b) continue;
    n[a].insert(b);
    n[b].insert(a);
  }
  return n;
}

TEST_CASE("nearness is what a long walk says", "[network]") {
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    const auto edges = random_edges(random, 40, 120);
    const Neighbours neighbours = neighbours_of(edges);
    const Network network(edges);
    REQUIRE(network.nodes() == neighbours.size());
    const std::vector<NetworkNode> seeds{edges[0].first, edges[1].second, {Kind::kEvent, 9'999}};
    std::set<NetworkNode> starts{seeds[0], seeds[1]};
    std::map<NetworkNode, double> at;
    std::vector<NetworkNode> list{seeds[0], seeds[1]};
    for (const NetworkNode& n : list) at[n] += 0.5;
    std::map<NetworkNode, double> score;
    for (int step = 0; step < 300; ++step) {  // the power series, step by step
      std::map<NetworkNode, double> next;
      for (const auto& [node, mass] : at) {
        const auto& around = neighbours.at(node);
        score[node] += around.empty() ? mass : 0.15 * mass;
        for (const NetworkNode& other : around) next[other] += 0.85 * mass / static_cast<double>(around.size());
      }
      at = std::move(next);
    }
    double sum = 0;
    for (const auto& ranked : network.page_rank(seeds, 1000, 1e-10)) {
      CHECK(std::abs(ranked.score - score[ranked.node]) < 1e-6);
      sum += ranked.score;
    }
    CHECK(std::abs(sum - 1) < 1e-4);
  }
  CHECK(Network({}).page_rank(std::vector<NetworkNode>{{Kind::kEntity, 1}}, 5).empty());
}

TEST_CASE("paths are the shortest, and what hangs together is one set", "[network]") {
  std::mt19937 random(4);
  for (int round = 0; round < 20; ++round) {
    const auto edges = random_edges(random, 60, 70);
    const Neighbours neighbours = neighbours_of(edges);
    const Network network(edges);
    const NetworkNode from = edges[0].first;
    std::map<NetworkNode, int> far{{from, 0}};
    std::vector<NetworkNode> open{from};
    for (std::size_t i = 0; i < open.size(); ++i) {
      for (const NetworkNode& other : neighbours.at(open[i])) {
        if (far.emplace(other, far[open[i]] + 1).second) open.push_back(other);
      }
    }
    for (const auto& [node, unused] : neighbours) {
      const auto path = network.shortest_path(from, node);
      REQUIRE(path.empty() == !far.contains(node));
      if (path.empty()) continue;
      CHECK(path.size() == static_cast<std::size_t>(far[node]) + 1);
      CHECK(path.front() == from);
      CHECK(path.back() == node);
      for (std::size_t i = 1; i < path.size(); ++i) CHECK(neighbours.at(path[i - 1]).contains(path[i]));
    }
    std::size_t held = 0;
    for (const auto& set : network.components()) {
      held += set.size();
      if (std::find(set.begin(), set.end(), from) != set.end()) CHECK(set.size() == far.size());
    }
    CHECK(held == neighbours.size());
  }
}

TEST_CASE("an archive's graph joins who took part, where it was seen and what came next", "[network]") {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  std::istringstream lines(
      R"({"type":"video","id":"v","duration":60})"
      "\n"
      R"({"type":"observation","video":"v","start":0,"end":10,"caption":"A","entities":[{"ref":"a","type":"person","name":"Ann"},{"ref":"b","type":"person","name":"Bo"}],"events":[{"type":"meet","start":1,"end":2,"participants":[{"ref":"a","role":"agent"},{"ref":"b","role":"patient"}]}],"provenance":{"kind":"human","name":"t","version":"1"}})"
      "\n"
      R"({"type":"observation","video":"v","start":10,"end":20,"caption":"B","entities":[{"ref":"b","type":"person","name":"Bo"},{"ref":"c","type":"person","name":"Cy"}],"relations":[{"source":"b","type":"knows","target":"c"}],"provenance":{"kind":"human","name":"t","version":"1"}})"
      "\n"
      R"({"type":"observation","video":"v","start":20,"end":30,"caption":"Nobody is here","provenance":{"kind":"human","name":"t","version":"1"}})"
      "\n");
  (void)import_jsonl(archive, lines, "test", {});
  const Store& store = archive.store();
  const auto row = [&](const char* name) { return store.find_entities(name, true, 1).at(0).row; };
  const Network whole = Network::whole(store, 1000);
  CHECK(whole.nodes() == 7);   // three people, three observations, a meeting
  CHECK(whole.edges() == 10);  // four mentions, two participants, the meeting's observation, a relation, two that follow
  CHECK(whole.components().size() == 1);
  const NetworkNode ann{Kind::kEntity, row("Ann")}, cy{Kind::kEntity, row("Cy")}, bo{Kind::kEntity, row("Bo")};
  const auto path = whole.shortest_path(ann, cy);
  REQUIRE(path.size() == 4);
  CHECK(whole.co_occurring(bo.row) == std::vector<std::pair<RowId, std::int64_t>>{{ann.row, 2}, {cy.row, 1}});
  CHECK_THROWS_AS(Network::whole(store, 5), base::Error);

  const std::vector<NetworkNode> seeds{ann};
  const Network near = Network::around(store, seeds, 1000);
  CHECK(near.nodes() == whole.nodes());
  CHECK(near.edges() == whole.edges());
  const Network nearest = Network::around(store, seeds, 2);
  CHECK(nearest.edges() == 2);
  const auto ranked = whole.page_rank(seeds, 10);
  REQUIRE(ranked.size() == 7);
  CHECK(ranked[0].node == ann);
  CHECK(ranked.back().node == NetworkNode{Kind::kObservation, 3});
}

}  // namespace
}  // namespace reelgraph::test
