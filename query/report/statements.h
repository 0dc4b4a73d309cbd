#pragma once
// Internal to query/report/summary: what an archive says of a video, sentence by sentence, and which sentences say most.

#include <map>
#include <string>
#include <vector>

#include "graph/store.h"
#include "query/words.h"

namespace reelgraph::query::report {

/// One sentence that can be cited.
struct Statement {
  base::TimeSpan span;
  std::string text;
  std::string type;  ///< of the event; empty: a sentence of a caption
  std::string who;   ///< first agent of the event; may be empty
  std::optional<graph::RowId> event;
  std::optional<graph::RowId> observation;
  std::map<int, double> weights;  ///< word -> tf-idf, unit length
  double rarity = 0;              ///< 0..1: how seldom its like is in the video
};

/// All of a video's that lie in `within`, by start; what says the same at the same time is there once.
[[nodiscard]] std::vector<Statement> statements_of(const graph::Store& store, const std::string& video, base::TimeSpan within,
                                                   const WordCutter& cutter);

/// The chapters of a span, which cover it without gaps.
[[nodiscard]] std::vector<base::TimeSpan> chapters_of(const std::vector<Statement>& statements, base::TimeSpan whole);

/// Indices of the `count` that tell most of those with indices `first`..`last` (exclusive), in order of time.
[[nodiscard]] std::vector<std::size_t> choose_statements(const std::vector<Statement>& statements, std::size_t first, std::size_t last,
                                                         int count);

}  // namespace reelgraph::query::report
