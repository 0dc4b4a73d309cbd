#include "query/report/commentary_text.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/markup.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kSubtitleColumns = 42;

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Two lines of about one length where one would be too long. What could end a cue or be markup is made harmless.
std::string subtitle_lines(const std::string& text, bool webvtt) {
  std::string safe = base::cue_text(text, webvtt);
  std::replace(safe.begin(), safe.end(), '\n', ' ');
  if (characters(safe) <= kSubtitleColumns) return safe;
  const std::size_t rows = (characters(safe) + kSubtitleColumns - 1) / kSubtitleColumns, row = safe.size() / rows;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < rows; ++i) {
    const std::size_t wanted = begin + row;
    const std::size_t after = safe.find(' ', wanted), before = safe.rfind(' ', wanted);
    std::size_t at = after == std::string::npos ? before : after;
    if (before != std::string::npos && before > begin && (after == std::string::npos || wanted - before < after - wanted)) at = before;
    if (at == std::string::npos || at <= begin) break;
    safe[at] = '\n';
    begin = at + 1;
  }
  return safe;
}

std::string clock_of(base::Timestamp t) {
  std::string text = base::format_time(t);
  return text.substr(0, text.find('.'));
}

}  // namespace

nlohmann::ordered_json commentary_json(const CommentaryReport& report) {
  auto lines = nlohmann::ordered_json::array();
  for (const CommentaryLine& line : report.lines) {
    auto facts = nlohmann::ordered_json::array();
    for (const Fact& fact : line.facts) {
      facts.push_back({{"slot", fact.slot}, {"value", fact.value}, {"text", fact.text}, {"events", fact.events}});
      if (fact.counted > static_cast<std::int64_t>(fact.events.size())) facts.back()["counted"] = fact.counted;
    }
    nlohmann::ordered_json one{{"start", base::to_seconds(line.span.start)},
                               {"end", base::to_seconds(line.span.end)},
                               {"text", line.text},
                               {"events", line.events},
                               {"kind", line.kind},
                               {"topic", line.topic},
                               {"importance", std::round(line.importance * 10) / 10},
                               {"pattern", line.pattern},
                               {"facts", std::move(facts)}};
    if (!line.grammar_text.empty()) one["grammar"] = line.grammar_text;
    lines.push_back(std::move(one));
  }
  nlohmann::ordered_json document{{"video", report.video}, {"title", report.title},       {"profile", report.profile},
                                  {"style", report.style}, {"language", report.language}, {"lines", std::move(lines)},
                                  {"notes", report.notes}};
  if (report.wording) {
    const WordingTally& w = *report.wording;
    auto reasons = nlohmann::ordered_json::object();
    for (const auto& [reason, n] : w.reasons) reasons[reason] = n;
    document["wording"] = {{"model", w.model},       {"asked", w.asked},   {"used", w.used},
                           {"replaced", w.replaced}, {"failed", w.failed}, {"reasons", reasons}};
  }
  return document;
}

std::string commentary_text(const CommentaryReport& report, const std::string& format) {
  std::string text;
  if (format == "srt" || format == "vtt") {
    const bool vtt = format == "vtt";
    if (vtt) text = "WEBVTT\n\n";
    int n = 0;
    for (const CommentaryLine& line : report.lines) {
      text += std::to_string(++n) + "\n" + base::cue_time(line.span.start, vtt) + " --> " + base::cue_time(line.span.end, vtt) + "\n" +
              subtitle_lines(line.text, vtt) + "\n\n";
    }
    return text;
  }
  const std::string title = report.title.empty() ? report.video : report.title;
  if (format == "md") {
    text = "# " + base::markdown_text(title) + "\n";
    for (const CommentaryLine& line : report.lines) {
      if (line.kind == "summary") {
        text += "\n> " + base::markdown_text(line.text) + "\n";
        continue;
      }
      const std::string said = base::markdown_text(line.text);
      text += "\n`" + clock_of(line.span.start) + "` " + (line.importance >= 80 ? "**" + said + "**" : said) + "\n";
    }
    return text;
  }
  if (format != "text")
    throw base::Error(base::ErrorCode::kInvalidArgument, "a commentary is not written as " + format, "--format",
                      "use text, md, json, srt or vtt");
  for (const CommentaryLine& line : report.lines) text += clock_of(line.span.start) + "  " + line.text + "\n";
  return text;
}

}  // namespace reelgraph::query::report
