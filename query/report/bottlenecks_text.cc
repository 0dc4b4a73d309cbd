// The report as text, Markdown, and the stations as CSV.
#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/markup.h"
#include "query/report/bottlenecks_parts.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kMostRoutes = 20;
constexpr std::size_t kMostToldOfRanking = 5;

/// Lines of a heading, paragraphs, lists and tables, for people at a terminal or for Markdown.
class Document {
 public:
  explicit Document(bool markdown) : markdown_(markdown) {}

  void heading(const std::string& text, int level) {
    if (!out_.empty()) out_ += '\n';
    out_ += markdown_ ? std::string(static_cast<std::size_t>(level), '#') + " " + text + "\n\n" : text + "\n";
  }
  void line(const std::string& text) { out_ += escaped(text) + (markdown_ ? "\n\n" : "\n"); }
  void item(const std::string& text, int depth = 0) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + (markdown_ ? "- " : "  - ") + escaped(text) + "\n";
  }
  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
    if (markdown_) {
      row(head, {});
      out_ += "|";
      for (std::size_t i = 0; i < head.size(); ++i) out_ += i == 0 ? "---|" : "---:|";
      out_ += '\n';
      for (const auto& r : rows) row(r, {});
      return;
    }
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < head.size(); ++i) {
      std::size_t width = letters(head[i]);
      for (const auto& r : rows) width = std::max(width, letters(r[i]));
      widths.push_back(width);
    }
    row(head, widths);
    for (const auto& r : rows) row(r, widths);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] std::string escaped(const std::string& text) const { return markdown_ ? base::markdown_text(text) : text; }
  static std::size_t letters(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  }
  void row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    if (markdown_) {
      out_ += "|";
      for (const auto& cell : cells) out_ += " " + escaped(cell) + " |";
    } else {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string pad(widths[i] - std::min(widths[i], letters(cells[i])), ' ');
        out_ += i == 0 ? "  " + cells[i] + pad : "  " + pad + cells[i];
      }
    }
    out_ += '\n';
  }

  bool markdown_;
  std::string out_;
};

std::string share_of(const std::optional<double>& share) { return share ? percent(*share) : std::string("-"); }

std::string stations_csv(const BottleneckReport& report) {
  std::string out =
      "station,type,observed_hours,arrivals,departures,arrivals_per_h,throughput_per_h,dwell_mean_s,dwell_median_s,dwell_p95_s,wait_mean_s,"
      "wait_p95_s,"
      "process_mean_s,queue_mean,queue_p95,queue_longest,servers,utilisation,down,blocked,starved,unattended,lower_bound\n";
  for (const StationFigures& s : report.stations) {
    char text[512];
    std::snprintf(text, sizeof text, ",%.4f,%lld,%lld,%.4f,%.4f", s.hours, static_cast<long long>(s.arrivals),
                  static_cast<long long>(s.departures), s.arrivals_per_h, s.throughput_per_h);
    out += base::csv_field(s.name) + "," + base::csv_field(s.type) + text;
    const auto add = [&](const Spread& spread, double seconds) {
      std::snprintf(text, sizeof text, ",%.3f", seconds);
      out += spread.count > 0 ? text : ",";  // of no cases nothing is known
    };
    add(s.dwell, s.dwell.mean);
    add(s.dwell, s.dwell.median);
    add(s.dwell, s.dwell.p95);
    add(s.wait, s.wait.mean);
    add(s.wait, s.wait.p95);
    add(s.process, s.process.mean);
    std::snprintf(text, sizeof text, ",%.4f,%.0f,%d,", s.queue.mean, s.queue.p95, s.queue.most);
    out += text;
    if (s.servers > 0) {
      std::snprintf(text, sizeof text, "%d,%.4f,%.4f,%.4f,%.4f,%.4f", s.servers, s.utilisation.value_or(0), s.down, s.blocked, s.starved,
                    s.unattended);
      out += text;
    } else {
      out += ",,,,,";  // no work was seen: nothing is known of servers
    }
    out += report.lower_bounds ? ",yes\n" : ",no\n";
  }
  return out;
}

void write_ranking(Document& d, const BottleneckReport& report) {
  d.heading("Bottlenecks, the worst first", 2);
  if (report.ranking.empty()) d.line("Nothing can be ranked.");
  for (std::size_t i = 0; i < report.ranking.size() && i < kMostToldOfRanking; ++i) {
    const RankedBottleneck& b = report.ranking[i];
    d.item(std::to_string(i + 1) + ". " + b.name + " (score " + short_number(b.score) + ", confidence " + percent(b.confidence) + ")");
    for (const std::string& reason : b.reasons) d.item(reason, 1);
    for (const ReportMoment& m : b.moments)
      d.item("see " + m.video + " " + base::format_time(m.span.start) + "-" + base::format_time(m.span.end) + ": " + m.text, 1);
  }
  d.line(report.method);
}

