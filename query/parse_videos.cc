// Which videos a question names by itself; and questions of what happens.
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

// "What happened next?", "What is the vehicle doing?": the events themselves.
bool Parser::plan_what(Plan& plan, Clause& main) {
  const bool next = take({"next"});
  const bool previous = take({"previous"});
  const bool doing = main_has({"doing", "happen", "happened", "happens", "happening", "going", "do", "did"});
  // "the last event before": which of them the clause tells
  const bool one =
      !subs_.empty() && main_has({"event", "thing", "incident", "action"}) && std::any_of(main_.begin(), main_.end(), [&](std::size_t i) {
        return kind(i, K::kOrdinal) && tokens_[i].number == (is_any(subs_.front().marker, {"before", "until"}) ? -1 : 1);
      });
  std::optional<int> of_all;  // "the first thing a vehicle does"
  for (const std::size_t i : main_) {
    if (subs_.empty() && kind(i, K::kOrdinal) && main_has({"thing", "event"})) of_all = tokens_[i].number;
  }
  if (!(next || previous || doing || one || of_all)) return false;
  Selection s;
  std::string prefix;
  for (const std::size_t i : main_) {
    if (tokens_[i].kind == K::kEntityType) prefix = tokens_[i].name, mark(i);
  }
  if (!main.events.empty()) return false;
  s.windows = loose_windows_;
  if (!prefix.empty()) {
    std::vector<std::string> types;
    for (const std::string& t : lexicon_.event_types()) {
      if (t.starts_with(prefix + "_")) types.push_back(t);
    }
    if (types.empty()) return false;
    s.kinds = {{types, {}}};
  }
  for (const std::size_t i : main_) {
    if (!kind(i, K::kEntity) || read_[i]) continue;
    s.who.push_back({tokens_[i].entities, tokens_[i].names, "", false});
    mark(i);
  }
  add_subs(s, main, false);
  if (of_all) s.nth = of_all;
  if (s.windows.empty() && !(of_all && (!prefix.empty() || !s.who.empty()))) return false;
  take({"does", "doing", "happen", "happened", "happens", "happening", "going"});
  for (Window& w : s.windows) {
    const bool soon =
        phrase({"right", "after"}) || phrase({"just", "after"}) || phrase({"immediately", "after"}) || phrase({"straight", "after"});
    if (w.kind == Window::Kind::kAfter && (next || soon || one || (w.within == 0 && main_has({"do", "did", "does"}) && !prefix.empty())))
      s.nth = 1;
    if (w.kind == Window::Kind::kBefore) s.nth = -1;
  }
  plan.ask = Ask::kWhat;
  plan.select = s;
  return true;
}

}  // namespace reelgraph::query::parsing
