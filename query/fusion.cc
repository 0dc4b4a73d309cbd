#include "query/fusion.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>

#include "graph/network/network.h"

namespace reelgraph::query {
namespace {

constexpr double kRankOffset = 60;
constexpr std::size_t kMostNear = 200;      // passages by meaning
constexpr std::size_t kMostAround = 4'000;  // edges around the entities named
constexpr std::size_t kMostByGraph = 100;   // observations
constexpr std::size_t kMostSeeds = 8;
constexpr double kGraphWeight = 0.5;  // what is near is not yet what was asked for

struct Fused {
  double score = 0;
  std::vector<std::string> why;
  std::optional<Retrieved> retrieved;  ///< if the words found it
};

}  // namespace

std::vector<Retrieved> retrieve_fused(const graph::Store& store, const WordCutter& cutter, const FusionRequest& request) {
  const RetrievalRequest& asked = request.words;
  std::map<graph::RowId, Fused> by_observation;
  const auto add = [&](graph::RowId observation, std::size_t rank, double weight, const char* view) -> Fused& {
    Fused& f = by_observation[observation];
    if (std::find(f.why.begin(), f.why.end(), view) != f.why.end()) return f;  // its best rank counts
    f.score += weight / (kRankOffset + static_cast<double>(rank));
    f.why.emplace_back(view);
    return f;
  };
  if (request.by_words) {
    std::size_t rank = 0;
    for (Retrieved& r : retrieve(store, cutter, asked)) {
      Fused& f = add(r.passage.observation, ++rank, 1, "lexical");
      if (!f.retrieved) f.retrieved = std::move(r);
    }
  }
  std::set<graph::RowId> videos;
  for (const std::string& id : asked.videos) {
    if (const auto video = store.find_video(id)) videos.insert(video->row);
  }
  if (request.meaning != nullptr && !request.text.empty()) {
    std::size_t rank = 0;
    for (const TextVectors::Near& near : request.meaning->captions.nearest(request.meaning->of(request.text), kMostNear)) {
      if (videos.empty() || videos.contains(near.video)) add(near.owner, ++rank, 1, "vector");
    }
  }
  if (!request.entities.empty()) {
    std::vector<graph::NetworkNode> seeds;
    for (std::size_t i = 0; i < std::min(request.entities.size(), kMostSeeds); ++i)
      seeds.push_back({graph::NetworkNode::Kind::kEntity, request.entities[i]});
    const graph::Network network = graph::Network::around(store, seeds, kMostAround);
    std::size_t rank = 0;
    for (const graph::Network::Ranked& near : network.page_rank(seeds, network.nodes())) {
      if (near.node.kind != graph::NetworkNode::Kind::kObservation) continue;
      add(near.node.row, ++rank, kGraphWeight, "graph");
      if (rank >= kMostByGraph) break;
    }
  }
  std::vector<std::pair<double, graph::RowId>> order;
  for (const auto& [observation, fused] : by_observation) order.emplace_back(-fused.score, observation);
  std::sort(order.begin(), order.end());
  std::unordered_set<std::string> stems;
  for (const std::string& w : asked.words) stems.insert(cutter.stem(w));
  const double top = order.empty() ? 1 : -order.front().first;
  const auto most = static_cast<std::size_t>(std::max(1, asked.limit)) * 4;  // neighbours will be joined
  std::vector<Retrieved> found;
  for (const auto& [negative, observation] : order) {
    if (found.size() >= most) break;
    Fused& fused = by_observation.at(observation);
    Retrieved r;
    if (fused.retrieved) {
      r = std::move(*fused.retrieved);
    } else {
      const auto record = store.observation(observation);
      if (!record || record->superseded) continue;
      const base::Observation& o = record->observation;
      const bool elsewhere = !asked.videos.empty() && std::find(asked.videos.begin(), asked.videos.end(), o.video) == asked.videos.end();
      if (elsewhere || (asked.within && !asked.within->overlaps(o.span))) continue;
      r.passage = {o.video, o.span, observation, std::nullopt, o.caption.empty() ? o.transcript : o.caption, 0};
      if (r.passage.text.empty()) continue;
      std::unordered_set<std::string> held;
      for (Word& w : cutter.cut(r.passage.text, 4000)) {
        if (stems.contains(w.stem)) held.insert(std::move(w.stem));
      }
      r.matched = stems.empty() ? 0 : static_cast<double>(held.size()) / static_cast<double>(stems.size());
    }
    r.score = -negative / top;
    r.why = fused.why;
    found.push_back(std::move(r));
  }
  return found;
}

}  // namespace reelgraph::query
