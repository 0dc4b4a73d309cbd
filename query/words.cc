#include "query/words.h"

#include <libstemmer.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"

namespace reelgraph::query {
namespace {

struct StemmerDeleter {
  void operator()(sb_stemmer* s) const { sb_stemmer_delete(s); }
};

constexpr std::size_t kLongestWord = 200;  // bytes; what is longer is no word that anybody wrote

const icu::Normalizer2& nfkd() {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* n = icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status) != 0) {
    throw base::Error(base::ErrorCode::kInternal, "ICU's normalisation data cannot be loaded", u_errorName(status), "reinstall libicu");
  }
  return *n;
}

icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

bool is_mark(UChar32 c) { return (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0; }

bool is_word_char(UChar32 c) { return u_isalnum(c) != 0 || is_mark(c); }

// A character that joins two parts of one word when both sides are of the right kind: "3:05", "1.5", "don't".
bool joins(UChar32 before, UChar32 c, UChar32 after) {
  if (c == ':' || c == '.' || c == ',') return u_isdigit(before) != 0 && u_isdigit(after) != 0;
  return (c == '\'' || c == 0x2019) && u_isalpha(before) != 0 && u_isalpha(after) != 0;
}

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

const std::unordered_set<std::string_view>& stop_words() {
  static const std::unordered_set<std::string_view> words = {
      "a",     "about",  "after",  "all",    "along",   "also",  "am",    "an",   "and",   "another", "any",   "are",   "as",     "at",
      "be",    "been",   "before", "being",  "between", "both",  "but",   "by",   "can",   "could",   "did",   "do",    "does",   "doing",
      "done",  "during", "each",   "either", "else",    "ever",  "every", "for",  "from",  "had",     "has",   "have",  "having", "he",
      "her",   "him",    "his",    "how",    "i",       "if",    "in",    "into", "is",    "it",      "its",   "just",  "many",   "may",
      "me",    "might",  "much",   "must",   "my",      "of",    "on",    "one",  "only",  "onto",    "or",    "other", "our",    "out",
      "over",  "shall",  "she",    "should", "so",      "some",  "such",  "than", "that",  "the",     "their", "them",  "then",   "there",
      "these", "they",   "this",   "those",  "through", "till",  "to",    "too",  "until", "up",      "upon",  "us",    "was",    "we",
      "were",  "what",   "when",   "where",  "which",   "while", "who",   "whom", "whose", "why",     "will",  "with",  "within", "would",
      "yet",   "you",    "your",   "please", "let",     "s",     "t"};
  return words;
}

}  // namespace

std::string fold(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString decomposed = nfkd().normalize(from_utf8(text), status);
  if (U_FAILURE(status) != 0) return std::string();
  icu::UnicodeString bare;
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 c = decomposed.char32At(i);
    if (!is_mark(c)) bare.append(c == 0x2019 ? UChar32{'\''} : c);
  }
  return to_utf8(bare.foldCase());
}

struct WordCutter::State {
  std::unique_ptr<sb_stemmer, StemmerDeleter> stemmer{sb_stemmer_new("english", "UTF_8")};
};

WordCutter::WordCutter() : state_(std::make_unique<State>()) {
  if (state_->stemmer == nullptr) {
    throw base::Error(base::ErrorCode::kInternal, "Snowball's English stemmer cannot be made", {}, "reinstall libstemmer0d");
  }
}
WordCutter::~WordCutter() = default;

std::string WordCutter::stem(const std::string& folded) const {
  const auto* bytes =
      sb_stemmer_stem(state_->stemmer.get(), reinterpret_cast<const sb_symbol*>(folded.data()), static_cast<int>(folded.size()));
  if (bytes == nullptr) return folded;
  const auto length = static_cast<std::size_t>(sb_stemmer_length(state_->stemmer.get()));
  return {reinterpret_cast<const char*>(bytes), length};
}

std::vector<Word> WordCutter::cut(std::string_view text, std::size_t most) const {
  std::vector<Word> words;
  const icu::UnicodeString u = from_utf8(text);
  bool in_quotes = false;
  for (std::int32_t i = 0; i < u.length() && words.size() < most;) {
    const UChar32 c = u.char32At(i);
    if (c == '"' || c == 0x201C || c == 0x201D) in_quotes = !in_quotes;
    if (!is_word_char(c)) {
      const bool dash = c == '-' && i > 0 && u.char32At(u.moveIndex32(i, -1)) == ' ';
      if (!words.empty() && (c == ',' || c == ';' || c == ':' || c == '?' || c == '.' || c == 0x2013 || c == 0x2014 || dash))
        words.back().ends_clause = true;
      if (!words.empty() && (c == '?' || c == '.' || c == '!')) words.back().ends_sentence = true;
      i = u.moveIndex32(i, 1);
      continue;
    }
    std::int32_t end = i;
    while (end < u.length()) {
      const UChar32 here = u.char32At(end);
      const std::int32_t next = u.moveIndex32(end, 1);
      const bool joined = end > i && next < u.length() && joins(u.char32At(u.moveIndex32(end, -1)), here, u.char32At(next));
      if (!is_word_char(here) && !joined) break;
      end = next;
    }
    Word word;
    word.text = to_utf8(u.tempSubStringBetween(i, end));
    i = end;
    word.capital = u_isupper(c) != 0;
    word.quoted = in_quotes;
    word.folded = fold(word.text);
    if (word.folded.size() > 2 && word.folded.ends_with("'s")) {
      word.possessive = true;
      word.folded.resize(word.folded.size() - 2);
      word.text = to_utf8(from_utf8(word.text).tempSubStringBetween(0, from_utf8(word.text).countChar32() - 2));
    }
    if (word.folded.empty() || word.folded.size() > kLongestWord) continue;
    word.stem = stem(word.folded);
    words.push_back(std::move(word));
  }
  return words;
}

