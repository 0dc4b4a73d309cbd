#pragma once
// What has happened in a video up to a moment: sides, score, clock, counts. Nothing in it knows what comes after.

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/commentary.h"
#include "query/report/facts.h"
#include "query/report/names.h"

namespace reelgraph::query::report {

/// An event that the profile has a topic for.
struct Happening {
  graph::EventRecord event;
  const base::CommentaryTopic* topic = nullptr;
  base::Timestamp known = 0;         ///< when it is over, and what came of it can be said
  graph::RowId agent = 0, side = 0;  ///< 0: none
};

/// The first participant in the role; 0: none.
[[nodiscard]] graph::RowId in_role(const graph::EventRecord& event, const std::string& role);

/// What is kept of a happening.
struct Seen {
  graph::RowId event = 0;
  base::Timestamp at = 0, known = 0;
  graph::RowId agent = 0, side = 0;
  bool for_other = false;  ///< in `Record::scored`: it counted for the other side than the agent's
};

/// Happenings of some families in the order in which they were over, and the same by side and by agent.
class SeenList {
 public:
  void add(const Seen& seen);
  [[nodiscard]] const std::vector<Seen>& all() const { return all_; }
  [[nodiscard]] const std::vector<Seen>& of_side(graph::RowId side) const;
  [[nodiscard]] const std::vector<Seen>& of_agent(graph::RowId agent) const;
  [[nodiscard]] const std::map<graph::RowId, std::vector<Seen>>& by_agent() const { return by_agent_; }  ///< without 0

 private:
  std::vector<Seen> all_;
  std::map<graph::RowId, std::vector<Seen>> by_side_, by_agent_;
};

/// Those from the first on that begins at `since` or later.
[[nodiscard]] std::span<const Seen> since_time(const std::vector<Seen>& seen, base::Timestamp since);
[[nodiscard]] Cited cite(std::span<const Seen> seen);

/// Borrows the commentary and the names. Not for use from several threads.
class Record {
 public:
  /// @param title of the video: a side named in it first stands first in a score line
  Record(const base::Commentary& commentary, NameBook& names, std::string title);

  /// Takes in the next happening, in the order of `known`. @returns all that can be said about it at this moment
  FactSheet add(const Happening& happening);

  [[nodiscard]] const SeenList& of(const std::string& family) const;
  /// Of several, each happening once. @param families of a recap of the commentary
  [[nodiscard]] const SeenList& of(const std::vector<std::string>& families) const;
  /// In the order of a score line; those that took part in something.
  [[nodiscard]] const std::vector<graph::RowId>& sides() const { return sides_; }
  [[nodiscard]] graph::RowId other(graph::RowId side) const;  ///< 0 unless there are two
  [[nodiscard]] int stage() const { return stage_; }          ///< -1: none has begun
  /// Would this event begin a stage that is not under way?
  [[nodiscard]] std::optional<int> begins_stage(const graph::EventRecord& event) const;
  [[nodiscard]] bool has_score() const { return tally_ != nullptr && sides_.size() == 2; }
  [[nodiscard]] std::int64_t score_of(graph::RowId side) const;

  /// Clock, stage and score at `now`.
  void describe(FactSheet& sheet, base::Timestamp now) const;
  /// A fact that names an entity.
  static void put(FactSheet& sheet, const std::string& slot, const NameBook& names, std::vector<graph::RowId> entities, Cited events);
  /// A fact that is a number: in words unless `digits`.
  void put_number(FactSheet& sheet, const std::string& slot, std::int64_t n, Cited events, bool digits = false) const;
  /// A fact that is n-th in the profile's words; none where it has no word for it.
  void put_nth(FactSheet& sheet, const std::string& slot, std::int64_t n, Cited events) const;
  [[nodiscard]] const NameBook& names() const { return names_; }
  [[nodiscard]] base::Timestamp stage_start() const { return stage_start_; }
  [[nodiscard]] graph::RowId stage_event() const { return stage_event_; }
  [[nodiscard]] const std::vector<Seen>& scored() const { return scored_; }  ///< by what was counted; `side`: who gained

 private:
  void meet(const graph::EventRecord& event);
  void add_score(FactSheet& sheet) const;
  void add_tally(FactSheet& sheet, const Happening& happening);
  void add_counts(FactSheet& sheet, const Happening& happening) const;
  void follow_chain(FactSheet& sheet, const Happening& happening);

  const base::Commentary& commentary_;
  const base::Tally* tally_ = nullptr;  ///< of the commentary
  NameBook& names_;
  std::string title_;
  std::vector<graph::RowId> sides_;
  std::map<graph::RowId, std::string> side_names_;
  std::map<std::string, SeenList> seen_;                 ///< by family
  std::map<std::vector<std::string>, SeenList> joined_;  ///< by the families of a recap, where they are several
  std::vector<Seen> scored_;
  std::map<graph::RowId, std::int64_t> score_;  ///< by side
  int stage_ = -1;
  base::Timestamp stage_start_ = 0;
  graph::RowId stage_event_ = 0;
  graph::RowId chain_side_ = 0;
  std::vector<graph::RowId> chain_, chain_events_;  ///< who last had the ball, and the passes before
  std::int64_t chain_length_ = 0;                   ///< passes without a break
  std::string last_family_;                         ///< of the last happening that is always told
  base::Timestamp last_at_ = 0;
};

}  // namespace reelgraph::query::report
