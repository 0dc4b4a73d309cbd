#pragma once
// Computes a plan: numbers, times, names and yes or no, each with what they were computed from.

#include <map>
#include <set>

#include "query/engine.h"
#include "query/evidence.h"
#include "query/plan.h"
#include "query/selection.h"

namespace reelgraph::query {

/// Computes one plan into an answer. Nothing it says is guessed; what it does not find is `not_seen`.
class PlanRun {
 public:
  PlanRun(const graph::Store& store, const Scope& scope, const Plan& plan, Evidence& evidence, Answer& answer);

  /// Always sets the status. @throws base::Error only for a failing archive
  void run();

 private:
  struct Group {
    graph::RowId entity = 0;
    std::string name;
    std::vector<graph::EventRecord> events;  ///< of a ranking over many videos only as many as are cited
    std::size_t n = 0;
  };

  void count();
  [[nodiscard]] std::set<std::string> videos_of_others();
  [[nodiscard]] bool concerns(const VideoScope& video) const;
  [[nodiscard]] bool fits_number(std::size_t n) const;
  [[nodiscard]] std::vector<Group> who_groups(const std::vector<graph::EventRecord>& events);
  void keep_members(std::vector<Group>& groups);
  void add_to(std::vector<Group>& groups, std::map<graph::RowId, std::size_t>& at, const graph::EventRecord& event, std::size_t most);
  [[nodiscard]] std::int64_t count_shown(const Selection& selection, bool overlap, std::vector<graph::EventRecord>& shown);
  /// Sentences that tell the figures of other likely readings, where they differ; else nothing.
  [[nodiscard]] std::string other_counts(std::int64_t n, bool overlap);
  [[nodiscard]] std::string other_moment(const std::vector<graph::EventRecord>& taken);
  /// How many there are outside of the time asked about, where there are none in it.
  [[nodiscard]] std::string at_other_times();
  /// How far the only event of a selection is from what it was to be the last before or the first after.
  [[nodiscard]] std::string distance(const graph::EventRecord& event);
  [[nodiscard]] std::string other_gap(base::Duration length);
  void rate();
  void busiest();
  void exists();
  void when();
  void who();
  void what();
  void duration();
  void length();
  void gap();
  void gaps();
  void concurrency();
  void order();
  void compare();
  void rank();
  void videos();
  void members();
  void score();
  void stay();
  void spoken();
  void property();
  void related();
  void path();
  [[nodiscard]] bool in_scope(const std::string& video) const;
  void cite(const std::vector<graph::RelationRecord>& relations);

  void answered(const std::string& kind, nlohmann::json value, const std::string& text);
  [[nodiscard]] std::string place() const;
  [[nodiscard]] std::string coverage() const;
  void refuse(Status status, const std::string& text);
  /// Nothing was found: says why it may be so. @returns true if the status is set
  bool nothing();
  void cite(const std::vector<graph::EventRecord>& events);
  void answer_entities(const std::vector<Group>& groups);
  /// @param events of the plan's selection; those of these videos are cited
  void answer_videos(const std::vector<std::string>& ids, const std::vector<graph::EventRecord>& events);
  /// The part of a title that begins with the plan's noun: "camera G299" of "camera G299, school".
  [[nodiscard]] std::string called_by_noun(const std::string& title) const;
  [[nodiscard]] nlohmann::json video_json(const std::string& id) const;
  [[nodiscard]] std::vector<Group> grouped(const std::vector<graph::EventRecord>& events);
  [[nodiscard]] std::vector<graph::ParticipantRecord> asked(const graph::EventRecord& event);

  const graph::Store& store_;
  const Scope& scope_;
  const Plan& plan_;
  Evidence& evidence_;
  Answer& answer_;
  Selector selector_;
  std::string sentence_;
};

}  // namespace reelgraph::query
