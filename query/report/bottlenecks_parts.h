#pragma once
// Parts of `make_bottlenecks`. Internal to query/report.

#include "query/report/bottlenecks.h"

namespace reelgraph::query::report {

/// A moment of a video, with the kept frame near its middle. @param store null: no frame
[[nodiscard]] ReportMoment moment_of(const OperationsLog& log, const graph::Store* store, int video, base::TimeSpan on_axis,
                                     std::string text, graph::RowId event);
/// "4 min 10 s", "12.5 s", "1 h 05 min"
[[nodiscard]] std::string in_words(double seconds);
/// The same of a figure of `count` cases; "-" if there are none, for then nothing is known.
[[nodiscard]] std::string in_words(double seconds, std::int64_t count);
/// "12 %"
[[nodiscard]] std::string percent(double share);
/// Three significant digits at most, without a tail of zeros.
[[nodiscard]] std::string short_number(double x);
/// Of a name in the report's log.
[[nodiscard]] const std::string& name_of(const OperationsLog& log, int actor);
/// Clock time where the axis is wall time, else video time.
[[nodiscard]] std::string clock_of(const OperationsLog& log, base::Timestamp t);

void rank_bottlenecks(BottleneckReport& report, const graph::Store* store);
void find_anomalies(BottleneckReport& report, const graph::Store* store);
void estimate_what_if(BottleneckReport& report);
/// Mean wait before service of M/M/c (Erlang C) times (ca2 + cs2) / 2 (Allen and Cunneen). Rates in jobs a second.
/// @returns nothing if the load is 1 or more
[[nodiscard]] std::optional<double> expected_wait(double arrivals, double service_seconds, int servers, double ca2, double cs2);

}  // namespace reelgraph::query::report
