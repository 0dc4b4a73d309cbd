// The timeline as one HTML page. No script: print, mail and archive readers all show the same.
#include <algorithm>
#include <array>
#include <map>
#include <ostream>

#include "query/evidence.h"
#include "query/timeline.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostMarks = 4000;  // drawn on one axis: more cannot be told apart
constexpr std::size_t kMostRows = 5000;   // of one video's table
constexpr base::Duration kFrameSlack = 3 * base::kSecond;

constexpr std::array<const char*, 10> kColours = {"#2f6db3", "#c4572b", "#2e8b57", "#8a4fa3", "#b0891c",
                                                  "#1f8a94", "#b53a5c", "#5b6b7a", "#6f8f1f", "#9c5a2f"};

const char* const kStyle = R"(
:root { --ink: #1c2733; --soft: #5f6f80; --line: #d9e0e7; --paper: #ffffff; --ground: #f3f5f8; --gap: #e7b8b0; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 0; overflow-wrap: anywhere; } p.sum { color: var(--soft); margin: 0 0 22px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px 14px; margin: 0 0 22px; }
.meta { color: var(--soft); margin: 2px 0 12px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); } svg text.t { fill: var(--soft); }
.frames { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: 12px; margin: 14px 0; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; background: #fff; break-inside: avoid; }
figure img { display: block; width: 100%; height: auto; background: #000; }
figcaption { padding: 6px 9px 8px; font-size: 13px; overflow-wrap: anywhere; } figcaption b { font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; font-size: 14px; } td, th { text-align: left; vertical-align: top; padding: 5px 8px; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; border-top: 0; } td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
details > summary { cursor: pointer; color: var(--soft); padding: 4px 0; } ul.gaps { margin: 6px 0 10px; padding-left: 20px; color: #8c3b2c; }
@media print { body { background: #fff; font-size: 11px; } main { max-width: none; padding: 0; } section { border: 0; border-radius: 0; padding: 0; break-inside: auto; }
  .frames { grid-template-columns: repeat(4, 1fr); } * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
)";

std::string base64(const std::string& bytes) {
  static const char* const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t block = 0;
    for (std::size_t k = 0; k < 3; ++k) block = block << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[block >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::string number(double x) {
  std::string text = std::to_string(x);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

// A step that gives six to twelve ticks and that people count in.
base::Duration tick_step(base::Duration length) {
  for (const base::Duration s : {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400}) {
    if (length <= 12 * s * base::kSecond) return s * base::kSecond;
  }
  return (length / 10 / base::kHour + 1) * base::kHour;
}

std::string short_time(base::Timestamp t) {
  std::string text = base::format_time(t);
  return text.substr(0, text.find('.'));
}

class Page {
 public:
  Page(std::ostream& out, const graph::Store& store, const TimelinePage& page) : out_(out), store_(store), page_(page) {}

  std::size_t write(const std::vector<graph::EventRecord>& events, const std::vector<std::string>& videos) {
    std::map<std::string, std::vector<const graph::EventRecord*>> groups;
    for (const std::string& v : videos) groups[v];
    for (const graph::EventRecord& e : events) {
      groups[e.video].push_back(&e);
      colours_.emplace(e.type, kColours[colours_.size() % kColours.size()]);
    }
    out_ << "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         << "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
         << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" << escape_html(page_.title)
         << "</title>\n<style>" << kStyle << "</style></head><body><main>\n<h1>" << escape_html(page_.title) << "</h1>\n<p class=\"sum\">"
         << plural(static_cast<std::int64_t>(events.size()), "event") << " in " << plural(static_cast<std::int64_t>(groups.size()), "video")
         << "</p>\n";
    for (const auto& [id, list] : groups) video(id, list);
    out_ << "</main></body></html>\n";
    return bytes_;
  }

 private:
  void video(const std::string& id, const std::vector<const graph::EventRecord*>& events) {
    const auto record = store_.find_video(id);
    base::Duration length = record ? record->duration : 0;
    for (const graph::EventRecord* e : events) length = std::max(length, e->span.end);
    length = std::max<base::Duration>(length, base::kSecond);
    out_ << "<section><h2>" << escape_html(record && !record->title.empty() ? record->title : id) << "</h2>\n<p class=\"meta\">";
    if (record && !record->title.empty()) out_ << escape_html(id) << " &middot; ";
    out_ << short_time(length) << " &middot; " << plural(static_cast<std::int64_t>(events.size()), "event") << "</p>\n";
    const auto gaps = coverage_gaps(id, length);
    axis(events, gaps, length);
    if (!gaps.empty()) {
      out_ << "<ul class=\"gaps\">";
      for (std::size_t i = 0; i < gaps.size() && i < 50; ++i) {
        out_ << "<li>" << base::format_time(gaps[i].span.start) << " - " << base::format_time(gaps[i].span.end) << ": "
             << escape_html(gaps[i].reason) << "</li>";
      }
      out_ << "</ul>\n";
    }
    frames(id, events);
    table(events);
    out_ << "</section>\n";
  }

  // What was not described, and why as far as the store knows.
  [[nodiscard]] std::vector<graph::CoverageSpan> coverage_gaps(const std::string& id, base::Duration length) const {
    std::vector<graph::CoverageSpan> gaps;
    base::SpanSet known;
    const auto rows = store_.coverage(id);
    for (const graph::CoverageSpan& c : rows) {
      known.add(c.span);
      if (c.status == graph::CoverageStatus::kFailed) gaps.push_back({c.span, c.status, "failed: " + c.reason});
      if (c.status == graph::CoverageStatus::kNotSampled)
        gaps.push_back({c.span, c.status, "not looked at" + (c.reason.empty() ? "" : ": " + c.reason)});
      if (c.status == graph::CoverageStatus::kLimited) gaps.push_back({c.span, c.status, "less could be told: " + c.reason});
    }
    if (!rows.empty()) {
      const base::SpanSet unknown = known.complement({0, length});
      for (const base::TimeSpan& s : unknown.spans()) {
        if (s.length() >= base::kSecond) gaps.push_back({s, graph::CoverageStatus::kNotSampled, "not looked at"});
      }
    }
    std::sort(gaps.begin(), gaps.end(), [](const auto& a, const auto& b) { return a.span < b.span; });
    return gaps;
  }

  void axis(const std::vector<const graph::EventRecord*>& events, const std::vector<graph::CoverageSpan>& gaps, base::Duration length) {
    std::vector<std::string> types;
    for (const graph::EventRecord* e : events) {
      if (std::find(types.begin(), types.end(), e->type) == types.end()) types.push_back(e->type);
    }
    constexpr double kLeft = 170;
    constexpr double kWidth = 960;
    constexpr double kRow = 22;
    const double height = kRow * static_cast<double>(std::max<std::size_t>(types.size(), 1)) + 26;
    const auto x = [&](base::Timestamp t) {
      return kLeft + kWidth * static_cast<double>(std::clamp<base::Timestamp>(t, 0, length)) / static_cast<double>(length);
    };
    out_ << "<svg viewBox=\"0 0 1140 " << number(height) << "\" role=\"img\" aria-label=\"time axis\">\n";
    const base::Duration step = tick_step(length);
    for (base::Timestamp t = 0; t <= length; t += step) {
      out_ << "<line x1=\"" << number(x(t)) << "\" x2=\"" << number(x(t)) << "\" y1=\"0\" y2=\"" << number(height - 22)
           << "\" stroke=\"#d9e0e7\"/><text class=\"t\" x=\"" << number(x(t)) << "\" y=\"" << number(height - 6) << "\" text-anchor=\""
           << (t == 0                       ? "start"
               : x(t) > kLeft + kWidth - 30 ? "end"
                                            : "middle")
           << "\">" << short_time(t) << "</text>\n";
    }
    for (const graph::CoverageSpan& g : gaps) {
      out_ << "<rect x=\"" << number(x(g.span.start)) << "\" y=\"0\" width=\"" << number(std::max(1.0, x(g.span.end) - x(g.span.start)))
           << "\" height=\"" << number(height - 22) << "\" fill=\"#e7b8b0\" opacity=\""
           << (g.status == graph::CoverageStatus::kLimited ? "0.25" : "0.6") << "\"><title>" << escape_html(g.reason)
           << "</title></rect>\n";
    }
    for (std::size_t row = 0; row < types.size(); ++row) {
      const double y = kRow * static_cast<double>(row);
      std::string label = readable(types[row]);
      if (label.size() > 27) label = label.substr(0, 25) + "..";
      out_ << "<text x=\"0\" y=\"" << number(y + 15) << "\">" << escape_html(label) << "</text>\n";
      std::size_t marks = 0;
      for (const graph::EventRecord* e : events) {
        if (e->type != types[row] || ++marks > kMostMarks) continue;
        out_ << "<rect x=\"" << number(x(e->span.start)) << "\" y=\"" << number(y + 4) << "\" width=\""
             << number(std::max(3.0, x(e->span.end) - x(e->span.start))) << "\" height=\"14\" rx=\"2\" fill=\"" << colours_.at(e->type)
             << "\"><title>" << escape_html(base::format_time(e->span.start) + " " + event_text(*e)) << "</title></rect>\n";
      }
    }
    out_ << "</svg>\n";
  }

  // Pictures of events, each picture once.
  void frames(const std::string& id, const std::vector<const graph::EventRecord*>& events) {
    if (!page_.read_frame) return;
    std::vector<std::string> shown;
    bool open = false;
    for (const graph::EventRecord* e : events) {
      if (frames_ >= page_.most_frames) break;
      const auto frame = store_.frame_near(id, e->span, e->show_at.value_or(e->span.start), kFrameSlack);
      if (!frame || std::find(shown.begin(), shown.end(), frame->file) != shown.end()) continue;
      const auto jpeg = page_.read_frame(frame->file);
      if (!jpeg || jpeg->empty() || bytes_ + jpeg->size() > page_.most_bytes) continue;
      shown.push_back(frame->file);
      bytes_ += jpeg->size();
      ++frames_;
      if (!open) out_ << "<div class=\"frames\">\n";
      open = true;
      out_ << "<figure><img alt=\"frame at " << base::format_time(frame->at) << "\" src=\"data:image/jpeg;base64," << base64(*jpeg)
           << "\"><figcaption><b>" << base::format_time(e->span.start)
           << "</b> <span class=\"dot\" style=\"background:" << colours_.at(e->type) << "\"></span>" << escape_html(event_text(*e))
           << "</figcaption></figure>\n";
    }
    if (open) out_ << "</div>\n";
  }

  void table(const std::vector<const graph::EventRecord*>& events) {
    if (events.empty()) {
      out_ << "<p class=\"meta\">No event was seen.</p>\n";
      return;
    }
    out_ << "<details" << (events.size() <= 200 ? " open" : "") << "><summary>" << plural(static_cast<std::int64_t>(events.size()), "event")
         << "</summary><table><tr><th>Start</th><th>End</th><th>Type</th><th>What</th><th>Who</th></tr>\n";
    std::size_t rows = 0;
    for (const graph::EventRecord* e : events) {
      if (++rows > kMostRows) {
        out_ << "<tr><td colspan=\"5\">and " << events.size() - kMostRows << " more</td></tr>\n";
        break;
      }
      std::string who;
      for (const graph::ParticipantRecord& p : e->participants)
        who += (who.empty() ? "" : ", ") + p.name + (p.role.empty() ? "" : " (" + readable(p.role) + ")");
      out_ << "<tr><td class=\"n\">" << base::format_time(e->span.start) << "</td><td class=\"n\">" << base::format_time(e->span.end)
           << "</td><td><span class=\"dot\" style=\"background:" << colours_.at(e->type) << "\"></span>" << escape_html(readable(e->type))
           << "</td><td>" << escape_html(e->description) << "</td><td>" << escape_html(who) << "</td></tr>\n";
    }
    out_ << "</table></details>\n";
  }

  std::ostream& out_;
  const graph::Store& store_;
  const TimelinePage& page_;
  std::map<std::string, const char*> colours_;
  std::size_t bytes_ = 0;
  int frames_ = 0;
};

}  // namespace

std::size_t write_timeline_html(std::ostream& out, const graph::Store& store, const std::vector<graph::EventRecord>& events,
                                const std::vector<std::string>& videos, const TimelinePage& page) {
  return Page(out, store, page).write(events, videos);
}

}  // namespace reelgraph::query
