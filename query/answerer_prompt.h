#pragma once
// What an answering model is shown, and what its reply says. Whatever stands in a reply is untrusted.

#include <optional>
#include <string>
#include <vector>

#include "base/text_model.h"
#include "query/answerer.h"

namespace reelgraph::query {

/// Was it computed by a query on the graph? Then everything may rest on it.
[[nodiscard]] bool is_computed(const Answer& answer);

struct Reading {
  base::TextRequest request;
  std::vector<int> shown;  ///< numbers of the citations in it, 1-based, ascending
};

/// Question, what was computed, and as much of the evidence as the budget has room for; of the first piece at least a part.
/// @param order citations from the most useful on, 0-based; what does not fit is left out from the end
/// @param may_ask the model may ask for more evidence instead of answering
/// @param asked what it asked for before
[[nodiscard]] Reading compose_reading(const Answer& answer, const std::vector<Citation>& citations, const std::vector<std::size_t>& order,
                                      const WordingOptions& options, bool may_ask, const std::vector<FollowUp>& asked);

struct ModelReply {
  bool declined = false;  ///< the evidence does not answer
  std::string prose;      ///< with citations
  std::optional<FollowUp> look_for;
  std::string problem;  ///< with what it asked for; empty: none
};

/// A reply by the schema, or prose. What a follow-up names in vain (no words, times that are none) is left out and told as its problem.
[[nodiscard]] ModelReply read_reply(const std::string& text);

/// "red van" in cam-2, 0:00:10-0:00:20
[[nodiscard]] std::string to_text(const FollowUp& follow_up);

}  // namespace reelgraph::query
