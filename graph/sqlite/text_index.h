#pragma once
// The words of the full-text index: cutting text as it does, composing queries no syntax can slip into, and a score whose cost is bounded.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/sqlite/database.h"

namespace reelgraph::graph::sqlite {

/// A word as it stands in a text, and as the index knows it.
struct Token {
  std::string raw;
  std::string stem;
};

/// What FTS5 offers beyond SQL. One per connection; must not outlive it.
class TextIndex {
 public:
  /// Also registers the SQL function reel_score (see `kScoreFunction`).
  explicit TextIndex(Database& database);

  /// The words of a text, stemmed as the index does, in order, repeats included.
  [[nodiscard]] std::vector<Token> tokens(std::string_view text) const;

  /// A word as a query of the index: quoted. REQUIRES: the raw form of a token.
  [[nodiscard]] static std::string quote(const std::string& raw);

 private:
  struct Tokenizer;
  struct Closer {
    void operator()(Tokenizer* tokenizer) const;
  };
  std::unique_ptr<Tokenizer, Closer> tokenizer_;
};

/// reel_score(text_index, weights): weights is a blob of float64 [phrases, 2]: the word's number and its weight. Each word counts once a
/// row: its weight times that of the best column it stands in, times BM25's correction for the length of the text. Unlike bm25() it counts
/// nothing over the whole index, so a row costs the same however common the words are.
inline constexpr char kScoreFunction[] = "reel_score";

}  // namespace reelgraph::graph::sqlite
