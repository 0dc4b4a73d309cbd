// The plan of a question: what is asked for, from the words that ask and the clauses that were read.
#include <tuple>

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
  } else if (is_any(sub.marker, {"before", "until", "till"})) {
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
  add_subs(plan.select, main, false);
  return subs_.empty();
}

bool Parser::plan_who(Plan& plan, Clause& main, bool whose) {
  if (main.events.empty()) return false;
  Selection& s = main.events.front();
  // Who leads or has won is a side, not whoever made the event that decided it.
  if (s.tally && !is_any(s.tally->state, {"opener", "first", "equaliser", "winner", "pulls_back", "extends", "stands"})) return false;
  const bool by = std::any_of(words_.begin(), words_.end(), [](const Word& w) { return w.folded == "by"; });
  if (main.passive[0] && main.object[0].empty() && !by && !s.tally && asked_type() == tokens_.size()) {
    problem_ = "to whom it is done is not known here";
    return false;
  }
  const bool tie = tie_;
  const bool most = take({"most", "highest", "top", "more", "busiest"});
  const bool fewest = !most && take({"fewest", "least", "fewer", "lowest"});
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
  plan.role = role;
  if (s.tally && lexicon_.is_side(subject)) plan.role = "agent";
  const std::size_t type = asked_type();
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
    const bool after_event = std::any_of(main_.begin(), main_.begin() + static_cast<std::ptrdiff_t>(p),
                                         [&](std::size_t k) { return kind(k, K::kEvent); });
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
    const bool asked = (i > 0 && says(i - 1, {"which", "what", "the", "top", "name"})) || kind(i + 1, K::kEntityType) || kind(i + 1, K::kEntity);
    if ((most || fewest) && !tie && asked && tokens_[i].number > 1) plan.top = std::min(tokens_[i].number, 1000);
    mark(i);
  }
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
  if (soon_ && !plan.select.nth) plan.select.nth = soon_;
  // "Which players were booked?" asks for a list, however long.
  if (type < tokens_.size()) {
    const Word& noun = words_[tokens_[type].used.back()];
    plan.everyone = (noun.folded != noun.stem && noun.folded.ends_with("s")) || is_any(noun.folded, {"men", "people"});
  }
  if (take({"next"})) plan.select.nth = 1;
  if (take({"previous"})) plan.select.nth = -1;
  return true;
}

bool Parser::plan_videos(Plan& plan, Clause& main) {
  plan.videos = true;
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
      plan.exactly = tokens_[i].number;
      mark(i);
    }
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

// "The highest number of goals in any one match", "the most shots by a single player": the number, not who or what has it.
bool Parser::read_figure(Plan& plan, Clause& main, std::size_t many) {
  if (main.events.size() != 1 || !main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "fewest", "lowest", "smallest"}))
    return false;
  std::size_t single = tokens_.size();
  for (const std::size_t i : main_) {
    const bool one = (kind(i, K::kNumber) && tokens_[i].number == 1) || says(i, {"single", "any"});
    if (i > many && one) single = i;
  }
  if (single == tokens_.size() || single + 1 >= tokens_.size()) return false;
  const bool video = video_word(single + 1);
  if (!video && !kind(single + 1, K::kEntityType)) return false;
  plan.ask = Ask::kRank;
  plan.figure = true;
  plan.videos = video;
  plan.fewest = take({"fewest", "lowest", "smallest"});
  take({"largest", "most", "highest", "greatest", "maximum", "biggest"});
  take({"any"});
  mark(single);
  if (!video) {
    plan.entity_type = tokens_[single + 1].name;
    plan.role = main.subject[0];
    mark(single + 1);
  }
  for (const std::size_t i : main_) {
    if (kind(i, K::kNumber) && tokens_[i].number == 1) mark(i);
  }
  apply_lengths(main.events.front());
  add_subs(main.events.front(), main, false);
  plan.select = main.events.front();
  return true;
}

