// Plans that ask for somebody, for videos, or for what was said.
#include "query/parser.h"

namespace reelgraph::query::parsing {
namespace {

bool is_any_of(TimePhrase::Kind kind, std::initializer_list<TimePhrase::Kind> any) {
  return std::find(any.begin(), any.end(), kind) != any.end();
}

}  // namespace

bool Parser::plan_spoken(Plan& plan) {
  const std::size_t verb = [&] {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      for (const std::size_t w : tokens_[i].used) {
        if (lexicon_.is_speaker(words_[w]) || is_any(words_[w].stem, {"mention", "said", "say"})) return i;
      }
    }
    return tokens_.size();
  }();
  if (verb == tokens_.size()) return false;
  plan.ask = Ask::kSpoken;
  bool video = false;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    mark(i);
    if (video_word(i) || says(i, {"where"})) {
      video = true;
      continue;
    }
    for (const std::size_t w : tokens_[i].used) {
      if (is_stop_word(words_[w].folded) || is_filler(words_[w]) || is_light_word(words_[w])) continue;
      if (lexicon_.is_speaker(words_[w])) continue;
      if (is_any(words_[w].stem, {"mention", "said", "say", "bring", "brought", "talk", "word", "speak", "refer", "discuss", "name"}))
        continue;
      plan.words.push_back(words_[w].folded);
    }
  }
  plan.videos = video;
  return !plan.words.empty();
}

bool Parser::plan_score(Plan& plan, Clause& main) {
  if (main.events.empty() || !main.events.front().tally || main.events.front().tally->state != "score") return false;
  if (!main_has({"what", "how"}) && !main_has({"tell"})) return false;
  take({"what"});
  plan.ask = Ask::kScore;
  plan.select = main.events.front();
  for (Window& w : plan.select.windows) {  // "the score after an hour": what had been counted until then
    if (w.kind != Window::Kind::kPhrase) continue;
    if (!is_any_of(w.phrase.kind, {TimePhrase::Kind::kAfter, TimePhrase::Kind::kAt, TimePhrase::Kind::kBefore, TimePhrase::Kind::kFirst}))
      return false;
    w.phrase.kind = TimePhrase::Kind::kBefore;
  }
  return subs_.empty();
}

