#pragma once
// The reader of questions, inside: its state and steps. Used by parse.cc and parse_plan.cc only.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "query/linking.h"
#include "query/parse.h"

namespace reelgraph::query::parsing {

using K = Token::Kind;

inline bool is_any(const std::string& w, std::initializer_list<std::string_view> any) {
  return std::find(any.begin(), any.end(), w) != any.end();
}

inline bool is_be(const std::string& w) {
  return is_any(w, {"is", "are", "was", "were", "been", "being", "be", "get", "gets", "got", "getting"});
}
inline bool is_do(const std::string& w) { return is_any(w, {"did", "does", "do", "didn't", "doesn't", "don't"}); }
inline bool is_aux(const std::string& w) {
  return is_do(w) || is_any(w, {"is", "are", "was", "were", "has", "have", "had", "can", "could", "will", "any", "isn't", "aren't",
                                "wasn't", "weren't", "hasn't", "haven't", "hadn't"});
}
inline bool is_wh(const std::string& w) { return is_any(w, {"how", "who", "whom", "whose", "what", "which", "where", "when", "why"}); }

// Words that carry the form of a question and mean nothing more in it.
inline bool is_filler(const Word& w) {
  static const std::unordered_set<std::string_view> words = {
      "actually",  "even",     "single",    "manage",    "manages",    "managed",  "logged",     "noted",      "recorded",    "afternoon",
      "day",       "evening",  "side",      "sides",     "altogether", "put",      "together",   "all",        "over",        "across",
      "archive",   "whole",    "start",     "starts",    "starting",   "started",  "begin",      "begins",     "beginning",   "began",
      "end",       "ended",    "finished",  "fully",     "completely", "just",     "right",      "shortly",    "immediately", "directly",
      "exactly",   "there",    "thing",     "things",    "event",      "events",   "activity",   "activities", "bit",         "spell",
      "spells",    "go",       "goes",      "going",     "on",         "still",    "also",       "both",       "either",      "either",
      "every",     "each",     "per",       "only",      "once",       "twice",    "one",        "ones",       "person",      "people",
      "someone",   "somebody", "anyone",    "anybody",   "adding",     "counting", "everything", "everyone",   "everybody",   "player",
      "players",   "footage",  "clip",      "clips",     "video",      "videos",   "match",      "matches",    "game",        "games",
      "film",      "camera",   "cameras",   "recording", "recordings", "six",      "visible",    "seen",       "see",         "shows",
      "show",      "caught",   "catch",     "take",      "takes",      "took",     "taken",      "taking",     "make",        "makes",
      "made",      "making",   "have",      "having",    "had",        "play",     "played",     "plays",      "committed",   "commit",
      "given",     "give",     "gave",      "receive",   "received",   "receives", "picked",     "pick",       "get",         "gets",
      "got",       "finish",   "came",      "come",      "comes",      "happen",   "happens",    "happened",   "happening",   "occur",
      "occurs",    "occurred", "did",       "do",        "does",       "time",     "times",      "total",      "overall",     "number",
      "many",      "much",     "long",      "often",     "lasted",     "last",     "lasts",      "another",    "else",        "other",
      "name",      "names",    "list",      "please",    "tell",       "me",       "show",       "shown",      "whilst",      "anything",
      "something", "nothing",  "course",    "seconds",   "minutes",    "second",   "minute",     "hour",       "hours",       "not",
      "no",        "never",    "perform",   "performed", "attempted",  "him",      "them",       "first",      "point",       "moment",
      "instances", "instance", "occasions", "occasion",  "amount",     "score",    "scored",     "member",     "contain",     "contains",
      "include",   "includes", "feature",   "features",  "involved",   "involve",  "spent",      "spend",      "passed",      "elapsed",
      "pass",      "went",     "again",     "lasting",   "stretch",    "period",   "wait",       "gap",        "interval",    "duration",
      "length",    "team",     "teams",     "opposing",  "opposition"};
  return is_stop_word(w.folded) || words.contains(w.folded) || is_light_word(w);
}

// Words that compute something. Where one stays unread, no answer may be given.
inline bool is_operator(const std::string& w) {
  static const std::unordered_set<std::string_view> words = {
      "after",   "before", "since",    "until",   "till",        "during",   "while",   "between", "than",       "most",    "more",
      "less",    "fewer",  "fewest",   "least",   "longest",     "shortest", "average", "same",    "instead",    "if",      "versus",
      "later",   "next",   "previous", "mean",    "consecutive", "except",   "besides", "twice",   "meanwhile",  "overlap", "overlaps",
      "earlier", "sooner", "biggest",  "highest", "lowest",      "largest",  "never",   "without", "not",        "no",      "nobody",
      "none",    "both",   "per",      "why",     "neither",     "nor",      "didn't",  "wasn't",  "percentage", "percent", "share",
      "ratio",   "rate",   "half",     "each",    "other",       "or"};
  return words.contains(w);
}

inline bool is_participle(const Word& w) {
  static const std::unordered_set<std::string_view> words = {
      "sent", "shown",  "put",    "taken",  "brought", "given",  "hit",    "thrown", "withdrawn", "won",
      "lost", "caught", "made",   "shut",   "left",    "stolen", "ridden", "driven", "found",     "set",
      "held", "hurt",   "beaten", "broken", "cut",     "laid",   "read",   "bought", "worn",      "subbed"};
  return words.contains(w.folded) || (w.folded.size() > 3 && w.folded.ends_with("ed"));
}

struct Sub {
  std::string marker;
  std::vector<std::size_t> tokens;  ///< of the (first) anchor
  std::vector<std::size_t> second;  ///< of the second, of "between A and B"
  base::Duration within = 0;
  bool initial = false;
};

/// What one clause says.
struct Clause {
  std::vector<Selection> events;             ///< one for each kind of event that is not just another word for the one before
  std::vector<std::string> subject, object;  ///< roles, of each
  std::vector<bool> passive, negated;
  std::vector<std::size_t> at;  ///< index of the first token of each
  bool partial = false;
};

class Parser {
 public:
  Parser(const std::vector<Word>& words, const Lexicon& lexicon, const graph::Store& store, const std::vector<std::string>& videos)
      : words_(words), lexicon_(lexicon), store_(store) {
    tokens_ = lexicon.read(words, videos);
    read_.assign(tokens_.size(), false);
    all_videos_ = videos.empty();
  }