std::string_view base_form(std::string_view folded) {
  static const std::unordered_map<std::string_view, std::string_view> forms = {
      {"won", "win"},           {"winning", "win"},  {"took", "take"},     {"taken", "take"},        {"gave", "give"},
      {"given", "give"},        {"got", "get"},      {"gotten", "get"},    {"getting", "get"},       {"came", "come"},
      {"coming", "come"},       {"went", "go"},      {"gone", "go"},       {"sent", "send"},         {"brought", "bring"},
      {"threw", "throw"},       {"thrown", "throw"}, {"kept", "keep"},     {"held", "hold"},         {"stood", "stand"},
      {"sat", "sit"},           {"sitting", "sit"},  {"spoke", "speak"},   {"spoken", "speak"},      {"rode", "ride"},
      {"ridden", "ride"},       {"riding", "ride"},  {"drove", "drive"},   {"driven", "drive"},      {"broke", "break"},
      {"broken", "break"},      {"stole", "steal"},  {"stolen", "steal"},  {"bought", "buy"},        {"ran", "run"},
      {"running", "run"},       {"began", "begin"},  {"begun", "begin"},   {"wrote", "write"},       {"written", "write"},
      {"caught", "catch"},      {"fought", "fight"}, {"rose", "rise"},     {"risen", "rise"},        {"fell", "fall"},
      {"fallen", "fall"},       {"drew", "draw"},    {"drawn", "draw"},    {"swung", "swing"},       {"stuck", "stick"},
      {"struck", "strike"},     {"slid", "slide"},   {"swept", "sweep"},   {"shook", "shake"},       {"shaken", "shake"},
      {"lost", "lose"},         {"led", "lead"},     {"made", "make"},     {"withdrew", "withdraw"}, {"met", "meet"},
      {"flew", "fly"},          {"hung", "hang"},    {"sprang", "spring"}, {"fed", "feed"},          {"dealt", "deal"},
      {"withdrawn", "withdraw"}};
  const auto it = forms.find(folded);
  return it == forms.end() ? folded : it->second;
}

bool is_any(std::string_view word, std::initializer_list<std::string_view> any) {
  return std::find(any.begin(), any.end(), word) != any.end();
}

bool is_stop_word(std::string_view folded) { return stop_words().contains(folded); }

bool is_negation(std::string_view folded) {
  static const std::unordered_set<std::string_view> words = {
      "no",    "not",   "never",  "none",   "nobody",  "nothing", "nowhere", "without", "neither", "nor",   "didn't", "doesn't",
      "don't", "isn't", "aren't", "wasn't", "weren't", "hasn't",  "haven't", "hadn't",  "cannot",  "can't", "won't",  "absent"};
  return words.contains(folded);
}

std::optional<double> parse_number(std::string_view folded) {
  static const std::unordered_map<std::string_view, int> words = {
      {"zero", 0},      {"one", 1},       {"two", 2},       {"three", 3},    {"four", 4},     {"five", 5},
      {"six", 6},       {"seven", 7},     {"eight", 8},     {"nine", 9},     {"ten", 10},     {"eleven", 11},
      {"twelve", 12},   {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
      {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},   {"thirty", 30},  {"forty", 40},   {"fifty", 50},
      {"sixty", 60},    {"seventy", 70},  {"eighty", 80},   {"ninety", 90},  {"hundred", 100}};
  if (const auto it = words.find(folded); it != words.end()) return it->second;
  double value = 0;
  const auto [end, error] = std::from_chars(folded.data(), folded.data() + folded.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != folded.data() + folded.size() || !(value >= 0)) return std::nullopt;
  return value;
}

std::optional<int> parse_ordinal(std::string_view folded) {
  static const std::unordered_map<std::string_view, int> words = {
      {"first", 1},  {"earliest", 1}, {"second", 2}, {"third", 3}, {"fourth", 4}, {"fifth", 5},   {"sixth", 6},       {"seventh", 7},
      {"eighth", 8}, {"ninth", 9},    {"tenth", 10}, {"last", -1}, {"final", -1}, {"latest", -1}, {"penultimate", -2}};
  if (const auto it = words.find(folded); it != words.end()) return it->second;
  if (folded.size() < 3) return std::nullopt;
  const std::string_view ending = folded.substr(folded.size() - 2);
  if (ending != "st" && ending != "nd" && ending != "rd" && ending != "th") return std::nullopt;
  const std::string_view digits = folded.substr(0, folded.size() - 2);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 1) return std::nullopt;
  return value;
}

std::string plural(std::int64_t n, std::string_view noun) {
  std::string word(noun);
  std::replace(word.begin(), word.end(), '_', ' ');
  if (n != 1 && !word.empty()) {
    const auto ends = [&](std::string_view e) { return word.ends_with(e); };
    if (ends("y") && word.size() > 1 && std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
      word.replace(word.size() - 1, 1, "ies");
    } else if (ends("ss") || ends("x") || ends("z") || ends("ch") || ends("sh")) {
      word += "es";
    } else if (!ends("s")) {  // "camera moves" is many already
      word += "s";
    }
  }
  return std::to_string(n) + " " + word;
}

std::string escape_html(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace reelgraph::query