bool Parser::plan_who(Plan& plan, Clause& main, bool whose) {
  if (main.events.empty()) return false;
  join_kinds(main, false);
  Selection& s = main.events.front();
  // Who leads or has won is a side, not whoever made the event that decided it.
  if (s.tally && !is_any(s.tally->state, {"opener", "first", "equaliser", "winner", "pulls_back", "extends", "stands"})) return false;
  const bool by = std::any_of(words_.begin(), words_.end(), [](const Word& w) { return w.folded == "by"; });
  if (main.passive[0] && main.object[0].empty() && !by && !s.tally && asked_type() == tokens_.size()) {
    problem_ = "to whom it is done is not known here";
    return false;
  }
  const bool tie = tie_;
  if (several_ > 0 && s.nth == several_) {  // "who scored a hat-trick"
    s.nth.reset();
    plan.exactly = several_;
    plan.at_least = true;
    plan.per_participant = true;
  }
  read_extreme(s);
  if (threshold_) {
    plan.exactly = threshold_;
    plan.at_least = !at_most_;
    plan.at_most = at_most_;
    plan.per_participant = read_single_video();
  }
  const bool topped = !s.nth && main_has({"topped", "tops"}) && take({"topped", "tops"});
  if (topped) take({"count", "charts", "chart", "list", "table", "ranking"});
  const bool most = topped || take({"most", "highest", "top", "more", "busiest", "higher", "greater", "larger", "greatest"});
  if (most && beyond_all()) {
    take({"than"});
    take({"else"});
    take({"other"});
  }
  const bool fewest = !most && take({"fewest", "least", "fewer", "lowest", "lower", "smaller"});
  const bool other_voice = second_at_ && whose;
  // "the subs that came on": the verb says which part they take
  const bool of_verb = second_at_ && !whose && !by && main.subject[0] == "agent" && !second_roles_.first.empty() &&
                       second_roles_.first != "agent" && !lexicon_.is_side(second_roles_.first);
  const std::string subject = other_voice ? "agent" : of_verb ? second_roles_.first : main.subject[0];
  const std::string& object = main.object[0];
  const auto taken = [&](const std::string& role) {
    return std::any_of(s.who.begin(), s.who.end(), [&](const Participant& p) {
      if (p.role != role || p.entities.empty()) return false;
      const auto e = store_.entity(p.entities.front());
      return e && (lexicon_.acts(e->type) || lexicon_.is_side(role));
    });
  };
  std::string role = subject;
  if (main.passive[0] && !object.empty())
    role = object;
  else if ((lexicon_.is_side(subject) || taken(subject)) && !object.empty())
    role = object;
  else if (lexicon_.is_side(subject) && object.empty())
    role = "agent";
  if (whose && object == "agent") role = object;
  const std::size_t type = asked_type();
  if (type < tokens_.size()) role = fitting_role(s, tokens_[type].name, role, preposition_before(type));
  plan.role = role.empty() ? "*" : role;
  if (s.tally && lexicon_.is_side(subject)) plan.role = "agent";
  if (type < tokens_.size()) {
    plan.entity_type = tokens_[type].name;
    mark(type);
  }
  if (!alternatives_.empty()) {
    for (const std::size_t i : alternatives_) plan.among.insert(plan.among.end(), tokens_[i].entities.begin(), tokens_[i].entities.end());
    take({"or"});
    const auto e = plan.among.empty() ? std::nullopt : store_.entity(plan.among.front());
    if (e && plan.entity_type.empty()) plan.entity_type = e->type;
    // "Was Pieters or Whelan booked first?"
    const bool sooner = take({"earlier", "sooner"}), later = !sooner && take({"later"});
    if (!most && !fewest && (s.nth == 1 || s.nth == -1 || sooner || later)) {
      Participant any{plan.among, {}, role, false, false};
      for (const std::size_t i : alternatives_) any.names.insert(any.names.end(), tokens_[i].names.begin(), tokens_[i].names.end());
      s.who.push_back(any);
      if (!s.nth) s.nth = sooner ? 1 : -1;
      take({"came", "come"});
      plan.ask = Ask::kWho;
      add_subs(s, main, false);
      plan.select = s;
      return main.events.size() == 1;
    }
    if (!most && !fewest) return false;
  } else {
    plan.among = among_;
  }
  plan.besides = besides_;
  if (!besides_.empty()) take({"else", "other"});
  // "in two different games"
  for (std::size_t p = 0; p < main_.size(); ++p) {
    if (!video_word(main_[p])) continue;
    for (std::size_t k = p; k-- > 0 && p - k <= 2;) {
      if (kind(main_[k], K::kNumber) && tokens_[main_[k]].number > 1 && k > 0 && says(main_[k - 1], {"in", "across", "over", "least"})) {
        if (phrase({"all"})) continue;
        plan.across = tokens_[main_[k]].number;
        mark(main_[k]);
        take({"different", "separate"});
        take({"least"});
      }
    }
  }
  // "set up two of his goals"
  for (std::size_t p = 0; p + 1 < main_.size() && !plan.exactly; ++p) {
    const std::size_t i = main_[p];
    if (!kind(i, K::kNumber) || tokens_[i].number < 2 || !says(main_[p + 1], {"of"}) || most || fewest) continue;
    const bool after_event =
        std::any_of(main_.begin(), main_.begin() + static_cast<std::ptrdiff_t>(p), [&](std::size_t k) { return kind(k, K::kEvent); });
    if (!after_event) continue;
    plan.exactly = tokens_[i].number;
    mark(i);
  }
  // "two assists each", "a hat-trick"
  for (std::size_t p = 0; p < main_.size(); ++p) {
    const std::size_t i = main_[p];
    if (kind(i, K::kNumber) && p + 1 < main_.size() && kind(main_[p + 1], K::kEvent) && main_has({"each", "apiece"})) {
      plan.exactly = tokens_[i].number;
      mark(i);
      take({"each", "apiece"});
    }
  }
  if (!plan.exactly && take({"twice"})) plan.exactly = 2;
  for (const std::size_t i : main_) {
    if (!kind(i, K::kNumber)) continue;
    // "which two cleared the ball most": so many of the first; "which two scored" is for the answer to tell
    const bool asked =
        (i > 0 && says(i - 1, {"which", "what", "the", "top", "name"})) || kind(i + 1, K::kEntityType) || kind(i + 1, K::kEntity);
    if ((most || fewest) && !tie && asked && tokens_[i].number > 1) plan.top = std::min(tokens_[i].number, 1000);
    // "who scored four goals", but not "who scored the two goals", "which two scored"
    const bool all = i > 0 && (says(i - 1, {"the", "which", "what", "top", "name", "all", "both", "these", "those", "of", "his", "her",
                                            "their", "its", "in", "across", "over"}) ||
                               kind(i - 1, K::kEntity) || kind(i - 1, K::kOrdinal));
    const bool of_event = i > 0 && (kind(i + 1, K::kEvent) ||
                                    (kind(i - 1, K::kEvent) && (i + 1 == tokens_.size() || ends(i) || !kind(i + 1, K::kEntityType))));
    if (!most && !fewest && !tie && !all && !plan.exactly && of_event && !read_[i] && plan.across == 0) plan.exactly = tokens_[i].number;
    mark(i);
  }
  plan.then = then_too(main);
  if (main.events.size() > 1) take({"both"});
  for (std::size_t e = 1; e < main.events.size(); ++e) {
    Selection other = main.events[e];
    other.credited = main.passive[e] && !main.object[e].empty() ? main.object[e]
                     : lexicon_.is_side(main.subject[e])        ? "agent"
                                                                : main.subject[e];
    plan.except = main.negated[e];
    if (main.events.size() > 2) return false;
    if (main.negated[e]) {
      for (const std::size_t i : negation_read_) mark(i);
    }
    plan.others.push_back(std::move(other));
  }
  add_subs(s, main, false);
  plan.select = s;
  if (most || fewest || tie) {
    plan.ask = Ask::kRank;
    plan.fewest = fewest;
    if (tie) take({"most"});
    return true;
  }
  plan.ask = Ask::kWho;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const bool what = i >= 1 && (words_[i - 1].folded == "what" || (i >= 2 && words_[i - 2].folded == "what") ||
                                 (i >= 3 && words_[i - 3].folded == "what") || (i >= 4 && words_[i - 4].folded == "what"));
    if (what && is_any(words_[i].folded, {"name", "names", "called"})) plan.named = true;
  }
  if (take({"late"})) soon_ = -1;  // "late on"
  if (take({"early"})) soon_ = 1;
  if (soon_ && !plan.select.nth) plan.select.nth = soon_;
  // "Which players were booked?" asks for a list, however long.
  if (type < tokens_.size()) {
    const Word& noun = words_[tokens_[type].used.back()];
    plan.everyone = (noun.folded != noun.stem && noun.folded.ends_with("s")) || is_any(noun.folded, {"men", "people"});
  }
  if (take({"next"})) plan.select.nth = 1;
  if (take({"previous"})) plan.select.nth = -1;
  // "Which forklift was idle the longest?": the longest of those of forklifts, not of all.
  const bool one = plan.select.nth || plan.select.extreme != 0;
  return !one || type == tokens_.size() || plan.role == "*" || lexicon_.is_side(plan.role) ||
         with_any(plan.select, plan.entity_type, plan.role);
}

