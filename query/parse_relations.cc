// Plans that set two kinds of event against each other: which is first, how many more, how long from one to the other.
#include "query/parser.h"

namespace reelgraph::query::parsing {
namespace {

bool to_json_equal(const Selection& a, const Selection& b) {
  Plan x, y;
  x.select = a;
  y.select = b;
  x.select.text.clear();
  y.select.text.clear();
  return to_json(x) == to_json(y);
}

}  // namespace

bool Parser::plan_order(Plan& plan, Clause& main) {
  if (main.events.size() < 2) return false;
  const bool last = std::any_of(tokens_.begin(), tokens_.end(), [](const Token& t) { return t.kind == K::kOrdinal && t.number == -1; }) ||
                    main_has({"later"});
  const bool first = std::any_of(tokens_.begin(), tokens_.end(), [](const Token& t) { return t.kind == K::kOrdinal && t.number == 1; }) ||
                     main_has({"earlier", "sooner", "before"});
  if (!(first || last) || !main_has({"or"})) return false;
  if (!main_has({"which", "what", "did", "was", "happens"})) return false;
  take({"or"});
  take({"earlier", "sooner", "later"});
  for (const std::size_t i : main_) {
    if (kind(i, K::kOrdinal)) mark(i);
  }
  plan.ask = Ask::kOrder;
  plan.fewest = last;
  for (Selection& s : main.events) s.nth.reset();
  plan.select = main.events[0];
  plan.others.assign(main.events.begin() + 1, main.events.end());
  return true;
}

bool Parser::plan_compare(Plan& plan, Clause& main) {
  if (beyond_all()) return false;
  const bool difference = (phrase({"how", "many", "more"}) || phrase({"how", "many", "fewer"}) || phrase({"by", "how", "many"}) ||
                           phrase({"how", "much", "more"}) || phrase({"difference", "between"}));
  const bool counted_difference =
      phrase({"how", "many"}) && main_has({"than"}) && main_has({"more", "fewer"}) && asked_type() == tokens_.size();
  const bool as_many = phrase({"as", "many"}) || phrase({"as", "often"}) || phrase({"as", "frequently"}) ||
                       (main_has({"same", "equal"}) && main_has({"as"}) && !main_has({"than"}));
  const bool equal = main_has({"equally", "same", "equal"}) || as_many;
  const std::size_t than = [&] {
    for (const std::size_t i : main_) {
      if (is_word(i) && !read_[i] && is_any(text(i), {"than", "outnumber", "outnumbers", "outnumbered", "exceed", "exceeds", "exceeded"}))
        return i;
    }
    return tokens_.size();
  }();
  const bool more = main_has({"more", "outnumber", "outnumbers", "outnumbered", "exceed", "exceeds", "exceeded"});
  const bool fewer = main_has({"fewer", "less"});
  // "Which did they do more often: A or B?", "were there more A or B?"
  const bool rarer = main_has({"rarer"}) || (fewer && !more), commoner = more || main_has({"commoner"});
  if (main.events.size() == 2 && than == tokens_.size() && !difference && !equal && (rarer || commoner) && main_has({"or"}) &&
      alternatives_.empty() && main.events[0].nth == main.events[1].nth && !to_json_equal(main.events[0], main.events[1])) {
    take({"more", "commoner"});
    take({"more"});
    take({"fewer", "less", "rarer"});
    take({"or"});
    take({"common", "frequent", "numerous", "frequently"});
    plan.ask = Ask::kCompare;
    plan.compare = rarer ? "which_fewer" : "which_more";
    plan.select = main.events[0];
    plan.others = {main.events[1]};
    if (plan.others.front().who.empty()) plan.others.front().who = plan.select.who;
    add_subs(plan.select, main, false);
    if (!subs_.empty()) plan.others.front().windows = plan.select.windows;
    return true;
  }
  if (!(difference || equal || ((more || fewer) && than < tokens_.size()))) return false;
  Selection a, b;
  if (than < tokens_.size() || as_many) {
    std::size_t split = than;
    if (split == tokens_.size()) {  // "as many A as B"
      for (const std::size_t i : main_) {
        if (is_word(i) && text(i) == "as") split = i;
      }
    }
    std::vector<std::size_t> left, right;
    for (const std::size_t i : main_) {
      if (i < split) left.push_back(i);
      if (i > split) right.push_back(i);
    }
    // The clauses are read again, each for itself.
    for (const std::size_t i : main_) read_[i] = false;
    problem_.clear();
    second_at_.reset();
    alternatives_.clear();
    Clause l = read_clause(left, nullptr);
    second_at_.reset();
    // "than after it": the other side of the period named before
    std::optional<Window> opposite;
    opposite_of(right, l, opposite);
    Clause r = read_clause(right, &l);
    if (l.events.empty() || r.events.empty()) return false;
    a = l.events.front();
    b = r.events.front();
    if (opposite) {
      b.windows = {*opposite};
      b.nth.reset();
    }
    if (b.windows.empty() && !a.windows.empty() && a.who.size() == b.who.size() && !(a.kinds == b.kinds && b.who.empty()))
      b.windows = a.windows;
    if (b.who.empty() && !a.who.empty()) b.who = a.who;
    // "more pallets than the orange forklift": without a verb of its own, who is of the same kind takes the same part.
    if (std::none_of(right.begin(), right.end(), [&](std::size_t i) { return kind(i, K::kEvent); })) {
      const auto type = [&](const Participant& p) { return p.entities.empty() ? std::nullopt : store_.entity(p.entities.front()); };
      for (Participant& p : b.who) {
        for (const Participant& q : a.who) {
          if (const auto x = type(p), y = type(q); x && y && x->type == y->type) p.role = q.role;
        }
      }
    }
    mark(split);
  } else {
    if (main.events.size() != 2) return false;
    a = main.events[0];
    b = main.events[1];
    take({"or"});
    take({"and"});
  }
  take({"more"});
  take({"fewer", "less"});
  take({"equally", "same", "equal"});
  take({"as"});
  take({"as"});
  take({"between"});
  add_subs(a, main, false);
  if (!subs_.empty()) b.windows = a.windows;
  if (to_json_equal(a, b)) return false;  // the second is nothing of its own: what it is compared with was not understood
  plan.ask = Ask::kCompare;
  plan.compare = difference || counted_difference ? "difference" : equal ? "equal" : fewer ? "fewer" : "more";
  plan.select = a;
  plan.others = {b};
  return true;
}

void Parser::a_pair_of(Plan& plan, const Selection& s, int first, int second) {
  plan.ask = Ask::kGap;
  plan.select = s;
  plan.select.first_n = 0;
  plan.select.nth = first;
  plan.others = {plan.select};
  plan.others.front().nth = second;
}

bool Parser::plan_gap(Plan& plan, Clause& main, bool how_long) {
  const bool consecutive =
      main_has({"consecutive", "successive"}) || phrase({"and", "the", "next"}) ||
      ((main_has({"gap", "wait", "stretch", "interval", "break", "pause", "lull", "delay", "spell", "time", "period"})) &&
       main_has({"between", "without"})) ||
      main_has({"without"});
  const bool longest = main_has({"longest", "biggest", "largest"});
  const bool shortest = main_has({"shortest", "smallest", "quickest"});
  if (consecutive && (longest || shortest)) {
    if (main.events.empty()) return false;
    take({"longest", "biggest", "largest", "shortest", "smallest", "quickest"});
    take({"consecutive", "successive"});
    take({"between"});
    take({"without"});
    take({"next"});
    take({"and"});
    for (const std::size_t i : main_) {
      if (kind(i, K::kNumber)) mark(i);
    }
    plan.ask = Ask::kGaps;
    plan.fewest = shortest;
    plan.select = main.events.front();
    if (main.events.size() > 1 && !(main.events[1].kinds == main.events[0].kinds)) return false;
    add_subs(plan.select, main, false);
    return true;
  }
  // "How far apart were his second and third goals?", "... the first two goals?"
  for (std::size_t i = 0; subs_.empty() && main.events.size() == 1 && i + 1 < tokens_.size(); ++i) {
    if (!kind(i, K::kOrdinal)) continue;
    std::optional<int> other;
    std::size_t k = i + 1;
    if (says(k, {"and", "to"})) {
      ++k;
      if (says(k, {"the", "his", "her", "their"})) ++k;
      if (kind(k, K::kOrdinal)) other = tokens_[k].number;
    } else if (kind(k, K::kNumber) && tokens_[k].number == 2 && std::abs(tokens_[i].number) == 1) {
      other = 2 * tokens_[i].number;
    }
    if (!other || !(how_long || main_has({"gap", "interval", "apart"}))) continue;
    mark(k);
    take({"and", "to"});
    take({"between"});
    take({"apart"});
    take({"far"});
    take({"follow", "followed", "each"});
    take({"other", "another"});
    take({"each"});
    a_pair_of(plan, main.events.front(), std::min(tokens_[i].number, *other), std::max(tokens_[i].number, *other));
    return true;
  }
  if (!how_long) return false;
  // "How long after the interval did he score?", "how long into the second half": from the event with which that part begins
  for (std::size_t w = 0; subs_.empty() && main.events.size() == 1 && w < main.events.front().windows.size(); ++w) {
    const Window& window = main.events.front().windows[w];
    if (window.kind != Window::Kind::kPeriod || window.within > 0 || window.period.from_minute != 0 || window.period.words.empty())
      continue;
    const std::string& name = window.period.words.front();
    const bool after = name.starts_with("after ") || name.starts_with("following ") || phrase({"long", "into"}) ||
                       phrase({"minutes", "into"}) || phrase({"seconds", "into"}) || phrase({"far", "into"}) || phrase({"soon", "into"});
    if (!after) continue;
    Selection from;
    from.kinds = {{{window.period.type}, {}}};
    for (const auto& [key, value] : window.period.where.items()) from.kinds.front().where.push_back({key, value});
    from.nth = 1;
    plan.ask = Ask::kGap;
    plan.select = from;
    plan.others = {main.events.front()};
    plan.others.front().windows.erase(plan.others.front().windows.begin() + static_cast<std::ptrdiff_t>(w));
    take({"into", "far"});
    return true;
  }
  // "Sako scored and was later taken off. How long between the two?"
  if (subs_.empty() && main.events.size() == 2 &&
      (phrase({"between", "the", "two"}) || phrase({"between", "them"}) || phrase({"in", "between"}) || phrase({"between", "those"}))) {
    Selection& b = main.events[1];
    if (b.who.empty() && !main.events[0].who.empty()) {
      b.who = {main.events[0].who.front()};
      b.who.front().role = main.passive[1] && !main.object[1].empty() ? main.object[1] : main.subject[1];
    }
    take({"between"});
    take({"later"});
    take({"then"});
    take({"and"});
    for (const std::size_t i : main_) {
      if (kind(i, K::kNumber) && tokens_[i].number == 2) mark(i);
    }
    plan.ask = Ask::kGap;
    plan.select = main.events[0];
    plan.others = {b};
    return true;
  }
  const auto sub_at = [&](std::initializer_list<std::string_view> markers) {
    for (std::size_t i = 0; i < subs_.size(); ++i) {
      if (is_any(subs_[i].marker, markers)) return i;
    }
    return subs_.size();
  };
  const auto only = [&](const std::vector<std::size_t>& list, const Clause* about) {
    Clause c = read_clause(list, about);
    for (const std::size_t i : list) {
      if (is_word(i) && is_any(text(i), {"when", "time", "again"})) mark(i);
    }
    return c;
  };
  const auto fully = [&](const std::vector<std::size_t>& list) {
    return std::any_of(list.begin(), list.end(), [&](std::size_t i) {
      return is_word(i) && is_any(text(i), {"fully", "end", "ended", "finished", "completely"});
    });
  };
  Selection a, b;
  const std::size_t both = sub_at({"from", "between"});
  const std::size_t after = sub_at({"after", "since", "once", "following"});
  const std::size_t until = sub_at({"until", "till", "before"});
  const std::size_t when = sub_at({"when"});
  Clause whom = main;
  if (both < subs_.size() && subs_[both].pair) {
    const Clause c = only(subs_[both].tokens, &main);
    if (c.events.empty()) return false;
    a_pair_of(plan, c.events.front(), 1, 2);
    return true;
  }
  if (both == subs_.size() && subs_.empty() && main.events.size() == 1 && !main.events.front().nth && !main.events.front().tally &&
      main_has({"between"})) {
    const Word& noun = words_[tokens_[main.at.front()].used.back()];  // "how long between his goals": if there are two
    if (!noun.folded.ends_with("s") || noun.folded == noun.stem) return false;
    take({"between"});
    take({"apart", "elapsed"});
    a_pair_of(plan, main.events.front(), 1, 2);
    plan.exactly = 2;
    return true;
  }
  if (both < subs_.size()) {
    const bool forward = std::any_of(subs_[both].tokens.begin(), subs_[both].tokens.end(),
                                     [&](std::size_t i) { return kind(i, K::kEvent) || kind(i, K::kTally); });
    Clause first, second;
    if (forward || !main.events.empty()) {
      first = only(subs_[both].tokens, &main);
      second = only(subs_[both].second, &first);
    } else {  // "between the first and the last time a vehicle stops"
      second = only(subs_[both].second, &main);
      first = only(subs_[both].tokens, &second);
    }
    if (first.events.empty() || second.events.empty()) return false;
    a = first.events.front();
    b = second.events.front();
    // The entity may stand outside of both: "how long did it take Aguero to get from his first goal to his fifth"
    for (const std::size_t i : main_) {
      if (!kind(i, K::kEntity) || read_[i]) continue;
      mark(i);
      a.who = {{tokens_[i].entities, tokens_[i].names, first.subject.front(), false}};
      b.who = {{tokens_[i].entities, tokens_[i].names, second.subject.front(), false}};
    }
    if (a.who.empty() && b.who.empty() && !main.events.empty() && main.events.front().kinds == a.kinds) a.who = main.events.front().who;
    if (b.who.empty() && a.kinds == b.kinds) b.who = a.who;
    if (a.who.empty() && a.kinds == b.kinds) a.who = b.who;
    if (to_json_equal(a, b)) return false;
    plan.total = fully(subs_[both].second);
    if (!b.nth && a.nth && a.kinds == b.kinds) return false;
  } else if (after < subs_.size() && until < subs_.size()) {
    Clause first = only(subs_[after].tokens, &main);
    Clause second = only(subs_[until].tokens, &first);
    if (first.events.empty() || second.events.empty()) return false;
    a = first.events.front();
    b = second.events.front();
  } else if (after < subs_.size() && main.events.empty() &&
             std::any_of(main_.begin(), main_.end(), [&](std::size_t i) { return kind(i, K::kEntity) || kind(i, K::kOrdinal); })) {
    // "How long after Obiang's booking was Kolarov's?"
    Clause first = only(subs_[after].tokens, nullptr);
    if (first.events.empty() || subs_.size() > 1) return false;
    for (std::size_t p = 0; p < main_.size(); ++p) {
      const std::size_t i = main_[p];
      if (kind(i, K::kOrdinal)) read_[i] = false;
      if (p > 0 && kind(i, K::kNumber) && tokens_[i].number == 1 && kind(main_[p - 1], K::kOrdinal)) mark(i);  // "the second one"
    }
    Clause second = read_clause(main_, &first);
    if (second.events.empty() || (second.events.front().who.empty() && !second.events.front().nth)) return false;
    a = first.events.front();
    b = second.events.front();
  } else if (after < subs_.size() && !main.events.empty()) {
    Clause first = only(subs_[after].tokens, &main);
    if (first.events.empty()) return false;
    a = first.events.front();
    b = main.events.front();
    plan.from_end = true;
    const bool gerund = std::any_of(subs_[after].tokens.begin(), subs_[after].tokens.end(),
                                    [&](std::size_t i) { return kind(i, K::kEvent) && text(i).ends_with("ing"); });
    if (a.who.empty() && gerund && !b.who.empty()) {
      a.who = b.who;
      a.who.front().role = first.subject.front();
    } else if (a.who.empty() && !b.who.empty() && b.who.front().role.empty()) {
      a.who = {};
    }
    if (subs_.size() > 1) return false;
    // "how many seconds ... after": a plain duration that begins later
    const bool takes = main_has({"take", "took", "takes", "need", "needed", "needs"});
    if (takes) take({"need", "needed", "needs"});
    if (!takes && !phrase({"how", "soon"}) && !phrase({"how", "quickly"}) &&
        !says(subs_[after].tokens.front() > 1 ? subs_[after].tokens.front() - 2 : 0,
              {"long", "soon", "quickly", "much", "time", "later", "seconds", "minutes", "far"}) &&
        !subs_[after].initial)
      return false;
  } else if (until < subs_.size() && !main.events.empty()) {
    Clause second = only(subs_[until].tokens, &main);
    if (second.events.empty()) return false;
    a = main.events.front();
    b = second.events.front();
    // "how long had they been level before going ahead": the spell that it ended; "how long were they ahead before ..." adds them up
    const bool spell = a.tally && is_any(a.tally->state, {"ahead", "behind", "level", "stands"});
    if (spell && (a.nth || !phrase({"been"}))) return false;
    if (spell && b.tally && b.tally->side.empty() && !subs_[until].tokens.empty() &&
        words_[tokens_[subs_[until].tokens.front()].used.front()].folded.ends_with("ing")) {
      b.tally->side = a.tally->side;
      b.tally->side_names = a.tally->side_names;
    }
  } else if (when < subs_.size() && !main.events.empty()) {
    Clause second = only(subs_[when].tokens, &main);
    if (second.events.empty()) return false;
    a = main.events.front();
    b = second.events.front();
  } else {
    return false;
  }
  if (a.empty() || b.empty()) return false;
  // "After City's third, did they score their fourth?"
  const bool same = std::any_of(main_.begin(), main_.end(), [&](std::size_t i) {
    return is_word(i) && is_any(text(i), {"they", "their", "he", "his", "she", "her"});
  });
  if (same && b.who.empty() && !a.who.empty() && b.kinds == a.kinds) {
    b.who = a.who;
    b.credit = a.credit;
  }
  plan.ask = Ask::kGap;
  plan.select = a;
  plan.others = {b};
  return true;
}

}  // namespace reelgraph::query::parsing
