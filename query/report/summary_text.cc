#include <cstdio>

#include "base/observation_json.h"
#include "query/evidence.h"
#include "query/report/summary.h"

namespace reelgraph::query::report {
namespace {

/// "01:02:03,500" of SubRip, "01:02:03.500" of WebVTT.
std::string cue_time(base::Timestamp t, char point) {
  const long long ms = t / base::kMillisecond;
  char text[40];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld%c%03lld", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, point, ms % 1000);
  return text;
}

/// A cue's text ends at an empty line, and an arrow would begin another cue.
std::string cue_text(std::string text) {
  for (std::size_t at = 0; (at = text.find("-->", at)) != std::string::npos;) text.replace(at, 3, "->");
  return text;
}

std::string heading_span(const SummarySection& section) {
  return section.level == 3 ? std::string() : base::format_time(section.span.start) + " - " + base::format_time(section.span.end);
}

}  // namespace

nlohmann::ordered_json summary_json(const SummaryReport& report) {
  nlohmann::ordered_json json;
  json["sections"] = nlohmann::ordered_json::array();
  for (const SummarySection& s : report.sections) {
    nlohmann::ordered_json section;
    section["start"] = base::to_seconds(s.span.start);
    section["end"] = base::to_seconds(s.span.end);
    section["title"] = s.title;
    section["text"] = s.text;
    section["citations"] = s.citations;
    section["level"] = s.level == 3 ? "archive" : s.level == 2 ? "video" : "chapter";
    section["video"] = s.video.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(s.video);
    json["sections"].push_back(std::move(section));
  }
  json["citations"] = nlohmann::ordered_json::array();
  int n = 0;
  for (const Citation& c : report.citations) {
    nlohmann::ordered_json citation;
    citation["n"] = ++n;
    citation["video"] = c.video;
    citation["start"] = base::to_seconds(c.span.start);
    citation["end"] = base::to_seconds(c.span.end);
    citation["text"] = c.text;
    if (c.event) citation["event"] = *c.event;
    json["citations"].push_back(std::move(citation));
  }
  json["notes"] = report.notes;
  json["videos"] = {{"made", report.made}, {"kept", report.kept}};
  if (report.worded + report.refused + report.failed > 0)
    json["wording"] = {{"worded", report.worded}, {"refused", report.refused}, {"failed", report.failed}};
  return json;
}

std::string summary_text(const SummaryReport& report, const std::string& format) {
  std::string text;
  if (format == "srt" || format == "vtt") {
    if (format == "vtt") text = "WEBVTT\n\n";
    int n = 0;
    for (const SummarySection& s : report.sections) {
      if (s.level != 1) continue;
      const char point = format == "vtt" ? '.' : ',';
      text += std::to_string(++n) + "\n" + cue_time(s.span.start, point) + " --> " + cue_time(s.span.end, point) + "\n" +
              cue_text(s.title) + "\n\n";
    }
    return text;
  }
  const bool md = format == "md";
  for (const SummarySection& s : report.sections) {
    const std::string when = heading_span(s);
    if (md) {
      text += std::string(s.level == 1 ? "## " : "# ") + (s.level == 1 ? when + " " : "") + s.title + "\n\n" + s.text + "\n\n";
    } else {
      text += (text.empty() ? "" : "\n") + std::string(s.level == 1 ? "  " : "") + s.title + (when.empty() ? "" : "  (" + when + ")") +
              "\n" + (s.level == 1 ? "    " : "  ") + s.text + "\n";
    }
  }
  if (!report.citations.empty()) text += md ? "# Evidence\n\n" : "\nEvidence\n";
  int n = 0;
  for (const Citation& c : report.citations) {
    const std::string number = "[" + std::to_string(++n) + "]";
    text += md ? "- " + number + " " + when_where(c.video, c.span) + "\n" : "  " + number + " " + when_where(c.video, c.span) + "\n";
  }
  for (const std::string& note : report.notes) text += (md ? "\n*" : "\n") + note + (md ? "*\n" : "\n");
  return text;
}

}  // namespace reelgraph::query::report
