#pragma once
// Passages found in several ways, fused by reciprocal rank: by words (BM25), by meaning (vectors), and by what lies near the entities that
// a text names (personalised PageRank over the archive's graph).

#include <string>
#include <vector>

#include "graph/store.h"
#include "query/meaning.h"
#include "query/retrieval.h"
#include "query/words.h"

namespace reelgraph::query {

struct FusionRequest {
  RetrievalRequest words;  ///< its videos and span bound every view
  bool by_words = true;
  const Meaning* meaning = nullptr;    ///< null: not by meaning
  std::string text;                    ///< what is meant
  std::vector<graph::RowId> entities;  ///< that the text names; empty: not by the graph
};

/// Best first; each says which views found it. Fusion after Cormack, Clarke, Buettcher: Reciprocal Rank Fusion (SIGIR 2009), with k = 60.
/// @throws base::Error kModel: the embedder failed
[[nodiscard]] std::vector<Retrieved> retrieve_fused(const graph::Store& store, const WordCutter& cutter, const FusionRequest& request);

}  // namespace reelgraph::query
