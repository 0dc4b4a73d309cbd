// The plan of a question: what is asked for, from the words that ask and the clauses that were read.
#include <tuple>

#include "query/parser.h"

namespace reelgraph::query::parsing {

// "The highest number of goals in any one match", "the most shots by a single player": the number, not who or what has it.
bool Parser::read_figure(Plan& plan, Clause& main, std::size_t many) {
  if (main.events.size() != 1 ||
      !main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "fewest", "lowest", "smallest"}))
    return false;
  std::size_t single = tokens_.size();
  for (const std::size_t i : main_) {
    const bool one = (kind(i, K::kNumber) && tokens_[i].number == 1) || says(i, {"single", "any"}) ||
                     (says(i, {"a", "per"}) && (video_word(i + 1) || kind(i + 1, K::kEntityType)));
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
  if (plan_spoken(plan) || plan_stay(plan)) return true;
  read_ties();
  Clause main = read_clause(main_, nullptr);
  if (!problem_.empty()) return false;
  merge_moment(main);
  merge_same(main);
  read_threshold();
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
  if (plan_busiest(plan, main)) return true;
  const std::size_t how = find_main({"how"});
  const std::size_t many = [&] {
    for (std::size_t p = 0; p + 1 < main_.size(); ++p) {
      const std::size_t i = main_[p], k = main_[p + 1];
      if (is_word(i) && text(i) == "how" && says(k, {"many", "often", "frequently"})) return k;
      if (is_word(i) && text(i) == "number" && says(k, {"of"})) return k;
      if (is_word(i) && p == 0 && text(i) == "count") return i;
      if (is_word(i) && p == 0 && text(i) == "total" && !main_has({"time", "duration", "length", "seconds", "minutes"})) return i;
    }
    return tokens_.size();
  }();
  // "who had the higher number of shots" asks for somebody
  const bool whose_number = many < tokens_.size() && says(many, {"of"}) && main_has({"who", "which", "whose"}) && main_.size() > 0 &&
                            main_has({"higher", "highest", "greater", "greatest", "larger", "largest", "lower", "lowest", "smaller"});
  bool how_many = many < tokens_.size() && !whose_number;
  const bool unit = how_many && many + 1 < tokens_.size() && says(many + 1, {"seconds", "minutes", "hours", "mins", "secs", "hrs"});
  bool how_long = unit || (how < tokens_.size() && says(how + 1, {"long", "soon", "quickly", "much", "fast"})) ||
                  (main_has({"total"}) && !how_many && main_has({"time", "duration", "length"})) || phrase({"amount", "of", "time"}) ||
                  (main_has({"apart"}) && phrase({"how", "far"})) || phrase({"length", "of"}) || phrase({"duration", "of"});
  const bool stretch = main_has({"longest", "shortest", "biggest", "smallest", "quickest"}) &&
                       (main_has({"gap", "wait", "stretch", "interval", "period", "time", "pause", "lull", "delay", "spell", "break"}) ||
                        main_has({"without"}));
  const bool from_to = std::any_of(subs_.begin(), subs_.end(), [](const Sub& sub) { return is_any(sub.marker, {"between", "from"}); });
  how_long =
      how_long || (from_to && main_has({"gap", "interval", "wait", "time", "difference"}) && (main_has({"what"}) || is_noun_phrase()));
  // "how many minutes into the game", "how far into the clip": a time
  const bool into = (unit || phrase({"how", "far"}) || phrase({"how", "long"}) || phrase({"how", "soon"})) && [&] {
    if (unit && says(many + 2, {"in", "into"}) && is_word(many + 3) && is_aux(text(many + 3)))
      return true;  // "how many seconds in does he"
    for (const std::size_t i : main_) {
      if (says(i, {"into"}) && (video_word(i + 1) || (says(i + 1, {"the", "this"}) && video_word(i + 2)) || says(i + 1, {"it"})))
        return true;
    }
    return false;
  }();
  if (unit) how_many = false;
  mark(many);
  if (how_long || how_many) mark(how);
  if (how_long && how < tokens_.size()) mark(how + 1);
  // "How many minutes had gone when they equalised?": a time
  if (unit && main.events.empty() && subs_.size() == 1 && subs_.front().marker == "when" &&
      main_has({"gone", "played", "elapsed", "passed", "clock"})) {
    Clause c = read_clause(subs_.front().tokens, nullptr);
    if (c.events.size() != 1) return false;
    plan.ask = Ask::kWhen;
    plan.select = c.events.front();
    take({"gone", "played", "elapsed", "passed"});
    take({"clock"});
    return true;
  }
  if (plan_score(plan, main)) return true;
  if (plan_order(plan, main)) return true;
  const auto before = std::make_tuple(read_, alternatives_, second_at_, second_roles_);
  if (plan_compare(plan, main)) return true;
  std::tie(read_, alternatives_, second_at_, second_roles_) = before;  // what was read for a comparison that is none is read anew
  if (main_has({"both", "each", "either"}) && !how_many && !how_long) {
    const bool asks_who = main_has({"who", "which", "whose", "name", "list", "what"});
    if (plan_both_parts(plan, main, asks_who) && !asks_who) return true;
  }
  if (main_has({"both", "each"}) && !how_many && !how_long && !main_has({"who", "which", "whose"}) && both_sides(plan, main)) return true;
  if (!how_many && !how_long && plan_where(plan, main)) return true;
  if ((how_long && !into) || stretch) {
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
                       phrase({"busiest", "moment"}) || phrase({"busiest", "time"}) || main_has({"simultaneously", "concurrently"});
  const bool most_at_once =
      at_once && main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak", "busiest"}) && !who;
  if ((how_many || most_at_once) && !how_long) {
    if (main.events.empty()) return how_many && plan_present(plan, many);
    Selection& s = main.events.front();
    const bool largest = main_has({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak", "busiest"});
    if (at_once && main.events.size() == 1) {
      take({"largest", "most", "highest", "greatest", "maximum", "biggest", "peak", "busiest"});
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
    if (largest && main_has({"biggest", "largest"}) && main.events.size() == 1 && !phrase({"biggest", "number"}) &&
        !phrase({"largest", "number"})) {
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
    if (count_videos && main_has({"camera", "cameras"}) && many + 1 < tokens_.size() &&
        says(many + 1, {"camera", "cameras", "different", "of"})) {
      plan.noun = "camera";
      if (!negation_read_.empty()) return false;
    }
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
    if (!plan.distinct && !plan.videos && main.events.size() == 1 && is_doer(main.at[0])) {  // "how many scorers": those who did it
      plan.distinct = true;
      plan.role = lexicon_.is_side(main.subject[0]) && !main.object[0].empty() ? main.object[0] : main.subject[0];
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
    } else if (main.events.size() > 1 && !(main.events.size() == 2 && !plan.distinct &&
                                           join_kinds(main, main_has({"total", "altogether", "combined", "together"})))) {
      problem_ = "several kinds of event at once";
      return false;
    }
    if (!alternatives_.empty()) return false;
    if (threshold_ && (plan.distinct || plan.videos)) {
      plan.exactly = threshold_;
      plan.at_least = !at_most_;
      plan.at_most = at_most_;
    } else if (threshold_) {
      return false;
    }
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
  const bool when = main_has({"when"}) || phrase({"what", "time"}) || phrase({"what", "times"}) || phrase({"what", "point"}) ||
                    phrase({"which", "minute"}) || phrase({"what", "minute"}) || phrase({"what", "moment"}) || phrase({"time", "of"}) ||
                    into;
  if ((how_long && !into) || (main_has({"longest", "shortest"}) && !who && !which_type && !when && video == tokens_.size())) {
    if (main.events.size() != 1) return false;
    Selection& s = main.events.front();
    if (s.tally && s.tally->state == "none") s.tally->state = "stands", s.tally->counts = {0, 0};  // "how long was it goalless"
    if (s.tally && !is_any(s.tally->state, {"ahead", "behind", "level", "stands"})) return false;  // an instant has no length
    const bool shortest =
        take({"shortest", "briefest"}) || ((phrase({"shorter", "of"}) || phrase({"the", "shorter"})) && take({"shorter"}));
    const bool longest = take({"longest"}) || ((phrase({"at", "most"}) || phrase({"at", "the", "most"})) && take({"most"})) ||
                         ((phrase({"longer", "of"}) || phrase({"the", "longer"})) && take({"longer"}));
    plan.total = main_has({"total", "together", "altogether", "combined", "sum", "adding"}) && !phrase({"at", "least", "one"}) &&
                 !main_has({"anyone", "anybody", "someone", "somebody"});
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
  // "Which clip has the longest call?": the video of that one
  if (video < tokens_.size() && main_has({"longest", "shortest"}) && main.events.size() == 1 && !how_long && !how_many &&
      !main.events[0].tally) {
    Selection& s = main.events.front();
    plan.fewest = !take({"longest"}) && take({"shortest"});
    add_subs(s, main, true);
    plan.ask = Ask::kLength;
    plan.videos = true;
    plan.select = s;
    return !s.nth && negation_read_.empty() && !main_has({"camera", "cameras"});
  }
  if (video < tokens_.size() || (place && !who)) {
    take({"where"});
    return plan_videos(plan, main);
  }
  if (when && !who) {
    if (main.events.size() != 1 || !negation_read_.empty()) return false;
    take({"when"});
    take({"minute", "point", "moment"});
    Selection& s = main.events.front();
    plan.ask = Ask::kWhen;
    add_subs(s, main, false);
    if (take({"next"})) s.nth = 1;
    read_extreme(s);
    plan.from_end = main_has({"end", "ends", "ended", "finish", "finishes", "finished", "over"}) || stops_;
    if (take({"late"})) soon_ = -1;  // "late on"
    if (take({"early"})) soon_ = 1;
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
  if (what) return plan_what(plan, main);
  // Yes or no.
  bool starts = whether_;
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
    } else if (main.events.size() == 2 && subs_.empty() &&
               ((main.subject[0] != "agent" && !lexicon_.is_side(main.subject[0])) || is_doer(main.at[0]) ||
                (main.subject[1] != "agent" && !main.passive[1] && !lexicon_.is_side(main.subject[1])))) {
      // "Did any substitute score?", "Were both keepers booked?": is there one, are there two, of whom both is true?
      const bool two = std::any_of(main_.begin(), main_.end(), [&](std::size_t i) { return i < main.at[0] && says(i, {"both"}); });
      if (!plan_who(plan, main, false) || plan.ask != Ask::kWho) return false;
      take({"both"});
      plan.ask = Ask::kExists;
      if (two) plan.distinct = true, plan.top = 2;
      return true;
    } else if (main.events.size() > 1 && !join_kinds(main, false)) {
      return false;
    }
    if (threshold_) {
      if (s.nth || none || s.tally) return false;
      const bool anyone = asked_type() < tokens_.size() || main_has({"anyone", "anybody", "someone", "somebody"});
      const auto by_whom = [&](const Participant& p) {
        const auto e = p.entities.empty() ? std::nullopt : store_.entity(p.entities.front());
        return e && lexicon_.acts(e->type);
      };
      if (anyone && std::none_of(s.who.begin(), s.who.end(), by_whom)) {
        if (at_most_) return false;
        plan.exactly = threshold_;
        plan.at_least = true;
        plan.role = main.subject[0];
        if (asked_type() < tokens_.size()) plan.entity_type = tokens_[asked_type()].name;
      } else {
        s.nth = at_most_ ? *threshold_ + 1 : *threshold_;  // there are so many where there is one of that number
        plan.except = at_most_;
      }
    }
    apply_lengths(s);
    add_subs(s, main, true);
    // "Did Costa and Pedro score?": each of them
    if (s.who.size() == 2 && s.who[0].role == s.who[1].role && s.who[0].role == "agent" && !none && !threshold_ && !s.nth && !s.tally) {
      take({"both"});
      take({"and"});
      plan.ask = Ask::kCompare;
      plan.compare = "both";
      plan.select = s;
      plan.others = {s};
      plan.select.who.pop_back();
      plan.others.front().who.erase(plan.others.front().who.begin());
      return true;
    }
    for (const std::size_t i : main_) {
      if (kind(i, K::kNumber) && tokens_[i].number == 1) mark(i);  // "even one", "in this one"
    }
    plan.ask = Ask::kExists;
    plan.select = s;
    return true;
  }
  // "Corners for Palace in the first half": a noun in the plural, and no verb.
  if (is_noun_phrase() && main.events.size() == 1 && main.at.front() < tokens_.size() && kind(main.at.front(), K::kEvent) &&
      alternatives_.empty() && negation_read_.empty()) {
    Selection& s = main.events.front();
    const Word& noun = words_[tokens_[main.at.front()].used.back()];
    if (noun.folded.ends_with("ers") && is_counted(main.events.front())) {  // "their scorers?"
      plan.everyone = true;
      return plan_who(plan, main, false);
    }
    if (s.nth || s.tally || threshold_ || !noun.folded.ends_with("s") || noun.folded == noun.stem) return false;
    plan.ask = Ask::kCount;
    apply_lengths(s);
    add_subs(s, main, false);
    plan.select = s;
    return true;
  }
  return false;
}

}  // namespace reelgraph::query::parsing
