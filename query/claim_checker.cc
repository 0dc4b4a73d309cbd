#include "query/claim_checker.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>

#include "base/utf8.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostProse = 20'000;  // bytes
constexpr std::size_t kMostSentences = 60;
constexpr base::Duration kTimeSlack = base::kSecond;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Words that begin a sentence without naming anything.
bool is_ordinary_beginning(std::string_view w) {
  static const std::set<std::string_view> words{
      "after",  "afterwards", "again",   "all",       "also",    "although",  "another", "around",     "at",      "because",
      "before", "both",       "but",     "during",    "each",    "earlier",   "even",    "eventually", "every",   "finally",
      "first",  "following",  "from",    "here",      "however", "if",        "in",      "initially",  "it",      "its",
      "just",   "later",      "many",    "meanwhile", "most",    "neither",   "next",    "nobody",     "none",    "nothing",
      "now",    "once",       "one",     "only",      "others",  "over",      "people",  "people's",   "several", "shortly",
      "since",  "so",         "some",    "somebody",  "someone", "something", "soon",    "still",      "such",    "then",
      "there",  "thereafter", "these",   "they",      "this",    "those",     "though",  "throughout", "thus",    "together",
      "two",    "until",      "what",    "when",      "where",   "while",     "with",    "within",     "without", "yes",
      "no",     "evidence",   "overall", "according", "i",       "we",        "as",      "an",         "a",       "the"};
  return words.contains(w);
}

/// Words that speak of how something is told, not of what: in no evidence, and no harm.
bool is_ordinary_word(std::string_view w) {
  static const std::set<std::string_view> words{
      "seen",     "shown",     "shows",     "show",   "visible",  "appears", "evidence", "video",         "film",    "clip",   "footage",
      "picture",  "happens",   "happened",  "occurs", "occurred", "time",    "times",    "moment",        "seconds", "second", "minutes",
      "minute",   "then",      "later",     "after",  "before",   "again",   "also",     "during",        "while",   "total",  "following",
      "followed", "according", "described", "event",  "events",   "around",  "about",    "approximately", "end",     "start",  "begin",
      "begins",   "ends",      "starts",    "one",    "other",    "another", "there",    "yes",           "no"};
  return words.contains(w) || is_stop_word(w);
}

bool is_quantity_word(std::string_view w) {
  return is_one_of(w, {"hundred", "hundreds", "thousand", "thousands", "million", "millions", "billion", "dozen", "dozens", "couple",
                       "pair", "twice", "thrice", "double", "triple", "half", "quarter", "third", "zero"});
}

bool is_second(std::string_view w) { return is_one_of(w, {"s", "sec", "secs", "second", "seconds"}); }
bool is_minute(std::string_view w) { return is_one_of(w, {"min", "mins", "minute", "minutes"}); }

/// Digits of any script as ASCII, so that none slips through.
std::string ascii_digits(const std::string& text) {
  std::string out;
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t i = 0; i < size;) {
    const std::int32_t from = i;
    UChar32 c = 0;
    U8_NEXT(text.data(), i, size, c);
    const std::int32_t digit = c > 0x7f ? u_charDigitValue(c) : -1;
    if (digit >= 0)
      out += static_cast<char>('0' + digit);
    else
      out.append(text, static_cast<std::size_t>(from), static_cast<std::size_t>(i - from));
  }
  return out;
}

