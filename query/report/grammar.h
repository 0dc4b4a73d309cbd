#pragma once
// Turns facts into a sentence by the templates of a profile, and varies it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/commentary.h"
#include "query/report/facts.h"
#include "query/report/names.h"

namespace reelgraph::query::report {

struct Sentence {
  std::string text;
  std::string pattern;      ///< the template, its <words> chosen, its slots open
  std::vector<Fact> facts;  ///< those that its slots were filled with, in their order
  int words = 0;
};

/// A capital at the start and after what ends a sentence (of Latin letters).
void capitalise(std::string& text);

/// Words between blanks.
[[nodiscard]] int count_words(const std::string& text);

/// Remembers what was said. Borrows the commentary and the names. Not for use from several threads.
class Grammar {
 public:
  Grammar(const base::Commentary& commentary, const std::string& style, NameBook& names);

  /// The freshest of the sentences that fit: whose conditions hold, whose slots are known, of at most `most_words`, and not said in the last
  /// ten minutes. The choice depends on `chance` and on what was said before only. Nothing if there is none.
  [[nodiscard]] std::optional<Sentence> make(const std::string& of, const FactSheet& sheet, base::Timestamp now, int most_words,
                                             std::uint64_t chance) const;
  /// It was said at `now`.
  void said(const Sentence& sentence, base::Timestamp now);
  [[nodiscard]] bool was_said(const std::string& text, base::Timestamp now) const;

 private:
  struct Template {
    const base::CommentaryLines* lines;
    const std::string* pattern;
  };
  [[nodiscard]] std::optional<Sentence> fill(const std::string& pattern, const FactSheet& sheet, base::Timestamp now) const;
  [[nodiscard]] std::string choose_words(const std::string& pattern, std::uint64_t& chance, int depth) const;
  [[nodiscard]] double freshness(const std::string& text) const;

  const base::Commentary& commentary_;
  NameBook& names_;
  std::map<std::string, std::vector<Template>> templates_;  ///< by topic or recap
  std::map<std::string, const std::vector<std::string>*> words_;
  std::unordered_set<std::uint64_t> trigrams_;               ///< of words, said so far
  std::unordered_map<std::string, base::Timestamp> texts_, patterns_;  ///< when last said
};

}  // namespace reelgraph::query::report
