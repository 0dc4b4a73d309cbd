// The words of a question made ready: clocks, the videos it names, and its clauses.
#include <algorithm>

#include "query/parser.h"

namespace reelgraph::query::parsing {

Parsed Parser::run() {
  type_nouns();
  find_unknown_names();
  join_clocks();
  join_within();
  join_periods();
  join_scores();
  take_phrase({"between", "them"});
  if (take_phrase({"yes", "or", "no"}) || take_phrase({"or", "not"})) whether_ = whether_ || !tokens_.empty();
  drop_context();
  drop_polite();
  seconds_passed();
  verb_last();
  read_lengths();
  drop_light();
  number_names();
  imply_events();
  begin_verbs();
  spread_verb();
  inherit_nouns();
  read_videos();
  segment();
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!in_sub_[i]) main_.push_back(i);
  }
  absorb_types();
  Plan plan;
  const bool ok = plan_of(plan);
  Parsed parsed;
  parsed.videos = std::move(restricted_);
  parsed.problem = problem_;
  parsed.unknown = unknown_;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (read_[i]) continue;
    const Token& t = tokens_[i];
    // "picked off", "gave away": a verb that means nothing here means something with its particle
    const bool phrasal = is_word(i) && is_word(i + 1) && !read_[i + 1] && !ends(i) &&
                         !(is_any(text(i), {"pick", "picked"}) && says(i + 1, {"up"})) &&
                         is_any(text(i), {"pick", "picked", "take", "takes", "took", "taken", "make", "makes", "made", "get", "gets", "got",
                                          "give", "gives", "gave", "given", "put", "come", "came"}) &&
                         is_any(text(i + 1), {"off", "out", "up", "down", "away", "back", "over"});
    if (phrasal) parsed.leftover.push_back(words_[t.used.front()]);
    for (const std::size_t w : t.used) {
      const bool filler = t.kind == K::kWord && (is_filler(words_[w]) || lexicon_.is_filler(words_[w])) && !is_operator(words_[w].folded);
      const bool type = t.kind == K::kEntityType;
      const bool small = t.kind == K::kWord && is_stop_word(words_[w].folded) && !is_operator(words_[w].folded);
      // "two goals up": how a count stands, where it was not read.
      const bool standing =
          small && is_any(words_[w].folded, {"up", "down"}) && i > 0 && (kind(i - 1, K::kNumber) || kind(i - 1, K::kTally));
      if ((!filler && !small && !type) || standing) parsed.leftover.push_back(words_[w]);
    }
  }
  if (ok && parsed.leftover.empty() && problem_.empty() && unknown_.empty()) parsed.plan = std::move(plan);
  return parsed;
}

// The first unread word of the main clause among these, marked as read.
bool Parser::take(std::initializer_list<std::string_view> any) {
  for (const std::size_t i : main_) {
    if (tokens_[i].kind == K::kWord && !read_[i] && is_any(text(i), any)) {
      mark(i);
      return true;
    }
  }
  return false;
}

// Consecutive words anywhere in the question.
bool Parser::phrase(std::initializer_list<std::string_view> words) const {
  for (std::size_t i = 0; i + words.size() <= words_.size(); ++i) {
    std::size_t k = i;
    bool all = true;
    for (const auto w : words) all = all && words_[k++].folded == w;
    if (all) return true;
  }
  return false;
}

bool Parser::take_phrase(std::initializer_list<std::string_view> words) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    std::size_t k = i;
    bool all = true;
    for (const auto w : words) {
      all = all && is_word(k) && text(k) == w;
      ++k;
    }
    if (!all) continue;
    for (std::size_t m = i; m < k; ++m) mark(m);
    return true;
  }
  return false;
}