// "in a single match", "in one game", "in the same clip"
bool Parser::read_single_video() {
  for (std::size_t p = 2; p < main_.size(); ++p) {
    if (!video_word(main_[p]) || !says(main_[p - 2], {"a", "any", "the", "in"})) continue;
    const std::size_t one = main_[p - 1];
    if (!says(one, {"single", "same", "one", "any"}) && !(kind(one, K::kNumber) && tokens_[one].number == 1)) continue;
    mark(one);
    if (p > 2 && says(main_[p - 3], {"any"})) mark(main_[p - 3]);
    return true;
  }
  return false;
}

bool Parser::plan_videos(Plan& plan, Clause& main) {
  plan.videos = true;
  if (several_ > 0 && !main.events.empty() && main.events.front().nth == several_) {
    main.events.front().nth.reset();
    plan.exactly = several_;
    plan.at_least = true;
    plan.per_participant = true;
  }
  if (threshold_) {
    plan.exactly = threshold_;
    plan.at_least = !at_most_;
    plan.at_most = at_most_;
  }
  for (const std::size_t i : main_) {
    if (is_word(i) && is_any(text(i), {"camera", "cameras"})) plan.noun = "camera";
  }
  if (main.events.empty()) {
    // "any vehicle activity"
    for (const std::size_t i : main_) {
      if (tokens_[i].kind != K::kEntityType) continue;
      std::vector<std::string> types;
      for (const std::string& t : lexicon_.event_types()) {
        if (t.starts_with(tokens_[i].name + "_")) types.push_back(t);
      }
      if (types.empty()) return false;
      mark(i);
      Selection s;
      s.kinds = {{types, {}}};
      s.windows = loose_windows_;
      main.events.push_back(std::move(s));
      main.subject.emplace_back("agent");
      main.object.emplace_back();
      main.passive.push_back(false);
      main.negated.push_back(false);
      main.other.emplace_back();
      main.against.push_back(false);
      main.at.push_back(i);
    }
    // "which games did Hazard play in"
    if (main.events.empty()) {
      Selection s;
      for (const std::size_t i : main_) {
        if (!kind(i, K::kEntity)) continue;
        if (std::set<std::string>(tokens_[i].names.begin(), tokens_[i].names.end()).size() > 1) return false;
        s.who.push_back({tokens_[i].entities, tokens_[i].names, "", false});
        mark(i);
      }
      if (s.who.empty()) return false;
      take({"appear", "appeared", "feature", "featured"});
      main.events.push_back(std::move(s));
    }
  }
  if (main.events.size() > 2 || main.events.front().nth) return false;  // "who scored first" is about both sides
  if (main.events.size() == 2) {
    if (!negation_read_.empty() || main.events[1].nth || main_has({"or", "most", "fewest", "more"})) return false;
    take({"both"});
    take({"and"});
    plan.others = {main.events[1]};
  }
  Selection& s = main.events.front();
  const bool most = take({"most", "highest", "more"});
  const bool fewest = !most && take({"fewest", "least", "lowest"});
  if (most || fewest) {
    if (!plan.noun.empty()) return false;  // a camera's videos would have to be added up
    plan.ask = Ask::kRank;
    plan.fewest = fewest;
    for (const std::size_t i : main_) {  // "which of the six matches", "which match of the six"
      const bool of = i > 0 && (says(i - 1, {"of"}) || (i > 1 && says(i - 1, {"the", "all", "these", "those"}) && says(i - 2, {"of"})));
      if (kind(i, K::kNumber) && (of || (video_word(i + 1) && i > 0 && says(i - 1, {"the", "all", "these", "those"})))) mark(i);
    }
  } else {
    plan.ask = Ask::kVideos;
    if (!negation_read_.empty()) {
      plan.except = true;
      for (const std::size_t i : negation_read_) mark(i);
      take({"any"});
    }
    for (std::size_t p = 0; p < main_.size(); ++p) {
      const std::size_t i = main_[p];
      if (!kind(i, K::kNumber)) continue;
      const bool by_one = p + 1 < main_.size() && kind(main_[p + 1], K::kEntityType) && tokens_[i].number == 1;
      if (by_one) {
        plan.per_participant = true;
        mark(i);
        continue;
      }
      if (tokens_[i].number == 1 || says(i + 1, {"games", "matches", "clips", "videos"})) {
        mark(i);
        continue;
      }
      if (threshold_) {
        mark(i);
        continue;
      }
      plan.exactly = tokens_[i].number;
      mark(i);
    }
    if (!plan.exactly && take({"twice"})) plan.exactly = 2;
    if (plan.per_participant && !plan.exactly) return false;
    const std::size_t type = asked_type();
    if (type < tokens_.size()) plan.entity_type = tokens_[type].name, mark(type);
    plan.role = main.subject.empty() ? "agent" : main.subject[0];
  }
  add_subs(s, main, true);
  plan.select = s;
  return true;
}

