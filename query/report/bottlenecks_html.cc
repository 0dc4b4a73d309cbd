// The report as one HTML page. No script, nothing from outside; charts are SVG drawn here, narrow enough for a phone.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "query/report/bottlenecks_parts.h"
#include "query/words.h"

namespace reelgraph::query::report {
namespace {

constexpr int kWide = 480;  // of each chart, in its own units: text of 13 stays readable at 360 pixels
constexpr int kQueueBins = 96;
constexpr std::size_t kMostCharted = 12;
constexpr std::size_t kMostPeriods = 1500;  // of one row: more cannot be told apart

struct Share {
  const char* name;
  const char* colour;
  double StationFigures::*value;
};
constexpr std::array kShares = std::to_array<Share>({{"at work", "#2f6db3", &StationFigures::busy},
                                                     {"broken down", "#b53a5c", &StationFigures::down},
                                                     {"blocked: next is full", "#c4872b", &StationFigures::blocked},
                                                     {"idle though goods wait", "#8a6fb0", &StationFigures::unattended},
                                                     {"nothing to do", "#dde4ea", &StationFigures::starved}});

const char* const kReportStyle = R"(
:root { --ink: #1c2733; --soft: #5f6f80; --line: #d9e0e7; --paper: #fff; --ground: #f3f5f8; --hot: #b5362c; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 22px 14px 50px; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 18px; margin: 0 0 8px; } p { margin: 0 0 8px; } .soft { color: var(--soft); font-size: 14px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin: 14px 0; break-inside: avoid; }
.first { border-left: 6px solid var(--hot); } .first h2 { font-size: 22px; } .first b { color: var(--hot); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; margin: 12px 0 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 8px 10px; } .tile b { display: block; font-size: 21px; color: var(--ink); font-variant-numeric: tabular-nums; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 14px; } .two section { margin: 0; }
svg { display: block; width: 100%; height: auto; } svg text { font: 13px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); } svg text.t { fill: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 14px; margin: 0 0 8px; } .key i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 5px; }
.wide { overflow-x: auto; } table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
td { white-space: nowrap; } td, th { text-align: right; padding: 5px 7px; border-top: 1px solid var(--line); } th { color: var(--soft); font-weight: 600; border-top: 0; }
td:first-child, th:first-child { white-space: normal; min-width: 7em; text-align: left; overflow-wrap: anywhere; } ul, ol { margin: 4px 0 6px; padding-left: 22px; } li { margin: 2px 0; overflow-wrap: anywhere; }
@media print { body { background: #fff; font-size: 11px; } main { max-width: none; padding: 0; } section { border-radius: 0; } .wide { overflow: visible; } table { font-size: 10px; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
)";

std::string html(const std::string& text) { return escape_html(text); }

/// A relative or absolute path as the address of a link: what has a meaning in one is escaped.
std::string link_of(const std::string& path) {
  std::string link;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", byte);
    const bool plain = std::isalnum(byte) != 0 || std::string_view("/._-~").find(c) != std::string_view::npos;
    link += plain ? std::string(1, c) : std::string(code);
  }
  return link;
}

std::string fixed(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f", x);
  return text;
}

std::string rect(double x, double y, double width, double height, const std::string& fill, const std::string& title) {
  return "<rect x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" width=\"" + fixed(std::max(0.0, width)) + "\" height=\"" + fixed(height) +
         "\" fill=\"" + fill + "\"><title>" + html(title) + "</title></rect>";
}

std::string label(double x, double y, const std::string& text, const char* anchor, bool soft) {
  return "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" text-anchor=\"" + anchor + "\"" + (soft ? " class=\"t\"" : "") + ">" +
         html(text) + "</text>";
}

std::string open_svg(double height, const std::string& title) {
  return "<svg viewBox=\"0 0 " + std::to_string(kWide) + " " + fixed(height) + "\" role=\"img\" aria-label=\"" + html(title) + "\">";
}

std::string shortened(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t at = most - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return text.substr(0, at) + "\xE2\x80\xA6";
}

class ReportPage {
 public:
  explicit ReportPage(const BottleneckReport& report) : report_(report), log_(report.log) {}