void Parser::join_clocks() {
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    Token& t = tokens_[i];
    if (t.kind != K::kTime || t.time.kind != TimePhrase::Kind::kAt) continue;
    const auto end = base::parse_time(text(i + 1));
    if (!end || text(i + 1).find(':') == std::string::npos || *end <= t.time.a) continue;
    t.time.kind = TimePhrase::Kind::kBetween;
    t.time.b = *end;
    t.time.text += "-" + text(i + 1);
    mark(i + 1);
  }
  // "seven minutes in"
  for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
    if (!kind(i, K::kNumber) || !says(i + 1, {"minutes", "minute", "seconds", "mins"}) || !says(i + 2, {"in", "into"})) continue;
    Token& t = tokens_[i];
    t.kind = K::kTime;
    t.time = TimePhrase{};
    t.time.kind = TimePhrase::Kind::kAt;
    t.time.a = t.number * (says(i + 1, {"seconds"}) ? base::kSecond : base::kMinute);
    t.time.b = t.time.a + base::kSecond;
    t.time.text = "at " + base::format_time(t.time.a);
    mark(i + 1);
    mark(i + 2);
  }
}

// "within five minutes of the restart"
void Parser::join_within() {
  for (std::size_t i = 0; i + 3 < tokens_.size(); ++i) {
    if (!says(i, {"within"}) || !kind(i + 1, K::kNumber) || !says(i + 2, {"minutes", "minute", "mins"})) continue;
    std::size_t k = i + 3;
    while (k < tokens_.size() && is_word(k) && says(k, {"of", "the", "after", "from"})) ++k;
    if (!kind(k, K::kPeriod) || tokens_[k].period.from_minute < 0) continue;
    tokens_[k].period.to_minute = tokens_[k].period.from_minute + tokens_[i + 1].number;
    for (std::size_t m = i; m < k; ++m) mark(m);
  }
}

// "the last five minutes of the first half", "in the ten minutes after the restart": a part of a part.
void Parser::join_periods() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!kind(i, K::kTime)) continue;
    const TimePhrase& time = tokens_[i].time;
    std::size_t k = i + 1;
    while (k < tokens_.size() && says(k, {"of", "in", "the", "to"}) && is_word(k)) ++k;
    if (!kind(k, K::kPeriod) || ends(i)) continue;
    base::Period& period = tokens_[k].period;
    const double minutes = base::to_seconds(time.a) / 60;
    const bool later = says(k, {"after", "following", "since", "from", "past", "beyond"});
    const bool earlier = says(k, {"before", "prior", "ahead", "until", "up", "to", "leading"});
    if (time.kind == TimePhrase::Kind::kFirst || (time.kind == TimePhrase::Kind::kAt && later)) {
      period.to_minute = period.from_minute + minutes;
    } else if (time.kind == TimePhrase::Kind::kLast || (time.kind == TimePhrase::Kind::kAt && earlier)) {
      tokens_[k].within = time.a;
    } else {
      continue;
    }
    mark(i);
    for (std::size_t m = i + 1; m < k; ++m) mark(m);
    tokens_[k].used.insert(tokens_[k].used.begin(), tokens_[i].used.begin(), tokens_[i].used.end());
    tokens_[i].kind = K::kWord;
    tokens_[i].name = "the";
  }
}

