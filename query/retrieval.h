#pragma once
// The nearest evidence by words: ranked passages, joined where they overlap, and multiple choice by evidence.

#include <string>
#include <vector>

#include "graph/store.h"
#include "query/engine.h"
#include "query/words.h"

namespace reelgraph::query {

/// A passage with how much of the question it holds.
struct Retrieved {
  graph::Passage passage;
  double score = 0;                         ///< 0..1
  double matched = 0;                       ///< share of the words found in the passage's text, 0..1
  std::vector<std::string> why{"lexical"};  ///< the views that found it
};

struct RetrievalRequest {
  std::vector<std::string> words;   ///< folded, with a meaning
  std::vector<std::string> videos;  ///< ids; empty: all
  std::optional<base::TimeSpan> within;
  int limit = 10;
};

/// Best first, ties by video and start. Words are the user's: no query syntax, never an exception for what they hold.
[[nodiscard]] std::vector<Retrieved> retrieve(const graph::Store& store, const WordCutter& cutter, const RetrievalRequest& request);

/// Passages of one video that overlap or touch become one hit; best first.
[[nodiscard]] std::vector<Hit> join_hits(std::vector<Retrieved> retrieved, int limit);

/// The option that the evidence speaks for most, and the passages that do; empty if no option has any evidence.
struct Choice {
  int index = 0;
  std::vector<Retrieved> evidence;
};
[[nodiscard]] std::optional<Choice> choose(const graph::Store& store, const WordCutter& cutter, const RetrievalRequest& question,
                                           const std::vector<std::string>& options);

/// The words of a text that carry a meaning, folded, at most 32.
[[nodiscard]] std::vector<std::string> content_words(const WordCutter& cutter, const std::string& text);

}  // namespace reelgraph::query
