#include "query/report/summary.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/observation_json.h"
#include "base/utf8.h"
#include "graph/hashing.h"
#include "query/answerer.h"
#include "query/evidence.h"
#include "query/report/statements.h"
#include "query/scope.h"

namespace reelgraph::query::report {
namespace {

constexpr const char* kMaker = "reelgraph summary 1";
constexpr int kChapter = 1, kVideo = 2, kArchive = 3;
constexpr std::size_t kMostVideoSentences = 8, kMostNotes = 20;

/// A section before its citations are numbered.
struct Draft {
  int level = kChapter;
  base::TimeSpan span;
  std::string title;
  std::vector<Citation> sentences;
};

std::string capital(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

/// What the rarest of its sentences tells.
std::string title_of(const std::vector<Statement>& statements, const std::vector<std::size_t>& chosen) {
  if (chosen.empty()) return {};
  const auto best = std::max_element(chosen.begin(), chosen.end(),
                                     [&](std::size_t a, std::size_t b) { return statements[a].rarity < statements[b].rarity; });
  const Statement& s = statements[*best];
  if (s.type.empty()) return capital(base::ellipsize(s.text, 60));
  return capital(readable(s.type)) + (s.who.empty() ? "" : ": " + s.who);
}

Citation citation_of(const std::string& video, const Statement& s) { return {video, s.span, s.text, s.event, s.observation, {}}; }

/// "3 goals, 31 shots": the rarest kinds of events first.
std::string counted(const std::vector<Statement>& statements) {
  std::map<std::string, int> types;
  for (const Statement& s : statements) {
    if (!s.type.empty()) ++types[s.type];
  }
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [type, count] : types) order.emplace_back(count, type);
  std::sort(order.begin(), order.end(), std::greater<>());
  constexpr std::size_t kMost = 6;
  std::string text;
  for (std::size_t i = 0; i < order.size() && i < kMost; ++i) text += (i == 0 ? "" : ", ") + plural(order[i].first, order[i].second);
  if (order.size() > kMost) text += " and " + plural(static_cast<std::int64_t>(order.size() - kMost), "other kind") + " of events";
  return text;
}

std::vector<Draft> draft(const std::string& video, const std::vector<Statement>& statements, base::TimeSpan whole, int sentences) {
  std::vector<Draft> drafts(1);
  drafts[0].level = kVideo;
  drafts[0].span = whole;
  std::vector<std::size_t> best;  // over the video
  for (const base::TimeSpan& chapter : chapters_of(statements, whole)) {
    const auto begins = [&](base::Timestamp t) {
      return static_cast<std::size_t>(std::lower_bound(statements.begin(), statements.end(), t,
                                                       [](const Statement& s, base::Timestamp at) { return s.span.start < at; }) -
                                      statements.begin());
    };
    const std::size_t first = begins(chapter.start), last = chapter.end == whole.end ? statements.size() : begins(chapter.end);
    if (first == last) continue;
    const std::vector<std::size_t> chosen = choose_statements(statements, first, last, sentences);
    Draft part{kChapter, chapter, title_of(statements, chosen), {}};
    for (const std::size_t i : chosen) part.sentences.push_back(citation_of(video, statements[i]));
    drafts.push_back(std::move(part));
    best.insert(best.end(), chosen.begin(), chosen.end());
  }
  std::stable_sort(best.begin(), best.end(), [&](std::size_t a, std::size_t b) { return statements[a].rarity > statements[b].rarity; });
  if (best.size() > kMostVideoSentences) best.resize(kMostVideoSentences);
  std::sort(best.begin(), best.end());
  if (const std::string counts = counted(statements); !counts.empty()) {
    drafts[0].sentences.push_back({video, whole, "In all " + counts, std::nullopt, std::nullopt, {}});
  }
  for (const std::size_t i : best) drafts[0].sentences.push_back(citation_of(video, statements[i]));
  return drafts;
}

std::string digest_of(const std::vector<Statement>& statements, base::TimeSpan whole, int sentences) {
  std::string all =
      std::string(kMaker) + ' ' + std::to_string(sentences) + ' ' + std::to_string(whole.start) + ' ' + std::to_string(whole.end);
  for (const Statement& s : statements)
    all += '\n' + std::to_string(s.span.start) + ' ' + std::to_string(s.span.end) + ' ' + s.type + ' ' + s.text;
  return graph::hash_hex(all);
}

base::SummaryLine line_of(const std::string& video, const Draft& draft, const std::string& digest) {
  base::SummaryLine line;
  line.video = video;
  line.span = draft.span;
  line.level = draft.level;
  nlohmann::json sentences = nlohmann::json::array();
  for (const Citation& c : draft.sentences) {
    sentences.push_back({{"text", c.text}, {"start", base::to_seconds(c.span.start)}, {"end", base::to_seconds(c.span.end)}});
    line.text += (line.text.empty() ? "" : " ") + c.text + ".";
  }
  line.body = {{"maker", kMaker}, {"covers", digest}, {"title", draft.title}, {"sentences", std::move(sentences)}};
  return line;
}

/// What is kept of a video, if it is of the same content; hostile, as archives are exchanged.
std::vector<Draft> kept_drafts(const graph::Store& store, const std::string& video, const std::string& digest) {
  std::vector<Draft> drafts;
  store.each_summary(video, [&](const base::SummaryLine& line) {
    const nlohmann::json& body = line.body;
    if (!body.is_object() || body.value("maker", nlohmann::json()) != kMaker || body.value("covers", nlohmann::json()) != digest) return;
    Draft part{static_cast<int>(line.level), line.span, {}, {}};
    if (const auto title = body.find("title"); title != body.end() && title->is_string())
      part.title = base::clean_line(title->get<std::string>(), 200);
    const auto sentences = body.find("sentences");
    if (sentences == body.end() || !sentences->is_array()) return;
    for (const nlohmann::json& s : *sentences) {
      if (!s.is_object() || !s.contains("text") || !s["text"].is_string() || !s.contains("start") || !s["start"].is_number() ||
          !s.contains("end") || !s["end"].is_number())
        return;
      const double start = s["start"], end = s["end"];
      if (!(start >= 0 && end >= start && end < 1e9)) return;
      part.sentences.push_back({video,
                                {base::from_seconds(start), base::from_seconds(end)},
                                base::clean_line(s["text"].get<std::string>(), 500),
                                std::nullopt,
                                std::nullopt,
                                {}});
    }
    drafts.push_back(std::move(part));
  });
  std::stable_sort(drafts.begin(), drafts.end(),
                   [](const Draft& a, const Draft& b) { return a.level != b.level ? a.level > b.level : a.span.start < b.span.start; });
  if (drafts.empty() || drafts.front().level != kVideo) drafts.clear();
  return drafts;
}

/// A sentence, and what of the section's evidence it rests on (1-based).
using CitedSentence = std::pair<std::string, std::vector<int>>;

/// What a model makes of a section's sentences, as far as they bear it; empty if it says nothing of the kind.
std::vector<CitedSentence> word_section(const std::vector<Citation>& evidence, base::TextModel& model, SummaryReport& report) {
  Answer answer;
  answer.question = "Summarise in at most three sentences what happens.";
  answer.citations = evidence;
  try {
    word_answer(answer, model, {.max_tokens = 300, .most_pictures = 0, .max_steps = 1});
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::kModel) throw;
    ++report.failed;
    return {};
  }
  std::vector<CitedSentence> said;
  if (answer.status == Status::kAnswered && answer.wording) {
    for (const CheckedSentence& s : answer.wording->sentences) {
      if (s.verdict == Verdict::kSupported) said.emplace_back(s.text, s.citations);
    }
  }
  ++(said.empty() ? report.refused : report.worded);
  return said;
}

/// Numbers its sentences, and lets the model word it.
void add_section(SummaryReport& report, const std::string& video, const Draft& draft, base::TextModel* model) {
  SummarySection section{video, draft.level, draft.span, draft.title, {}, {}};
  const std::vector<Citation>& own = draft.sentences;
  std::vector<CitedSentence> sentences;
  if (model != nullptr && !own.empty()) sentences = word_section(own, *model, report);
  if (sentences.empty()) {
    for (std::size_t i = 0; i < own.size(); ++i) sentences.emplace_back(own[i].text, std::vector<int>{static_cast<int>(i) + 1});
  }
  std::map<int, int> numbers;
  for (const auto& [text, cited] : sentences) {
    std::string marks;
    for (const int n : cited) {
      const auto [found, added] = numbers.try_emplace(n, static_cast<int>(report.citations.size()) + 1);
      if (added) {
        report.citations.push_back(own[static_cast<std::size_t>(n) - 1]);
        section.citations.push_back(found->second);
      }
      marks += "[" + std::to_string(found->second) + "]";
    }
    std::string sentence = capital(text);
    const bool stopped = !sentence.empty() && std::string_view(".!?").find(sentence.back()) != std::string_view::npos;
    const std::string stop = stopped ? std::string(1, sentence.back()) : ".";
    if (stopped) sentence.pop_back();
    section.text += (section.text.empty() ? "" : " ") + sentence + (marks.empty() ? "" : " " + marks) + stop;
  }
  report.sections.push_back(std::move(section));
}

}  // namespace

