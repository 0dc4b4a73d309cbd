#include "query/report/bottlenecks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <map>

#include "base/error.h"
#include "query/report/bottlenecks_parts.h"
#include "query/words.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kMostVariants = 20;
constexpr base::Duration kFrameSlackOfReport = 5 * base::kSecond;

void measure_flow(BottleneckReport& report, const base::SpanSet& window) {
  const OperationsLog& log = report.log;
  FlowFigures& flow = report.flow;
  std::map<std::pair<int, int>, std::vector<const Visit*>> ways;
  for (const Visit& v : log.visits) ways[{log.wall_clock ? 0 : v.video, v.goods}].push_back(&v);
  std::map<std::string, std::int64_t> variants;
  std::vector<double> cycles;
  StepCurve inside;
  double stayed = 0;
  std::int64_t present = 0;
  for (const auto& [goods, way] : ways) {
    ++flow.goods;
    std::string name;
    std::map<int, int> times;
    bool again = false;
    base::Timestamp out = way.front()->departure;
    for (const Visit* v : way) {
      name += (name.empty() ? "" : " > ") + name_of(log, v->place);
      again = ++times[v->place] > 1 || again;
      out = std::max(out, v->departure);
    }
    flow.rehandled += again ? 1 : 0;
    ++variants[name];
    const base::TimeSpan stay{way.front()->arrival, out};
    inside.add(stay);
    base::Duration part = 0;
    for (const base::TimeSpan& w : window.spans()) part += w.intersection(stay).length();
    stayed += base::to_seconds(part);
    present += part > 0 ? 1 : 0;
    if (!way.back()->open && (window.contains(out) || out == log.whole.end)) {
      ++flow.finished;
      cycles.push_back(base::to_seconds(stay.length()));
    }
  }
  flow.cycle = spread_of(std::move(cycles));
  flow.variant_count = static_cast<std::int64_t>(variants.size());
  flow.variants.assign(variants.begin(), variants.end());
  std::stable_sort(flow.variants.begin(), flow.variants.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (flow.variants.size() > kMostVariants) flow.variants.resize(kMostVariants);
  const double seconds = base::to_seconds(window.total());
  if (seconds <= 0) return;
  flow.per_hour = static_cast<double>(flow.finished) * 3600 / seconds;
  flow.l = inside.figures(window).mean;
  flow.lambda_w = present > 0 ? static_cast<double>(present) / seconds * (stayed / static_cast<double>(present)) : 0;
}

std::string change_of(double before, double after) {
  if (before <= 0) return short_number(before) + " to " + short_number(after);
  const double share = after / before - 1;
  return short_number(before) + " to " + short_number(after) + " (" + (share >= 0 ? "+" : "-") + percent(std::abs(share)) + ")";
}

void compare_periods(BottleneckReport& report, const BottleneckOptions& options) {
  const base::TimeSpan whole = report.log.whole;
  PeriodComparison c;
  if (options.compare_with) {
    c.second = options.compare_with->intersection(whole);
    if (c.second.empty())
      throw base::Error(base::ErrorCode::kInvalidArgument, "the period to compare lies outside of what is reported", "--compare",
                        "give one within " + base::format_time(whole.start) + "-" + base::format_time(whole.end));
  } else {
    c.first = {whole.start, whole.start + whole.length() / 2};
    c.second = {c.first.end, whole.end};
  }
  base::SpanSet first = report.log.observed;
  if (options.compare_with) {
    first.subtract(base::SpanSet{c.second});
    c.first = first.empty() ? whole : base::TimeSpan{first.spans().front().start, first.spans().back().end};
  } else {
    first = first.intersection(base::SpanSet{c.first});
  }
  c.in_first = station_figures(report.log, first);
  c.in_second = station_figures(report.log, report.log.observed.intersection(base::SpanSet{c.second}));
  for (std::size_t i = 0; i < c.in_first.size() && i < c.in_second.size(); ++i) {
    const StationFigures &a = c.in_first[i], &b = c.in_second[i];
    if (a.departures + b.departures == 0) continue;
    c.sentences.push_back(a.name + ": out per hour " + change_of(a.throughput_per_h, b.throughput_per_h) + ", mean queue " +
                          change_of(a.queue.mean, b.queue.mean) + ", mean wait " + in_words(a.wait.mean, a.wait.count) + " to " +
                          in_words(b.wait.mean, b.wait.count) + ".");
  }
  report.comparison = std::move(c);
}

void take_notes(BottleneckReport& report) {
  const LogTally& t = report.log.tally;
  const auto note = [&](std::int64_t n, const std::string& text) {
    if (n > 0) report.notes.push_back(std::to_string(n) + " " + text);
  };
  if (t.events == 0) report.notes.push_back("there are no events");
  if (report.lower_bounds)
    report.notes.push_back(
        percent(1 - report.coverage) +
        " of the time asked about was not described: counts are lower bounds, rates and means are of the described time");
  note(t.outside,
       t.outside == 1 ? "event lies past its video's end and is left out" : "events lie past their video's end and are left out");
  note(t.cut, t.cut == 1 ? "event was cut to its video's end" : "events were cut to their video's end");
  note(t.placeless,
       t.placeless == 1 ? "event names no place and says nothing of a visit" : "events name no place and say nothing of a visit");
  note(t.overlapping, "states overlap that cannot both be (two places, or two kinds of work on one thing); the time counts once");
  note(t.disordered, "events came in an impossible order (left before it was done); the visit was widened to hold them");
  note(t.inferred_arrivals, "arrivals were not told and are taken from what came next");
  note(t.inferred_departures, "departures were not told and are taken from what came before");
  note(t.inferred_process, "works were not told and are taken from waits, blocks and departures");
  note(t.lost, "goods went unseen: others that came after them have gone");
  if (!report.log.cameras) {
    std::int64_t strange = 0;
    std::string names;
    for (const auto& [type, n] : t.other_types) {
      strange += n;
      if (names.size() < 80) names += (names.empty() ? "" : ", ") + type;
    }
    note(strange, "events are of types that say nothing of operations (" + names + ")");
  } else {
    report.notes.push_back(
        "no event names a place: each video is one, and somebody is there from the first to the last event that tells of them");
  }
  if (!report.log.wall_clock && report.log.videos.size() > 1)
    report.notes.push_back("not every video knows its wall time: each is looked at on its own, none is taken to go on in another");
  std::int64_t open = 0;
  for (const StationFigures& s : report.stations) open += s.there_at_end;
  note(open, "stays had not ended when the time ended; dwell and waiting leave them out");
}

}  // namespace