// "2-1", "one-nil": how a count stands.
void Parser::join_scores() {
  if (lexicon_.tallies().empty()) return;
  const auto figure = [&](std::size_t i) -> std::optional<int> {
    if (kind(i, K::kNumber) && tokens_[i].used.size() == 1 && tokens_[i].number <= 30) return tokens_[i].number;
    if (kind(i, K::kTally) && tokens_[i].name == "zero") return 0;
    return std::nullopt;
  };
  // "two up", but not "2-1 up"
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (i > 0 && figure(i - 1) && figure(i) && !ends(i - 1)) continue;
    if (!kind(i, K::kNumber) || tokens_[i].number < 1 || tokens_[i].number > 10 || !is_word(i + 1) || !says(i + 1, {"up", "down"}))
      continue;
    if (says(i + 2, {"to", "until"})) continue;
    Token& t = tokens_[i + 1];
    t.kind = K::kTally;
    t.tally = lexicon_.tallies().front();
    t.name = text(i + 1) == "up" ? "ahead" : "behind";
    t.number = tokens_[i].number;
    mark(i);
    tokens_[i].kind = K::kWord;
    tokens_[i].name = "it";
  }
  // "two goals in front"
  for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
    Token& t = tokens_[i + 2];
    if (!kind(i, K::kNumber) || !kind(i + 1, K::kEvent) || !kind(i + 2, K::kTally) || !is_any(t.name, {"ahead", "behind"})) continue;
    if (tokens_[i + 1].event.types != std::vector<std::string>{t.tally.type}) continue;
    t.number = tokens_[i].number;
    for (const std::size_t k : {i, i + 1}) {
      mark(k);
      tokens_[k].kind = K::kWord;
      tokens_[k].name = "it";
    }
  }
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    const auto a = figure(i), b = figure(i + 1);
    if (!a || !b || ends(i) || says(i + 2, {"minutes", "minute", "seconds", "mins"})) continue;
    if (std::any_of(words_.begin(), words_.end(), [](const Word& w) { return is_any(w.folded, {"finish", "finished", "end", "ended"}); })) {
      problem_ = "how a running count ended is not compared with a figure";
      return;
    }
    Token& t = tokens_[i];
    t.kind = K::kTally;
    t.tally = lexicon_.tallies().front();
    t.name = "stands";
    t.number = 0;
    t.counts = {*a, *b};
    if (const std::size_t after = i + 2;
        says(after, {"up", "down"}) || (kind(after, K::kTally) && is_any(tokens_[after].name, {"ahead", "behind"}))) {
      const bool up = kind(after, K::kTally) ? tokens_[after].name == "ahead" : text(after) == "up";
      t.counts = up ? std::vector<int>{std::max(*a, *b), std::min(*a, *b)} : std::vector<int>{std::min(*a, *b), std::max(*a, *b)};
      tokens_[after].kind = K::kWord;
      tokens_[after].name = "it";
      mark(after);
    }
    if (kind(i + 2, K::kTally) && tokens_[i + 2].name == "score") {  // "the 1-1 scoreline"
      mark(i + 2);
      tokens_[i + 2].kind = K::kWord;
      tokens_[i + 2].name = "it";
    }
    t.used.push_back(tokens_[i + 1].used.front());
    mark(i + 1);
    tokens_[i + 1].kind = K::kWord;
    tokens_[i + 1].name = "it";
  }
}

// "There was a Kevin on each team. Which Kevin was substituted?": what was said before a question that stands for itself is context.
void Parser::drop_context() {
  std::size_t last = 0;
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (words_[tokens_[i].used.back()].ends_sentence) last = i + 1;
  }
  if (last == 0) return;
  const auto anchor = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (kind(i, K::kEvent) || kind(i, K::kTally)) return true;
    }
    return false;
  };
  if (!anchor(last, tokens_.size()) || anchor(0, last)) return;
  tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(last));
  read_.assign(tokens_.size(), false);
}

// In "how many seconds passed" nothing is a pass.
void Parser::seconds_passed() {
  const bool asks = phrase({"how", "many", "seconds"}) || phrase({"how", "many", "minutes"}) || phrase({"how", "much", "time"}) ||
                    phrase({"how", "long"});
  for (std::size_t i = 0; asks && i < tokens_.size() && i <= 4; ++i) {  // "passed between" is two words here
    auto& used = tokens_[i].used;
    if (!kind(i, K::kEvent) || used.size() != 2 || text(i) != "passed" || words_[used.back()].folded != "between") continue;
    Token between;
    between.name = "between";
    between.used = {used.back()};
    between.from = used.back();
    between.to = between.from + 1;
    used.pop_back();
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(between));
    read_.insert(read_.begin() + static_cast<std::ptrdiff_t>(i) + 1, false);
  }
  for (std::size_t i = 0; asks && i < tokens_.size(); ++i) {
    if (kind(i, K::kEvent) && tokens_[i].used.size() == 1 && is_any(text(i), {"passed", "pass", "passes", "elapsed"}) && i <= 4) {
      tokens_[i].kind = K::kWord;
      tokens_[i].name = text(i);
    }
  }
}

