#pragma once
// Lets a model word an answer, and lets through only what its evidence bears.

#include <functional>
#include <string>

#include "base/text_model.h"
#include "query/engine.h"

namespace reelgraph::query {

struct WordingOptions {
  int max_tokens = 400;          ///< of the reply
  int max_prompt_tokens = 4000;  ///< of the text shown, estimated at 3 bytes a token; evidence beyond that is left out, the last first
  int most_pictures = 4;
  /// JPEG bytes of a citation's frame; empty string if it cannot be had. May be null: no pictures are shown.
  std::function<std::string(const std::string& frame)> read_frame;
};

/// Gives the question, what was computed, and the numbered evidence to the model, checks every sentence of its reply (`check_claims`), and
/// fills `answer.wording`. A computed answer keeps its value and its text; what the model adds stands behind it. A question that could not
/// be computed is answered by the sentences that hold, if any do. Answers without evidence are left as they are; the model is not asked.
/// @throws base::Error kModel: the model failed; the answer is unchanged
void word_answer(Answer& answer, base::TextModel& model, const WordingOptions& options);

}  // namespace reelgraph::query