  std::string write() {
    std::string title = log_.cameras ? "Who was where" : "What holds up the flow";
    if (log_.videos.size() == 1) title += ": " + log_.videos.front().record.id;
    out_ =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
        "content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        html(title) + "</title>\n<style>" + kReportStyle + "</style></head>\n<body><main>\n<h1>" + html(title) +
        "</h1>\n<p class=\"soft\">" + html(clock_of(log_, log_.whole.start)) + " to " + html(clock_of(log_, log_.whole.end)) + ", " +
        html(in_words(base::to_seconds(log_.observed.total()))) + " described (" + percent(report_.coverage) + "), " +
        std::to_string(log_.tally.used) + " events</p>\n";
    headline();
    if (!log_.cameras) {
      out_ += "<div class=\"two\">\n";
      shares();
      queues();
      periods();
      what_if();
      out_ += "</div>\n";
      ranking();
    }
    stations();
    resources();
    findings();
    comparison();
    notes();
    out_ += "</main></body></html>\n";
    return std::move(out_);
  }

 private:
  void tile(const std::string& value, const std::string& text) {
    out_ += "<div class=\"tile\"><b>" + html(value) + "</b>" + html(text) + "</div>";
  }

  void headline() {
    out_ += "<section class=\"first\">";
    if (report_.ranking.empty()) {
      out_ += report_.empty() ? "<h2>There is nothing to report: no event tells of goods, workers or places.</h2>"
                              : "<h2>Nothing can be ranked: no work or carrying is told.</h2>";
    } else {
      const RankedBottleneck& b = report_.ranking.front();
      const char* sure = b.confidence >= 0.8   ? "This is well founded"
                         : b.confidence >= 0.5 ? "This is likely"
                                               : "This is a guess: others come close, or too little was seen";
      out_ +=
          "<h2><b>" + html(b.name) + "</b> holds up the flow</h2><p>" + sure + " (confidence " + percent(b.confidence) + "). Why:</p><ul>";
      for (const std::string& reason : b.reasons) out_ += "<li>" + html(reason) + "</li>";
      out_ += "</ul>";
      std::string close;
      for (std::size_t i = 1; i < report_.ranking.size(); ++i) {
        if (report_.ranking[i].score > 0.6 * b.score) close += (close.empty() ? "" : ", ") + report_.ranking[i].name;
      }
      if (!close.empty()) out_ += "<p>Close behind: " + html(close) + ".</p>";
    }
    out_ += "<div class=\"tiles\">";
    tile(short_number(report_.flow.per_hour), "through an hour");
    tile(std::to_string(report_.flow.finished), "of " + std::to_string(report_.flow.goods) + " came through");
    tile(in_words(report_.flow.cycle.mean, report_.flow.cycle.count), "mean from first to last place");
    if (!report_.ranking.empty() && report_.ranking.front().gain_per_h)
      tile((*report_.ranking.front().gain_per_h >= 0 ? "+" : "") + short_number(*report_.ranking.front().gain_per_h),
           "an hour, if " + report_.ranking.front().name + " were a fifth faster");
    out_ += "</div></section>\n";
  }

  void shares() {
    std::vector<const StationFigures*> worked;
    for (const StationFigures& s : report_.stations) {
      if (s.servers > 0 && worked.size() < kMostCharted) worked.push_back(&s);
    }
    if (worked.empty()) return;
    out_ += "<section><h2>What each station did with its time</h2><div class=\"key\">";
    for (const Share& share : kShares)
      out_ += std::string("<span><i style=\"background:") + share.colour + "\"></i>" + share.name + "</span>";
    out_ += "</div>";
    const double left = 130, wide = kWide - left - 52;
    out_ += open_svg(static_cast<double>(worked.size()) * 34 + 4, "shares of time");
    for (std::size_t i = 0; i < worked.size(); ++i) {
      const StationFigures& s = *worked[i];
      const double y = static_cast<double>(i) * 34 + 6;
      out_ += label(left - 8, y + 16, shortened(s.name, 18), "end", false);
      double x = left;
      for (const Share& share : kShares) {
        const double width = std::clamp(s.*share.value, 0.0, 1.0) * wide;
        out_ += rect(x, y, std::min(width, left + wide - x), 24, share.colour, s.name + " " + share.name + ": " + percent(s.*share.value));
        x += width;
      }
      out_ += label(kWide - 4, y + 16, percent(s.utilisation.value_or(0)), "end", false);
    }
    out_ += "</svg></section>\n";
  }

