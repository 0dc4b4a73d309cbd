#pragma once
// Where the flow of goods is held up: figures of each place, the ranked bottlenecks with their reasons, and what shows them.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "query/report/active_periods.h"
#include "query/report/line_replay.h"
#include "query/report/operations_log.h"
#include "query/report/station_figures.h"

namespace reelgraph::query::report {

struct BottleneckOptions {
  OperationsOptions log;
  bool compare = false;                        ///< the first half with the second
  std::optional<base::TimeSpan> compare_with;  ///< this part (of the axis) with the rest
};

/// A part of a film that shows something.
struct ReportMoment {
  std::string video;
  base::TimeSpan span;  ///< of the video
  std::string text;
  std::optional<std::string> frame;  ///< a kept picture near its middle
  graph::RowId event = 0;            ///< 0: none
  std::string clip = {};             ///< file that was cut from it, as a link from the page; empty: none
};

struct RankedBottleneck {
  int actor = -1;
  std::string name;
  double score = 0;       ///< 0..1
  double confidence = 0;  ///< 0..1: that it is the first; of others, that they belong where they stand
  std::vector<std::string> reasons;
  std::vector<ReportMoment> moments;
  std::optional<double> gain_per_h;  ///< of the replay with a fifth less work here
  std::optional<double> sooner;      ///< seconds that goods then leave sooner on average
  double active = 0, momentary = 0, sole = 0, turning = 0;
};

struct FlowFigures {
  std::int64_t goods = 0, finished = 0;
  Spread cycle;                                                ///< seconds, of goods seen from their first to their last place
  std::vector<std::pair<std::string, std::int64_t>> variants;  ///< "dock 1 > packing", most common first, at most 20
  std::int64_t variant_count = 0;
  std::int64_t rehandled = 0;  ///< goods that came to one place more than once
  double per_hour = 0;
  double l = 0, lambda_w = 0;
};

struct OperationsAnomaly {
  std::string kind;  ///< long_process | long_wait | stoppage | breakdown | odd_drop | near_miss
  std::string text;
  double strength = 0;  ///< for the order within a kind
  ReportMoment moment;
};

struct WhatIf {
  int place = -1;
  std::string name;
  int servers = 0;
  double load = 0, load_with_more = 0;         ///< offered work of each server, before and with one more
  std::optional<double> wait, wait_with_more;  ///< seconds; nothing if the load is 1 or more: the queue would only grow
  std::string text;
};

struct PeriodComparison {
  base::TimeSpan first, second;  ///< of the axis
  std::vector<StationFigures> in_first, in_second;
  std::vector<std::string> sentences;
};

struct BottleneckReport {
  OperationsLog log;
  double coverage = 0;
  double missing = 0;         ///< share of expected events that were inferred
  bool lower_bounds = false;  ///< counts and sums are at least what is told
  std::vector<StationFigures> stations;
  std::vector<ResourceFigures> resources;
  std::vector<RouteFigures> routes;
  FlowFigures flow;
  ActivePeriods active;
  std::optional<ReplayLine> line;
  std::optional<ReplayResult> replayed;
  std::vector<RankedBottleneck> ranking;
  std::string method;  ///< how the ranking came about, one sentence
  std::vector<OperationsAnomaly> anomalies;
  std::optional<PeriodComparison> comparison;
  std::vector<WhatIf> what_if;
  std::vector<std::string> notes;

  [[nodiscard]] bool empty() const { return log.visits.empty() && resources.empty(); }
};

/// @throws base::Error kInvalidArgument for an unknown video, from >= to, or a period outside of the log
[[nodiscard]] BottleneckReport make_bottlenecks(const graph::Store& store, const BottleneckOptions& options);
/// The same from a log that was read already. @param store for pictures; null: none
[[nodiscard]] BottleneckReport make_bottlenecks(OperationsLog log, const BottleneckOptions& options, const graph::Store* store);

/// The contract's document.
[[nodiscard]] nlohmann::ordered_json bottlenecks_json(const BottleneckReport& report);
/// @param format text, md or csv (the stations)
[[nodiscard]] std::string bottlenecks_text(const BottleneckReport& report, const std::string& format);
/// One page that needs nothing else, for screen, phone and print.
[[nodiscard]] std::string bottlenecks_html(const BottleneckReport& report);
/// What a process-mining tool finds in the XES: variants of activities over starts and completes, time from a case's first to its last.
struct EventLogFigures {
  std::int64_t cases = 0, events = 0, variants = 0;
  double mean_seconds = 0;
};
[[nodiscard]] EventLogFigures event_log_figures(const OperationsLog& log);
/// @param format xes or csv: an event log for process mining, a case per piece of goods
[[nodiscard]] std::string event_log(const OperationsLog& log, const std::string& format);

}  // namespace reelgraph::query::report
