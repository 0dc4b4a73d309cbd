#pragma once
// Words of a question: cut, folded, stemmed. No word here belongs to a domain; those come from the archive and the profiles.

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::query {

struct Word {
  std::string text;            ///< as written
  std::string folded;          ///< lower case, accents taken off
  std::string stem;            ///< Snowball English of `folded`
  bool capital = false;        ///< begins with an upper-case letter
  bool quoted = false;         ///< stood in double quotes
  bool possessive = false;     ///< was written with 's or a trailing apostrophe
  bool ends_sentence = false;  ///< a full stop, question or exclamation mark follows
  bool ends_clause = false;    ///< a comma, dash, colon or the like follows
};

/// Lower case without accents and compatibility forms (ICU: NFKD, marks dropped, case folded). Invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string fold(std::string_view text);

/// Cuts text into words. A word is a run of letters, digits and marks; "3:05", "1.5" and "won't" hold together, a possessive 's and
/// the hyphens and underscores of "put_back" part. Holds one Snowball stemmer: not for use from several threads.
class WordCutter {
 public:
  WordCutter();
  ~WordCutter();
  WordCutter(const WordCutter&) = delete;
  WordCutter& operator=(const WordCutter&) = delete;

  /// @param most words beyond that many are dropped: questions are hostile
  [[nodiscard]] std::vector<Word> cut(std::string_view text, std::size_t most = 400) const;
  [[nodiscard]] std::string stem(const std::string& folded) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Is it one of these?
[[nodiscard]] bool is_any(std::string_view word, std::initializer_list<std::string_view> any);

/// True for words that carry the form of an English question rather than its matter ("the", "is", "which").
/// The infinitive of an irregular form of an English verb ("won" -> "win"); any other word as it is. Forms that are commoner as other words
/// ("left", "saw", "shot") are left alone.
[[nodiscard]] std::string_view base_form(std::string_view folded);

[[nodiscard]] bool is_stop_word(std::string_view folded);

/// True for words that say there is none of something ("no", "never", "nobody", "without").
[[nodiscard]] bool is_negation(std::string_view folded);

/// 0..9999 from "12", "twelve", "a"/"an" are not numbers here. Fractions ("2.5") as well.
[[nodiscard]] std::optional<double> parse_number(std::string_view folded);

/// 1-based: "first" 1, "2nd" 2, "third" 3, "last"/"final" -1, "penultimate" -2.
[[nodiscard]] std::optional<int> parse_ordinal(std::string_view folded);

/// "1 cut", "2 cuts": for sentences. `noun` is singular and may hold underscores.
[[nodiscard]] std::string plural(std::int64_t n, std::string_view noun);

/// With what HTML gives a meaning written as entities, for text and quoted attributes.
[[nodiscard]] std::string escape_html(const std::string& text);

}  // namespace reelgraph::query