bool has_digit(std::string_view w) {
  return std::any_of(w.begin(), w.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A number with one comma in three digits ("1,200") is one number.
std::string join_thousands(const std::string& text) {
  std::string out;
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' && i > 0 && digit(i - 1) && digit(i + 1) && digit(i + 2) && digit(i + 3) && !digit(i + 4)) continue;
    out += text[i];
  }
  return out;
}

/// "12s", "5min": a number with its unit stuck to it.
std::optional<std::pair<double, std::string>> number_with_unit(const std::string& w) {
  std::size_t digits = 0;
  while (digits < w.size() && ((w[digits] >= '0' && w[digits] <= '9') || w[digits] == '.')) ++digits;
  if (digits == 0 || digits == w.size()) return std::nullopt;
  const std::optional<double> value = parse_number(w.substr(0, digits));
  const std::string unit = w.substr(digits);
  if (!value || (!is_second(unit) && !is_minute(unit))) return std::nullopt;
  return std::pair(*value, unit);
}

bool is_time(const std::string& w) { return w.find(':') != std::string::npos && base::parse_time(w).has_value(); }

/// "twenty one" -> 21: the tens and the ones of `words` at `i`. @returns how many words were taken, 0 if none is a number
std::size_t number_at(const std::vector<Word>& words, std::size_t i, double& value) {
  const std::optional<double> first = parse_number(words[i].folded);
  if (!first) return 0;
  value = *first;
  if (has_digit(words[i].folded) || *first < 20 || *first >= 100 || i + 1 >= words.size()) return 1;
  const std::optional<double> next = parse_number(words[i + 1].folded);
  if (!next || has_digit(words[i + 1].folded) || *next < 1 || *next > 9) return 1;
  value += *next;
  return 2;
}

/// What the evidence of one sentence holds.
struct Ground {
  std::set<std::string> stems;
  std::vector<double> numbers;
  std::vector<int> ordinals;
  std::vector<base::Timestamp> times;
  std::vector<base::TimeSpan> spans;
  bool negated = false, any_text = false;

  void add(const std::string& raw, const WordCutter& cutter) {
    const std::vector<Word> words = cutter.cut(join_thousands(ascii_digits(raw)), 2000);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const Word& w = words[i];
      stems.insert(w.stem);
      stems.insert(w.folded);
      any_text = true;
      negated |= is_negation(w.folded) || w.folded.ends_with("n't");
      if (is_time(w.folded)) {
        times.push_back(*base::parse_time(w.folded));
        continue;
      }
      double value = 0;
      if (number_at(words, i, value) > 0) numbers.push_back(value);
      if (const auto stuck = number_with_unit(w.folded)) numbers.push_back(stuck->first);
      if (const auto ordinal = parse_ordinal(w.folded)) ordinals.push_back(*ordinal);
    }
  }
  [[nodiscard]] bool holds(double value) const {
    return std::any_of(numbers.begin(), numbers.end(), [&](double n) { return std::abs(n - value) < 1e-9; });
  }
  [[nodiscard]] bool holds(const Word& w) const { return stems.contains(w.stem) || stems.contains(w.folded); }
  [[nodiscard]] bool near(base::Timestamp t) const {
    const bool told = std::any_of(times.begin(), times.end(), [&](base::Timestamp known) { return std::abs(known - t) <= kTimeSlack; });
    return told || std::any_of(spans.begin(), spans.end(),
                               [&](const base::TimeSpan& s) { return t >= s.start - kTimeSlack && t <= s.end + kTimeSlack; });
  }
  /// A length or a position in seconds of a cited span, as people round it.
  [[nodiscard]] bool seconds(double value) const {
    return std::any_of(spans.begin(), spans.end(), [&](const base::TimeSpan& s) {
      const auto close = [&](base::Timestamp t) { return std::abs(base::to_seconds(t) - value) <= 0.5; };
      return close(s.length()) || close(s.start) || close(s.end);
    });
  }
  [[nodiscard]] bool minutes(double value) const {
    return std::any_of(spans.begin(), spans.end(), [&](const base::TimeSpan& s) {
      return s.length() > 0 && std::abs(base::to_seconds(s.length()) / 60 - value) <= 0.05;
    });
  }
};

struct RawSentence {
  std::string text;
  std::vector<long> cited;
};