void write_stations(Document& d, const BottleneckReport& report) {
  d.heading(report.log.cameras ? "Places (cameras)" : "Stations", 2);
  std::vector<std::vector<std::string>> rows;
  for (const StationFigures& s : report.stations) {
    rows.push_back({s.name, in_words(s.dwell.mean, s.dwell.count), in_words(s.dwell.median, s.dwell.count),
                    in_words(s.dwell.p95, s.dwell.count), in_words(s.wait.mean, s.wait.count), short_number(s.arrivals_per_h),
                    short_number(s.throughput_per_h), short_number(s.queue.mean), std::to_string(s.queue.most),
                    std::to_string(s.present.most), share_of(s.utilisation), s.servers > 0 ? percent(s.blocked) : "-",
                    s.servers > 0 ? percent(s.starved) : "-"});
  }
  d.table({"station", "dwell", "median", "p95", "wait", "in/h", "out/h", "queue", "longest", "most there", "at work", "blocked",
           "nothing to do"},
          rows);
}

void write_rest(Document& d, const BottleneckReport& report) {
  const FlowFigures& f = report.flow;
  d.heading("Flow", 2);
  d.line(std::to_string(f.goods) + " goods, " + std::to_string(f.finished) + " through (" + short_number(f.per_hour) + " an hour); mean " +
         in_words(f.cycle.mean, f.cycle.count) + ", median " + in_words(f.cycle.median, f.cycle.count) + ", p95 " +
         in_words(f.cycle.p95, f.cycle.count) + "; " + std::to_string(f.rehandled) + " came to a place more than once; " +
         std::to_string(f.variant_count) + " ways.");
  for (std::size_t i = 0; i < f.variants.size() && i < 5; ++i) d.item(std::to_string(f.variants[i].second) + " x " + f.variants[i].first);
  d.line("Check (Little's law): " + short_number(f.l) + " there on average; arrivals times stay gives " + short_number(f.lambda_w) + ".");
  if (!report.resources.empty() && !report.log.cameras) {
    d.heading("Workers and carriers", 2);
    std::vector<std::vector<std::string>> rows;
    for (const ResourceFigures& r : report.resources)
      rows.push_back({r.name, percent(r.busy), percent(r.travel_loaded), percent(r.travel_empty), percent(r.idle), percent(r.down),
                      percent(r.unknown), std::to_string(r.jobs)});
    d.table({"who", "at work", "loaded way", "empty way", "idle", "broken", "not told", "jobs"}, rows);
  }
  if (!report.routes.empty()) {
    d.heading("Ways", 2);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < report.routes.size() && i < kMostRoutes; ++i) {
      const RouteFigures& r = report.routes[i];
      rows.push_back({r.from + " to " + r.to + (r.loaded ? "" : " (empty)"), std::to_string(r.transit.count), in_words(r.transit.mean),
                      in_words(r.transit.p95)});
    }
    d.table({"way", "times", "mean", "p95"}, rows);
  }
  if (!report.anomalies.empty()) {
    d.heading("Stands out", 2);
    for (const OperationsAnomaly& a : report.anomalies)
      d.item(a.moment.video + " " + base::format_time(a.moment.span.start) + ": " + a.text);
  }
  if (report.comparison) {
    d.heading("Compared", 2);
    d.line(clock_of(report.log, report.comparison->first.start) + "-" + clock_of(report.log, report.comparison->first.end) + " with " +
           clock_of(report.log, report.comparison->second.start) + "-" + clock_of(report.log, report.comparison->second.end));
    for (const std::string& s : report.comparison->sentences) d.item(s);
  }
  if (!report.what_if.empty()) {
    d.heading("What if there were one more", 2);
    for (const WhatIf& w : report.what_if) d.item(w.text);
    d.line(
        "An estimate (M/M/c, scaled by the observed variation after Allen and Cunneen): arrivals go on as they are, any free server takes "
        "the next, "
        "no place before it is ever full, and the day is steady.");
  }
  if (!report.notes.empty()) {
    d.heading("To know when reading this", 2);
    for (const std::string& n : report.notes) d.item(n);
  }
}

}  // namespace

std::string bottlenecks_text(const BottleneckReport& report, const std::string& format) {
  if (format == "csv") return stations_csv(report);
  if (format != "text" && format != "md")
    throw base::Error(base::ErrorCode::kInvalidArgument, "a report is not written as " + format, "--format",
                      "give text, md, json, html, csv or xes");
  Document d(format == "md");
  std::string title = "Bottlenecks";
  if (report.log.videos.size() == 1) title += " of " + report.log.videos.front().record.id;
  d.heading(title, 1);
  d.line(clock_of(report.log, report.log.whole.start) + " to " + clock_of(report.log, report.log.whole.end) + ", " +
         in_words(base::to_seconds(report.log.observed.total())) + " described (" + percent(report.coverage) + "), " +
         std::to_string(report.log.tally.used) + " events");
  write_ranking(d, report);
  write_stations(d, report);
  write_rest(d, report);
  return d.take();
}

}  // namespace reelgraph::query::report
