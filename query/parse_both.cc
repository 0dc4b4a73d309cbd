// What is true of two parts at once, one after the other, or from one to the other.
#include "query/parser.h"

namespace reelgraph::query::parsing {

// "Did they score in both halves?": once in either. "Who scored in both?": whoever did so in either.
bool Parser::plan_both_parts(Plan& plan, Clause& main, bool asks_who) {
  if (main.events.size() != 1 || main.events.front().nth || main.events.front().tally || !negation_read_.empty() || threshold_)
    return false;
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    std::size_t noun = i + 1;
    while (says(noun, {"the", "of", "two"}) || (kind(noun, K::kNumber) && tokens_[noun].number == 2)) ++noun;
    if (!says(i, {"both", "each", "either"}) || !says(noun, {"halves", "half"}) || in_sub_[i]) continue;
    std::vector<Window> parts;
    for (const std::string name : {"first half", "second half"}) {
      const auto read = lexicon_.read_text("in the " + name);
      const auto part = std::find_if(read.begin(), read.end(), [](const Token& t) { return t.kind == K::kPeriod || t.kind == K::kTime; });
      if (part == read.end()) return false;
      Window w;
      w.kind = part->kind == K::kPeriod ? Window::Kind::kPeriod : Window::Kind::kPhrase;
      w.period = part->period;
      w.period.words = {name};
      w.phrase = part->time;
      parts.push_back(std::move(w));
    }
    for (std::size_t k = i; k <= noun; ++k) mark(k);
    if (says(i, {"either"})) return false;
    Selection& s = main.events.front();
    if (asks_who) {
      const std::size_t type = asked_type();
      if (type < tokens_.size() && !lexicon_.acts(tokens_[type].name)) return false;
      main.events.push_back(s);
      main.events[0].windows.push_back(parts[0]);
      main.events[1].windows.push_back(parts[1]);
      for (auto* roles : {&main.subject, &main.object, &main.other}) roles->push_back(std::string(roles->front()));
      for (auto* flags : {&main.passive, &main.negated, &main.against}) flags->push_back(flags->front());
      main.at.push_back(main.at.front());
      return true;
    }
    add_subs(s, main, true);
    plan.select = s;
    plan.others = {s};
    plan.select.windows.push_back(parts[0]);
    plan.others.front().windows.push_back(parts[1]);
    plan.ask = Ask::kCompare;
    plan.compare = "both";
    return true;
  }
  return false;
}

// "How long was Gardner on the pitch?": from the event with which he came to the one with which he went.
bool Parser::plan_stay(Plan& plan) {
  const bool until = subs_.size() == 1 && is_any(subs_.front().marker, {"before", "when", "until", "till"}) && subs_.front().within == 0;
  if (!(subs_.empty() || until) || !(phrase({"how", "long"}) || phrase({"how", "many", "minutes"}) || phrase({"how", "much", "time"})))
    return false;
  std::vector<std::size_t> spoken;
  for (const std::string& words : lexicon_.class_words("stay")) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t end = std::min(words.find(' ', at), words.size());
      all.push_back(words.substr(at, end - at));
      at = end + 1;
    }
    for (std::size_t i = 0; i + all.size() <= words_.size(); ++i) {
      bool same = true;
      for (std::size_t k = 0; k < all.size(); ++k) same = same && words_[i + k].folded == all[k];
      if (!same || all.size() <= spoken.size()) continue;
      spoken.clear();
      for (std::size_t k = 0; k < all.size(); ++k) spoken.push_back(i + k);
    }
  }
  if (spoken.empty()) return false;
  std::vector<std::size_t> who, said;
  for (const std::size_t i : main_) {
    const auto& used = tokens_[i].used;
    const bool in =
        std::any_of(used.begin(), used.end(), [&](std::size_t w) { return std::find(spoken.begin(), spoken.end(), w) != spoken.end(); });
    if (in)
      said.push_back(i);
    else if (kind(i, K::kEntity))
      who.push_back(i);
    else if (!is_word(i))
      return false;
  }
  if (who.size() != 1 || is_team(tokens_[who.front()]) || tokens_[who.front()].entities.size() != 1) return false;
  const Token& t = tokens_[who.front()];
  const auto add = [&](Selection& s, const std::string& words, std::string& role, bool begins) {
    const auto read = lexicon_.read_text(words);
    if (read.size() != 1 || read.front().kind != K::kEvent) return;
    s.kinds.push_back(read.front().event);
    role = begins || read.front().object.empty() ? read.front().subject : read.front().object;
  };
  Selection from, to;
  std::string begins, ends;
  for (const std::string& words : lexicon_.class_words("stay_begins")) add(from, words, begins, true);
  for (const std::string& words : lexicon_.class_words("stay_ends")) add(to, words, ends, false);
  if (from.kinds.empty() || to.kinds.empty()) return false;
  from.who = {{t.entities, t.names, begins, false, false}};
  to.who = {{t.entities, t.names, ends, false, false}};
  mark(who.front());
  for (const std::size_t i : said) mark(i);
  for (const std::size_t i : main_) {
    if (says(i, {"how", "long", "many", "much", "time", "minutes"})) mark(i);
  }
  if (until) {  // "how long was he on before he scored"
    Clause came;
    came.events = {from};
    came.subject = {begins};
    came.object = {ends};
    came.other.emplace_back();
    for (auto* flags : {&came.passive, &came.negated, &came.against}) flags->push_back(false);
    came.at = {who.front()};
    Clause end = read_clause(subs_.front().tokens, &came);
    if (end.events.size() != 1) return false;
    if (end.events.front().who.empty()) end.events.front().who = {{t.entities, t.names, end.subject.front(), false, false}};
    plan.ask = Ask::kGap;
    plan.select = from;
    plan.others = {end.events.front()};
    return true;
  }
  plan.ask = Ask::kStay;
  plan.select = from;
  plan.others = {to};
  return true;
}