/// "[1]", "[1, 2]", "[3-5]" at `at`. @returns the place past it, `at` if it is none
std::size_t citation_at(const std::string& text, std::size_t at, std::vector<long>& cited) {
  if (text[at] != '[') return at;
  const std::size_t close = text.find(']', at);
  if (close == std::string::npos || close - at > 60 || close == at + 1) return at;
  std::vector<long> found;
  std::string digits;
  bool range = false;
  for (std::size_t i = at + 1; i <= close; ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      if (digits.size() < 9) digits += c;
      continue;
    }
    if (c != ',' && c != ';' && c != ' ' && c != '-' && c != ']') return at;
    if (!digits.empty()) {
      const long n = std::stol(digits);
      if (range && !found.empty() && n > found.back() && n - found.back() < 50) {
        for (long k = found.back() + 1; k < n; ++k) found.push_back(k);
      }
      found.push_back(n);
      digits.clear();
      range = false;
    }
    if (c == '-') range = true;
  }
  if (found.empty()) return at;
  cited.insert(cited.end(), found.begin(), found.end());
  return close + 1;
}

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n-*");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::vector<RawSentence> cut_sentences(const std::string& prose) {
  std::vector<RawSentence> sentences;
  RawSentence now;
  const auto end = [&] {
    now.text = trimmed(now.text);
    const bool words = std::any_of(now.text.begin(), now.text.end(),
                                   [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0; });
    if (words) {
      sentences.push_back(std::move(now));
    } else if (!sentences.empty()) {
      // Citations on their own belong to what stands before them.
      sentences.back().cited.insert(sentences.back().cited.end(), now.cited.begin(), now.cited.end());
    }
    now = {};
  };
  for (std::size_t i = 0; i < prose.size();) {
    if (const std::size_t past = citation_at(prose, i, now.cited); past != i) {
      while (!now.text.empty() && now.text.back() == ' ') now.text.pop_back();
      i = past;
      continue;
    }
    const char c = prose[i++];
    if (c == '\n') {
      end();
      continue;
    }
    now.text += c;
    if (c != '.' && c != '!' && c != '?') continue;
    const bool gap = i >= prose.size() || prose[i] == ' ' || prose[i] == '\n' || prose[i] == '[' || prose[i] == '"';
    // "No. 10", "J. Smith": a single letter or a short word with a capital does not end one.
    const std::size_t word = now.text.find_last_of(" ", now.text.size() - 1);
    const std::string last = now.text.substr(word == std::string::npos ? 0 : word + 1);
    if (!gap || (c == '.' && last.size() == 2 && std::isupper(static_cast<unsigned char>(last[0])) != 0)) continue;
    while (i < prose.size()) {
      const std::size_t skip = prose.find_first_not_of(' ', i);
      if (skip == std::string::npos) break;
      const std::size_t past = citation_at(prose, skip, now.cited);
      if (past == skip) break;
      i = past;
    }
    end();
  }
  end();
  if (sentences.size() > kMostSentences) sentences.resize(kMostSentences);
  return sentences;
}

std::string without(std::string text, const std::string& part) {
  if (part.size() < 3) return text;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) text.replace(at, part.size(), " ");
  return text;
}

class Check {
 public:
  Check(CheckedSentence& sentence, const Ground& ground, const std::vector<Word>& words) : s_(sentence), ground_(ground), words_(words) {}

