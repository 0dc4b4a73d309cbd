#pragma once
// Decides what is said when: one pass over the happenings, with a bounded view ahead.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/report/commentary.h"
#include "query/report/event_feed.h"
#include "query/report/grammar.h"
#include "query/report/recaps.h"

namespace reelgraph::query::report {

/// Borrows the commentary, the video and the feed. Runs once.
class Director {
 public:
  /// @throws base::Error kInvalidArgument: the profile has no such style
  Director(const base::Commentary& commentary, const graph::VideoRecord& video, const CommentaryOptions& options, EventFeed& feed);

  void run();

  [[nodiscard]] std::vector<CommentaryLine>& lines() { return lines_; }
  [[nodiscard]] const NameBook& names() const { return names_; }
  [[nodiscard]] const std::string& style() const { return style_.name; }
  [[nodiscard]] std::size_t sides() const { return record_.sides().size(); }

 private:
  struct Candidate {
    std::string of, kind;
    const base::CommentaryRecap* recap = nullptr;  ///< its facts are taken when it is said
    FactSheet sheet;
    double importance = 0;
    bool always = false;
    base::Timestamp ready = 0, stale = 0;  ///< not before; not from then on, unless `always`
    base::Timestamp started = 0;           ///< of the event
    graph::RowId agent = 0, side = 0;
    const base::CommentaryTopic* topic = nullptr;
  };
  struct Joiner {
    Happening happening;
    FactSheet sheet;
  };

  void admit(Happening happening);
  void offer(const Happening& happening, FactSheet sheet);
  void settle_joiners(base::Timestamp now);
  void close_stage(base::Timestamp now);
  void close_video(base::Timestamp now);
  void offer_summaries(base::Timestamp now, base::Timestamp deadline);
  void follow_up(const Candidate& said);
  [[nodiscard]] bool speak(base::Timestamp now);
  [[nodiscard]] bool look_back_now(base::Timestamp now, double best);
  [[nodiscard]] bool say(const Candidate& candidate, base::Timestamp now);
  void emit(const Candidate& candidate, const FactSheet& sheet, Sentence sentence, base::Timestamp now);
  [[nodiscard]] int words_before_rival(base::Timestamp now, double importance) const;
  [[nodiscard]] double consequence(const Candidate& candidate) const;
  [[nodiscard]] base::Timestamp next_time(base::Timestamp now) const;
  [[nodiscard]] std::uint64_t chance(base::Timestamp now, const std::string& of) const;

  const base::Commentary& commentary_;
  const base::CommentaryStyle& style_;
  const graph::VideoRecord& video_;
  const CommentaryOptions& options_;
  EventFeed& feed_;
  NameBook names_;
  Record record_;
  Grammar grammar_;
  std::vector<Candidate> queue_;
  std::vector<Joiner> joiners_;
  std::unordered_map<graph::RowId, base::Timestamp> when_;  ///< an event was over
  struct Told {
    base::Timestamp at = 0;
    std::string numbers;  ///< what it said
  };
  std::unordered_map<std::string, Told> recaps_;
  base::Timestamp last_end_ = 0, important_end_ = 0, recap_end_ = 0, admitted_ = 0;
  graph::RowId last_event_ = 0;
  int closed_stage_ = -1;
  bool closed_ = false;
  std::vector<CommentaryLine> lines_;
};

}  // namespace reelgraph::query::report
