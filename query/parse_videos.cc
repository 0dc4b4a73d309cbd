// Which videos a question names by itself.
#include "query/parser.h"

namespace reelgraph::query::parsing {

std::vector<std::string> Parser::videos_of_both(const Token& a, const Token& b) const {
  std::vector<std::string> ids;
  const auto plays = [&](const Token& t, const std::string& id) {
    graph::EventFilter f;
    f.videos = {id};
    f.limit = 1;
    return std::any_of(t.entities.begin(), t.entities.end(), [&](graph::RowId row) {
      f.entities = {row};
      return !store_.events(f).empty();
    });
  };
  for (const graph::VideoRecord& v : store_.videos()) {
    if (ids.size() < 500 && plays(a, v.id) && plays(b, v.id)) ids.push_back(v.id);
  }
  return ids;
}

// "camera G299", "the hospital footage", "Chelsea v Stoke": which videos the question itself names.
void Parser::read_videos() {
  std::set<std::string> chosen;
  bool any = false;
  const auto narrow = [&](const std::vector<std::string>& ids) {
    std::set<std::string> next(ids.begin(), ids.end());
    if (any) {
      std::set<std::string> both;
      std::set_intersection(chosen.begin(), chosen.end(), next.begin(), next.end(), std::inserter(both, both.begin()));
      next = both;
    }
    chosen = next;
    any = true;
  };
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].kind != K::kVideo) continue;
    mark(i);
    narrow(tokens_[i].videos);
  }
  const bool game = std::any_of(words_.begin(), words_.end(), [&](const Word& w) {
    return lexicon_.is_video(w) || is_any(w.folded, {"played", "playing", "meeting"});
  });
  // "the game Stoke played against City" is named, "a game" is not
  bool video_named = false;
  for (std::size_t i = 1; i < words_.size(); ++i)
    video_named = video_named || (words_[i - 1].folded == "the" && lexicon_.is_video(words_[i]));
  for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
    if (!kind(i, K::kEntity) || !kind(i + 2, K::kEntity)) continue;
    const bool versus = says(i + 1, {"v", "vs", "versus"}) || (game && says(i + 1, {"against", "played", "and", "play"}) && video_named);
    if (!versus) continue;
    const std::vector<std::string> ids = videos_of_both(tokens_[i], tokens_[i + 2]);
    for (std::size_t k = i; k < i + 3; ++k) {
      mark(k);
      tokens_[k].kind = K::kWord;
    }
    narrow(ids);
  }
  // "Did Chelsea beat Stoke?": in what both took part in
  for (std::size_t k = 1; k + 1 < tokens_.size(); ++k) {
    if (!kind(k, K::kTally) || !is_any(tokens_[k].name, {"won", "lost", "drawn"})) continue;
    std::size_t a = k, b = k + 1;
    while (a > 0 && k - a < 4 && !kind(a, K::kEntity)) --a;
    while (b < tokens_.size() && b - k < 4 && is_word(b) && says(b, {"to", "with", "against", "by", "the", "over", "from"})) ++b;
    if (!kind(a, K::kEntity) || !kind(b, K::kEntity) || !is_team(tokens_[a]) || !is_team(tokens_[b])) continue;
    narrow(videos_of_both(tokens_[a], tokens_[b]));
    for (std::size_t m = k + 1; m <= b; ++m) {
      mark(m);
      tokens_[m].kind = K::kWord;
      tokens_[m].name = "it";
    }
  }
  restricted_.assign(chosen.begin(), chosen.end());
  if (any && restricted_.empty()) problem_ = "No video is all that.";
}

}  // namespace reelgraph::query::parsing
