// What stands out, and what one more server would change.
#include <algorithm>
#include <cmath>
#include <map>

#include "query/report/bottlenecks_parts.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kMostOfAKind = 10;
constexpr double kFarOut = 6;  // robust deviations
constexpr base::Duration kShortestStop = 2 * base::kMinute;
constexpr double kOddShare = 0.02;  // of a carrier's drops: a place with fewer is odd

void add_finding(BottleneckReport& report, std::vector<OperationsAnomaly>& found, const graph::Store* store) {
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.strength > b.strength; });
  for (std::size_t i = 0; i < found.size() && i < kMostOfAKind; ++i) {
    if (store != nullptr) {
      ReportMoment& m = found[i].moment;
      if (const auto frame = store->frame_near(m.video, m.span, m.span.start + m.span.length() / 2, 5 * base::kSecond))
        m.frame = frame->file;
    }
    report.anomalies.push_back(std::move(found[i]));
  }
}

double median_deviation(std::vector<double> values, double middle) {
  for (double& v : values) v = std::abs(v - middle);
  return spread_of(std::move(values)).median;
}

/// Work or waits that last far longer than the place's usual ones (log of the length, as both are skewed).
void find_long(const BottleneckReport& report, bool wait, std::vector<OperationsAnomaly>& found) {
  const OperationsLog& log = report.log;
  std::map<int, std::vector<double>> lengths;
  const auto length_of = [&](const Visit& v) { return base::to_seconds(wait ? v.waited : v.processed + v.stopped); };
  for (const Visit& v : log.visits) {
    if (!v.open && !v.process_inferred && length_of(v) > 1) lengths[v.place].push_back(std::log(length_of(v)));
  }
  std::map<int, std::pair<double, double>> usual;
  for (auto& [place, values] : lengths) {
    if (values.size() < 20) continue;
    const double middle = spread_of(values).median;
    usual[place] = {middle, std::max(0.1, 1.4826 * median_deviation(values, middle))};
  }
  for (const Visit& v : log.visits) {
    const auto u = usual.find(v.place);
    if (u == usual.end() || v.open || !log.whole.contains(v.departure) || v.process_inferred || length_of(v) <= 1) continue;
    const double out = (std::log(length_of(v)) - u->second.first) / u->second.second;
    if (out < kFarOut) continue;
    const base::TimeSpan span =
        wait || v.process_start < 0 ? base::TimeSpan{v.arrival, v.departure} : base::TimeSpan{v.process_start, v.process_end};
    found.push_back({wait ? "long_wait" : "long_process",
                     name_of(log, v.goods) + (wait ? " waits " : " is worked on for ") + in_words(length_of(v)) + " at " +
                         name_of(log, v.place) + "; usual is " + in_words(std::exp(u->second.first)),
                     out, moment_of(log, nullptr, v.video, span, name_of(log, v.place), v.event)});
  }
}

/// Goods wait and nobody works, much longer than work usually takes.
void find_stops(const BottleneckReport& report, std::vector<OperationsAnomaly>& found) {
  const OperationsLog& log = report.log;
  std::map<int, std::vector<base::TimeSpan>> waits, used;
  std::map<int, int> video_of;
  for (const VisitState& s : log.states) {
    const Visit& v = log.visits[static_cast<std::size_t>(s.visit)];
    (s.activity == Activity::kWait ? waits : used)[v.place].push_back(s.span);
    video_of[v.place] = v.video;
  }
  for (const StationFigures& s : report.stations) {
    if (s.servers == 0) continue;
    base::SpanSet stopped(std::move(waits[s.place]));
    stopped.subtract(base::SpanSet(std::move(used[s.place])));
    stopped = stopped.intersection(log.observed);
    const base::Duration least = std::max<base::Duration>(kShortestStop, static_cast<base::Duration>(3e6 * s.process.median));
    for (const base::TimeSpan& span : stopped.spans()) {
      if (span.length() < least) continue;
      int video = video_of[s.place];
      for (std::size_t i = 0; i < log.videos.size(); ++i) {
        if (log.videos[i].axis.contains(span.start)) video = static_cast<int>(i);
      }
      found.push_back({"stoppage", "at " + s.name + " nobody works for " + in_words(base::to_seconds(span.length())) + " though goods wait",
                       base::to_seconds(span.length()), moment_of(log, nullptr, video, span, s.name, 0)});
    }
  }
}

