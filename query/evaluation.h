#pragma once
// Scores answers against questions with known answers, by the rules of the contract; the same figures as the reference scorer prints.

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "graph/store.h"
#include "query/engine.h"

namespace reelgraph::query {

/// What may be seen of a question while it is answered. Answer, category and evidence are not among it.
struct EvalQuestion {
  std::string id;
  std::string question;
  std::vector<std::string> options;
  std::string video;    ///< id, title or path; empty: the whole archive
  bool search = false;  ///< `task: search`
};

/// One line of a questions file.
struct EvalLine {
  EvalQuestion asked;
  nlohmann::json truth;  ///< the whole line, for scoring only; without "answer" it is run and not scored
};

/// Reads questions as JSON lines; empty lines are passed over.
/// @throws base::Error kBadInput naming the file and line
[[nodiscard]] std::vector<EvalLine> read_questions(std::istream& in, const std::string& name);

/// What was answered to one question.
struct EvalReply {
  nlohmann::ordered_json line;  ///< as `--answers` writes it: id, status, kind, value, citations, videos
  std::string text;             ///< the sentence, for the report
  nlohmann::json plan;
};

/// Answers one question; a question about a video that the archive does not have is `not_covered`.
/// @throws base::Error as Engine::ask does for a failing archive
/// @param without views switched off, as in AskOptions
[[nodiscard]] EvalReply answer_question(const graph::Store& store, const Engine& engine, const EvalQuestion& question,
                                        const std::vector<std::string>& without = {});

/// The figures, with the keys and in the order of the contract. `store` gives the names that mean the same.
/// @param replies the lines as `--answers` writes them, one a question, in any order
[[nodiscard]] nlohmann::ordered_json score(const graph::Store& store, const std::vector<EvalLine>& questions,
                                           const std::vector<nlohmann::ordered_json>& replies);

/// The report as one HTML page: the figures, and every wrong answer with its sentence and plan.
void write_eval_report(std::ostream& out, const std::vector<EvalLine>& questions, const std::vector<EvalReply>& replies,
                       const nlohmann::ordered_json& scores);

}  // namespace reelgraph::query
