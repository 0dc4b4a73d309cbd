#include "base/markup.h"
#include "query/evidence.h"
#include "query/report/summary.h"

namespace reelgraph::query::report {
namespace {

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
    const bool vtt = format == "vtt";
    if (vtt) text = "WEBVTT\n\n";
    int n = 0;
    for (const SummarySection& s : report.sections) {
      if (s.level != 1) continue;
      text += std::to_string(++n) + "\n" + base::cue_time(s.span.start, vtt) + " --> " + base::cue_time(s.span.end, vtt) + "\n" +
              base::cue_text(s.title, vtt) + "\n\n";
    }
    return text;
  }
  const bool md = format == "md";
  const auto safe = [md](const std::string& words) { return md ? base::markdown_text(words) : words; };
  for (const SummarySection& s : report.sections) {
    const bool chapter = s.level == 1;
    const std::string when = heading_span(s);
    if (md) {
      text += (chapter ? "## " + when + " " : std::string("# ")) + safe(s.title) + "\n\n" + safe(s.text) + "\n\n";
    } else {
      const std::string indent = chapter ? "  " : "";
      text += (text.empty() ? "" : "\n") + indent + s.title + (when.empty() ? "" : "  (" + when + ")") + "\n  " + indent + s.text + "\n";
    }
  }
  if (!report.citations.empty()) text += md ? "# Evidence\n\n" : "\nEvidence\n";
  int n = 0;
  for (const Citation& c : report.citations) {
    text += (md ? "- " : "  ") + safe("[" + std::to_string(++n) + "] " + when_where(c.video, c.span)) + "\n";
  }
  for (const std::string& note : report.notes) text += "\n" + safe(note) + "\n";
  return text;
}

}  // namespace reelgraph::query::report