void find_told(const BottleneckReport& report, std::vector<OperationsAnomaly>& breakdowns, std::vector<OperationsAnomaly>& drops,
               std::vector<OperationsAnomaly>& misses) {
  const OperationsLog& log = report.log;
  std::map<int, std::int64_t> dropped_at;
  std::int64_t all = 0;
  for (const Episode& e : log.episodes) {
    if (e.activity != Activity::kDrop || e.place < 0) continue;
    ++dropped_at[e.place];
    ++all;
  }
  for (const Episode& e : log.episodes) {
    if (!log.whole.overlaps(e.span)) continue;
    const std::string who = e.resource >= 0 ? name_of(log, e.resource) : e.goods >= 0 ? name_of(log, e.goods) : std::string("something");
    const std::string where = e.place >= 0 ? " at " + name_of(log, e.place) : "";
    const double length = base::to_seconds(e.span.length());
    if (e.activity == Activity::kBreakdown) {
      breakdowns.push_back({"breakdown", who + " breaks down" + where + " for " + in_words(length), length,
                            moment_of(log, nullptr, e.video, e.span, who, e.event)});
    } else if (e.activity == Activity::kNearMiss) {
      misses.push_back({"near_miss", "near miss of " + who + where, length, moment_of(log, nullptr, e.video, e.span, who, e.event)});
    } else if (e.activity == Activity::kDrop && e.goods >= 0) {
      const bool seldom = e.place >= 0 && all >= 50 && static_cast<double>(dropped_at[e.place]) < kOddShare * static_cast<double>(all);
      if (!seldom && e.place >= 0) continue;
      drops.push_back({"odd_drop",
                       name_of(log, e.goods) +
                           (e.place < 0 ? " is set down where no place is known" : " is set down" + where + ", where that is seldom done"),
                       1, moment_of(log, nullptr, e.video, e.span, who, e.event)});
    }
  }
}

}  // namespace

void find_anomalies(BottleneckReport& report, const graph::Store* store) {
  if (report.log.cameras) return;
  std::vector<OperationsAnomaly> found;
  find_stops(report, found);
  add_finding(report, found, store);
  std::vector<OperationsAnomaly> breakdowns, drops, misses;
  find_told(report, breakdowns, drops, misses);
  for (auto* list : {&breakdowns, &drops, &misses}) add_finding(report, *list, store);
  for (const bool wait : {false, true}) {
    found.clear();
    find_long(report, wait, found);
    add_finding(report, found, store);
  }
}

std::optional<double> expected_wait(double arrivals, double service_seconds, int servers, double ca2, double cs2) {
  const double offered = arrivals * service_seconds;  // Erlangs
  if (servers < 1 || offered >= servers || service_seconds <= 0) return std::nullopt;
  // Erlang B by its recursion, then C.
  double blocking = 1;
  for (int k = 1; k <= servers; ++k) blocking = offered * blocking / (k + offered * blocking);
  const double load = offered / servers;
  const double waits = blocking / (1 - load + load * blocking);
  return waits * service_seconds / (servers - offered) * (ca2 + cs2) / 2;
}

void estimate_what_if(BottleneckReport& report) {
  for (const StationFigures& s : report.stations) {
    if (s.servers == 0 || s.process.count < 10 || s.hours <= 0 || s.arrivals < 10) continue;
    WhatIf w;
    w.place = s.place;
    w.name = s.name;
    w.servers = s.servers;
    const double arrivals = s.arrivals_per_h / 3600;
    // Breakdowns take their share of each job.
    const double service = s.busy > 0 ? s.process.mean * (1 + s.down / s.busy) : s.process.mean;
    w.load = arrivals * service / s.servers;
    w.load_with_more = arrivals * service / (s.servers + 1);
    w.wait = expected_wait(arrivals, service, s.servers, s.interarrival_variation2, s.process.variation2);
    w.wait_with_more = expected_wait(arrivals, service, s.servers + 1, s.interarrival_variation2, s.process.variation2);
    const auto told = [](const std::optional<double>& wait, double load) {
      return wait ? "a wait of about " + in_words(*wait) + " is expected"
                  : "more comes in than can be done (" + percent(load) + "), the queue only grows";
    };
    w.text = s.name + ": with " + std::to_string(s.servers + 1) + " instead of " + std::to_string(s.servers) + " " +
             told(w.wait_with_more, w.load_with_more) + "; with " + std::to_string(s.servers) + " " + told(w.wait, w.load) +
             ". Observed: " + in_words(s.wait.mean) + " on average.";
    report.what_if.push_back(std::move(w));
  }
}

}  // namespace reelgraph::query::report
