// The plan of a question: what is asked for, from the words that ask and the clauses that were read.
#include "query/parser.h"

namespace reelgraph::query::parsing {
Window Parser::window_of(const Sub& sub, const Clause& main, bool exists) {
  Clause c = read_clause(sub.tokens, &main);
  Window w;
  Selection anchor = c.events.empty() ? Selection{} : c.events.front();
  for (const std::size_t i : sub.tokens) {
    if (is_word(i) && is_any(text(i), {"ended", "finished", "over", "ends", "stopped", "finishing", "ending", "done", "end"}))
      w.ended = true;
    if (is_word(i) && is_any(text(i), {"time"})) mark(i);
  }
  w.within = sub.within;
  // "the first time"
  if (!anchor.nth && is_any(sub.marker, {"after", "since", "once", "following", "as", "before", "until", "till"}) && !anchor.tally) {
    if (sub.marker == "until") anchor.nth.reset();
  }
  w.anchors = {anchor};
  if (is_any(sub.marker, {"before", "until", "till"})) {
    w.kind = Window::Kind::kBefore;
  } else if (is_any(sub.marker, {"while", "during"}) || (is_any(sub.marker, {"when", "as"}) && exists) ||
             (sub.marker == "when" && sub.initial)) {
    w.kind = Window::Kind::kOverlaps;
  } else if (is_any(sub.marker, {"between", "from"})) {
    w.kind = Window::Kind::kBetween;
    Clause second = read_clause(sub.second, &c);
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
        if (words_[w].folded.starts_with("commentat") || words_[w].folded == "commentary" ||
            is_any(words_[w].stem, {"mention", "said", "say"}))
          return i;
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
      if (words_[w].folded.starts_with("commentat") || words_[w].folded == "commentary") continue;
      if (is_any(words_[w].stem,
                 {"mention", "said", "say", "bring", "brought", "talk", "word", "speak", "refer", "discuss", "name", "pundit"}))
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
  if (s.tally && !is_any(s.tally->state, {"opener", "equaliser", "winner"})) return false;
  const bool by = std::any_of(words_.begin(), words_.end(), [](const Word& w) { return w.folded == "by"; });
  if (main.passive[0] && main.object[0].empty() && !by && !s.tally && asked_type() == tokens_.size()) {
    problem_ = "to whom it is done is not known here";
    return false;
  }
  const bool tie = tie_;
  const bool most = take({"most", "highest", "top", "more", "busiest"});
  const bool fewest = !most && take({"fewest", "least", "fewer", "lowest"});
  const bool other_voice = second_at_ && whose;
  const std::string subject = other_voice ? "agent" : main.subject[0];
  const std::string& object = main.object[0];
  const auto taken = [&](const std::string& role) {
    return std::any_of(s.who.begin(), s.who.end(), [&](const Participant& p) {
      if (p.role != role || p.entities.empty()) return false;
      const auto e = store_.entity(p.entities.front());
      return e && (e->type != "team" || role == "team");
    });
  };
  std::string role = subject;
  if (main.passive[0] && !object.empty())
    role = object;
  else if ((subject == "team" || taken(subject)) && !object.empty())
    role = object;
  else if (subject == "team" && object.empty())
    role = "agent";
  if (whose && role == "assister") role = "agent";
  plan.role = role;
  if (s.tally) plan.role = "agent";
  const std::size_t type = asked_type();
  if (type < tokens_.size()) {
    plan.entity_type = tokens_[type].name;
    mark(type);
    if (plan.entity_type == "player" && lexicon_.has_entity_type("player") == false) return false;
  }
  if (!alternatives_.empty()) {
    for (const std::size_t i : alternatives_) plan.among.insert(plan.among.end(), tokens_[i].entities.begin(), tokens_[i].entities.end());
    take({"or"});
    const auto e = plan.among.empty() ? std::nullopt : store_.entity(plan.among.front());
    if (e && plan.entity_type.empty()) plan.entity_type = e->type;
    if (!most && !fewest) return false;
  } else {
    plan.among = among_;
  }
  plan.besides = besides_;
  if (!besides_.empty()) take({"else", "other"});
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
    if (kind(i, K::kNumber)) mark(i);  // "which two", "the three who": how many is for the answer to tell
  }
  for (std::size_t e = 1; e < main.events.size(); ++e) {
    Selection other = main.events[e];
    other.credited = main.passive[e] && !main.object[e].empty() ? main.object[e] : main.subject[e] == "team" ? "agent" : main.subject[e];
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
  if (main.events.size() > 1 || main.events.front().nth) return false;  // "who scored first" is about both sides
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

bool Parser::plan_of(Plan& plan) {
  if (plan_spoken(plan)) return true;
  read_ties();
  Clause main = read_clause(main_, nullptr);
  if (!problem_.empty()) return false;
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
                  phrase({"total", "time"}) || phrase({"total", "duration"}) || phrase({"amount", "of", "time"}) ||
                  phrase({"length", "of", "time"});
  const bool stretch = main_has({"longest", "shortest"}) && main_has({"gap", "wait", "stretch", "interval", "period", "time"});
  const bool from_to = std::any_of(subs_.begin(), subs_.end(), [](const Sub& sub) { return is_any(sub.marker, {"between", "from"}); });
  how_long = how_long || (from_to && main_has({"gap", "interval", "wait", "time"}) && main_has({"what"}));
  if (unit) how_many = false;
  mark(many);
  if (how_long || how_many) mark(how);
  if (how_long && how < tokens_.size()) mark(how + 1);
  if (plan_score(plan, main)) return true;
  if (plan_order(plan, main)) return true;
  if (plan_compare(plan, main)) return true;
  if ((how_long || stretch) && plan_gap(plan, main, how_long)) return true;

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
  const bool plain_which = !among_.empty() || (main_has({"which"}) && !main.events.empty() && !main.events.front().who.empty() &&
                                               video == tokens_.size() && type == tokens_.size());

  if (how_many && !how_long) {
    if (main.events.empty()) return false;
    Selection& s = main.events.front();
    const bool at_once =
        phrase({"at", "once"}) || phrase({"same", "moment"}) || phrase({"same", "time"}) || main_has({"simultaneously", "concurrently"});
    const bool largest = main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak"});
    if (at_once && main.events.size() == 1) {
      take({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak"});
      take({"same"});
      take({"simultaneously", "concurrently"});
      plan.ask = Ask::kConcurrency;
      add_subs(s, main, false);
      plan.select = s;
      return true;
    }
    if (largest && main_has({"biggest", "largest"}) && main.events.size() == 1) {
      take({"largest", "biggest"});
      plan.ask = Ask::kMembers;
      add_subs(s, main, false);
      plan.select = s;
      return true;
    }
    plan.ask = Ask::kCount;
    const bool result = s.tally && is_any(s.tally->state, {"won", "lost", "drawn", "none"});
    if (count_videos || result) plan.videos = true;
    if (s.tally && !result && !count_videos) return false;
    // "different players", "how many players": those who take part, not what they do
    bool counts_type = !plan.videos && type < tokens_.size() && type > many && type - many <= 4;
    for (std::size_t t = many + 1; counts_type && t < type; ++t)
      counts_type = kind(t, K::kEntity) || says(t, {"different", "distinct", "of", "separate", "the"});
    if (counts_type) {
      plan.distinct = true;
      plan.entity_type = tokens_[type].name;
      plan.role = main.passive[0] && !main.object[0].empty()
                      ? main.object[0]
                      : (main.subject[0] == "team" && !main.object[0].empty() ? main.object[0] : main.subject[0]);
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
    const bool shortest = take({"shortest", "briefest"});
    const bool longest = take({"longest"});
    plan.total = main_has({"total", "together", "altogether", "combined", "sum", "adding"});
    if (phrase({"overlaps", "only", "once"}) || phrase({"counting", "overlaps"})) {
      take({"overlaps"});
      take({"counting"});
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
    apply_lengths(s);
    if (s.tally && is_any(s.tally->state, {"ahead", "behind", "level"}) && !s.nth) s.nth = 1;
    plan.select = s;
    return true;
  }
  if (who || which_type || which_two || plain_which || tie_) return plan_who(plan, main, main_has({"whose"}));
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
  if (!alternatives_.empty() && starts && main_has({"more", "most", "fewer"})) return plan_who(plan, main, false);
  if (starts) {
    if (main.events.empty()) return false;
    if (!negation_read_.empty() || !alternatives_.empty()) return false;
    Selection& s = main.events.front();
    if (main.events.size() == 2 && main_has({"overlap", "overlaps", "coincide"})) {
      take({"overlap", "overlaps", "coincide"});
      Window w;
      w.kind = Window::Kind::kOverlaps;
      w.anchors = {main.events[1]};
      s.windows.push_back(std::move(w));
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
