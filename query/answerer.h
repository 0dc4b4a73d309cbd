#pragma once
// Lets a model word an answer, and lets through only what its evidence bears.

#include <functional>
#include <string>
#include <vector>

#include "base/text_model.h"
#include "query/engine.h"

namespace reelgraph::query {

struct WordingOptions {
  int max_tokens = 400;          ///< of the reply
  int max_prompt_tokens = 4000;  ///< of the text shown, estimated at 3 bytes a token; evidence beyond that is left out, the last first
  int most_pictures = 4;
  int max_steps = 3;  ///< readings of one question; 1: the model may ask for nothing more
  /// JPEG bytes of a citation's frame; empty string if it cannot be had. May be null: no pictures are shown.
  std::function<std::string(const std::string& frame)> read_frame;
  /// Passages for what the model asks for, best first. `note` gets what was changed of the request. May be null: it may ask for nothing.
  std::function<std::vector<Citation>(const FollowUp& asked, std::string& note)> look_up;
};

/// Gives the question, what was computed, and the numbered evidence to the model, checks every sentence of its reply (`check_claims`), and
/// fills `answer.wording`. A computed answer keeps its value and its text; what the model adds stands behind it. A question that could not
/// be computed is answered by the sentences that hold, if any do; for one, the model may ask for more evidence and read again, until it
/// answers, asks for what it had asked for, nothing new is found, or `max_steps` are done: then it is shown what there is once more, to
/// answer or not. What was found so is cited only where a sentence rests on it. Answers without evidence are left as they are; the model is
/// not asked. @throws base::Error kModel: the model failed; the answer is unchanged
void word_answer(Answer& answer, base::TextModel& model, const WordingOptions& options);

/// Looks in the archive, within the videos and times that the question was put to. Borrows all of them.
[[nodiscard]] std::function<std::vector<Citation>(const FollowUp&, std::string&)> look_up_in(const graph::Store& store,
                                                                                             const Engine& engine, const AskOptions& asked);

}  // namespace reelgraph::query