  Parsed run() {
    join_clocks();
    drop_context();
    seconds_passed();
    verb_last();
    read_lengths();
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
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (read_[i]) continue;
      const Token& t = tokens_[i];
      for (const std::size_t w : t.used) {
        const bool filler = t.kind == K::kWord && is_filler(words_[w]) && !is_operator(words_[w].folded);
        const bool type = t.kind == K::kEntityType;
        const bool small = t.kind == K::kWord && is_stop_word(words_[w].folded) && !is_operator(words_[w].folded);
        if (!filler && !small && !type) parsed.leftover.push_back(words_[w]);
      }
    }
    if (ok && parsed.leftover.empty() && problem_.empty()) parsed.plan = std::move(plan);
    return parsed;
  }

 private:
  // ---- small readers -------------------------------------------------------------------------------------------------------------
  [[nodiscard]] const std::string& text(std::size_t i) const {
    static const std::string none;
    return i < tokens_.size() ? words_[tokens_[i].used.front()].folded : none;
  }
  [[nodiscard]] bool is_word(std::size_t i) const { return i < tokens_.size() && tokens_[i].kind == K::kWord; }
  [[nodiscard]] bool kind(std::size_t i, K k) const { return i < tokens_.size() && tokens_[i].kind == k; }
  [[nodiscard]] bool says(std::size_t i, std::initializer_list<std::string_view> any) const {
    return i < tokens_.size() && is_any(text(i), any);
  }
  [[nodiscard]] bool ends(std::size_t i) const { return words_[tokens_[i].used.back()].ends_clause; }
  void mark(std::size_t i) {
    if (i < read_.size()) read_[i] = true;
  }
  // The first unread word of the main clause among these, marked as read.
  bool take(std::initializer_list<std::string_view> any) {
    for (const std::size_t i : main_) {
      if (tokens_[i].kind == K::kWord && is_any(text(i), any)) {
        mark(i);
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool main_has(std::initializer_list<std::string_view> any) const {
    return std::any_of(main_.begin(), main_.end(), [&](std::size_t i) { return tokens_[i].kind == K::kWord && is_any(text(i), any); });
  }
  // Consecutive words anywhere in the question.
  [[nodiscard]] bool phrase(std::initializer_list<std::string_view> words) const {
    for (std::size_t i = 0; i + words.size() <= words_.size(); ++i) {
      std::size_t k = i;
      bool all = true;
      for (const auto w : words) all = all && words_[k++].folded == w;
      if (all) return true;
    }
    return false;
  }
  bool take_phrase(std::initializer_list<std::string_view> words) {
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

  void join_clocks() {
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

  // "There was a Kevin on each team. Which Kevin was substituted?": what was said before a question that stands for itself is context.
  void drop_context() {
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
  void seconds_passed() {
    const bool asks = phrase({"how", "many", "seconds"}) || phrase({"how", "many", "minutes"}) || phrase({"how", "much", "time"}) ||
                      phrase({"how", "long"});
    for (std::size_t i = 0; asks && i < tokens_.size(); ++i) {
      if (kind(i, K::kEvent) && tokens_[i].used.size() == 1 && is_any(text(i), {"passed", "pass", "passes", "elapsed"}) && i <= 4) {
        tokens_[i].kind = K::kWord;
        tokens_[i].name = text(i);
      }
    }
  }

  // In "how long did it last" nothing is the last.
  void verb_last() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!kind(i, K::kOrdinal) || text(i) != "last") continue;
      const bool end = i + 1 == tokens_.size() || ends(i) || says(i + 1, {"before", "until", "for", "longer", "in"});
      if (end && phrase({"how", "long"})) tokens_[i].kind = K::kWord;
    }
  }

  // "camera G299", "the hospital footage", "Chelsea v Stoke": which videos the question itself names.
  void read_videos() {
    std::set<std::string> chosen;
    bool any = false;
    const auto narrow = [&](const std::vector<std::string>& ids) {
      std::set<std::string> next(ids.begin(), ids.end());
      if (any) {
        std::set<std::string> both;
        std::set_intersection(chosen.begin(), chosen.end(), next.begin(), next.end(), std::inserter(both, both.begin()));
        next = both;
      }
      chosen = next;
      any = true;
    };
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind != K::kVideo) continue;
      mark(i);
      narrow(tokens_[i].videos);
    }
    const bool game = std::any_of(words_.begin(), words_.end(), [](const Word& w) {
      return is_any(w.folded, {"match", "game", "played", "playing", "fixture", "meeting"});
    });
    for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
      if (!kind(i, K::kEntity) || !kind(i + 2, K::kEntity)) continue;
      const bool versus =
          says(i + 1, {"v", "vs", "versus"}) || (game && says(i + 1, {"against", "played", "and", "play"}) && phrase({"the", "game"}));
      if (!versus) continue;
      std::vector<std::string> ids;
      const auto plays = [&](const Token& t, const std::string& id) {
        graph::EventFilter f;
        f.videos = {id};
        f.limit = 1;
        return std::any_of(t.entities.begin(), t.entities.end(), [&](graph::RowId row) {
          f.entities = {row};
          return !store_.events(f).empty();
        });
      };
      for (const graph::VideoRecord& v : store_.videos()) {
        if (ids.size() < 500 && plays(tokens_[i], v.id) && plays(tokens_[i + 2], v.id)) ids.push_back(v.id);
      }
      for (std::size_t k = i; k < i + 3; ++k) {
        mark(k);
        tokens_[k].kind = K::kWord;
      }
      narrow(ids);
    }
    restricted_.assign(chosen.begin(), chosen.end());
    if (any && restricted_.empty()) problem_ = "No video is all that.";
  }

