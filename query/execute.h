#pragma once
// Answers that are computed from the graph: counts, times, durations, who took part, what came first, where there was none.

#include "query/engine.h"
#include "query/event_finder.h"
#include "query/evidence.h"
#include "query/question.h"
#include "query/scope.h"

namespace reelgraph::query {

/// Is the question of a kind that plans do not know: when there was none, whether and when somebody was seen at all, how many of a kind
/// were seen, what happened? Whatever else a plan was not found for was not understood.
[[nodiscard]] bool is_beyond_plans(const Question& question, const std::vector<Word>& words);

/// Computes one question. It fills status, kind, value, text and claims of an answer; nothing it says is guessed.
class Execution {
 public:
  Execution(const graph::Store& store, const Question& question, const Scope& scope, Evidence& evidence, Answer& answer);

  /// @returns false if this question is not of a kind that is computed; the answer is then unchanged
  bool run();

 private:
  bool count();
  bool exists();
  bool when();
  bool absence();
  bool duration();
  bool gap();
  bool who();
  bool which_videos();
  bool first_of();
  bool what_happens();
  bool count_entities();

  void answered(std::string kind, nlohmann::json value, std::string text);
  bool nothing(const std::string& text);
  /// True, with the status set, if nothing that describes the videos reports such events.
  bool not_reported();
  void claim(const std::string& text, int citation);
  void claim(const graph::EventRecord& event);

  [[nodiscard]] const std::vector<std::string>& types() const;
  [[nodiscard]] EventFinder::Time time_rule() const;
  [[nodiscard]] std::optional<graph::EventRecord> nth(const std::vector<graph::EventRecord>& events, int ordinal) const;
  [[nodiscard]] std::string subject_text() const;                 ///< "shot with Chelsea"
  [[nodiscard]] std::string subjects_text(std::int64_t n) const;  ///< "15 shots with Chelsea"
  [[nodiscard]] std::string with_whom() const;
  [[nodiscard]] std::string place_text() const;
  [[nodiscard]] std::string coverage_text() const;
  [[nodiscard]] std::vector<graph::ParticipantRecord> asked_participants(const graph::EventRecord& event) const;

  const graph::Store& store_;
  const Question& question_;
  const Scope& scope_;
  Evidence& evidence_;
  Answer& answer_;
  EventFinder finder_;
};

}  // namespace reelgraph::query
