#pragma once
// A question in words becomes a plan. Every word with a meaning must find its place in it; where one does not, there is no plan.

#include <optional>
#include <string>
#include <vector>

#include "query/lexicon.h"
#include "query/plan.h"

namespace reelgraph::query {

struct Parsed {
  std::optional<Plan> plan;         ///< only if the whole question was understood
  std::vector<Word> leftover;       ///< words that nothing stands for
  std::string problem;              ///< why there is no plan, if not for a word ("the name may mean several: ...")
  std::string unknown;              ///< a name like those of this archive that nothing bears ("pallet 9999"); then there is no plan
  std::vector<std::string> videos;  ///< the question itself names these
};

/// @param videos those asked about by option, by id; empty: all
[[nodiscard]] Parsed parse(const std::vector<Word>& words, const Lexicon& lexicon, const graph::Store& store,
                           const std::vector<std::string>& videos);

}  // namespace reelgraph::query
