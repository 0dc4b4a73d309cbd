#pragma once
// Answers questions from an archive: what the words ask for, what the graph says, and where it can be checked.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/profile.h"
#include "base/span_set.h"
#include "base/text_embedder.h"
#include "graph/store.h"
#include "query/claim_checker.h"

namespace reelgraph::query {

enum class Status { kAnswered, kNotSeen, kNotCovered, kNotUnderstood };

struct Citation {
  std::string video;
  base::TimeSpan span;
  std::string text;
  std::optional<graph::RowId> event;
  std::optional<graph::RowId> observation;
  std::string frame;  ///< relative to the archive; empty if none is kept there
};

struct Claim {
  std::string text;
  std::vector<int> citations;  ///< 1-based
};

struct VideoSpan {
  std::string video;
  base::TimeSpan span;
  std::string reason;  ///< only for failed and not sampled
};

/// What was asked about, and how much of it was looked at.
struct CoverageReport {
  std::vector<VideoSpan> asked, described, failed, not_sampled;
};

/// What an answering model asks for where its evidence does not suffice.
struct FollowUp {
  std::string text;                         ///< words to look for
  std::string video;                        ///< id; empty: wherever the question looks
  std::optional<base::Timestamp> from, to;  ///< within the video
};

/// One reading of the evidence by a model, and what it asked for then.
struct ReadingStep {
  int shown = 0;                     ///< pieces of evidence that it was shown
  base::Usage usage;                 ///< of this step
  std::optional<FollowUp> look_for;  ///< empty: it answered
  int found = 0, added = 0;          ///< passages that were found for that, and those that it had not seen
  std::string note;                  ///< why what it asked for was changed or not looked for; else empty
};

/// What a model wrote of an answer, sentence by sentence, and what the check made of it (`query/answerer.h`).
struct Wording {
  std::string model;
  bool declined = false;  ///< it says that the evidence does not answer
  std::vector<CheckedSentence> sentences;
  std::vector<ReadingStep> steps;
  base::Usage usage;  ///< of all steps
};

struct Answer {
  std::string question;
  Status status = Status::kNotUnderstood;
  std::string kind;      ///< count entity time duration boolean list event choice moment text; empty unless answered
  nlohmann::json value;  ///< shape by kind, as in the command line's contract
  std::string text;      ///< one or a few sentences; also for the other statuses: what is known instead
  std::vector<Claim> claims;
  std::vector<Citation> citations;
  CoverageReport coverage;
  nlohmann::json plan = nlohmann::json::object();
  std::optional<Wording> wording;
  double plan_ms = 0, retrieve_ms = 0, answer_ms = 0;
};

/// The JSON document of `ask --json`.
[[nodiscard]] nlohmann::ordered_json to_json(const Answer& answer);

/// As it stands in that document.
[[nodiscard]] const char* status_name(Status status);

struct AskOptions {
  std::vector<std::string> videos;  ///< ids; empty: all
  std::optional<base::Timestamp> from, to;
  std::vector<std::string> choices;  ///< multiple choice
  std::vector<std::string> without;  ///< views switched off: lexical vector graph frames plan
  int max_citations = 10;
  std::optional<nlohmann::json> plan;  ///< executed instead of what the question says; checked
  std::string plan_source = "plan";    ///< its file, for error messages
};

struct Hit {
  std::string video;
  base::TimeSpan span;
  double score = 0;  ///< 0..1, best first
  std::string text;
  std::vector<std::string> why;
  std::string frame;
};

struct SearchOptions {
  std::vector<std::string> videos;
  std::optional<base::Timestamp> from, to;
  int limit = 10;
  std::vector<std::string> without;  ///< views switched off: lexical vector graph
};

/// Reads an archive; never writes. Not for use from several threads.
class Engine {
 public:
  /// @param store borrowed; must outlive the engine
  /// @param profiles words people use for types; those of types that the archive does not hold are ignored
  /// @param embedder finds what is meant alike, where the archive's texts were embedded with it; null: by words alone
  /// @param log told of index files that cannot be used
  Engine(const graph::Store& store, std::vector<base::Profile> profiles, std::shared_ptr<base::TextEmbedder> embedder = nullptr,
         base::LogSink log = {});
  ~Engine();
  Engine(Engine&&) noexcept;

  /// Any text is a question; none makes it throw but a failing archive. @throws base::Error kInvalidArgument for unknown videos or from >=
  /// to
  [[nodiscard]] Answer ask(const std::string& question, const AskOptions& options) const;
  [[nodiscard]] std::vector<Hit> search(const std::string& words, const SearchOptions& options) const;

 private:
  struct Vocabulary;
  [[nodiscard]] Vocabulary& vocabulary() const;
  [[nodiscard]] std::vector<Hit> search_by_meaning(const std::string& words, const SearchOptions& options) const;

  const graph::Store& store_;
  std::vector<base::Profile> profiles_;
  std::shared_ptr<base::TextEmbedder> embedder_;
  base::LogSink log_;
  mutable std::unique_ptr<Vocabulary> vocabulary_;  ///< read from the archive at the first question
};

}  // namespace reelgraph::query