  void run() {
    std::set<std::string> lacking;
    bool negated = false;
    int matter = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const Word& w = words_[i];
      negated |= is_negation(w.folded) || w.folded.ends_with("n't");
      if (is_time(w.folded)) {
        if (!ground_.near(*base::parse_time(w.folded))) drop("the time " + w.text + " is not in what it cites");
        continue;
      }
      double value = 0;
      if (const std::size_t taken = number_at(words_, i, value); taken > 0) {
        number(i, taken, value);
        i += taken - 1;
        continue;
      }
      if (const auto stuck = number_with_unit(w.folded)) {
        if (!ground_.holds(stuck->first) && !(is_second(stuck->second) ? ground_.seconds(stuck->first) : ground_.minutes(stuck->first)))
          drop("the number " + w.text + " is not in what it cites");
        continue;
      }
      if (const auto ordinal = parse_ordinal(w.folded); ordinal && !is_second_as_unit(i)) {
        const bool told =
            std::find(ground_.ordinals.begin(), ground_.ordinals.end(), *ordinal) != ground_.ordinals.end() || ground_.holds(w);
        if (!told && !(i == 0 && (w.folded == "first"))) drop("\"" + w.text + "\" is not in what it cites");
        continue;
      }
      if (has_digit(w.folded) || is_quantity_word(w.folded)) {
        if (!ground_.holds(w)) drop("\"" + w.text + "\" is not in what it cites");
        continue;
      }
      if (w.capital && !ground_.holds(w) && is_name(i)) {
        drop("the name " + w.text + " is not in what it cites");
        continue;
      }
      if (is_ordinary_word(w.folded) || is_negation(w.folded) || (i == 0 && is_ordinary_beginning(w.folded))) continue;
      ++matter;
      if (!ground_.holds(w)) lacking.insert(w.text);
    }
    if (s_.verdict == Verdict::kDropped) return;
    if (negated != ground_.negated && ground_.any_text)
      flag(negated ? "it denies what its evidence does not deny" : "its evidence denies something that it does not");
    if (!lacking.empty()) {
      std::string list;
      int shown = 0;
      for (const std::string& word : lacking) {
        if (++shown <= 5) list += (list.empty() ? "\"" : ", \"") + word + "\"";
      }
      flag("its evidence does not speak of " + list);
    }
    static_cast<void>(matter);
  }

 private:
  void drop(const std::string& why) {
    s_.verdict = Verdict::kDropped;
    s_.problems.push_back(why);
  }
  void flag(const std::string& why) {
    if (s_.verdict == Verdict::kSupported) s_.verdict = Verdict::kFlagged;
    s_.problems.push_back(why);
  }
  [[nodiscard]] std::string_view folded(std::size_t i) const {
    return i < words_.size() ? std::string_view(words_[i].folded) : std::string_view();
  }

  void number(std::size_t i, std::size_t taken, double value) {
    const std::string_view next = folded(i + taken), before = i > 0 ? folded(i - 1) : std::string_view();
    // "one of them", "one another": no number.
    if (words_[i].folded == "one" && (is_one_of(next, {"of", "another", "by", "who", "that", "which"}) ||
                                      is_one_of(before, {"the", "no", "any", "some", "this", "that", "another"})))
      return;
    if (ground_.holds(value)) return;
    if ((is_second(next) || is_second(before)) && ground_.seconds(value)) return;
    if (is_minute(next) && ground_.minutes(value)) return;
    std::string text = words_[i].text;
    for (std::size_t k = 1; k < taken; ++k) text += " " + words_[i + k].text;
    drop("the number " + text + " is not in what it cites");
  }
  /// "second" after a number is a unit.
  [[nodiscard]] bool is_second_as_unit(std::size_t i) const {
    return words_[i].folded == "second" && i > 0 &&
           (parse_number(words_[i - 1].folded).has_value() || is_one_of(folded(i - 1), {"a", "per", "one", "each", "every"}));
  }
  [[nodiscard]] bool is_name(std::size_t i) const {
    const Word& w = words_[i];
    if (w.folded == "i" || is_stop_word(w.folded)) return false;
    return i > 0 || !(is_ordinary_beginning(w.folded) || is_ordinary_word(w.folded));
  }

  CheckedSentence& s_;
  const Ground& ground_;
  const std::vector<Word>& words_;
};

}  // namespace

std::vector<CheckedSentence> check_claims(const std::string& prose, const std::vector<CitedEvidence>& evidence, const std::string& common,
                                          const WordCutter& cutter) {
  std::vector<CheckedSentence> checked;
  for (RawSentence& raw : cut_sentences(base::sanitize_utf8(prose, kMostProse))) {
    CheckedSentence s;
    s.text = raw.text;
    std::string text = ascii_digits(raw.text);
    Ground ground;
    ground.add(common, cutter);
    for (const long n : raw.cited) {
      if (n < 1 || n > static_cast<long>(evidence.size())) {
        s.problems.push_back("[" + std::to_string(n) + "] does not exist");
        continue;
      }
      if (std::find(s.citations.begin(), s.citations.end(), static_cast<int>(n)) != s.citations.end()) continue;
      s.citations.push_back(static_cast<int>(n));
      const CitedEvidence& cited = evidence[static_cast<std::size_t>(n) - 1];
      ground.add(cited.text, cutter);
      ground.spans.push_back(cited.span);
      text = without(std::move(text), cited.video);
    }
    if (s.citations.empty()) {
      s.verdict = Verdict::kDropped;
      s.problems.push_back("it cites nothing that exists");
    } else {
      const std::vector<Word> words = cutter.cut(join_thousands(text), 2000);
      Check(s, ground, words).run();
    }
    checked.push_back(std::move(s));
  }
  return checked;
}

}  // namespace reelgraph::query
