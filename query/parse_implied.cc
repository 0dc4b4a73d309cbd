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
  // "Terry's first foul and Morrison's second": the second of what the first is
  bool numbered = false, counts_only = false, is_implied = false;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    numbered = numbered || (i > 0 && event_at(i) && kind(i - 1, K::kOrdinal));
    counts_only = counts_only || (kind(i, K::kTally) && is_any(tokens_[i].name, {"opener", "equaliser", "winner"}));
    counts_only = counts_only || (i > 0 && kind(i, K::kEvent) && kind(i - 1, K::kOrdinal) && tokens_[i].event.where.empty() &&
                                  tokens_[i].event.types == std::vector<std::string>{lexicon_.tallies().front().type});
  }
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
    // "Morrison's second", "and their fourth": not where an ordinal stands before what it is the second of ("his first shot and his
    // second")
    const bool closes = i + 1 == tokens_.size() || ends(i) || (is_word(i + 1) && begins_clause(text(i + 1)));
    const bool owned = i > 0 && kind(i - 1, K::kEntity) && words_[tokens_[i - 1].used.back()].possessive;
    const bool theirs = i > 0 && says(i - 1, {"his", "her", "their"}) && (is_implied || counts_only);
    const bool his = kind(i, K::kOrdinal) && closes && (owned || theirs) && !numbered;
    if (event || !(implied || his)) continue;
    Token t;
    t.kind = K::kEvent;
    t.event.types = {lexicon_.tallies().front().type};
    t.used = {tokens_[i].used.back()};
    t.from = t.used.front();
    t.to = t.from + 1;
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(t));
    read_.insert(read_.begin() + static_cast<std::ptrdiff_t>(i) + 1, false);
    is_implied = true;
    ++i;
  }
}

// "goals two and three", "between goal one and goal four": numbers that say which.
void Parser::number_names() {
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (!kind(i, K::kEvent) || tokens_[i].used.size() != 1 || ends(i)) continue;
    const std::size_t n = i + 1 + (says(i + 1, {"number", "no"}) ? 1 : 0);
    if (!kind(n, K::kNumber) || tokens_[n].number < 1 || tokens_[n].number > 100) continue;
    const std::size_t joint = n + 1;
    const bool pair = says(joint, {"and", "to"}) && kind(joint + 1, K::kNumber) && tokens_[joint + 1].number > tokens_[n].number;
    const bool last = joint >= tokens_.size() || ends(n) || says(joint, {"and", "to", "until", "come", "came", "go", "went", "did", "was"});
    const Word& noun = words_[tokens_[i].used.front()];
    const bool several = noun.folded != noun.stem && noun.folded.ends_with("s");
    const bool noun_before = i > 0 && says(i - 1, {"between", "and", "to", "from", "of", "after", "before", "until", "for", "since"});
    if (several ? !pair : !(last && noun_before)) continue;
    const auto as_ordinal = [&](std::size_t k) {
      tokens_[k].kind = K::kOrdinal;
      if (n != i + 1) mark(i + 1);
    };
    as_ordinal(n);
    if (several) as_ordinal(joint + 1);
    std::swap(tokens_[i], tokens_[n]);  // "two goals and three"
    i = n;
  }
}

// "the longest conversation", where not its length is asked for
void Parser::read_extreme(Selection& s) {
  if (take({"longest"}))
    s.extreme = 1;
  else if (take({"shortest", "briefest"}))
    s.extreme = -1;
}

// "starts reversing", "stopped texting": the verb is about what follows, and no event of its own.
void Parser::begin_verbs() {
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (!kind(i + 1, K::kEvent) || !text(i + 1).ends_with("ing") || ends(i)) continue;
    if (!kind(i, K::kEvent) && !is_word(i)) continue;
    const std::string& verb = words_[tokens_[i].used.back()].folded;
    const bool stops = is_any(verb, {"stop", "stops", "stopped", "finish", "finished", "finishes"});
    if (!stops && !is_any(verb, {"start", "starts", "started", "begin", "begins", "began"})) continue;
    tokens_[i].kind = K::kWord;
    mark(i);
    stops_ = stops_ || stops;
  }
}

// "I'd like to know how many ...", "Can you tell me if ...": what comes before the question itself.
void Parser::drop_polite() {
  std::size_t to = 0;
  for (; to < tokens_.size(); ++to) {
    const std::string& w = text(to);
    if (!is_word(to)) return;
    if (to > 0 && (is_any(w, {"if", "whether"}) || (w == "that" && says(to - 1, {"true", "right", "correct"})))) {
      whether_ = true;
      ++to;
      break;
    }
    if (is_wh(w) || (to > 0 && is_any(w, {"number", "total", "name", "list"}))) break;
    if (!is_any(w, {"i",          "i'd",    "id",     "i'm",       "im",     "like",  "want",     "wanted", "need",    "to",       "know",
                    "please",     "pls",    "plz",    "can",       "could",  "would", "you",      "tell",   "me",      "us",       "hi",
                    "hey",        "hello",  "wonder", "wondering", "just",   "let",   "give",     "do",     "any",     "idea",     "thanks",
                    "curious",    "remind", "say",    "help",      "find",   "out",   "and",      "so",     "ok",      "okay",     "well",
                    "be",         "am",     "was",    "trying",    "check",  "see",   "the",      "a",      "quick",   "question", "of",
                    "interested", "in",     "look",   "up",        "again",  "ah",    "oh",       "erm",    "um",      "right",    "now",
                    "exactly",    "also",   "maybe",  "someone",   "anyone", "it",    "possible", "true",   "correct", "is"}))
      return;
  }
  if (to == 0 || to >= tokens_.size()) return;
  tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(to));
  read_.assign(tokens_.size(), false);
}

