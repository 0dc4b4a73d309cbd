#pragma once
// The events of a warehouse, or of any place that people and things come to and leave, as visits of goods to places.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/span_set.h"
#include "graph/store.h"
#include "query/report/operations_words.h"

namespace reelgraph::query::report {

struct OperationsActor {
  graph::RowId row = 0;
  std::string name, type;
  ActorKind kind = ActorKind::kUnknown;
};

/// One event. Times are of the log's axis; indices are into `OperationsLog::actors`, -1: takes no such part.
struct Episode {
  base::TimeSpan span;
  graph::RowId event = 0;
  int video = 0;  ///< index into `OperationsLog::videos`
  int goods = -1, resource = -1, place = -1, source = -1, destination = -1;
  Activity activity = Activity::kOther;
};

/// One stay of one piece of goods at one place. A time that no event tells is inferred from what does: the way there, work, waiting.
struct Visit {
  int goods = -1, place = -1, video = 0;
  base::Timestamp arrival = 0;
  base::Timestamp departure = 0;                         ///< of an open visit: the end of the log
  base::Timestamp process_start = -1, process_end = -1;  ///< of the first and last work; -1: none
  base::Duration processed = 0;                          ///< without breakdowns
  base::Duration stopped = 0;                            ///< breakdowns during work
  base::Duration blocked = 0;
  base::Duration waited = 0;  ///< neither worked on nor blocked: from the arrival to the work, and told waits
  base::Timestamp block_start = -1;
  int resource = -1;  ///< of the first work
  graph::RowId event = 0;
  bool arrival_seen = false, departure_seen = false;
  bool open = false;              ///< still there when the log ends
  bool process_inferred = false;  ///< no event told it
  bool lost = false;              ///< its departure was not seen; others that came later have gone

  [[nodiscard]] base::Duration dwell() const { return departure - arrival; }
};

/// A span in which a visit is in one state, for curves and charts.
struct VisitState {
  base::TimeSpan span;
  int visit = 0;
  int resource = -1;
  Activity activity = Activity::kWait;  ///< kWait, kProcess or kBlock
  graph::RowId event = 0;               ///< 0: inferred
};

struct OperationsVideo {
  graph::VideoRecord record;
  base::Duration offset = 0;  ///< of its start on the axis
  base::TimeSpan axis;        ///< [offset, offset + duration)
  base::SpanSet observed;     ///< on the axis: what was described
};

/// What was wrong with the events and what was done about it. Counts of events or visits.
struct LogTally {
  std::int64_t events = 0, used = 0;
  std::int64_t outside = 0;      ///< past the video's end: not used
  std::int64_t cut = 0;          ///< cut to the video's end
  std::int64_t placeless = 0;    ///< needs a place and names none
  std::int64_t overlapping = 0;  ///< states of one piece of goods at two places, or two kinds of work at once
  std::int64_t disordered = 0;   ///< left before it was done, worked on before it came
  std::int64_t inferred_arrivals = 0, inferred_departures = 0, inferred_process = 0, lost = 0;
  std::map<std::string, std::int64_t> other_types;  ///< types this report does not know
};

struct OperationsLog {
  std::vector<OperationsVideo> videos;
  bool wall_clock = false;      ///< the axis is wall time from the earliest video's start; else videos lie one after another
  std::int64_t wall_epoch = 0;  ///< of the axis' start, microseconds since 1970; 0 without wall time
  base::TimeSpan whole;         ///< of the axis, what was asked for
  base::SpanSet observed;       ///< of `whole`
  std::vector<OperationsActor> actors;
  std::vector<Episode> episodes;   ///< by start
  std::vector<Visit> visits;       ///< by arrival
  std::vector<VisitState> states;  ///< by start
  LogTally tally;
  bool cameras = false;  ///< no event names a place: each video is one, and a visit is from the first to the last time somebody was seen

  /// Share of the asked time that was described, 0..1.
  [[nodiscard]] double coverage() const;
  /// Where an instant of the axis lies. @param video of the episode or visit
  [[nodiscard]] base::Timestamp in_video(int video, base::Timestamp t) const;
};

struct OperationsOptions {
  std::vector<std::string> videos;  ///< id, title or path; empty: all
  std::optional<base::Timestamp> from, to;
};

/// Reads the events piece by piece; holds about 150 bytes an event. @throws base::Error kInvalidArgument for an unknown video or from >= to
[[nodiscard]] OperationsLog read_operations(const graph::Store& store, const OperationsOptions& options);

/// Fills `visits`, `states` and the counts from `episodes`, `actors` and `videos`. For tests and for `read_operations`.
void make_visits(OperationsLog& log);

}  // namespace reelgraph::query::report