  void time_axis(double left, double wide, double y) {
    const base::TimeSpan w = log_.whole;
    const int step = clock_of(log_, w.end).size() > 5 ? 2 : 1;  // "0:11:41" is too long for five of them
    for (int k = 0; k <= 4; k += step) {
      const base::Timestamp t = w.start + w.length() * k / 4;
      out_ += label(left + wide * k / 4, y, clock_of(log_, t), k == 0 ? "start" : k == 4 ? "end" : "middle", true);
    }
  }

  void gaps(double left, double wide, double y, double height) {
    const base::SpanSet gaps = log_.observed.complement(log_.whole);
    const double length = std::max<double>(1, static_cast<double>(log_.whole.length()));
    for (const base::TimeSpan& g : gaps.spans())
      out_ += rect(left + wide * static_cast<double>(g.start - log_.whole.start) / length, y,
                   std::max(1.0, wide * static_cast<double>(g.length()) / length), height, "#e7b8b0", "not described");
  }

  void queues() {
    std::vector<const StationFigures*> charted;
    for (const StationFigures& s : report_.stations) {
      if (s.queue.most > 0) charted.push_back(&s);
    }
    std::stable_sort(charted.begin(), charted.end(), [](const auto* a, const auto* b) { return a->queue.mean > b->queue.mean; });
    if (charted.size() > 6) charted.resize(6);
    if (charted.empty() || log_.whole.empty()) return;
    std::stable_sort(charted.begin(), charted.end(), [](const auto* a, const auto* b) { return a < b; });
    out_ +=
        "<section><h2>How many waited, over the day</h2><p class=\"soft\">Each to its own scale; the number is the longest queue. Red on "
        "the axis: not described.</p>";
    const double left = 130, wide = kWide - left - 52, row = 58;
    out_ += open_svg(row * static_cast<double>(charted.size()) + 22, "queues over time");
    for (std::size_t i = 0; i < charted.size(); ++i) {
      const StationFigures& s = *charted[i];
      StepCurve curve;
      for (const VisitState& state : log_.states) {
        if (state.activity == Activity::kWait && log_.visits[static_cast<std::size_t>(state.visit)].place == s.place) curve.add(state.span);
      }
      const std::vector<double> bins = curve.bins(log_.whole, kQueueBins);
      const double top = std::max(1.0, *std::max_element(bins.begin(), bins.end()));
      const double y = row * static_cast<double>(i) + 6, base_line = y + 44;
      std::string points = fixed(left) + "," + fixed(base_line);
      for (std::size_t b = 0; b < bins.size(); ++b)
        points += " " + fixed(left + wide * (static_cast<double>(b) + 0.5) / kQueueBins) + "," + fixed(base_line - 40 * bins[b] / top);
      points += " " + fixed(left + wide) + "," + fixed(base_line);
      const bool worst = !report_.ranking.empty() && report_.ranking.front().actor == s.place;
      out_ += "<polygon points=\"" + points + "\" fill=\"" + (worst ? "#b5362c" : "#2f6db3") + "\" fill-opacity=\"0.75\"><title>" +
              html(s.name) + "</title></polygon>";
      out_ += rect(left, base_line, wide, 1, "#9aa8b5", "");
      gaps(left, wide, base_line, 4);
      out_ += label(left - 8, y + 28, shortened(s.name, 18), "end", false) +
              label(kWide - 4, y + 28, std::to_string(s.queue.most), "end", false);
    }
    time_axis(left, wide, row * static_cast<double>(charted.size()) + 17);
    out_ += "</svg></section>\n";
  }

