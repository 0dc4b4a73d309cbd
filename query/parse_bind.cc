// Who takes which part in the events of a clause.
#include "graph/identity.h"
#include "query/evidence.h"
#include "query/parser.h"

namespace reelgraph::query::parsing {
namespace {

constexpr int kLookedAtForRole = 50;  // events looked at to learn whether two may play one role in one event

// "How many clearances did Terry and Zouma make": events of either, where nothing has two of that role.
bool is_alone_in_role(const graph::Store& store, const Selection& s, const std::string& role) {
  graph::EventFilter filter;
  for (const EventKind& k : s.kinds) filter.types.insert(filter.types.end(), k.types.begin(), k.types.end());
  filter.limit = kLookedAtForRole;
  const auto events = store.events(filter);
  return std::all_of(events.begin(), events.end(), [&](const graph::EventRecord& e) {
    return std::count_if(e.participants.begin(), e.participants.end(), [&](const auto& p) { return p.role == role; }) <= 1;
  });
}

bool has_word(const Token& t, std::size_t word) { return std::find(t.used.begin(), t.used.end(), word) != t.used.end(); }

}  // namespace

void Parser::bind(Clause& c, const std::vector<std::size_t>& list, std::size_t p, std::size_t i) {
  const Token& t = tokens_[i];
  if (c.events.empty()) return;
  bool same_clause = besides_from_.has_value();
  for (std::size_t k = besides_from_.value_or(i); k < i; ++k) same_clause = same_clause && !ends(k) && !(is_word(k) && is_wh(text(k)));
  if (same_clause && i > *besides_from_ && (i - *besides_from_) <= 4) {
    besides_.insert(besides_.end(), t.entities.begin(), t.entities.end());
    mark(*besides_from_);
    mark(i);
    return;
  }
  std::string before = p > 0 && is_word(list[p - 1]) ? text(list[p - 1]) : "";
  const std::string before2 = p > 1 && is_word(list[p - 2]) ? text(list[p - 2]) : "";
  if (before == "the" && is_any(before2, {"for", "by", "to", "from", "of", "against", "past"})) before = before2;  // "for the Hammers"
  // "Chelsea players", "Which Stoke man", "City's number 10": narrows the one that comes next.
  const bool next_type = p + 1 < list.size() && kind(list[p + 1], K::kEntityType);
  // Which event does it belong to: the next one after it, if it is its subject; else the one before.
  std::size_t prev = c.events.size(), next = c.events.size();
  for (std::size_t e = 0; e < c.events.size(); ++e) {
    if (c.at[e] < i) prev = e;
    if (c.at[e] > i && next == c.events.size()) next = e;
  }
  const bool possessive = words_[t.used.back()].possessive;
  std::size_t at = prev;
  std::string role;
  const auto subject_of = [&](std::size_t e) { return c.passive[e] && !c.object[e].empty() ? c.object[e] : c.subject[e]; };
  const bool second = second_at_ && prev < c.events.size() && *second_at_<i&& * second_at_> c.at[prev];
  const std::string prev_subject = prev < c.events.size() ? (second ? second_roles_.first : c.subject[prev]) : "";
  const std::string prev_object = prev < c.events.size() ? (second ? second_roles_.second : c.object[prev]) : "";
  if (possessive && next < c.events.size() && before != "by") {
    at = next;
    role = lexicon_.is_side(c.subject[next]) ? c.object[next] : second_at_ && c.object[next] == "agent" ? "agent" : subject_of(next);
  } else if (is_any(before, {"by"}) && prev < c.events.size()) {
    role = prev_subject;
  } else if (is_any(before, {"to"}) && prev < c.events.size()) {
    role = prev_object.empty() ? "recipient" : prev_object;
    if (role == prev_subject) role = "recipient";
  } else if (is_any(before, {"from"}) && prev < c.events.size()) {
    role = prev_subject == "recipient" ? prev_object : "agent";
  } else if ((before == "for" || (before == "of" && before2 == "place") || (before == "of" && before2 == "instead")) &&
             prev < c.events.size()) {
    role = is_team(t) ? "" : c.other[prev].empty() ? prev_object : c.other[prev];
  } else if ((is_any(before, {"against", "past"}) || (t.used.front() > 0 && words_[t.used.front() - 1].folded == "past")) && is_team(t) &&
             !lexicon_.tallies().empty() && prev < c.events.size()) {
    // The other side does it where this one takes part; what is conceded against somebody is done by him.
    Participant who{t.entities, t.names, lexicon_.tallies().front().side, false, !c.against[prev]};
    if (std::set<std::string>(t.names.begin(), t.names.end()).size() > 1 || c.events[prev].tally) return;
    mark(i);
    if (!before.empty()) mark(list[p - 1]);
    c.events[prev].who.push_back(std::move(who));
    credit(c.events[prev], t);
    return;
  } else if (is_any(before, {"against"})) {
    problem_ = "whom something is done against is not known here";
    return;
  } else if (possessive && second_at_ && *second_at_ > i) {
    role = second_roles_.first;  // "who set up KDB's goal"
    at = prev < c.events.size() ? prev : 0;
  } else if (possessive && prev < c.events.size() && has_word(tokens_[c.at[prev]], t.to)) {
    role = prev_object.empty() ? prev_subject : prev_object;  // "who supplied the pass for Sakho's goal"
  } else if (possessive && next == c.events.size() && prev < c.events.size()) {
    role = prev_subject;  // "who scored City's third"
  } else if (next < c.events.size() && (prev == c.events.size() || !noun_subject_before(list, p))) {
    at = next;
    role = subject_of(next);
  } else if (prev < c.events.size()) {
    const bool inverted = is_aux(before) || (is_aux(before2) && is_any(before, {"the"})) || auxiliary_just_before(list, p);
    role = inverted ? (c.passive[prev] && !prev_object.empty() ? prev_object : prev_subject)
                    : (prev_object.empty() ? prev_subject : prev_object);
    if (before == "of" || before == "with") role = prev_subject;
    if (second && *second_at_ > i) role = second_roles_.first;
  } else {
    at = 0;
    role = c.subject[0];
  }
  if (at >= c.events.size()) at = 0;
  const auto entity = t.entities.empty() ? std::nullopt : store_.entity(t.entities.front());
  const std::string said = role;
  if (entity) role = fitting_role(c.events[at], entity->type, role, preposition_before(i));
  if (role == said && c.passive[at] && c.object[at].empty() && !c.events[at].tally && before != "by" && before != "to" && before != "for" &&
      before != "from" && !possessive && !is_team(t)) {
    problem_ = "to whom it is done is not known here";  // "how many times was he fouled" is not how many fouls he committed
    return;
  }
  if ((next_type || role == "recipient") && is_team(t)) role = "";
  mark(i);
  if (is_name_class(list, p, t)) {
    among_ = t.entities;
    return;
  }
  Selection& s = c.events[at];
  const bool moment = s.tally && is_any(s.tally->state, {"opener", "first", "equaliser", "winner", "pulls_back", "extends", "stands"});
  if (moment && !is_team(t) && t.names.size() == 1) {
    s.who.push_back({t.entities, t.names, "agent", false, false});
    return;
  }
  if (s.tally) {
    s.tally->side.insert(s.tally->side.end(), t.entities.begin(), t.entities.end());
    s.tally->side_names.insert(s.tally->side_names.end(), t.names.begin(), t.names.end());
    return;
  }
  std::set<std::string> names(t.names.begin(), t.names.end());
  if (names.size() > 1 && t.name != "number") {
    std::string list_text;
    for (const std::string& n : names) list_text += (list_text.empty() ? "" : ", ") + n;
    problem_ = "The name may mean several: " + list_text + ". Ask for one of them.";
    return;
  }
  if (names.size() == 1 && t.entities.size() > 1 && t.name != "number") {
    if (const auto several = graph::namesakes(store_, t.entities); several.size() > 1) {
      problem_ =
          "Several are called " + *names.begin() + ": " + readable(several) + ". Ask for one of them by another name, or merge them.";
      return;
    }
  }
  // Two of a kind with "or" or "and" between them are alternatives to be compared, not both at once.
  const bool choice = p > 0 && !main_.empty() && &list == &main_ && phrase({"between"}) &&
                      ((is_any(before, {"between"}) && p + 1 < list.size() && says(list[p + 1], {"and"})) ||
                       (before == "and" && p > 2 && says(list[p - 3], {"between"})));
  if (choice) {
    alternatives_.push_back(i);
    for (std::size_t k = p; k-- > 0;) {
      if (is_word(list[k]) && text(list[k]) == "between") mark(list[k]);
    }
    return;
  }
  if (is_any(before, {"or"}) || (p + 1 < list.size() && says(list[p + 1], {"or"}))) {
    alternatives_.push_back(i);
    return;
  }
  Participant who{t.entities, t.names, role, false, false};
  if (c.against[at] && is_team(t) && !lexicon_.tallies().empty()) {
    who.opponent = true;
    who.role = lexicon_.tallies().front().side;
  }
  if (before == "and" && !s.who.empty() && !s.who.back().negated && !s.who.back().opponent && s.who.back().role == who.role &&
      !who.opponent && !who.role.empty() && is_alone_in_role(store_, s, who.role)) {
    if (phrase({"how", "many"}) || phrase({"number", "of"}) || phrase({"how", "often"})) {
      Participant& either = s.who.back();
      either.entities.insert(either.entities.end(), who.entities.begin(), who.entities.end());
      either.names.insert(either.names.end(), who.names.begin(), who.names.end());
      return;
    }
    if (tokens_.empty() || !is_word(0) || !is_aux(text(0))) {
      problem_ = "both of them at once are never in one event of this kind";
      return;
    }
  }
  if (t.name == "number" && !s.who.empty()) who.names = {"number " + words_[t.used.back()].folded};
  s.who.push_back(std::move(who));
  credit(s, t);
}

// "Which Kevin", "which of the two Jameses": asks for one of them.
bool Parser::is_name_class(const std::vector<std::size_t>& list, std::size_t p, const Token& t) const {
  if (std::set<std::string>(t.names.begin(), t.names.end()).size() < 2 || t.name == "number") return false;
  for (std::size_t k = p; k-- > 0 && p - k <= 4;) {
    if (is_word(list[k]) && is_any(text(list[k]), {"which"})) return true;
  }
  return false;
}

void Parser::credit(Selection& s, const Token& t) {
  for (const base::Tally& tally : lexicon_.tallies()) {
    if (s.kinds.size() != 1 || s.kinds.front().types != std::vector<std::string>{tally.type} || !is_team(t)) continue;
    const bool exception = std::any_of(s.kinds.front().where.begin(), s.kinds.front().where.end(),
                                       [&](const Condition& c) { return tally.other_side.contains(c.key); });
    if (!exception) s.credit = tally;
  }
}

bool Parser::auxiliary_just_before(const std::vector<std::size_t>& list, std::size_t p) const {
  for (std::size_t k = p; k-- > 0 && p - k <= 3;) {
    if (is_word(list[k]) && (is_do(text(list[k])) || is_any(text(list[k]), {"had", "have", "has", "was", "were"}))) return true;
    if (kind(list[k], K::kEvent)) return false;
  }
  return false;
}

bool Parser::noun_subject_before(const std::vector<std::size_t>& list, std::size_t p) const {
  // "to Willian", "for Traoré" after an event belong to that event even if another follows.
  const std::string before = p > 0 && is_word(list[p - 1]) ? text(list[p - 1]) : "";
  return is_any(before, {"to", "for", "by", "of", "from"});
}

// "when he found the net": he is whom the other clause is about.
void Parser::read_pronoun(Clause& c, const std::vector<std::size_t>& list, const Clause* about) {
  if (about == nullptr || about->events.empty() || c.events.empty()) return;
  for (const std::size_t i : list) {
    if (!is_word(i) || !is_any(text(i), {"he", "his", "she", "her", "they", "their", "him"})) continue;
    for (const Selection& other : about->events) {
      if (other.who.empty()) continue;
      Participant who = other.who.front();
      if (!c.events.front().who.empty()) return;
      const bool does = kind(i + 1, K::kEvent) && text(i + 1).ends_with("ing");  // "him going off"
      who.role = text(i) == "him" && !does && !c.object[0].empty() ? c.object[0]
                                                                   : (c.passive[0] && !c.object[0].empty() ? c.object[0] : c.subject[0]);
      if (c.events.front().tally && !who.entities.empty()) {  // "while they were behind": a state is of a side
        const auto e = store_.entity(who.entities.front());
        if (!e || lexicon_.acts(e->type)) return;
        if (!c.events.front().tally->side.empty()) return;
        c.events.front().tally->side = who.entities;
        c.events.front().tally->side_names = who.names;
        return;
      }
      c.events.front().who.push_back(who);
      return;
    }
  }
}

}  // namespace reelgraph::query::parsing
