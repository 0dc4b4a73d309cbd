#include "query/report/grammar.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kNoRepeat = 10 * base::kMinute;
constexpr int kDeepest = 6;              // of <words> in <words>
constexpr std::size_t kMostTried = 40;   // sentences made for one choice

std::uint64_t mixed(std::uint64_t x) {  // splitmix64: the same on every machine
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

std::uint64_t next(std::uint64_t& chance) { return chance = mixed(chance); }

bool is_letter(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80; }

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char raw : text) {
    const char c = raw >= 'A' && raw <= 'Z' ? static_cast<char>(raw - 'A' + 'a') : raw;
    if (is_letter(static_cast<unsigned char>(c)))
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::uint64_t hash_of(std::string_view a, std::string_view b, std::string_view c) {
  std::uint64_t h = 1469598103934665603U;
  for (const std::string_view word : {a, b, c}) {
    for (const char ch : word) h = (h ^ static_cast<unsigned char>(ch)) * 1099511628211U;
    h = (h ^ 0xffU) * 1099511628211U;
  }
  return h;
}

}  // namespace

void capitalise(std::string& text) {
  bool start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (start && c != ' ' && c != '"' && c != '\'') {
      if (c >= 'a' && c <= 'z') text[i] = static_cast<char>(c - 'a' + 'A');
      if (c == '\xC3' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0 && text[i + 1] != '\xB7') text[i + 1] = static_cast<char>(text[i + 1] - 0x20);
      start = false;
    }
    if ((c == '.' || c == '!' || c == '?') && i + 1 < text.size() && text[i + 1] == ' ') start = true;
  }
}

int count_words(const std::string& text) {
  int n = 0;
  bool in = false;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    if (!blank && !in) ++n;
    in = !blank;
  }
  return n;
}

bool FactSheet::holds(const std::string& condition) const {
  if (condition.empty()) return true;
  if (condition.front() == '!') return !holds(condition.substr(1));
  const std::size_t at = condition.find_first_of("=<>");
  if (at == std::string::npos) return flags.contains(condition);
  const std::string name = condition.substr(0, at), wanted = condition.substr(at + 1);
  if (condition[at] == '=') {
    if (const auto it = values.find(name); it != values.end()) return it->second == wanted;
    const auto number = numbers.find(name);
    double value = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), value);
    return number != numbers.end() && error == std::errc() && end == wanted.data() + wanted.size() && number->second == value;
  }
  const auto it = numbers.find(name);
  double bound = 0;
  if (it == numbers.end() || std::from_chars(wanted.data(), wanted.data() + wanted.size(), bound).ec != std::errc()) return false;
  return condition[at] == '<' ? it->second < bound : it->second > bound;
}

Grammar::Grammar(const base::Commentary& commentary, const std::string& style, NameBook& names) : commentary_(commentary), names_(names) {
  for (const base::CommentaryLines& lines : commentary.lines) {
    if (!lines.styles.empty() && std::find(lines.styles.begin(), lines.styles.end(), style) == lines.styles.end()) continue;
    for (const std::string& pattern : lines.say) templates_[lines.of].push_back({&lines, &pattern});
  }
  for (const auto& [name, ways] : commentary.words) words_[name] = &ways;
}

std::string Grammar::choose_words(const std::string& pattern, std::uint64_t& chance, int depth) const {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t end = pattern[i] == '<' ? pattern.find('>', i) : std::string::npos;
    if (end == std::string::npos) {
      text += pattern[i];
      continue;
    }
    const auto it = words_.find(pattern.substr(i + 1, end - i - 1));
    if (it != words_.end() && depth < kDeepest) {
      const std::vector<std::string>& ways = *it->second;
      text += choose_words(ways[next(chance) % ways.size()], chance, depth + 1);
    }
    i = end;
  }
  return text;
}

