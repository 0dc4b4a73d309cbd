// What a question leaves out or says in a roundabout way: the event of "his second", "more than two" of something.
#include "query/parser.h"

namespace reelgraph::query::parsing {
namespace {

bool begins_clause(const std::string& w) {
  return is_any(w, {"after", "before", "until", "till", "since", "while", "when", "once", "between", "from", "and", "or", "than"});
}

}  // namespace

// "When did he get his second?", "How many did they get?": where the clause names no event, those of the running count are meant.
void Parser::imply_events() {
  if (lexicon_.tallies().empty()) return;
  const auto event_at = [&](std::size_t i) { return kind(i, K::kEvent) || kind(i, K::kTally); };
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const bool many = says(i, {"many"}) && i > 0 && says(i - 1, {"how"}) && is_word(i + 1) && is_aux(text(i + 1));
    if (!kind(i, K::kOrdinal) && !many) continue;
    if (kind(i, K::kOrdinal) && i + 1 < tokens_.size() && !ends(i) &&
        (!is_word(i + 1) || !(is_aux(text(i + 1)) || is_stop_word(text(i + 1)) || begins_clause(text(i + 1)))))
      continue;  // "his second shot", "the first time"
    std::size_t from = i, to = i + 1;
    while (from > 0 && !ends(from - 1) && !(is_word(from - 1) && begins_clause(text(from - 1)))) --from;
    while (to < tokens_.size() && !ends(to - 1) && !(is_word(to) && begins_clause(text(to)))) ++to;
    bool implied = false, event = false;
    for (std::size_t k = from; k < to; ++k) {
      event = event || event_at(k) || kind(k, K::kPeriod) || (kind(k, K::kTime) && k > i);
      for (const std::size_t w : tokens_[k].used) implied = implied || (kind(k, K::kWord) && k != i && lexicon_.implies_count(words_[w]));
    }
    if (event || !implied) continue;
    Token t;
    t.kind = K::kEvent;
    t.event.types = {lexicon_.tallies().front().type};
    t.used = {tokens_[i].used.back()};
    t.from = t.used.front();
    t.to = t.from + 1;
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(t));
    read_.insert(read_.begin() + static_cast<std::ptrdiff_t>(i) + 1, false);
    ++i;
  }
}

bool Parser::is_noun_phrase() const {
  return std::none_of(main_.begin(), main_.end(), [&](std::size_t i) {
    return is_word(i) && (is_wh(text(i)) || (is_aux(text(i)) && text(i) != "any") || is_any(text(i), {"name", "list", "tell", "give"}));
  });
}

// "more than two", "at least three", "four or more", "fewer than two", "more than once"; lengths and "more than anybody" are none.
void Parser::read_threshold() {
  const auto figure = [&](std::size_t i) -> std::optional<int> {
    if (kind(i, K::kNumber) && tokens_[i].used.size() == 1) return tokens_[i].number;
    if (says(i, {"once"})) return 1;
    if (says(i, {"twice"})) return 2;
    return std::nullopt;
  };
  for (const std::size_t i : main_) {
    const auto n = figure(i);
    if (!n || read_[i] || says(i + 1, {"second", "seconds", "minute", "minutes", "hour", "hours", "mins", "secs", "up", "down"})) continue;
    std::size_t first = i, last = i;
    std::optional<int> least, most;
    if (i >= 2 && says(i - 1, {"than"}) && says(i - 2, {"more"}))
      first = i - 2, least = *n + 1;
    else if (i >= 2 && says(i - 1, {"than"}) && says(i - 2, {"fewer", "less"}))
      first = i - 2, most = *n - 1;
    else if (i >= 2 && says(i - 1, {"least"}) && says(i - 2, {"at"}))
      first = i - 2, least = *n;
    else if (says(i + 1, {"or"}) && says(i + 2, {"more"}))
      last = i + 2, least = *n;
    else if (says(i + 1, {"times"}) && says(i + 2, {"or"}) && says(i + 3, {"more"}))
      last = i + 3, least = *n;
    if (!least && !most) continue;
    if (least && *least < 2 && !most) continue;  // at least one: that there is any
    if (most && *most < 1) continue;
    if (first > 0 && says(first - 1, {"in", "across", "over"}) && video_word(i + 1)) continue;  // so many videos
    for (std::size_t k = first; k <= last; ++k) mark(k);
    threshold_ = least ? *least : *most;
    at_most_ = most.has_value();
    return;
  }
}

}  // namespace reelgraph::query::parsing
