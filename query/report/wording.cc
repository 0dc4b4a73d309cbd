#include "query/report/wording.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "query/claim_checker.h"
#include "query/report/grammar.h"

namespace reelgraph::query::report {
namespace {

constexpr int kMostTokens = 80;
constexpr std::size_t kLongestReply = 400;

std::string one_line(std::string text) {
  text = base::sanitize_utf8(text, kLongestReply * 2);
  std::replace(text.begin(), text.end(), '\n', ' ');
  const std::size_t begin = text.find_first_not_of(" \t\r\"");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\"") - begin + 1);
}

/// Every sentence cites the one piece of evidence.
std::string with_marks(const std::string& text) {
  std::string marked;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends = std::string_view(".!?").find(text[i]) != std::string_view::npos && (i + 1 == text.size() || text[i + 1] == ' ');
    if (ends) marked += " [1]";
    marked += text[i];
  }
  if (marked.find("[1]", marked.size() < 5 ? 0 : marked.size() - 5) == std::string::npos) marked += " [1]";
  return marked;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::string> numbers_in(const std::string& text) {
  std::vector<std::string> numbers;
  std::string now;
  for (const char c : text + " ") {
    if (c >= '0' && c <= '9') {
      now += c;
    } else if (!now.empty()) {
      numbers.push_back(now);
      now.clear();
    }
  }
  return numbers;
}

}  // namespace

std::string why_not(const CommentaryLine& line, const std::string& video, const std::string& reply, double words_per_s) {
  if (reply.empty()) return "it is empty";
  const double seconds = base::to_seconds(line.span.length());
  if (count_words(reply) > static_cast<int>(seconds * words_per_s)) return "it is too long for its time";
  // Names in the order of the grammar's line: who comes on for whom is in the order.
  const std::string said = lower(reply);
  std::size_t at = 0;
  for (const Fact& fact : line.facts) {
    if (fact.entities.empty()) continue;
    const std::string name = lower(fact.text);  // "de Bruyne" has a capital where a sentence begins
    const std::size_t found = said.find(name, at);
    if (found == std::string::npos) return said.find(name) == std::string::npos ? "it leaves out a name" : "it names them in another order";
    at = found + name.size();
  }
  if (numbers_in(reply) != numbers_in(line.text)) return "its numbers are not those of the facts";
  std::string evidence = line.text;
  for (const Fact& fact : line.facts) evidence += "\n" + fact.text;
  const WordCutter cutter;
  for (const CheckedSentence& s : check_claims(with_marks(reply), {{video, line.span, evidence}}, {}, cutter)) {
    if (s.verdict != Verdict::kSupported) return s.verdict == Verdict::kDropped ? "it has what the facts do not have" : "it says more than the facts";
  }
  return {};
}

void word_lines(CommentaryReport& report, base::TextModel& model, const LineWordingOptions& options) {
  WordingTally tally;
  tally.model = model.name();
  int in_a_row = 0;
  for (CommentaryLine& line : report.lines) {
    if (line.importance < options.least_importance || in_a_row >= options.most_failures) continue;
    base::TextRequest request;
    request.system = "You word one line of a live sports commentary. Say exactly what the given line says, in other words, in the language " +
                     report.language + ". Keep every name and every number as it is written and in its order. Add nothing. At most " +
                     std::to_string(static_cast<int>(base::to_seconds(line.span.length()) * options.words_per_s)) +
                     " words. Reply with the line only.";
    request.text = line.text;
    request.max_tokens = kMostTokens;
    ++tally.asked;
    std::string reply;
    try {
      reply = one_line(model.write(request).text);
      in_a_row = 0;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::kModel) throw;
      ++tally.failed;
      ++in_a_row;
      continue;
    }
    const std::string problem = why_not(line, report.video, reply, options.words_per_s);
    if (problem.empty()) {
      ++tally.used;
      line.grammar_text = std::exchange(line.text, reply);
      continue;
    }
    ++tally.replaced;
    const auto it = std::find_if(tally.reasons.begin(), tally.reasons.end(), [&](const auto& r) { return r.first == problem; });
    if (it == tally.reasons.end())
      tally.reasons.emplace_back(problem, 1);
    else
      ++it->second;
  }
  report.wording = std::move(tally);
}

}  // namespace reelgraph::query::report
