#include "query/parse.h"

#include "query/parser.h"

namespace reelgraph::query {
namespace parsing {

// "Two players shared the lead for shots", "who finished level on most shots": then a lead is no lead in the match.
void Parser::read_ties() {
  const bool shared = phrase({"shared", "the"}) || phrase({"share", "the"}) || main_has({"joint", "jointly", "tied"}) ||
                      std::any_of(main_.begin(), main_.end(), [&](std::size_t i) {
                        return kind(i, K::kTally) && is_any(tokens_[i].name, {"drawn", "level"}) && main_has({"most", "fewest"});
                      });
  const bool counted = std::any_of(main_.begin(), main_.end(), [&](std::size_t i) { return kind(i, K::kEvent); });
  if (!shared || !counted || !(main_has({"who", "which", "name", "what"}) || asked_type() < tokens_.size())) return;
  tie_ = true;
  for (const std::size_t i : main_) {
    if (kind(i, K::kTally)) tokens_[i].kind = K::kWord, tokens_[i].name = text(i), mark(i);
    if (is_word(i) && is_any(text(i), {"shared", "share", "joint", "jointly", "equal", "tied", "finished", "name"})) mark(i);
  }
}

// "Were more car doors opened than closed": what is closed is a car door, too. A word that says nothing alone is tried in the place of
// each word of an event that was named.
void Parser::inherit_nouns() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const bool second = (i > 0 && says(i - 1, {"than", "or", "as", "and"})) || says(i + 1, {"or"});
    if (!is_word(i) || is_stop_word(text(i)) || is_operator(text(i))) continue;
    if (!second && !is_participle(words_[tokens_[i].used.front()]) && is_filler(words_[tokens_[i].used.front()])) continue;
    bool found = false;
    for (std::size_t distance = 1; distance < tokens_.size() && !found; ++distance) {
      for (const bool left : {true, false}) {
        if (left ? distance > i : i + distance >= tokens_.size()) continue;
        const Token other = tokens_[left ? i - distance : i + distance];
        if (other.kind != K::kEvent || other.used.size() < 2) continue;
        for (std::size_t drop = 0; drop < other.used.size() && !found; ++drop) {
          std::vector<Word> words;
          for (std::size_t k = 0; k < other.used.size(); ++k) {
            words.push_back(words_[k == drop ? tokens_[i].used.front() : other.used[k]]);
            words.back().ends_clause = false;
          }
          const auto tokens = lexicon_.read(words, {});
          if (tokens.size() != 1 || tokens.front().kind != K::kEvent || tokens.front().used.size() != words.size()) continue;
          Token t = tokens.front();
          t.used = tokens_[i].used;
          t.from = tokens_[i].from;
          t.to = tokens_[i].to;
          tokens_[i] = std::move(t);
          found = true;
        }
        if (found) break;
      }
    }
  }
}

}  // namespace parsing

Parsed parse(const std::vector<Word>& words, const Lexicon& lexicon, const graph::Store& store, const std::vector<std::string>& videos) {
  return parsing::Parser(words, lexicon, store, videos).run();
}

}  // namespace reelgraph::query