std::string in_words(double seconds) {
  char text[48];
  if (seconds < 60) {
    std::snprintf(text, sizeof text, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
  } else if (seconds < 3600) {
    const auto whole = static_cast<long>(std::lround(seconds));
    std::snprintf(text, sizeof text, whole % 60 == 0 ? "%ld min" : "%ld min %ld s", whole / 60, whole % 60);
  } else {
    const auto whole = static_cast<long>(std::lround(seconds / 60));
    std::snprintf(text, sizeof text, "%ld h %02ld min", whole / 60, whole % 60);
  }
  return text;
}

std::string in_words(double seconds, std::int64_t count) { return count > 0 ? in_words(seconds) : "-"; }

std::string percent(double share) {
  char text[32];
  const double p = share * 100;
  std::snprintf(text, sizeof text, p >= 0.05 && p < 1 ? "%.1f %%" : "%.0f %%", p);
  return text;
}

std::string short_number(double x) {
  char text[48];
  if (std::abs(x) >= 100) {
    std::snprintf(text, sizeof text, "%.0f", x);
  } else {
    std::snprintf(text, sizeof text, std::abs(x) >= 10 ? "%.1f" : "%.2f", x);
    std::string s = text;
    s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
    return s;
  }
  return text;
}

const std::string& name_of(const OperationsLog& log, int actor) { return log.actors[static_cast<std::size_t>(actor)].name; }

std::string clock_of(const OperationsLog& log, base::Timestamp t) {
  if (log.wall_clock && !log.videos.empty()) {
    // The axis begins with the earliest video.
    for (const OperationsVideo& v : log.videos) {
      int hour = 0, minute = 0, second = 0;
      if (v.offset != 0 || std::sscanf(v.record.wall_start->c_str(), "%*d-%*d-%*dT%2d:%2d:%2d", &hour, &minute, &second) != 3) continue;
      const std::int64_t at = (hour * base::kHour + minute * base::kMinute + second * base::kSecond + t) / base::kSecond;
      char text[32];
      std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(at / 3600 % 24), static_cast<int>(at / 60 % 60));
      return text;
    }
  }
  const std::string text = base::format_time(t);
  return text.substr(0, text.find('.'));
}

ReportMoment moment_of(const OperationsLog& log, const graph::Store* store, int video, base::TimeSpan on_axis, std::string text,
                       graph::RowId event) {
  ReportMoment m;
  const OperationsVideo& v = log.videos[static_cast<std::size_t>(video)];
  m.video = v.record.id;
  m.span = {log.in_video(video, on_axis.start), log.in_video(video, on_axis.end)};
  m.text = std::move(text);
  m.event = event;
  if (store != nullptr) {
    if (const auto frame = store->frame_near(m.video, m.span, m.span.start + m.span.length() / 2, kFrameSlackOfReport))
      m.frame = frame->file;
  }
  return m;
}

BottleneckReport make_bottlenecks(OperationsLog log, const BottleneckOptions& options, const graph::Store* store) {
  BottleneckReport report;
  report.log = std::move(log);
  const base::SpanSet& window = report.log.observed;
  report.coverage = report.log.coverage();
  report.lower_bounds = report.coverage < 0.9995 && !report.log.visits.empty();
  report.stations = station_figures(report.log, window);
  report.resources = resource_figures(report.log, window);
  report.routes = route_figures(report.log, window);
  measure_flow(report, window);
  const LogTally& t = report.log.tally;
  const auto expected = static_cast<double>(std::max<std::size_t>(1, report.log.visits.size() * 3));
  report.missing = report.log.cameras
                       ? 0
                       : std::min(1.0, static_cast<double>(t.inferred_arrivals + t.inferred_departures + t.inferred_process) / expected);
  report.active = active_periods(report.log, window);
  report.line = find_line(report.log);
  if (report.line) report.replayed = replay(*report.line);
  rank_bottlenecks(report, store);
  find_anomalies(report, store);
  estimate_what_if(report);
  if ((options.compare || options.compare_with) && !report.log.visits.empty()) compare_periods(report, options);
  take_notes(report);
  return report;
}

BottleneckReport make_bottlenecks(const graph::Store& store, const BottleneckOptions& options) {
  return make_bottlenecks(read_operations(store, options.log), options, &store);
}

}  // namespace reelgraph::query::report