// In "how long did it last" nothing is the last.
void Parser::verb_last() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!kind(i, K::kOrdinal) || text(i) != "last") continue;
    const bool end = i + 1 == tokens_.size() || ends(i) || says(i + 1, {"before", "until", "for", "longer", "in"});
    if (end && phrase({"how", "long"})) tokens_[i].kind = K::kWord;
  }
}

bool Parser::has_anchor(std::size_t from, std::size_t to) const {
  for (std::size_t i = from; i < to; ++i) {
    if (kind(i, K::kEvent) || kind(i, K::kTally)) return true;
  }
  return false;
}

bool Parser::has_entity(std::size_t from, std::size_t to) const {
  for (std::size_t i = from; i < to; ++i) {
    if (kind(i, K::kEntity) || (kind(i, K::kOrdinal) && !kind(i, K::kTime))) return true;
  }
  return false;
}

void Parser::segment() {
  in_sub_.assign(tokens_.size(), false);
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!is_word(i) || in_sub_[i] || read_[i]) continue;
    std::string marker = text(i);
    std::size_t joint = 0;
    if (const std::string several = joint_marker(i, joint); !several.empty()) marker = several;
    if (!is_any(marker, {"after",    "once",      "since",    "following", "before", "until",    "till",  "when",
                         "while",    "whilst",    "during",   "between",   "from",   "as",       "prior", "amid",
                         "followed", "separates", "separate", "separated", "within", "preceded", "later"}))
      continue;
    std::size_t begin = joint > 0 && marker != text(i) ? joint : i + 1;
    if (marker == "during" &&
        (video_word(i + 1) || (says(i + 1, {"the", "this", "that"}) && video_word(i + 2) && !kind(i + 3, K::kEvent)))) {
      mark(i);  // "during the clip": all of it
      continue;
    }
    if (marker == "as" && !says(i + 1, {"soon"})) continue;
    if (marker == "as") begin += 2;
    if (marker == "prior" && says(i + 1, {"to"})) begin += 1;
    if (marker == "later") {  // "how much later than A was B"
      if (!says(i + 1, {"than"}) || i == 0 || !says(i - 1, {"much", "long", "minutes", "seconds", "far"})) continue;
      marker = "after";
      begin = i + 2;
    }
    base::Duration within = 0;  // "within five minutes of the restart"
    if (marker == "within") {
      const std::string& unit = text(i + 2);
      const base::Duration size = is_any(unit, {"seconds", "second", "secs", "sec"})   ? base::kSecond
                                  : is_any(unit, {"minutes", "minute", "mins", "min"}) ? base::kMinute
                                                                                       : 0;
      const bool one = says(i + 1, {"a", "one"});
      if (size == 0 || !(kind(i + 1, K::kNumber) || one) || !says(i + 3, {"of"})) continue;
      within = size * (one ? 1 : tokens_[i + 1].number);
      marker = "after";
      begin = i + 4;
    }
    if (is_any(marker, {"followed", "preceded"}) && !says(i + 1, {"by"})) {  // "how many turns followed the drop-off"
      if (!has_anchor(0, i) || (i > 0 && is_word(i - 1) && is_be(text(i - 1)))) continue;
      marker = marker == "followed" ? "after" : "before";
    } else if (marker == "preceded") {
      continue;
    } else if (marker == "followed") {
      begin += 1;
    }
    if (marker.starts_with("separate")) marker = "between";
    // Where the clause ends.
    std::size_t end = begin;
    bool comma = false;
    while (end < tokens_.size()) {
      if (end > begin && is_word(end) && is_any(text(end), {"after", "before", "until", "till", "since", "while", "when"}) &&
          marker != "from" && marker != "between")
        break;
      if (end > begin && is_word(end) && is_wh(text(end)) && !(text(end) == "when" && is_any(marker, {"from", "between"}))) break;
      if (end > begin && i == 0 && is_word(end) && is_do(text(end))) break;
      if (ends(end)) {
        ++end;
        // a word that stands between those of the token before ("left through THE door") is none after it, nor is what it implies
        while (end < tokens_.size() && tokens_[end].used.front() <= tokens_[end - 1].used.back()) ++end;
        comma = end < tokens_.size();
        break;
      }
      ++end;
    }
    const bool initial = i == 0 || std::all_of(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(i), [&](const Token& t) {
                           return t.kind == K::kWord && is_stop_word(words_[t.used.front()].folded) &&
                                  !is_wh(words_[t.used.front()].folded) && !is_aux(words_[t.used.front()].folded);
                         });
    if (marker == "when" && initial && !comma) continue;  // that is what is asked
    if (marker == "when" && i > 0 && says(i - 1, {"time", "moment", "point", "minute"}) && !main_event_before(i))
      continue;  // as in "the time when"
    if (marker == "when" && !initial && i > 0 && !has_question_before(i)) continue;
    // "how long after A was B": the clause ends where the next auxiliary begins.
    if (!initial && !comma && is_any(marker, {"after", "before"}) && i > 0 &&
        says(i - 1, {"long", "soon", "quickly", "much", "later", "time", "minutes", "seconds"}) && !(i > 1 && kind(i - 2, K::kNumber))) {
      bool anchor = false;
      for (std::size_t k = begin; k < end; ++k) {
        anchor = anchor || kind(k, K::kEvent) || kind(k, K::kTally);
        const bool owned = std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(k), tokens_.begin() + static_cast<std::ptrdiff_t>(end),
                                       [&](const Token& t) { return t.kind == K::kEntity && words_[t.used.back()].possessive; });
        if (anchor && is_word(k) && is_aux(text(k)) && (has_anchor(k, end) || has_ordinal(k, end) || owned)) {
          end = k;
          break;
        }
      }
    }
    Sub sub;
    sub.marker = marker == "whilst" || marker == "amid" ? "while" : marker == "prior" ? "before" : marker;
    sub.initial = initial;
    sub.within = within;
    const bool of_whom = kind(begin, K::kEntity) && words_[tokens_[begin].used.back()].possessive;  // "between West Ham's two goals"
    const bool the_two = marker == "between" && has_anchor(begin, end) && (says(begin, {"the", "his", "her", "their"}) || of_whom) &&
                         kind(begin + 1, K::kNumber) && tokens_[begin + 1].number == 2;
    if (the_two) {  // "between the two phone calls"
      for (std::size_t k = begin; k < end; ++k) sub.tokens.push_back(k);
      mark(begin + 1);
      sub.pair = true;
    } else if (marker == "from" || marker == "between") {
      std::size_t split = 0;
      for (std::size_t k = begin; k < end; ++k) {
        if (is_word(k) && is_any(text(k), {"and", "to", "until", "till"}) && (has_anchor(begin, k) || has_entity(begin, k)) &&
            (has_anchor(k + 1, end) || has_entity(k + 1, end)))
          split = k;
      }
      if (split == 0 || !(has_anchor(begin, end) || main_event_before(i))) continue;
      bool ordinals = has_anchor(begin, split) || has_anchor(split, end);
      if (!ordinals && !has_ordinal(begin, split)) continue;
      for (std::size_t k = begin; k < split; ++k) sub.tokens.push_back(k);
      for (std::size_t k = split + 1; k < end; ++k) sub.second.push_back(k);
      mark(split);
      in_sub_[split] = true;
    } else {
      if (!has_anchor(begin, end) && !(has_entity(begin, end) && is_any(marker, {"after", "before", "since", "following", "until"})))
        continue;
      for (std::size_t k = begin; k < end; ++k) sub.tokens.push_back(k);
    }
    // "in the ten seconds after"
    const bool stretch = i >= 1 && kind(i - 1, K::kTime) &&
                         (tokens_[i - 1].time.kind == TimePhrase::Kind::kAt ||
                          (tokens_[i - 1].time.kind == TimePhrase::Kind::kFirst && marker != "before") ||
                          (tokens_[i - 1].time.kind == TimePhrase::Kind::kLast && marker == "before"));
    if (stretch && is_any(marker, {"after", "before", "following"})) {
      sub.within = tokens_[i - 1].time.a;
      mark(i - 1);
      in_sub_[i - 1] = true;
    }
    if (i >= 2 && says(i - 1, {"seconds", "second", "minutes", "minute", "hours", "hour", "mins", "secs"}) &&
        (kind(i - 2, K::kNumber) || says(i - 2, {"a", "the"}))) {
      const base::Duration unit = says(i - 1, {"seconds", "second", "secs"}) ? base::kSecond
                                  : says(i - 1, {"hours", "hour"})           ? base::kHour
                                                                             : base::kMinute;
      const bool window = kind(i - 2, K::kNumber) || says(i - 2, {"the"});
      if (window) {
        sub.within = unit * (kind(i - 2, K::kNumber) ? tokens_[i - 2].number : 1);
        for (const std::size_t k : {i - 1, i - 2}) {
          mark(k);
          in_sub_[k] = true;
        }
      }
    }
    if (i > 0 && sub.within == 0 && says(i - 1, {"right", "straight", "immediately", "directly", "just"}) &&
        is_any(sub.marker, {"after", "before", "following"}))
      soon_ = sub.marker == "before" ? -1 : 1;
    mark(i);
    for (std::size_t k = i; k < begin; ++k) {
      mark(k);
      in_sub_[k] = true;
    }
    for (const std::size_t k : sub.tokens) in_sub_[k] = true;
    for (const std::size_t k : sub.second) in_sub_[k] = true;
    subs_.push_back(std::move(sub));
  }
}