  // ---- clauses -------------------------------------------------------------------------------------------------------------------
  [[nodiscard]] bool has_anchor(std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i < to; ++i) {
      if (kind(i, K::kEvent) || kind(i, K::kTally)) return true;
    }
    return false;
  }
  [[nodiscard]] bool has_entity(std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i < to; ++i) {
      if (kind(i, K::kEntity) || (kind(i, K::kOrdinal) && !kind(i, K::kTime))) return true;
    }
    return false;
  }

  void segment() {
    in_sub_.assign(tokens_.size(), false);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!is_word(i) || in_sub_[i] || read_[i]) continue;
      std::string marker = text(i);
      if (!is_any(marker, {"after", "once", "since", "following", "before", "until", "till", "when", "while", "whilst", "during", "between",
                           "from", "as", "prior", "amid"}))
        continue;
      std::size_t begin = i + 1;
      if (marker == "as" && !says(i + 1, {"soon"})) continue;
      if (marker == "as") begin += 2;
      if (marker == "prior" && says(i + 1, {"to"})) begin += 1;
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
      if (marker == "when" && !initial && i > 0 && !has_question_before(i)) continue;
      // "how long after A was B": the clause ends where the next auxiliary begins.
      if (!initial && !comma && is_any(marker, {"after", "before"}) && i > 0 &&
          says(i - 1, {"long", "soon", "quickly", "much", "later", "time"})) {
        bool anchor = false;
        for (std::size_t k = begin; k < end; ++k) {
          anchor = anchor || kind(k, K::kEvent) || kind(k, K::kTally);
          if (anchor && is_word(k) && is_aux(text(k)) && has_anchor(k, end)) {
            end = k;
            break;
          }
        }
      }
      Sub sub;
      sub.marker = marker == "whilst" || marker == "amid" ? "while" : marker == "prior" ? "before" : marker;
      sub.initial = initial;
      if (marker == "from" || marker == "between") {
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
      if (i >= 1 && kind(i - 1, K::kTime) && tokens_[i - 1].time.kind == TimePhrase::Kind::kAt &&
          is_any(marker, {"after", "before", "following"})) {
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

  [[nodiscard]] bool has_question_before(std::size_t i) const {
    for (std::size_t k = 0; k < i; ++k) {
      if (is_word(k) && (is_wh(text(k)) || is_aux(text(k)))) return true;
    }
    return false;
  }
  [[nodiscard]] bool main_event_before(std::size_t i) const { return has_anchor(0, i); }
  [[nodiscard]] bool has_ordinal(std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i < to; ++i) {
      if (kind(i, K::kOrdinal)) return true;
    }
    return false;
  }

  // In "people getting into cars" the people are a part of what happens; a "vehicle" that stops is no other vehicle.
  void absorb_types() {
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

  // ---- what a clause says --------------------------------------------------------------------------------------------------------
  // `about` is the clause that pronouns and a missing event refer to.
  Clause read_clause(const std::vector<std::size_t>& list, const Clause* about) {
    Clause c;
    bool negated = false;
    std::optional<int> ordinal;
    std::vector<Window> windows;
    std::vector<Condition> loose;  // of qualifiers before their event
    std::vector<std::string> loose_types;
    std::string loose_subject, loose_object;
    std::vector<std::pair<std::size_t, std::size_t>> entity_at;  // position in list -> token
    bool no_more = false;
    bool other_than = false;
    for (std::size_t p = 0; p < list.size(); ++p) {
      const std::size_t i = list[p];
      if (read_[i] && tokens_[i].kind != K::kEvent) continue;
      const Token& t = tokens_[i];
      switch (t.kind) {
        case K::kWord:
          if (is_negation(t.name)) {
            negated = true;
            negation_read_.push_back(i);
          }
          if (t.name == "than" && p > 0 && says(list[p - 1], {"other", "rather"})) {
            other_than = true;
            mark(i);
            mark(list[p - 1]);
          }
          if (is_any(t.name, {"except", "besides", "excluding"})) besides_from_ = i;
          if (t.name == "both" &&
              (kind(i + 1, K::kEvent) || says(i + 1, {"halves"}) || (says(i + 1, {"sides", "teams"}) && phrase({"how", "many"}))))
            mark(i);
          break;
        case K::kNumber:
          if (about != nullptr && (p + 1 >= list.size() || !kind(list[p + 1], K::kTally))) counted_.push_back(i);
          break;
        case K::kOrdinal:
          ordinal = t.number;
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
          windows.push_back(std::move(w));
          mark(i);
          break;
        }
        case K::kTally: {
          mark(i);
          Selection s;
          s.tally = TallyState{t.tally, t.name, {}, {}, 0};
          s.text = span_text(t);
          for (std::size_t k = p > 1 ? p - 2 : 0; k < list.size() && k <= p + 1; ++k) {
            if (kind(list[k], K::kNumber) && is_any(t.name, {"ahead", "behind"}) && !read_[list[k]]) {
              s.tally->margin = tokens_[list[k]].number;
              mark(list[k]);
            }
          }
          if (ordinal) s.nth = ordinal, ordinal.reset();
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
          if (other_than && !c.events.empty()) {
            for (const std::string& type : t.event.types) c.events.back().not_types.push_back(type);
            other_than = false;
            break;
          }
          add_kind(c, t, list, p, negated, ordinal, loose, loose_types, loose_subject, loose_object);
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
      if (!c.events.front().kinds.empty() && fits(c.events.front(), t)) {
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
      c.at.push_back(list.empty() ? 0 : list.front());
    }
    if (ordinal && !c.events.empty()) c.events.front().nth = ordinal;
    for (const auto& [p, i] : entity_at) bind(c, list, p, i);
    read_pronoun(c, list, about);
    for (Selection& s : c.events) s.windows.insert(s.windows.end(), windows.begin(), windows.end());
    if (c.events.empty()) loose_windows_ = windows;
    for (const std::size_t i : counted_) mark(i);  // "while two people were chatting": how many is not asked
    counted_.clear();
    return c;
  }

  std::string span_text(const Token& t) const {
    std::string out;
    for (const std::size_t w : t.used) out += (out.empty() ? "" : " ") + words_[w].folded;
    return out;
  }

  static void qualify(Selection& s, const Condition& condition) {
    for (EventKind& k : s.kinds) {
      if (std::find(k.where.begin(), k.where.end(), condition) == k.where.end()) k.where.push_back(condition);
    }
  }

  [[nodiscard]] bool is_passive(const std::vector<std::size_t>& list, std::size_t p) const {
    bool be = false;
    for (std::size_t k = p; k-- > 0;) {
      const std::size_t i = list[k];
      if (kind(i, K::kEvent) || kind(i, K::kTally)) break;
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

  void add_event(Clause& c, Selection s, const std::string& subject, const std::string& object, const std::vector<std::size_t>& list,
                 std::size_t p, bool negated) {
    c.events.push_back(std::move(s));
    c.subject.push_back(subject.empty() ? "agent" : subject);
    c.object.push_back(object);
    c.passive.push_back(p < list.size() && is_passive(list, p));
    c.negated.push_back(negated);
    c.at.push_back(p < list.size() ? list[p] : 0);
  }

  void add_kind(Clause& c, const Token& t, const std::vector<std::size_t>& list, std::size_t p, bool& negated, std::optional<int>& ordinal,
                std::vector<Condition>& loose, std::vector<std::string>& loose_types, std::string& loose_subject,
                std::string& loose_object) {
    if (t.qualifies && t.event.where.size() > 0) {
      if (!c.events.empty() && !c.events.back().kinds.empty() && fits(c.events.back(), t)) {
        for (const Condition& condition : t.event.where) qualify(c.events.back(), condition);
        return;
      }
      loose.insert(loose.end(), t.event.where.begin(), t.event.where.end());
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
        if (ordinal && !c.events.back().nth) c.events.back().nth = ordinal, ordinal.reset();
        second_roles_ = {t.subject.empty() ? "agent" : t.subject, t.object};
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
      if (!both.empty()) s.kinds.front().types = both;
      for (const Condition& condition : loose) qualify(s, condition);
      loose.clear();
      loose_types.clear();
    }
    if (ordinal) s.nth = ordinal, ordinal.reset();
    add_event(c, std::move(s), t.subject, t.object, list, p, negated);
    negated = false;
  }

  [[nodiscard]] static bool shares_type(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& x) { return std::find(b.begin(), b.end(), x) != b.end(); });
  }

  // An "and", "or", "than" or colon between the two makes them two.
  [[nodiscard]] bool separated(const std::vector<std::size_t>& list, std::size_t p, std::size_t from) const {
    for (std::size_t k = 0; k < p; ++k) {
      if (list[k] < from) continue;
      if (is_word(list[k]) && is_any(text(list[k]), {"and", "or", "than", "but", "to", "as", "outnumber", "exceed"})) return true;
      if (list[k] > from && ends(list[k]) && k + 1 < p) return false;
    }
    return false;
  }

  [[nodiscard]] static bool fits(const Selection& s, const Token& t) {
    const auto& types = s.kinds.front().types;
    if (types.empty() || t.event.types.empty()) return true;
    const bool same = std::any_of(types.begin(), types.end(), [&](const std::string& x) {
      return std::find(t.event.types.begin(), t.event.types.end(), x) != t.event.types.end();
    });
    return same || (t.event.where.size() == 1 && is_any(t.event.where.front().key, {"body_part", "shot_type", "outcome"}) &&
                    types != std::vector<std::string>{"pass"});
  }

  // ---- who does it ---------------------------------------------------------------------------------------------------------------
  void bind(Clause& c, const std::vector<std::size_t>& list, std::size_t p, std::size_t i) {
    const Token& t = tokens_[i];
    if (c.events.empty()) return;
    if (besides_from_ && i > *besides_from_ && (i - *besides_from_) <= 4) {
      besides_.insert(besides_.end(), t.entities.begin(), t.entities.end());
      mark(*besides_from_);
      mark(i);
      return;
    }
    const std::string before = p > 0 && is_word(list[p - 1]) ? text(list[p - 1]) : "";
    const std::string before2 = p > 1 && is_word(list[p - 2]) ? text(list[p - 2]) : "";
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
    if (is_any(before, {"by"}) && prev < c.events.size()) {
      role = prev_subject;
      if (role == "team") role = "team";
    } else if (is_any(before, {"to"}) && prev < c.events.size()) {
      role = prev_object.empty() ? "recipient" : prev_object;
    } else if (is_any(before, {"from"}) && prev < c.events.size()) {
      role = prev_subject == "recipient" ? prev_object : "agent";
    } else if ((before == "for" || (before == "of" && before2 == "place") || (before == "of" && before2 == "instead")) &&
               prev < c.events.size()) {
      role = !prev_object.empty() && !is_team(t)
                 ? (c.subject[prev] == "replacement" || c.object[prev] == "replacement" ? "agent" : prev_object)
                 : "";
    } else if (is_any(before, {"against"})) {
      problem_ = "whom something is done against is not known here";
      return;
    } else if (possessive && next < c.events.size()) {
      at = next;
      role = c.subject[next] == "team" ? c.object[next] : (c.subject[next] == "assister" && second_at_ ? "agent" : c.subject[next]);
      if (c.events[next].kinds.empty() == false && c.events[next].kinds.front().types == std::vector<std::string>{"substitution"})
        role = subject_of(next);
    } else if (possessive && second_at_ && *second_at_ > i) {
      role = second_roles_.first;  // "who set up KDB's goal"
      at = prev < c.events.size() ? prev : 0;
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
    if (c.passive[at] && c.object[at].empty() && !c.events[at].tally && before != "by" && before != "to" && before != "for" &&
        !possessive && !is_team(t)) {
      problem_ = "to whom it is done is not known here";  // "how many times was he fouled" is not how many fouls he committed
      return;
    }
    if (next_type && is_team(t)) role = "";
    mark(i);
    if (is_name_class(list, p, t)) {
      among_ = t.entities;
      return;
    }
    Selection& s = c.events[at];
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
    Participant who{t.entities, t.names, role, false};
    if (t.name == "number" && !s.who.empty()) who.names = {"number " + words_[t.used.back()].folded};
    s.who.push_back(std::move(who));
    credit(s, t);
  }

  [[nodiscard]] bool is_team(const Token& t) const {
    const auto e = t.entities.empty() ? std::nullopt : store_.entity(t.entities.front());
    return e && e->type != "player" && e->type != "person";
  }

  // "Which Kevin", "which of the two Jameses": asks for one of them.
  [[nodiscard]] bool is_name_class(const std::vector<std::size_t>& list, std::size_t p, const Token& t) const {
    if (std::set<std::string>(t.names.begin(), t.names.end()).size() < 2 || t.name == "number") return false;
    for (std::size_t k = p; k-- > 0 && p - k <= 4;) {
      if (is_word(list[k]) && is_any(text(list[k]), {"which"})) return true;
    }
    return false;
  }

  void credit(Selection& s, const Token& t) {
    for (const base::Tally& tally : lexicon_.tallies()) {
      if (s.kinds.size() != 1 || s.kinds.front().types != std::vector<std::string>{tally.type} || !is_team(t)) continue;
      const bool exception = std::any_of(s.kinds.front().where.begin(), s.kinds.front().where.end(),
                                         [&](const Condition& c) { return tally.other_side.contains(c.key); });
      if (!exception) s.credit = tally;
    }
  }

  [[nodiscard]] bool auxiliary_just_before(const std::vector<std::size_t>& list, std::size_t p) const {
    for (std::size_t k = p; k-- > 0 && p - k <= 3;) {
      if (is_word(list[k]) && (is_do(text(list[k])) || is_any(text(list[k]), {"had", "have", "has", "was", "were"}))) return true;
      if (kind(list[k], K::kEvent)) return false;
    }
    return false;
  }
  [[nodiscard]] bool noun_subject_before(const std::vector<std::size_t>& list, std::size_t p) const {
    // "to Willian", "for Traoré" after an event belong to that event even if another follows.
    const std::string before = p > 0 && is_word(list[p - 1]) ? text(list[p - 1]) : "";
    return is_any(before, {"to", "for", "by", "of", "from"});
  }

  // "when he found the net": he is whom the other clause is about.
  void read_pronoun(Clause& c, const std::vector<std::size_t>& list, const Clause* about) {
    if (about == nullptr || about->events.empty() || c.events.empty()) return;
    for (const std::size_t i : list) {
      if (!is_word(i) || !is_any(text(i), {"he", "his", "she", "her", "they", "their", "him"})) continue;
      for (const Selection& other : about->events) {
        if (other.who.empty()) continue;
        Participant who = other.who.front();
        if (!c.events.front().who.empty()) return;
        who.role =
            text(i) == "him" && !c.object[0].empty() ? c.object[0] : (c.passive[0] && !c.object[0].empty() ? c.object[0] : c.subject[0]);
        c.events.front().who.push_back(who);
        return;
      }
    }
  }

  // ---- the plan ------------------------------------------------------------------------------------------------------------------
  bool plan_of(Plan& plan);
  bool plan_gap(Plan& plan, Clause& main, bool how_long);
  bool plan_compare(Plan& plan, Clause& main);
  bool plan_order(Plan& plan, Clause& main);
  bool plan_who(Plan& plan, Clause& main, bool whose);
  bool plan_videos(Plan& plan, Clause& main);
  bool plan_spoken(Plan& plan);
  bool plan_score(Plan& plan, Clause& main);
  void read_ties();
  void inherit_nouns();
  void add_subs(Selection& s, const Clause& main, bool exists);
  Window window_of(const Sub& sub, const Clause& main, bool exists);
  bool read_length(Selection& s);
  void read_lengths() { read_length(lengths_); }
  void apply_lengths(Selection& s) const {
    s.longer = lengths_.longer;
    s.shorter = lengths_.shorter;
  }
  [[nodiscard]] bool video_word(std::size_t i) const {
    return is_word(i) && is_any(text(i), {"video", "videos", "film", "films", "clip", "clips", "match", "matches", "game", "games",
                                          "recording", "recordings", "camera", "cameras", "fixture", "fixtures"});
  }
  [[nodiscard]] std::size_t find_main(std::initializer_list<std::string_view> any) const {
    for (const std::size_t i : main_) {
      if (tokens_[i].kind == K::kWord && is_any(text(i), any)) return i;
    }
    return tokens_.size();
  }
  [[nodiscard]] std::size_t asked_type() const {
    for (const std::size_t i : main_) {
      if (tokens_[i].kind == K::kEntityType && !absorbed_.contains(i)) return i;
    }
    return tokens_.size();
  }

  const std::vector<Word>& words_;
  const Lexicon& lexicon_;
  const graph::Store& store_;
  std::vector<Token> tokens_;
  std::vector<bool> read_, in_sub_;
  std::vector<Sub> subs_;
  std::vector<std::size_t> main_, negation_read_, alternatives_, counted_;
  std::set<std::size_t> absorbed_;
  std::vector<std::string> restricted_;
  std::string problem_;
  std::vector<graph::RowId> among_, besides_;
  std::optional<std::size_t> besides_from_, second_at_;
  std::pair<std::string, std::string> second_roles_;
  std::vector<Window> loose_windows_;
  std::size_t loose_at_ = 0;
  Selection lengths_;  ///< only `longer` and `shorter`
  bool all_videos_ = true;
  bool tie_ = false;
};

}  // namespace reelgraph::query::parsing
