// When something is to have happened: clauses that bound another, and lengths.
#include "query/parser.h"

namespace reelgraph::query::parsing {

Window Parser::window_of(const Sub& sub, const Clause& main, bool exists) {
  const auto names_event = [&](const std::vector<std::size_t>& list) {
    return std::any_of(list.begin(), list.end(), [&](std::size_t i) { return kind(i, K::kEvent) || kind(i, K::kTally); });
  };
  // "between the first and the second cyclist": the event is named with the second only
  const bool backward = !sub.second.empty() && !names_event(sub.tokens) && names_event(sub.second);
  Clause later;
  if (backward) later = read_clause(sub.second, &main);
  Clause c = read_clause(sub.tokens, backward ? &later : &main);
  Window w;
  Selection anchor = c.events.empty() ? Selection{} : c.events.front();
  for (const std::size_t i : sub.tokens) {
    if (is_word(i) && is_any(text(i), {"longest", "shortest"})) {
      anchor.extreme = text(i) == "longest" ? 1 : -1;
      mark(i);
    }
    if (is_word(i) && is_any(text(i), {"ended", "finished", "over", "ends", "stopped", "finishing", "ending", "done", "end"}))
      w.ended = true;
    if (is_word(i) && is_any(text(i), {"time"})) mark(i);
  }
  w.within = sub.within;
  // "How many shots did City have after going behind?": it is City who went behind.
  if (anchor.tally && anchor.tally->side.empty() && !sub.tokens.empty() && !main.events.empty() &&
      is_any(anchor.tally->state, {"ahead", "behind", "level", "equaliser", "pulls_back", "extends", "stands"}) &&
      words_[tokens_[sub.tokens.front()].used.front()].folded.ends_with("ing")) {
    for (const Participant& p : main.events.front().who) {
      const auto e = p.entities.empty() || p.negated || p.opponent ? std::nullopt : store_.entity(p.entities.front());
      if (!e || lexicon_.acts(e->type)) continue;
      anchor.tally->side = p.entities;
      anchor.tally->side_names = p.names;
      break;
    }
  }
  own_gerund(sub, main, c, anchor);
  // "the first time"
  if (!anchor.nth && is_any(sub.marker, {"after", "since", "once", "following", "as", "before", "until", "till"}) && !anchor.tally) {
    if (sub.marker == "until") anchor.nth.reset();
  }
  w.anchors = {anchor};
  // "within ten seconds after a corner", "a shot followed by a corner within ten seconds": any of them, not the first
  const bool any_of_them = !sub.tokens.empty() && !anchor.nth && says(sub.tokens.front(), {"a", "an", "any", "each", "every", "another"});
  if (sub.marker == "followed") {
    w.kind = Window::Kind::kLeads;
    for (std::size_t k = 0; k + 2 < sub.tokens.size() && w.within == 0; ++k) {
      const std::size_t i = sub.tokens[k], unit = sub.tokens[k + 2];
      if (!says(i, {"within"}) || !kind(sub.tokens[k + 1], K::kNumber)) continue;
      const base::Duration size = says(unit, {"seconds", "second", "secs"})   ? base::kSecond
                                  : says(unit, {"minutes", "minute", "mins"}) ? base::kMinute
                                                                              : 0;
      w.within = tokens_[sub.tokens[k + 1]].number * size;
      mark(sub.tokens[k + 1]);
    }
    if (w.within == 0) problem_ = "within what time the second must follow is not said";
  } else if (w.within > 0 && any_of_them && is_any(sub.marker, {"after", "following"})) {
    w.kind = Window::Kind::kFollows;
  } else if (w.within > 0 && any_of_them && sub.marker == "before") {
    w.kind = Window::Kind::kLeads;
  } else if (is_any(sub.marker, {"before", "until", "till"}) ||
             (is_any(sub.marker, {"when", "while"}) && main_has({"already"}) && main_has({"had", "have", "has"}))) {
    w.kind = Window::Kind::kBefore;
  } else if (is_any(sub.marker, {"while", "during"}) || (is_any(sub.marker, {"when", "as"}) && exists) ||
             (sub.marker == "when" && sub.initial)) {
    w.kind = Window::Kind::kOverlaps;
  } else if (is_any(sub.marker, {"between", "from"})) {
    w.kind = Window::Kind::kBetween;
    if (sub.pair) {
      w.anchors.front().nth = 1;
      w.anchors.push_back(w.anchors.front());
      w.anchors.back().nth = 2;
      return w;
    }
    Clause second = backward ? later : read_clause(sub.second, &c);
    w.anchors.push_back(second.events.empty() ? Selection{} : second.events.front());
  } else {
    w.kind = Window::Kind::kAfter;
    // "Once Chelsea were ahead" is while they are.
  }
  return w;
}

void Parser::add_subs(Selection& s, const Clause& main, bool exists) {
  for (const Sub& sub : subs_) {
    // "when was the first shot after ...": the clause narrows the event that is asked about
    Window w = window_of(sub, main, exists);
    if (w.anchors.front().empty()) {
      problem_ = "\"" + sub.marker + "\" is not followed by anything that is known here";
      return;
    }
    s.windows.push_back(std::move(w));
  }
}

// "for more than a minute", "longer than 30 seconds"
bool Parser::read_length(Selection& s) {
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (!is_word(i) || !is_any(text(i), {"than", "over", "under", "least"})) continue;
    const bool more = says(i, {"over", "least"}) || (i > 0 && says(i - 1, {"more", "longer"}));
    const bool less = says(i, {"under"}) || (i > 0 && says(i - 1, {"less", "shorter"}));
    if (!more && !less) continue;
    std::size_t k = i + 1;
    double n = -1;
    if (kind(k, K::kNumber))
      n = tokens_[k].number;
    else if (says(k, {"a", "an"}))
      n = 1;
    else if (says(k, {"half"}))
      n = 0.5;
    if (n < 0) continue;
    if (n == 0.5) ++k;
    if (k + 1 >= tokens_.size()) continue;
    const std::string& u = text(k + 1);
    base::Duration unit = 0;
    if (is_any(u, {"second", "seconds", "sec", "secs", "s"})) unit = base::kSecond;
    if (is_any(u, {"minute", "minutes", "min", "mins"})) unit = base::kMinute;
    if (is_any(u, {"hour", "hours"})) unit = base::kHour;
    if (unit == 0) continue;
    for (std::size_t m = i > 0 && says(i - 1, {"more", "longer", "less", "shorter"}) ? i - 1 : i; m <= k + 1; ++m) mark(m);
    const auto d = static_cast<base::Duration>(n * static_cast<double>(unit));
    if (more)
      s.longer = d;
    else
      s.shorter = d;
    return true;
  }
  return false;
}

}  // namespace reelgraph::query::parsing