bool Parser::has_question_before(std::size_t i) const {
  for (std::size_t k = 0; k < i; ++k) {
    if (is_word(k) && (is_wh(text(k)) || is_aux(text(k)))) return true;
  }
  return false;
}

bool Parser::has_ordinal(std::size_t from, std::size_t to) const {
  for (std::size_t i = from; i < to; ++i) {
    if (kind(i, K::kOrdinal)) return true;
  }
  return false;
}

// In "people getting into cars" the people are a part of what happens; a "vehicle" that stops is no other vehicle.
void Parser::absorb_types() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].kind != K::kEntityType) continue;
    for (std::size_t k = 0; k < tokens_.size(); ++k) {
      if (tokens_[k].kind != K::kEvent) continue;
      const bool part = std::any_of(tokens_[k].event.types.begin(), tokens_[k].event.types.end(), [&](const std::string& type) {
        return ("_" + type + "_").find("_" + tokens_[i].name + "_") != std::string::npos;
      });
      if (part) {
        absorbed_.insert(i);
        break;
      }
    }
  }
}

std::size_t Parser::find_main(std::initializer_list<std::string_view> any) const {
  for (const std::size_t i : main_) {
    if (tokens_[i].kind == K::kWord && is_any(text(i), any)) return i;
  }
  return tokens_.size();
}

std::size_t Parser::asked_type() const {
  for (const std::size_t i : main_) {
    if (tokens_[i].kind == K::kEntityType && !absorbed_.contains(i)) return i;
  }
  return tokens_.size();
}

}  // namespace reelgraph::query::parsing