// "Who drew the first yellow": the verb says nothing that its object does not. "The injured Mbabu": which he is, not what is asked.
void Parser::drop_light() {
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (ends(i)) continue;
    if (kind(i, K::kTally) && tokens_[i].used.size() == 1 && is_any(tokens_[i].name, {"drawn", "won", "lost"})) {
      std::size_t object = i + 1;
      while (object < tokens_.size() && !ends(object) &&
             (kind(object, K::kOrdinal) || kind(object, K::kNumber) || says(object, {"the", "a", "an", "most", "more", "any"})))
        ++object;
      if (!kind(object, K::kEvent) || (tokens_[i].name == "drawn" && tokens_[object].event.where.empty())) continue;
    } else if (kind(i + 1, K::kEvent) || !kind(i, K::kEvent) || !says(i, {"attempt", "attempted", "try", "tried"}) ||
               tokens_[i].used.size() != 1 || i == 0 || !(kind(i - 1, K::kEntity) || says(i - 1, {"he", "she", "they"})) ||
               !has_anchor(0, i)) {  // not "passes did he attempt"
      const bool adjective = i > 0 && says(i - 1, {"the"}) && kind(i, K::kEvent) && tokens_[i].used.size() == 1 &&
                             is_participle(words_[tokens_[i].used.front()]) && kind(i + 1, K::kEntity) && !is_team(tokens_[i + 1]) &&
                             (has_anchor(0, i) || has_anchor(i + 2, tokens_.size()));
      if (!adjective) continue;
    }
    tokens_[i].kind = K::kWord;
    tokens_[i].name = text(i);
    mark(i);
  }
  // "finished with fewer shots": so many at the end, which is all of them
  for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
    if (!says(i, {"finished", "finish", "ended", "end"}) || tokens_[i].used.size() != 1 || !says(i + 1, {"with"})) continue;
    std::size_t object = i + 2;
    while (object < tokens_.size() && !ends(object) && says(object, {"the", "most", "more", "fewer", "fewest", "higher", "number", "of"}))
      ++object;
    if (object == i + 2 || !kind(object, K::kEvent)) continue;
    tokens_[i].kind = K::kWord;
    tokens_[i].name = text(i);
    mark(i);
  }
}

// "What was opened first, the boot or a car door?": the verb is said once, of either.
void Parser::spread_verb() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!is_word(i) || !is_participle(words_[tokens_[i].used.front()]) || is_stop_word(text(i))) continue;
    std::size_t joint = i + 1;
    while (joint < tokens_.size() && !says(joint, {"or"})) ++joint;
    if (joint + 1 >= tokens_.size() || has_anchor(i + 1, tokens_.size())) continue;
    const auto read_part = [&](std::size_t from, std::size_t to, std::vector<std::size_t>& part) -> std::optional<Token> {
      std::string said;
      for (std::size_t k = from; k < to; ++k) {
        if (kind(k, K::kOrdinal) || (is_word(k) && is_stop_word(text(k)))) continue;
        part.push_back(k);
        for (const std::size_t w : tokens_[k].used) said += words_[w].folded + " ";
      }
      if (part.empty()) return std::nullopt;
      const auto read = lexicon_.read_text(said + text(i));
      if (read.size() != 1 || read.front().kind != K::kEvent) return std::nullopt;
      return read.front();
    };
    std::vector<std::size_t> left, right;
    const auto a = read_part(i + 1, joint, left), b = read_part(joint + 1, tokens_.size(), right);
    if (!a || !b) continue;
    for (const auto& [event, part] : {std::pair{*a, left}, std::pair{*b, right}}) {
      Token t = event;
      t.used.clear();
      for (const std::size_t k : part) {
        t.used.insert(t.used.end(), tokens_[k].used.begin(), tokens_[k].used.end());
        tokens_[k].kind = K::kWord;
        mark(k);
      }
      t.from = t.used.front();
      t.to = t.used.back() + 1;
      tokens_[part.front()] = std::move(t);
    }
    // It has said what it had to: what is read later must not take it for an event of its own.
    tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(i));
    read_.erase(read_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

// "booked and later taken off": in that order
bool Parser::then_too(const Clause& main) {
  if (main.events.size() != 2) return false;
  for (const std::size_t i : main_) {
    if (i <= main.at[0] || i >= main.at[1] || !says(i, {"later", "then", "subsequently", "afterwards", "eventually"})) continue;
    mark(i);
    return true;
  }
  return false;
}

}  // namespace reelgraph::query::parsing
