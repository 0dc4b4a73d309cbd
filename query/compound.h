#pragma once
// Two questions in one sentence, and questions for a property of a thing that was seen.

#include <optional>
#include <string>
#include <vector>

#include "graph/store.h"
#include "query/engine.h"
#include "query/lexicon.h"

namespace reelgraph::query {

/// "What was taken away, and when was it put back?" as two questions; empty if it is one.
[[nodiscard]] std::vector<std::string> split_questions(const std::string& text);

/// The answers of two questions as one: texts and claims one after the other, citations numbered on, the values in one list.
/// REQUIRES: both are answered
[[nodiscard]] Answer join_answers(Answer first, Answer second);

/// "Which way does the red one go?": the value of an attribute of what is named.
struct PropertyQuestion {
  std::string key;                     ///< of the attributes of events
  std::vector<graph::RowId> entities;  ///< any of these
  std::vector<std::string> names;      ///< as they are called
};

/// @param videos as for Lexicon::read
/// @returns nothing if it is no such question, or a word of it is not understood
[[nodiscard]] std::optional<PropertyQuestion> read_property_question(const std::vector<Word>& words, const Lexicon& lexicon,
                                                                     const std::vector<std::string>& videos);

}  // namespace reelgraph::query