SummaryReport summarise(const graph::Store& store, graph::Store* keep, const SummaryOptions& options, base::TextModel* model) {
  if (options.sentences < 1 || options.sentences > 20)
    throw base::Error(base::ErrorCode::kInvalidArgument, "a chapter of " + std::to_string(options.sentences) + " sentences cannot be made",
                      "--sentences", "give 1 to 20");
  AskOptions asked;
  asked.videos = options.videos;
  asked.from = options.from;
  asked.to = options.to;
  const std::vector<graph::VideoRecord> videos = select_videos(store, asked);
  const bool whole_videos = !options.from && !options.to;
  const WordCutter cutter;
  SummaryReport report;
  const auto note = [&](const std::string& text) {
    if (report.notes.size() < kMostNotes) report.notes.push_back(text);
  };
  std::vector<std::pair<graph::VideoRecord, std::vector<Draft>>> drafts;
  Draft archive{kArchive, {}, "The whole archive", {}};
  for (const graph::VideoRecord& video : videos) {
    const base::TimeSpan whole{options.from.value_or(0),
                               std::min(options.to.value_or(base::kMaxTimestamp), std::max<base::Duration>(video.duration, 1))};
    if (whole.start >= whole.end) {
      note(video.id + ": it is shorter than what was asked for");
      continue;
    }
    for (const graph::CoverageSpan& part : store.coverage(video.id)) {
      const base::TimeSpan missing = part.span.intersection(whole);
      if (!missing.empty() && (part.status == graph::CoverageStatus::kFailed || part.status == graph::CoverageStatus::kNotSampled))
        note(video.id + ": " + base::format_time(missing.start) + " to " + base::format_time(missing.end) + " was not described");
    }
    const std::vector<Statement> statements = statements_of(store, video.id, whole, cutter);
    if (statements.empty()) {
      note(video.id + ": nothing is known of what happens in it");
      continue;
    }
    const std::string digest = digest_of(statements, whole, options.sentences);
    std::vector<Draft> made = whole_videos ? kept_drafts(store, video.id, digest) : std::vector<Draft>{};
    if (!made.empty()) {
      ++report.kept;
    } else {
      made = draft(video.id, statements, whole, options.sentences);
      ++report.made;
      if (keep != nullptr && whole_videos) {
        std::vector<base::SummaryLine> lines;
        for (const Draft& part : made) lines.push_back(line_of(video.id, part, digest));
        keep->put_summaries(video.id, kMaker, lines);
      }
    }
    made.front().title = video.title.empty() ? video.id : video.title;
    // The archive is told by what its videos count, and by the rarest thing of each.
    for (std::size_t i = 0; i < made.front().sentences.size() && i < 2; ++i) {
      Citation sentence = made.front().sentences[i];
      sentence.text = made.front().title + ": " + sentence.text;
      archive.sentences.push_back(std::move(sentence));
    }
    drafts.emplace_back(video, std::move(made));
  }
  if (drafts.size() > 1) add_section(report, {}, archive, nullptr);
  for (const auto& [video, parts] : drafts) {
    for (const Draft& part : parts) add_section(report, video.id, part, model);
  }
  return report;
}

}  // namespace reelgraph::query::report