// "Did both sides score?", "Did each team make three changes?": there is one of each side.
bool Parser::both_sides(Plan& plan, Clause& main) {
  if (lexicon_.tallies().empty() || main.events.size() != 1) return false;
  Selection& s = main.events.front();
  if (s.tally || s.nth || !s.who.empty() || !alternatives_.empty() || !negation_read_.empty()) return false;
  for (std::size_t p = 0; p < main_.size(); ++p) {
    const std::size_t i = main_[p];
    if (!says(i, {"both", "each"})) continue;
    std::size_t noun = i + 1;
    while (says(noun, {"of", "the", "two"})) ++noun;
    const bool side = kind(noun, K::kEntityType) && lexicon_.has_entity_type(tokens_[noun].name) && !lexicon_.acts(tokens_[noun].name);
    if (!side) continue;
    for (std::size_t k = i; k <= noun; ++k) mark(k);
    plan.ask = Ask::kExists;
    plan.distinct = true;
    plan.top = 2;
    plan.role = lexicon_.tallies().front().side;
    plan.entity_type = tokens_[noun].name;
    if (threshold_) {
      plan.exactly = threshold_;
      plan.at_least = !at_most_;
      plan.at_most = at_most_;
    }
    for (std::size_t k = 0; k < main_.size() && !plan.exactly; ++k) {
      if (!kind(main_[k], K::kNumber) || read_[main_[k]]) continue;
      plan.exactly = tokens_[main_[k]].number;
      mark(main_[k]);
    }
    for (const base::Tally& t : lexicon_.tallies()) {
      if (s.kinds.size() == 1 && s.kinds.front().types == std::vector<std::string>{t.type}) s.credit = t;
    }
    add_subs(s, main, true);
    plan.select = s;
    return true;
  }
  return false;
}

// "more in the first half than in the second": the part that was not named before
bool Parser::opposite_of(const std::vector<std::size_t>& right, const Clause& left, std::optional<Window>& opposite) {
  for (const std::size_t i : right) {
    const bool ordinal = kind(i, K::kOrdinal) && std::abs(tokens_[i].number) <= 2;
    if (!ordinal && !(is_word(i) && is_any(text(i), {"after", "before"}))) continue;
    if (ordinal &&
        std::any_of(right.begin(), right.end(), [&](std::size_t k) { return k > i && (kind(k, K::kEvent) || kind(k, K::kTally)); }))
      continue;
    for (const Selection& s : left.events) {
      for (const Window& w : s.windows) {
        const bool half = w.kind == Window::Kind::kPhrase && w.phrase.kind == TimePhrase::Kind::kPart && w.phrase.b == 2;
        if (w.kind != Window::Kind::kPeriod && !half) continue;
        opposite = w;
        if (half)
          opposite->phrase.a = 1 - w.phrase.a, opposite->phrase.text = "in the other half";
        else
          opposite->kind = Window::Kind::kNot;
      }
    }
    if (opposite) {
      mark(i);
      tokens_[i].kind = K::kWord;
      return true;
    }
  }
  return false;
}

// "before being taken off", "after scoring": it is the same one who does it.
void Parser::own_gerund(const Sub& sub, const Clause& main, const Clause& c, Selection& anchor) {
  if (sub.tokens.empty() || main.events.empty() || anchor.tally || !anchor.who.empty() || anchor.kinds.empty()) return;
  const std::string& first = words_[tokens_[sub.tokens.front()].used.front()].folded;
  if (!first.ends_with("ing") || !(kind(sub.tokens.front(), K::kEvent) || is_any(first, {"being", "getting", "having"}))) return;
  for (const Participant& p : main.events.front().who) {
    const auto e = p.entities.empty() || p.negated || p.opponent ? std::nullopt : store_.entity(p.entities.front());
    if (!e || !lexicon_.acts(e->type)) continue;
    Participant who = p;
    const bool passive = is_any(first, {"being", "getting"}) || c.passive.front();
    who.role = passive && !c.object.front().empty()                               ? c.object.front()
               : lexicon_.is_side(c.subject.front()) && !c.object.front().empty() ? c.object.front()
                                                                                  : c.subject.front();
    anchor.who = {who};
    return;
  }
}