  void periods() {
    const auto& candidates = report_.active.candidates;
    if (candidates.empty() || log_.whole.empty()) return;
    std::vector<std::size_t> order;
    for (const RankedBottleneck& b : report_.ranking) {
      for (std::size_t c = 0; c < candidates.size(); ++c) {
        if (candidates[c].actor == b.actor && order.size() < kMostCharted) order.push_back(c);
      }
    }
    out_ +=
        "<section><h2>Who worked without a break, and who held up the others when</h2><p class=\"soft\">Blue: at work. Red line: the "
        "longest stretch of work that was going on, "
        "which is the bottleneck of that moment. The number: share of the time.</p>";
    const double left = 130, wide = kWide - left - 52, row = 30;
    const double length = static_cast<double>(log_.whole.length());
    const auto place = [&](base::Timestamp t) {
      return left + wide * std::clamp(static_cast<double>(t - log_.whole.start) / length, 0.0, 1.0);
    };
    out_ += open_svg(row * static_cast<double>(order.size()) + 22, "active periods");
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Candidate& c = candidates[order[i]];
      const double y = row * static_cast<double>(i) + 4;
      out_ += rect(left, y, wide, 20, "#eef2f5", "");
      base::SpanSet all{std::vector<base::TimeSpan>(c.periods)};
      for (base::Duration gap = log_.whole.length() / 2000; all.spans().size() > kMostPeriods; gap *= 2) all = all.closed(gap);
      for (const base::TimeSpan& p : all.spans())
        out_ += "<rect x=\"" + fixed(place(p.start)) + "\" y=\"" + fixed(y) + "\" width=\"" +
                fixed(std::max(0.3, place(p.end) - place(p.start))) + "\" height=\"14\" fill=\"#7fa8d6\"/>";
      std::vector<base::TimeSpan> reign;
      for (const MomentaryBottleneck& m : report_.active.over_time) {
        if (m.candidate == static_cast<int>(order[i])) reign.push_back(m.span);
      }
      base::SpanSet reigns{std::move(reign)};
      for (base::Duration gap = log_.whole.length() / 2000; reigns.spans().size() > kMostPeriods; gap *= 2) reigns = reigns.closed(gap);
      for (const base::TimeSpan& p : reigns.spans())
        out_ += "<rect x=\"" + fixed(place(p.start)) + "\" y=\"" + fixed(y + 14) + "\" width=\"" +
                fixed(std::max(0.3, place(p.end) - place(p.start))) + "\" height=\"6\" fill=\"#b5362c\"/>";
      out_ += label(left - 8, y + 15, shortened(log_.actors[static_cast<std::size_t>(c.actor)].name, 18), "end", false) +
              label(kWide - 4, y + 15, percent(c.momentary), "end", false);
    }
    time_axis(left, wide, row * static_cast<double>(order.size()) + 17);
    out_ += "</svg></section>\n";
  }

  void ranking() {
    if (report_.ranking.empty()) return;
    out_ += "<section><h2>In order, with what shows it</h2><ol>";
    for (std::size_t i = 0; i < report_.ranking.size() && i < kMostCharted; ++i) {
      const RankedBottleneck& b = report_.ranking[i];
      out_ += "<li><b>" + html(b.name) + "</b> <span class=\"soft\">score " + short_number(b.score) + ", confidence " +
              percent(b.confidence) + "</span><ul>";
      if (i > 0 && i < 3) {
        for (const std::string& reason : b.reasons) out_ += "<li>" + html(reason) + "</li>";
      }
      for (const ReportMoment& m : i < 3 ? b.moments : std::vector<ReportMoment>())
        out_ += "<li class=\"soft\">see " + html(m.video) + " " + base::format_time(m.span.start) + " to " + base::format_time(m.span.end) +
                ": " + html(m.text) + (m.clip.empty() ? "" : " (<a href=\"" + html(link_of(m.clip)) + "\">clip</a>)") + "</li>";
      out_ += "</ul></li>";
    }
    out_ += "</ol><p class=\"soft\">" + html(report_.method) + "</p></section>\n";
  }

