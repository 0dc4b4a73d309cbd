#pragma once
// Questions about how entities belong together: by a relation, over several of them, or by what they take part in together.

#include <optional>
#include <string>
#include <vector>

#include "graph/store.h"
#include "query/lexicon.h"
#include "query/plan.h"

namespace reelgraph::query {

/// "Which club does Pedro play for?", "How are Pedro and Ann connected?", "Who appears most often with Pedro?"
/// @param videos as for Lexicon::read
/// @returns nothing if it is no such question, or a word of it is not understood
[[nodiscard]] std::optional<Plan> read_relation_question(const std::vector<Word>& words, const Lexicon& lexicon, const graph::Store& store,
                                                         const WordCutter& cutter, const std::vector<std::string>& videos);

}  // namespace reelgraph::query
