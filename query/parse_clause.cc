// What one clause of a question says: its events, their conditions and windows.
#include "query/parser.h"

namespace reelgraph::query::parsing {

// `about` is the clause that pronouns and a missing event refer to.
Clause Parser::read_clause(const std::vector<std::size_t>& list, const Clause* about) {
  Clause c;
  bool negated = false;
  std::optional<int> ordinal;
  std::vector<Window> windows;
  std::vector<Condition> loose;  // of qualifiers before their event
  std::vector<std::string> loose_types;
  std::string loose_subject, loose_object;
  std::vector<std::pair<std::size_t, std::size_t>> entity_at;  // position in list -> token
  bool no_more = false;
  int first_n = 0;
  bool other_than = false;
  std::size_t leaving_out = tokens_.size();  // where "leaving out" stands
  std::vector<Condition> left_out;
  for (std::size_t p = 0; p < list.size(); ++p) {
    const std::size_t i = list[p];
    if (read_[i] && tokens_[i].kind != K::kEvent) continue;
    const Token& t = tokens_[i];
    switch (t.kind) {
      case K::kWord:
        if (t.name == "not" && p + 1 < list.size() && says(list[p + 1], {"for"})) {  // "not for a foul"
          other_than = true;
          mark(i);
          break;
        }
        if (is_negation(t.name) ||
            (is_any(t.name, {"fail", "fails", "failed", "failing", "unable", "yet"}) && p + 1 < list.size() && says(list[p + 1], {"to"}))) {
          negated = true;
          negation_read_.push_back(i);
        }
        if (t.name == "than" && p > 0 && says(list[p - 1], {"other", "rather"})) {
          other_than = true;
          mark(i);
          mark(list[p - 1]);
        }
        if (is_any(t.name, {"excluding", "ignoring", "discounting", "disregarding"}) ||
            (p + 1 < list.size() && ((t.name == "leaving" && says(list[p + 1], {"out", "aside"})) ||
                                     (t.name == "not" && says(list[p + 1], {"counting", "including"})) ||
                                     (is_any(t.name, {"apart", "aside"}) && says(list[p + 1], {"from"}))))) {
          leaving_out = i;
        }
        if (is_any(t.name, {"except", "besides", "excluding"}) ||
            (is_any(t.name, {"apart", "aside"}) && p + 1 < list.size() && says(list[p + 1], {"from"})))
          besides_from_ = i;
        if (t.name == "both" &&
            (kind(i + 1, K::kEvent) || says(i + 1, {"halves"}) || (says(i + 1, {"sides", "teams"}) && phrase({"how", "many"}))))
          mark(i);
        break;
      case K::kNumber:
        if (about != nullptr && (p + 1 >= list.size() || !kind(list[p + 1], K::kTally))) counted_.push_back(i);
        break;
      case K::kOrdinal:
        if (std::abs(t.number) == 1 && p + 2 < list.size() && kind(list[p + 1], K::kNumber) && tokens_[list[p + 1]].number > 1 &&
            !ends(i) && kind(list[p + 2], K::kEvent)) {  // "the first two goals"
          first_n = t.number * tokens_[list[p + 1]].number;
          mark(list[p + 1]);
        } else {
          ordinal = t.number;
        }
        mark(i);
        break;
      case K::kTime: {
        Window w;
        w.kind = Window::Kind::kPhrase;
        w.phrase = t.time;
        windows.push_back(std::move(w));
        mark(i);
        break;
      }
      case K::kPeriod: {
        Window w;
        w.kind = Window::Kind::kPeriod;
        w.period = t.period;
        w.period.words = {span_text(t)};
        w.within = t.within;
        // "just before the break": the last of that part; where it is counted or looked for, its last five minutes
        if (const std::size_t at = t.used.front();
            at > 0 && t.within == 0 && is_any(words_[at - 1].folded, {"just", "right", "shortly", "immediately", "straight", "soon"})) {
          const bool before = is_any(words_[at].folded, {"before", "ahead", "by", "prior", "to", "until"});
          if (main_has({"who", "whose", "when", "which"}) || phrase({"what", "time"}))
            soon_ = before ? -1 : 1;
          else if (before)
            w.within = 5 * base::kMinute;
          else
            w.period.to_minute = w.period.from_minute + 5;
        }
        windows.push_back(std::move(w));
        mark(i);
        break;
      }
      case K::kTally: {
        mark(i);
        Selection s;
        s.tally = TallyState{t.tally, t.name, {}, {}, 0, t.counts};
        s.text = span_text(t);
        s.tally->margin = t.number;
        for (std::size_t k = p > 1 ? p - 2 : 0; k < list.size() && k <= p + 1; ++k) {
          if (kind(list[k], K::kNumber) && is_any(t.name, {"ahead", "behind"}) && !read_[list[k]]) {
            s.tally->margin = tokens_[list[k]].number;
            mark(list[k]);
          }
        }
        if (ordinal) s.nth = ordinal, ordinal.reset();
        // "back in front", "regained the lead": for the second time
        if (t.name == "ahead" && !s.nth && std::any_of(t.used.begin(), t.used.end(), [&](std::size_t w) {
              return is_any(words_[w].folded, {"back", "again", "regain", "regained", "retake", "retook", "restore", "restored"});
            }))
          s.nth = 2;
        add_event(c, std::move(s), t.tally.side, "", list, p, negated);
        negated = false;
        break;
      }
      case K::kEvent: {
        if (t.weak && std::none_of(list.begin(), list.end(), [&](std::size_t k) {
              return kind(k, K::kEvent) && !tokens_[k].weak && shares_type(tokens_[k].event.types, t.event.types);
            }))
          break;
        mark(i);
        if (i > leaving_out && i - leaving_out <= 4 && t.event.where.size() == 1 &&
            t.event.where.front().value == nlohmann::json(true)) {  // "leaving out the own goal"
          left_out.push_back({t.event.where.front().key, false});
          if (const auto no = std::find(negation_read_.begin(), negation_read_.end(), leaving_out); no != negation_read_.end())
            negation_read_.erase(no);
          negated = false;
          for (std::size_t k = leaving_out; k < i; ++k) mark(k);
          leaving_out = tokens_.size();
          break;
        }
        if (other_than && c.events.empty() && !loose_types.empty()) {  // "the bookings for something other than a foul"
          std::erase_if(loose_types, [&](const std::string& type) {
            return std::find(t.event.types.begin(), t.event.types.end(), type) != t.event.types.end();
          });
          other_than = false;
          break;
        }
        if (other_than && !c.events.empty()) {
          for (const std::string& type : t.event.types) c.events.back().not_types.push_back(type);
          other_than = false;
          break;
        }
        add_kind(c, t, list, p, negated, ordinal, loose, loose_types, loose_subject, loose_object);
        if (t.number > 1 && !c.events.empty()) c.events.back().nth = several_ = t.number;
        break;
      }
      case K::kEntity: entity_at.emplace_back(p, i); break;
      default: break;
    }
    (void)no_more;
  }
  if (c.events.empty() && !loose_types.empty()) {
    Selection s;
    s.kinds = {{loose_types, loose}};
    if (ordinal) s.nth = ordinal, ordinal.reset();
    add_event(c, std::move(s), loose_subject.empty() ? "agent" : loose_subject, loose_object, list, loose_at_, negated);
  } else if (!c.events.empty() && !loose.empty()) {
    Token t;
    t.event = {loose_types, loose};
    if (qualify_moment(c.events.front(), loose)) {
      loose.clear();
    } else if (!c.events.front().kinds.empty() && fits(c.events.front(), t)) {
      for (const Condition& condition : loose) qualify(c.events.front(), condition);
    } else {  // "both keepers got a yellow": two things that are true of them
      Selection s;
      s.kinds = {{loose_types, loose}};
      add_event(c, std::move(s), loose_subject, loose_object, list, loose_at_, false);
    }
  }
  if (c.events.empty() && about != nullptr && !about->events.empty()) {
    Selection s = about->events.front();
    s.nth.reset();
    s.windows.clear();
    std::vector<Participant> who;
    if (entity_at.empty()) who = s.who;
    s.who = who;
    c.events.push_back(s);
    c.subject.push_back(about->subject.front());
    c.object.push_back(about->object.front());
    c.passive.push_back(false);
    c.negated.push_back(negated);
    c.other.push_back(about->other.front());
    c.against.push_back(about->against.front());
    c.at.push_back(list.empty() ? 0 : list.front());
  }
  if (ordinal && !c.events.empty()) c.events.front().nth = ordinal;
  if (first_n != 0 && !c.events.empty()) {
    const auto plain = [](const EventKind& k) { return k.where.empty(); };
    if (!std::all_of(c.events.front().kinds.begin(), c.events.front().kinds.end(), plain)) problem_ = "which of the first are so";
    c.events.front().first_n = first_n;
  }
  for (Selection& s : c.events) {
    for (const Condition& condition : left_out) {
      if (!s.kinds.empty()) qualify(s, condition);
    }
  }
  for (const auto& [p, i] : entity_at) bind(c, list, p, i);
  narrow_by_types(c, list);
  read_pronoun(c, list, about);
  for (Selection& s : c.events) s.windows.insert(s.windows.end(), windows.begin(), windows.end());
  if (c.events.empty()) loose_windows_ = windows;
  for (const std::size_t i : counted_) mark(i);  // "while two people were chatting": how many is not asked
  counted_.clear();
  return c;
}

std::string Parser::span_text(const Token& t) const {
  std::string out;
  for (const std::size_t w : t.used) out += (out.empty() ? "" : " ") + words_[w].folded;
  return out;
}

void Parser::qualify(Selection& s, const Condition& condition) {
  for (EventKind& k : s.kinds) {
    if (std::find(k.where.begin(), k.where.end(), condition) == k.where.end()) k.where.push_back(condition);
  }
}

// "Who won it with a header?": the event that changed the running count says so of itself.
bool Parser::qualify_moment(Selection& s, const std::vector<Condition>& where) const {
  if (!s.tally || !is_any(s.tally->state, {"opener", "first", "equaliser", "winner", "pulls_back", "extends"})) return false;
  if (!std::all_of(where.begin(), where.end(), [&](const Condition& c) { return lexicon_.has_attribute({s.tally->tally.type}, c.key); }))
    return false;
  if (s.kinds.empty()) s.kinds = {{{s.tally->tally.type}, {}}};
  for (const Condition& c : where) qualify(s, c);
  return true;
}

bool Parser::is_passive(const std::vector<std::size_t>& list, std::size_t p) const {
  bool be = false;
  for (std::size_t k = p; k-- > 0;) {
    const std::size_t i = list[k];
    if (kind(i, K::kEvent) || kind(i, K::kTally)) {  // "was booked and replaced", but not "was booked and replaced Willian"
      bool joined = p > k + 1 && !(p + 1 < list.size() && kind(list[p + 1], K::kEntity));
      for (std::size_t m = k + 1; m < p; ++m)
        joined = joined && says(list[m], {"and", "or", "then", "later", "also", "both", "been", "was"});
      if (joined) continue;
      break;
    }
    if (is_word(i) && is_do(text(i))) return false;
    if (is_word(i) && is_any(text(i), {"had", "has", "have"}) && !be) {
      continue;
    }
    if (is_word(i) && is_be(text(i))) be = true;
  }
  const Token& t = tokens_[list[p]];
  const bool participle = is_participle(words_[t.used.front()]) || is_participle(words_[t.used.back()]);
  // "players substituted off", "the goal scored by": a participle after its noun needs no "was".
  const bool by = p + 1 < list.size() && says(list[p + 1], {"by"});
  return participle && (be || by);
}

void Parser::add_event(Clause& c, Selection s, const std::string& subject, const std::string& object, const std::vector<std::size_t>& list,
                       std::size_t p, bool negated) {
  c.subject.push_back(subject.empty() ? "agent" : subject);
  c.object.push_back(object_role(s, object));
  c.events.push_back(std::move(s));
  c.passive.push_back(p < list.size() && is_passive(list, p));
  c.negated.push_back(negated);
  c.other.push_back({});
  c.against.push_back(false);
  c.at.push_back(p < list.size() ? list[p] : 0);
}

void Parser::add_kind(Clause& c, const Token& t, const std::vector<std::size_t>& list, std::size_t p, bool& negated,
                      std::optional<int>& ordinal, std::vector<Condition>& loose, std::vector<std::string>& loose_types,
                      std::string& loose_subject, std::string& loose_object) {
  if (t.qualifies && t.event.where.size() > 0) {
    if (!c.events.empty() && !c.events.back().kinds.empty() && fits(c.events.back(), t)) {
      for (const Condition& condition : t.event.where) {
        for (EventKind& k : c.events.back().kinds) union_condition(k.where, condition, list[p]);
      }
      return;
    }
    if (!c.events.empty() && qualify_moment(c.events.back(), t.event.where)) return;
    for (const Condition& condition : t.event.where) union_condition(loose, condition, list[p]);
    if (loose_types.empty()) {
      loose_types = t.event.types;
      loose_subject = t.subject;
      loose_object = t.object;
      loose_at_ = p;
    } else {
      std::vector<std::string> both;
      for (const std::string& x : t.event.types) {
        if (std::find(loose_types.begin(), loose_types.end(), x) != loose_types.end()) both.push_back(x);
      }
      if (!both.empty()) loose_types = both;
    }
    return;
  }
  // "shots off target or blocked": what such an event says of itself, beside another condition
  if (!c.events.empty() && !c.events.back().kinds.empty() && !c.events.back().tally && t.used.size() == 1 && t.event.where.empty() &&
      is_participle(words_[t.used.front()]) && says(list[p] > 0 ? list[p] - 1 : 0, {"or", "and"}) &&
      !shares_type(c.events.back().kinds.front().types, t.event.types)) {
    const auto value = lexicon_.value_of(c.events.back().kinds.front().types, words_[t.used.front()].folded);
    const bool beside = value && std::any_of(c.events.back().kinds.front().where.begin(), c.events.back().kinds.front().where.end(),
                                             [&](const Condition& w) { return w.key == value->key; });
    if (beside) {
      for (EventKind& k : c.events.back().kinds) union_condition(k.where, *value, list[p]);
      return;
    }
  }
  // Another word for the same event ("the goal scored by")?
  if (!c.events.empty() && !c.events.back().kinds.empty() && !c.events.back().tally && !separated(list, p, c.at.back())) {
    EventKind& k = c.events.back().kinds.front();
    std::vector<std::string> both;
    for (const std::string& x : t.event.types) {
      if (std::find(k.types.begin(), k.types.end(), x) != k.types.end()) both.push_back(x);
    }
    if (!both.empty()) {
      k.types = both;
      for (const Condition& condition : t.event.where) qualify(c.events.back(), condition);
      c.against.back() = c.against.back() || t.against;
      if (ordinal && !c.events.back().nth) c.events.back().nth = ordinal, ordinal.reset();
      second_roles_ = {t.subject.empty() ? "agent" : t.subject, object_role(c.events.back(), t.object)};
      second_at_ = list[p];
      return;
    }
  }
  Selection s;
  s.kinds = {t.event};
  s.text = span_text(t);
  if (!loose.empty()) {
    std::vector<std::string> both;
    for (const std::string& x : t.event.types) {
      if (std::find(loose_types.begin(), loose_types.end(), x) != loose_types.end()) both.push_back(x);
    }
    const bool its_own = both.empty() && !std::all_of(loose.begin(), loose.end(), [&](const Condition& condition) {
                           return lexicon_.has_attribute(t.event.types, condition.key);
                         });
    if (its_own) {  // "booked and substituted": what the one says of itself is no condition on the other
      Selection first;
      first.kinds = {{loose_types, loose}};
      add_event(c, std::move(first), loose_subject, loose_object, list, loose_at_, negated);
      negated = false;
    } else {
      if (!both.empty()) s.kinds.front().types = both;
      for (const Condition& condition : loose) qualify(s, condition);
    }
    loose.clear();
    loose_types.clear();
  }
  if (ordinal) s.nth = ordinal, ordinal.reset();
  add_event(c, std::move(s), t.subject, t.object, list, p, negated);
  c.other.back() = t.other;
  c.against.back() = t.against;
  negated = false;
}

// An "and", "or", "than" or colon between the two makes them two.
bool Parser::separated(const std::vector<std::size_t>& list, std::size_t p, std::size_t from) const {
  for (std::size_t k = 0; k < p; ++k) {
    if (list[k] < from) continue;
    if (is_word(list[k]) && is_any(text(list[k]), {"and", "or", "than", "but", "to", "as", "outnumber", "exceed"})) return true;
    if (list[k] > from && ends(list[k]) && k + 1 < p) return false;
  }
  return false;
}

bool Parser::fits(const Selection& s, const Token& t) {
  const auto& types = s.kinds.front().types;
  if (types.empty() || t.event.types.empty()) return true;
  const bool same = std::any_of(types.begin(), types.end(), [&](const std::string& x) {
    return std::find(t.event.types.begin(), t.event.types.end(), x) != t.event.types.end();
  });
  return same || (t.event.where.size() == 1 && lexicon_.has_attribute(types, t.event.where.front().key));
}

}  // namespace reelgraph::query::parsing
