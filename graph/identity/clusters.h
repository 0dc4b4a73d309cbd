#pragma once
// From evidence and decisions to entities: a union of atoms under constraints. Pure; the order of its inputs decides nothing.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/identity/matching.h"

namespace reelgraph::graph::identity {

/// What keeps two sets of atoms apart.
struct AtomFacts {
  std::string key;  ///< orders atoms without their rows
  std::string source, stable_id, type;
  Marks marks;
  std::vector<std::int64_t> observations;  ///< live ones that mention it, sorted
};

struct Decisions {
  std::vector<std::pair<std::int64_t, std::int64_t>> together;  ///< merged by hand
  std::vector<std::pair<std::int64_t, std::int64_t>> apart;     ///< declared distinct, or split
  std::set<std::int64_t> alone;                                 ///< split off: takes no automatic merge
};

struct Clusters {
  std::map<std::int64_t, std::vector<std::int64_t>> members;   ///< the smallest row -> all rows, sorted
  std::vector<Link> effective;                                 ///< links that joined two
  std::vector<std::pair<std::int64_t, std::int64_t>> refused;  ///< merges by hand that a later constraint forbids
};

/// @param atoms every atom that a link or decision names
[[nodiscard]] Clusters cluster(const std::map<std::int64_t, AtomFacts>& atoms, const Decisions& decisions, std::vector<Link> links);

}  // namespace reelgraph::graph::identity