  void cells(const std::vector<std::string>& texts, const char* tag) {
    out_ += "<tr>";
    for (const std::string& t : texts) out_ += std::string("<") + tag + ">" + html(t) + "</" + tag + ">";
    out_ += "</tr>";
  }

  void stations() {
    if (report_.stations.empty()) return;
    out_ += std::string("<section><h2>") + (log_.cameras ? "Places" : "Stations") + "</h2><div class=\"wide\"><table>";
    cells({"", "mean stay", "p95 of stay", "mean wait", "p95 of wait", "in/h", "out/h", "mean queue", "longest", "most there", "at work"},
          "th");
    for (const StationFigures& s : report_.stations)
      cells(
          {s.name, in_words(s.dwell.mean, s.dwell.count), in_words(s.dwell.p95, s.dwell.count), in_words(s.wait.mean, s.wait.count),
           in_words(s.wait.p95, s.wait.count), short_number(s.arrivals_per_h), short_number(s.throughput_per_h), short_number(s.queue.mean),
           std::to_string(s.queue.most), std::to_string(s.present.most), s.utilisation ? percent(*s.utilisation) : "-"},
          "td");
    out_ += "</table></div>";
    if (report_.lower_bounds) out_ += "<p class=\"soft\">Part of the time was not described: counts are lower bounds.</p>";
    out_ += "</section>\n";
  }

  void resources() {
    if (report_.resources.empty() || log_.cameras) return;
    out_ += "<section><h2>Workers and carriers</h2><div class=\"wide\"><table>";
    cells({"", "at work", "loaded way", "empty way", "idle", "broken", "not told", "jobs"}, "th");
    for (const ResourceFigures& r : report_.resources)
      cells({r.name, percent(r.busy), percent(r.travel_loaded), percent(r.travel_empty), percent(r.idle), percent(r.down),
             percent(r.unknown), std::to_string(r.jobs)},
            "td");
    out_ += "</table></div></section>\n";
  }

  void list(const char* title, const std::vector<std::string>& items, const std::string& remark) {
    if (items.empty()) return;
    out_ += std::string("<section><h2>") + title + "</h2><ul>";
    for (const std::string& item : items) out_ += "<li>" + html(item) + "</li>";
    out_ += "</ul>" + (remark.empty() ? std::string() : "<p class=\"soft\">" + html(remark) + "</p>") + "</section>\n";
  }

  void what_if() {
    std::vector<std::string> items;
    for (const WhatIf& w : report_.what_if) items.push_back(w.text);
    list("What if there were one more?", items,
         "An estimate (M/M/c, scaled by the observed variation after Allen and Cunneen): arrivals go on as they are, any free server takes "
         "the next, no place is ever full, and the day is steady.");
  }

  void findings() {
    std::vector<std::string> items;
    for (const OperationsAnomaly& a : report_.anomalies)
      items.push_back(a.moment.video + " " + base::format_time(a.moment.span.start) + ": " + a.text);
    list("What stands out", items, "");
  }

  void comparison() {
    if (!report_.comparison) return;
    const PeriodComparison& c = *report_.comparison;
    list("Compared", c.sentences,
         clock_of(log_, c.first.start) + " to " + clock_of(log_, c.first.end) + " with " + clock_of(log_, c.second.start) + " to " +
             clock_of(log_, c.second.end));
  }

  void notes() {
    list("To know when reading this", report_.notes,
         "Little's law as a check: " + short_number(report_.flow.l) + " there on average; arrivals times stay gives " +
             short_number(report_.flow.lambda_w) + ".");
  }

  const BottleneckReport& report_;
  const OperationsLog& log_;
  std::string out_;
};

}  // namespace

std::string bottlenecks_html(const BottleneckReport& report) { return ReportPage(report).write(); }

}  // namespace reelgraph::query::report