bool Parser::plan_of(Plan& plan) {
  if (plan_spoken(plan)) return true;
  read_ties();
  Clause main = read_clause(main_, nullptr);
  if (!problem_.empty()) return false;
  merge_moment(main);
  // "at least one", "at least once" say nothing more than that there is one.
  if (phrase({"at", "least", "one"}) || phrase({"at", "least", "once"}) || phrase({"at", "least", "a"})) {
    take({"least"});
    for (const std::size_t i : main_) {
      if (kind(i, K::kNumber) && tokens_[i].number == 1) mark(i);
    }
  }
  // "When do two people hug?": it takes two.
  for (std::size_t p = 0; p + 1 < main_.size(); ++p) {
    if (!kind(main_[p], K::kNumber) || tokens_[main_[p]].number != 2 || !kind(main_[p + 1], K::kEntityType) || main.events.empty())
      continue;
    for (const EventKind& k : main.events.front().kinds) {
      const bool mutual =
          std::any_of(k.types.begin(), k.types.end(), [&](const std::string& t) { return t.ends_with("_" + tokens_[main_[p + 1]].name); });
      if (mutual) mark(main_[p]);
    }
  }
  const std::size_t how = find_main({"how"});
  const std::size_t many = [&] {
    for (std::size_t p = 0; p + 1 < main_.size(); ++p) {
      const std::size_t i = main_[p], k = main_[p + 1];
      if (is_word(i) && text(i) == "how" && says(k, {"many", "often", "frequently"})) return k;
      if (is_word(i) && text(i) == "number" && says(k, {"of"})) return k;
      if (is_word(i) && p == 0 && text(i) == "count") return i;
    }
    return tokens_.size();
  }();
  bool how_many = many < tokens_.size();
  const bool unit = how_many && many + 1 < tokens_.size() && says(many + 1, {"seconds", "minutes", "hours"});
  bool how_long = unit || (how < tokens_.size() && says(how + 1, {"long", "soon", "quickly", "much", "fast"})) ||
                  (main_has({"total"}) && !how_many && main_has({"time", "duration", "length"})) || phrase({"amount", "of", "time"}) ||
                  (main_has({"apart"}) && phrase({"how", "far"})) || phrase({"length", "of"}) || phrase({"duration", "of"});
  const bool stretch = main_has({"longest", "shortest", "biggest", "smallest", "quickest"}) &&
                       (main_has({"gap", "wait", "stretch", "interval", "period", "time", "pause", "lull", "delay", "spell", "break"}) ||
                        main_has({"without"}));
  const bool from_to = std::any_of(subs_.begin(), subs_.end(), [](const Sub& sub) { return is_any(sub.marker, {"between", "from"}); });
  how_long = how_long || (from_to && main_has({"gap", "interval", "wait", "time"}) && main_has({"what"}));
  if (unit) how_many = false;
  mark(many);
  if (how_long || how_many) mark(how);
  if (how_long && how < tokens_.size()) mark(how + 1);
  if (plan_score(plan, main)) return true;
  if (plan_order(plan, main)) return true;
  const auto before = std::make_tuple(read_, alternatives_, second_at_, second_roles_);
  if (plan_compare(plan, main)) return true;
  std::tie(read_, alternatives_, second_at_, second_roles_) = before;  // what was read for a comparison that is none is read anew
  if (how_long || stretch) {
    // What was read for a gap that is none is read anew.
    const auto read = read_;
    Plan gap = plan;
    Clause clause = main;
    if (plan_gap(gap, clause, how_long)) {
      plan = std::move(gap);
      return true;
    }
    read_ = read;
    if (!problem_.empty()) return false;
  }

  // Words about what is asked for.
  std::size_t video = tokens_.size();
  bool count_videos = false;
  for (std::size_t p = 0; p < main_.size(); ++p) {
    if (!video_word(main_[p])) continue;
    for (std::size_t k = p; k-- > 0 && p - k <= 4;) {
      if (is_word(main_[k]) && is_any(text(main_[k]), {"which", "what"}) && p - k <= 4) video = main_[p];
      if (main_[k] == many) count_videos = true;
      if (kind(main_[k], K::kEvent) || kind(main_[k], K::kTally) || kind(main_[k], K::kEntityType)) break;
    }
  }
  const bool place = main_has({"where"});
  const bool who = main_has({"who", "whom", "whose"});
  const std::size_t type = asked_type();
  bool which_type = false;
  if (type < tokens_.size()) {
    for (std::size_t k = type; k-- > 0 && type - k <= 4;) {
      if (is_word(k) && is_any(text(k), {"which", "what", "list", "name"})) which_type = true;
      if (kind(k, K::kEvent) || (is_word(k) && is_aux(text(k)))) break;
    }
  }
  const bool which_two = phrase({"which", "two"}) || phrase({"which", "three"}) || phrase({"their", "names"}) ||
                         phrase({"who", "were", "they"}) || phrase({"who", "are", "they"});
  const bool doer_noun = main_has({"which"}) && !main.events.empty() && main.subject.front() != "agent" &&
                         !lexicon_.is_side(main.subject.front()) && video == tokens_.size() && type == tokens_.size();
  const bool plain_which = doer_noun || !among_.empty() ||
                           (main_has({"which"}) && !main.events.empty() && !main.events.front().who.empty() && video == tokens_.size() &&
                            type == tokens_.size());

  const bool at_once = phrase({"at", "once"}) || phrase({"same", "moment"}) || phrase({"same", "time"}) || phrase({"at", "one", "time"}) ||
                       phrase({"at", "any", "one", "time"}) || phrase({"at", "any", "one", "moment"}) || phrase({"at", "a", "time"}) ||
                       main_has({"simultaneously", "concurrently"});
  const bool most_at_once = at_once &&
                            main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak"}) && !who;
  if ((how_many || most_at_once) && !how_long) {
    if (main.events.empty()) return false;
    Selection& s = main.events.front();
    const bool largest = main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak"});
    if (at_once && main.events.size() == 1) {
      take({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak"});
      take({"same"});
      take({"simultaneously", "concurrently"});
      for (const std::size_t i : main_) {
        if (kind(i, K::kNumber) && tokens_[i].number == 1) mark(i);  // "at any one time"
      }
      plan.ask = Ask::kConcurrency;
      add_subs(s, main, false);
      plan.select = s;
      return true;
    }
    if (read_figure(plan, main, many)) return true;
    if (largest && main_has({"biggest", "largest"}) && main.events.size() == 1) {
      take({"largest", "biggest"});
      plan.ask = Ask::kMembers;
      add_subs(s, main, false);
      plan.select = s;
      return true;
    }
    for (const auto& [one, per] : {std::pair{"minute", base::kMinute}, {"hour", base::kHour}, {"second", base::kSecond}}) {
      if (plan.per == 0 && (take_phrase({"per", one}) || take_phrase({"every", one}))) plan.per = per;
    }
    if (plan.per > 0) {
      if (main.events.size() != 1 || !subs_.empty() || s.nth) return false;
      plan.ask = Ask::kRate;
      take({"rate"});
      plan.select = s;
      return true;
    }
    plan.ask = Ask::kCount;
    const bool result = s.tally && is_any(s.tally->state, {"won", "lost", "drawn", "none"});
    if (count_videos || result) plan.videos = true;
    if (count_videos && !negation_read_.empty()) {  // "in how many clips does nobody ..."
      plan.except = true;
      for (const std::size_t i : negation_read_) mark(i);
      for (const std::size_t i : main_) {
        if (kind(i, K::kNumber) && tokens_[i].number == 1) mark(i);  // "no one"
      }
    }
    const bool spells = s.tally && is_any(s.tally->state, {"ahead", "behind", "level", "equaliser", "pulls_back", "extends"}) &&
                        (phrase({"many", "times"}) || phrase({"how", "often"}) || phrase({"many", "occasions"}));
    if (s.tally && !result && !count_videos && !spells) return false;
    // "different players", "how many players": those who take part, not what they do
    bool counts_type = !plan.videos && type < tokens_.size() && type > many && type - many <= 4;
    for (std::size_t t = many + 1; counts_type && t < type; ++t)
      counts_type = kind(t, K::kEntity) || says(t, {"different", "distinct", "of", "separate", "the"});
    if (counts_type) {
      plan.distinct = true;
      plan.entity_type = tokens_[type].name;
      plan.role = main.passive[0] && !main.object[0].empty()
                      ? main.object[0]
                      : (lexicon_.is_side(main.subject[0]) && !main.object[0].empty() ? main.object[0] : main.subject[0]);
      mark(type);
      take({"different", "distinct"});
    }
    // "how many times does A overlap in time with B"
    const bool overlap = main_has({"overlap", "overlaps", "overlapped", "coincide", "coincides"});
    if (overlap && main.events.size() == 2) {
      take({"overlap", "overlaps", "overlapped", "coincide", "coincides"});
      Window w;
      w.kind = Window::Kind::kOverlaps;
      w.anchors = {main.events[1]};
      s.windows.push_back(std::move(w));
    } else if (count_videos && main.events.size() == 2 && !main.negated[1]) {
      take({"both"});
      plan.others = {main.events[1]};
    } else if (main.events.size() == 2 && subs_.empty() && main.subject[0] != "agent" && !lexicon_.is_side(main.subject[0])) {
      // "How many substitutes scored?": those of whom both is true
      plan.distinct = false;
      if (!plan_who(plan, main, false) || plan.ask != Ask::kWho) return false;
      plan.ask = Ask::kCount;
      plan.distinct = true;
      return true;
    } else if (main.events.size() > 1) {
      problem_ = "several kinds of event at once";
      return false;
    }
    if (!alternatives_.empty()) return false;
    apply_lengths(s);
    if (!s.nth) {
      for (const std::size_t i : main_) {
        if (kind(i, K::kNumber) &&
            (says(i + 1, {"sides", "games", "matches", "teams", "clips", "videos"}) || (i > 0 && says(i - 1, {"all", "the"}))))
          mark(i);
      }
    }
    add_subs(s, main, false);
    plan.select = s;
    return !s.nth;
  }
  if (how_long || (main_has({"longest", "shortest"}) && !who && !which_type)) {
    if (main.events.size() != 1) return false;
    Selection& s = main.events.front();
    if (s.tally && !is_any(s.tally->state, {"ahead", "behind", "level", "stands"})) return false;  // an instant has no length
    const bool shortest = take({"shortest", "briefest"}) || (phrase({"shorter", "of"}) && take({"shorter"}));
    const bool longest = take({"longest"}) || (phrase({"longer", "of"}) && take({"longer"}));
    plan.total = main_has({"total", "together", "altogether", "combined", "sum", "adding"});
    if (phrase({"overlaps", "only", "once"}) || phrase({"counting", "overlaps"}) || phrase({"counted", "once"}) ||
        phrase({"counted", "only", "once"}) || phrase({"counting", "each", "moment", "once"})) {
      take({"overlaps", "overlap", "overlapping"});
      take({"each"});
      take({"counting", "counted"});
      plan.total = false;
    }
    add_subs(s, main, true);
    apply_lengths(s);
    for (const std::size_t i : main_) {
      if (kind(i, K::kNumber)) mark(i);
    }
    plan.ask = longest || shortest || s.nth ? Ask::kLength : Ask::kDuration;
    plan.fewest = shortest;
    plan.select = s;
    return true;
  }
  if (video < tokens_.size() || (place && !who)) {
    take({"where"});
    return plan_videos(plan, main);
  }
  const bool when = main_has({"when"}) || phrase({"what", "time"}) || phrase({"what", "point"}) || phrase({"which", "minute"}) ||
                    phrase({"what", "minute"}) || phrase({"what", "moment"});
  if (when && !who) {
    if (main.events.size() != 1 || !negation_read_.empty()) return false;
    take({"when"});
    take({"minute", "point", "moment"});
    Selection& s = main.events.front();
    plan.ask = Ask::kWhen;
    add_subs(s, main, false);
    if (take({"next"})) s.nth = 1;
    if (soon_ && !s.nth) s.nth = soon_;
    apply_lengths(s);
    if (s.tally && is_any(s.tally->state, {"ahead", "behind", "level", "stands"}) && !s.nth) s.nth = 1;
    plan.select = s;
    return true;
  }
  // "Name the scorers": a noun that means who does it.
  const bool doers = !main_.empty() && says(main_.front(), {"name", "list"}) && !main.events.empty() && main.at.front() < tokens_.size() &&
                     (text(main.at.front()).ends_with("ers") || main.subject.front() != "agent");
  if (doers && take({"name", "list"})) {
    plan.everyone = true;
    if (!plan_who(plan, main, false)) return false;
    plan.everyone = plan.ask == Ask::kWho;
    return true;
  }
  const bool top = !main_.empty() && says(main_.front(), {"top", "leading", "best"}) && !main.events.empty();
  if (top) {
    mark(main_.front());
    if (!plan_who(plan, main, false)) return false;
    plan.ask = Ask::kRank;
    return true;
  }
  const bool which_of = main_has({"which"}) && !alternatives_.empty();
  if (who || which_type || which_two || plain_which || which_of || tie_) return plan_who(plan, main, main_has({"whose"}));
  const bool what = main_has({"what", "which"});
  if (what && main.events.size() == 1 && main.passive.front() && negation_read_.empty()) {
    // "What was taken away?" asks for what it was done to.
    take({"what", "which"});
    Selection& s = main.events.front();
    add_subs(s, main, false);
    plan.ask = Ask::kWho;
    plan.role = "object";
    plan.select = s;
    return true;
  }
  if (what) {
    const bool next = take({"next"});
    const bool previous = take({"previous"});
    const bool doing = main_has({"doing", "happen", "happened", "happens", "happening", "going", "do", "did"});
    if (!(next || previous || doing)) return false;
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
    if (s.windows.empty()) return false;
    take({"doing", "happen", "happened", "happens", "happening", "going"});
    for (Window& w : s.windows) {
      const bool soon =
          phrase({"right", "after"}) || phrase({"just", "after"}) || phrase({"immediately", "after"}) || phrase({"straight", "after"});
      if (w.kind == Window::Kind::kAfter && (next || soon || (w.within == 0 && main_has({"do", "did", "does"}) && !prefix.empty())))
        s.nth = 1;
      if (w.kind == Window::Kind::kBefore) s.nth = -1;
    }
    plan.ask = Ask::kWhat;
    plan.select = s;
    return true;
  }
  // Yes or no.
  bool starts = false;
  for (const std::size_t i : main_) {
    if (kind(i, K::kTime) || kind(i, K::kPeriod)) continue;
    if (!is_word(i)) break;
    if (is_aux(text(i))) {
      starts = true;
      break;
    }
    if (!is_stop_word(words_[tokens_[i].used.front()].folded)) break;
  }
  const bool ordered = !main.events.empty() && (main.events.front().nth || main_has({"earlier", "sooner", "later"}));
  if (!alternatives_.empty() && starts && (ordered || main_has({"more", "most", "fewer"}))) return plan_who(plan, main, false);
  if (starts) {
    if (main.events.empty()) return false;
    // "Was nobody booked?", "Did they go without a shot?": yes where there is none. "Didn't they score?" may be meant either way.
    const bool none = negation_read_.size() == 1 && main.events.size() == 1 &&
                      says(negation_read_.front(), {"nobody", "no", "none", "never", "without", "nothing", "fail", "fails", "failed"});
    if ((!negation_read_.empty() && !none) || !alternatives_.empty()) return false;
    if (none) {
      plan.except = true;
      mark(negation_read_.front());
    }
    Selection& s = main.events.front();
    if (main.events.size() == 2 && main_has({"overlap", "overlaps", "coincide"})) {
      take({"overlap", "overlaps", "coincide"});
      Window w;
      w.kind = Window::Kind::kOverlaps;
      w.anchors = {main.events[1]};
      s.windows.push_back(std::move(w));
    } else if (main.events.size() == 2 && subs_.empty() && main.subject[0] != "agent" && !lexicon_.is_side(main.subject[0])) {
      // "Did any substitute score?": is there one of whom both is true?
      if (!plan_who(plan, main, false) || plan.ask != Ask::kWho) return false;
      plan.ask = Ask::kExists;
      return true;
    } else if (main.events.size() > 1) {
      return false;
    }
    apply_lengths(s);
    add_subs(s, main, true);
    for (const std::size_t i : main_) {
      if (kind(i, K::kNumber) && tokens_[i].number == 1) mark(i);  // "even one", "in this one"
    }
    plan.ask = Ask::kExists;
    plan.select = s;
    return true;
  }
  return false;
}

}  // namespace reelgraph::query::parsing