// "Who set up the opener": the goal that was set up is the opener, one event.
void Parser::merge_moment(Clause& c) {
  if (c.events.size() != 2) return;
  for (const std::size_t tally : {std::size_t{0}, std::size_t{1}}) {
    Selection& moment = c.events[tally];
    Selection& event = c.events[1 - tally];
    if (!moment.tally || event.tally || event.kinds.size() != 1 || !event.kinds.front().where.empty()) continue;
    if (!is_any(moment.tally->state, {"opener", "first", "equaliser", "winner", "pulls_back", "extends"})) continue;
    if (event.kinds.front().types != std::vector<std::string>{moment.tally->tally.type} || c.subject[1 - tally] == "agent") continue;
    event.tally = moment.tally;
    event.kinds.clear();
    event.who.insert(event.who.end(), moment.who.begin(), moment.who.end());
    if (moment.nth) event.nth = moment.nth;
    const std::size_t keep = 1 - tally;
    c.events = {event};
    c.subject = {c.subject[keep]};
    c.object = {c.object[keep]};
    c.other = {c.other[keep]};
    c.passive = {c.passive[keep]};
    c.negated = {c.negated[keep]};
    c.against = {c.against[keep]};
    c.at = {c.at[keep]};
    return;
  }
}

}  // namespace reelgraph::query::parsing