// "Of their three scorers, who was the last to score?": one kind of event, said twice.
void Parser::merge_same(Clause& c) {
  if (c.events.size() != 2 || main_.empty()) return;
  const auto drop = [&](std::size_t e) {
    const auto at = static_cast<std::ptrdiff_t>(e);
    c.events.erase(c.events.begin() + at);
    for (auto* roles : {&c.subject, &c.object, &c.other}) roles->erase(roles->begin() + at);
    for (auto* flags : {&c.passive, &c.negated, &c.against}) flags->erase(flags->begin() + at);
    c.at.erase(c.at.begin() + at);
  };
  // "the opener go in": the moment of a running count is one of its events; "level at 1-1" is one state
  for (const std::size_t e : {std::size_t{0}, std::size_t{1}}) {
    const Selection& moment = c.events[e];
    const Selection& other = c.events[1 - e];
    if (!moment.tally || c.negated[1 - e]) continue;
    const bool same = is_any(moment.tally->state, {"opener", "equaliser", "winner", "pulls_back", "extends"}) && !other.tally &&
                      !other.nth && other.who.empty() && other.kinds.size() == 1 && other.kinds.front().where.empty() &&
                      other.kinds.front().types == std::vector<std::string>{moment.tally->tally.type} && c.subject[1 - e] == "agent";
    const bool level = moment.tally->state == "stands" && other.tally && other.tally->state == "level" &&
                       moment.tally->counts.size() == 2 && moment.tally->counts[0] == moment.tally->counts[1];
    if (!same && !level) continue;
    for (const std::size_t i : main_) {
      if (level && kind(i, K::kNumber) && tokens_[i].number == 2 && kind(i + 1, K::kEntityType)) mark(i);
    }
    return drop(1 - e);
  }
  if (!says(main_.front(), {"of", "among", "out"})) return;
  Selection& a = c.events[0];
  const Selection& b = c.events[1];
  if (a.tally || b.tally || !(a.kinds == b.kinds)) return;
  a.who.insert(a.who.end(), b.who.begin(), b.who.end());
  a.windows.insert(a.windows.end(), b.windows.begin(), b.windows.end());
  if (b.nth) a.nth = b.nth;
  drop(1);
}

// "shots or corners", and, where they are counted together, "corners and free kicks": events of either kind.
bool Parser::join_kinds(Clause& c, bool and_too) {
  if (c.events.size() != 2) return false;
  Selection& a = c.events[0];
  const Selection& b = c.events[1];
  if (a.tally || b.tally || a.nth || b.nth || c.negated[0] || c.negated[1] || a.kinds.empty() || b.kinds.empty()) return false;
  if (c.subject[0] != c.subject[1]) return false;
  std::size_t joint = tokens_.size();
  for (const std::size_t i : main_) {
    if (i <= c.at[0] || i >= c.at[1]) continue;
    if (kind(i, K::kEntity) || kind(i, K::kEntityType)) return false;
    if (is_word(i) && (text(i) == "or" || (and_too && text(i) == "and"))) joint = i;
  }
  if (joint == tokens_.size() || c.at[1] - joint > 3) return false;
  mark(joint);
  a.kinds.insert(a.kinds.end(), b.kinds.begin(), b.kinds.end());
  for (const Participant& p : b.who) a.who.push_back(p);
  for (const Window& w : b.windows) {
    if (a.windows.empty()) a.windows.push_back(w);
  }
  c.events.pop_back();
  for (auto* roles : {&c.subject, &c.object, &c.other}) roles->pop_back();
  for (auto* flags : {&c.passive, &c.negated, &c.against}) flags->pop_back();
  c.at.pop_back();
  return true;
}

// "booked or sent off": either value of the same attribute.
void Parser::union_condition(std::vector<Condition>& where, const Condition& condition, std::size_t i) {
  const auto same = std::find_if(where.begin(), where.end(), [&](const Condition& c) { return c.key == condition.key; });
  const bool joined = i > 0 && says(i - 1, {"or", "and"});
  const bool been = i > 1 && says(i - 1, {"was", "been", "got", "were"}) && says(i - 2, {"or", "and"});
  if (same == where.end() || *same == condition || !(joined || been) || same->value.is_boolean() || condition.value.is_boolean()) {
    where.push_back(condition);
    return;
  }
  mark(joined ? i - 1 : i - 2);
  nlohmann::json values = same->value.is_array() ? same->value : nlohmann::json::array({same->value});
  for (const auto& v : condition.value.is_array() ? condition.value : nlohmann::json::array({condition.value})) {
    if (std::find(values.begin(), values.end(), v) == values.end()) values.push_back(v);
  }
  same->value = std::move(values);
}

// "by the time", "at the time of": a clause that bounds another, in several words.
std::string Parser::joint_marker(std::size_t i, std::size_t& begin) const {
  if (!says(i, {"by", "at"}) || !says(i + 1, {"the"}) || !says(i + 2, {"time", "moment", "point", "instant"})) return {};
  begin = i + 3;
  if (says(begin, {"of", "that", "when"})) ++begin;
  if (begin == i + 3 && text(i) == "at") return {};  // "at the time" alone
  if (text(i) == "by") return "before";
  const bool had = std::any_of(words_.begin(), words_.end(), [](const Word& w) { return w.folded == "had"; });
  return had ? "before" : "while";
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