std::optional<Sentence> Grammar::fill(const std::string& pattern, const FactSheet& sheet, base::Timestamp now) const {
  Sentence sentence;
  sentence.pattern = pattern;
  std::map<graph::RowId, int> here;
  // Introduced a few words ago, it is short the second time.
  const auto name_of = [&](graph::RowId entity) { return names_.call(entity, now, here[entity]++ > 0); };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t end = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      sentence.text += pattern[i];
      continue;
    }
    std::string slot = pattern.substr(i + 1, end - i - 1), one, many;
    if (const std::size_t bar = slot.find('|'); bar != std::string::npos) {
      const std::size_t second = slot.find('|', bar + 1);
      one = slot.substr(bar + 1, second == std::string::npos ? std::string::npos : second - bar - 1);
      many = second == std::string::npos ? one : slot.substr(second + 1);
      slot.resize(bar);
    }
    const auto it = sheet.facts.find(slot);
    if (it == sheet.facts.end()) return std::nullopt;
    Fact fact = it->second;
    if (!fact.entities.empty()) {
      fact.text.clear();
      for (const graph::RowId entity : fact.entities) fact.text += (fact.text.empty() ? "" : ", ") + name_of(entity);
    }
    if (fact.text.empty()) return std::nullopt;
    sentence.text += fact.text;
    if (!many.empty() || !one.empty()) sentence.text += " " + (fact.value.is_number() && fact.value.get<double>() == 1 ? one : many);
    const bool known = std::any_of(sentence.facts.begin(), sentence.facts.end(), [&](const Fact& f) { return f.slot == fact.slot && f.text == fact.text; });
    if (!known) sentence.facts.push_back(std::move(fact));
    i = end;
  }
  capitalise(sentence.text);
  sentence.words = count_words(sentence.text);
  return sentence;
}

double Grammar::freshness(const std::string& text) const {
  const std::vector<std::string> words = words_of(text);
  if (words.size() < 3) return 0.6;
  int fresh = 0;
  for (std::size_t i = 2; i < words.size(); ++i) fresh += trigrams_.contains(hash_of(words[i - 2], words[i - 1], words[i])) ? 0 : 1;
  return static_cast<double>(fresh) / static_cast<double>(words.size() - 2);
}

bool Grammar::was_said(const std::string& text, base::Timestamp now) const {
  const auto it = texts_.find(text);
  return it != texts_.end() && now - it->second < kNoRepeat;
}

std::optional<Sentence> Grammar::make(const std::string& of, const FactSheet& sheet, base::Timestamp now, int most_words,
                                      std::uint64_t chance) const {
  const auto it = templates_.find(of);
  if (it == templates_.end()) return std::nullopt;
  std::vector<const Template*> fitting;
  std::size_t most_conditions = 0;
  for (const Template& t : it->second) {
    if (!std::all_of(t.lines->when.begin(), t.lines->when.end(), [&](const std::string& c) { return sheet.holds(c); })) continue;
    fitting.push_back(&t);
    most_conditions = std::max(most_conditions, t.lines->when.size());
  }
  if (fitting.empty()) return std::nullopt;
  std::optional<Sentence> best;
  double best_score = 0;
  const std::size_t first = next(chance) % fitting.size();
  const std::size_t tries = std::max(fitting.size(), std::min(kMostTried, fitting.size() * 3));
  for (std::size_t n = 0; n < tries; ++n) {
    const Template& t = *fitting[n < fitting.size() ? (first + n) % fitting.size() : next(chance) % fitting.size()];
    std::optional<Sentence> sentence = fill(choose_words(*t.pattern, chance, 0), sheet, now);
    const double luck = static_cast<double>(next(chance) % 1000) / 1000;
    if (!sentence || sentence->words > most_words || was_said(sentence->text, now)) continue;
    double score = freshness(sentence->text) * 2 + 0.25 * luck;
    // What says more of what is special about it is better said.
    score += 0.8 * static_cast<double>(t.lines->when.size()) / static_cast<double>(std::max<std::size_t>(1, most_conditions));
    if (const auto last = patterns_.find(sentence->pattern); last != patterns_.end() && now - last->second < kNoRepeat) score -= 0.5;
    if (best && score <= best_score) continue;
    best = std::move(sentence);
    best_score = score;
  }
  return best;
}

void Grammar::said(const Sentence& sentence, base::Timestamp now) {
  texts_[sentence.text] = now;
  patterns_[sentence.pattern] = now;
  const std::vector<std::string> words = words_of(sentence.text);
  for (std::size_t i = 2; i < words.size(); ++i) trigrams_.insert(hash_of(words[i - 2], words[i - 1], words[i]));
  for (const Fact& fact : sentence.facts) {
    for (const graph::RowId entity : fact.entities) names_.named(entity, now);
  }
}

}  // namespace reelgraph::query::report
