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
[[nodiscard]] bool is_filler(const Word& w);

// Words that compute something. Where one stays unread, no answer may be given.
[[nodiscard]] bool is_operator(const std::string& w);

[[nodiscard]] bool is_participle(const Word& w);

struct Sub {
  std::string marker;
  std::vector<std::size_t> tokens;  ///< of the (first) anchor
  std::vector<std::size_t> second;  ///< of the second, of "between A and B"
  base::Duration within = 0;
  bool initial = false;
  bool pair = false;  ///< "between the two calls": from the first of them to the second
};

/// What one clause says.
struct Clause {
  std::vector<Selection> events;                    ///< one for each kind of event that is not just another word for the one before
  std::vector<std::string> subject, object, other;  ///< roles, of each
  std::vector<bool> passive, negated, against;
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

  Parsed run();

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
  bool take(std::initializer_list<std::string_view> any);
  [[nodiscard]] bool main_has(std::initializer_list<std::string_view> any) const {
    return std::any_of(main_.begin(), main_.end(), [&](std::size_t i) { return tokens_[i].kind == K::kWord && is_any(text(i), any); });
  }
  [[nodiscard]] bool phrase(std::initializer_list<std::string_view> words) const;
  bool take_phrase(std::initializer_list<std::string_view> words);

  void join_clocks();
  void join_periods();
  void join_within();
  void join_scores();

  void drop_context();

  void seconds_passed();

  void verb_last();

  void imply_events();
  void number_names();
  void spread_verb();
  void drop_light();
  void begin_verbs();
  void drop_polite();
  bool both_sides(Plan& plan, Clause& main);
  bool opposite_of(const std::vector<std::size_t>& right, const Clause& left, std::optional<Window>& opposite);
  void own_gerund(const Sub& sub, const Clause& main, const Clause& c, Selection& anchor);
  void merge_same(Clause& c);
  bool join_kinds(Clause& c, bool and_too);
  void union_condition(std::vector<Condition>& where, const Condition& condition, std::size_t i);
  [[nodiscard]] std::string joint_marker(std::size_t i, std::size_t& begin) const;
  void read_threshold();

  void read_videos();
  [[nodiscard]] std::vector<std::string> videos_of_both(const Token& a, const Token& b) const;

  // ---- clauses -------------------------------------------------------------------------------------------------------------------
  [[nodiscard]] bool has_anchor(std::size_t from, std::size_t to) const;
  [[nodiscard]] bool has_entity(std::size_t from, std::size_t to) const;

  void segment();

  [[nodiscard]] bool has_question_before(std::size_t i) const;
  [[nodiscard]] bool main_event_before(std::size_t i) const { return has_anchor(0, i); }
  [[nodiscard]] bool has_ordinal(std::size_t from, std::size_t to) const;

  void absorb_types();

  // ---- what a clause says --------------------------------------------------------------------------------------------------------
  Clause read_clause(const std::vector<std::size_t>& list, const Clause* about);

  std::string span_text(const Token& t) const;

  bool qualify_moment(Selection& s, const std::vector<Condition>& where) const;
  static void qualify(Selection& s, const Condition& condition);

  [[nodiscard]] bool is_passive(const std::vector<std::size_t>& list, std::size_t p) const;

  void add_event(Clause& c, Selection s, const std::string& subject, const std::string& object, const std::vector<std::size_t>& list,
                 std::size_t p, bool negated);

  void add_kind(Clause& c, const Token& t, const std::vector<std::size_t>& list, std::size_t p, bool& negated, std::optional<int>& ordinal,
                std::vector<Condition>& loose, std::vector<std::string>& loose_types, std::string& loose_subject,
                std::string& loose_object);

  [[nodiscard]] static bool shares_type(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& x) { return std::find(b.begin(), b.end(), x) != b.end(); });
  }

  [[nodiscard]] bool separated(const std::vector<std::size_t>& list, std::size_t p, std::size_t from) const;

  [[nodiscard]] bool fits(const Selection& s, const Token& t);

  // ---- who does it ---------------------------------------------------------------------------------------------------------------
  void bind(Clause& c, const std::vector<std::size_t>& list, std::size_t p, std::size_t i);

  [[nodiscard]] bool is_team(const Token& t) const {
    const auto e = t.entities.empty() ? std::nullopt : store_.entity(t.entities.front());
    return e && !lexicon_.acts(e->type);
  }

  [[nodiscard]] bool is_name_class(const std::vector<std::size_t>& list, std::size_t p, const Token& t) const;

  void credit(Selection& s, const Token& t);

  // ---- what part something takes, by what the archive holds (parse_parts.cc) -------------------------------------------------------
  [[nodiscard]] static std::vector<std::string> types_of(const Selection& s);
  [[nodiscard]] std::string object_role(const Selection& s, const std::string& said) const;
  [[nodiscard]] std::string place_role(const Selection& s) const;
  [[nodiscard]] std::string preposition_before(std::size_t i) const;
  [[nodiscard]] std::string fitting_role(const Selection& s, const std::string& entity_type, const std::string& role,
                                         const std::string& preposition) const;
  bool plan_where(Plan& plan, Clause& main);
  bool plan_present(Plan& plan, std::size_t many);
  void type_nouns();
  void find_unknown_names();
  [[nodiscard]] bool is_asked(std::size_t i) const;
  bool with_any(Selection& s, const std::string& type, const std::string& role);
  void narrow_by_types(Clause& c, const std::vector<std::size_t>& list);

  [[nodiscard]] bool auxiliary_just_before(const std::vector<std::size_t>& list, std::size_t p) const;
  [[nodiscard]] bool noun_subject_before(const std::vector<std::size_t>& list, std::size_t p) const;

  void read_pronoun(Clause& c, const std::vector<std::size_t>& list, const Clause* about);

  // ---- the plan ------------------------------------------------------------------------------------------------------------------
  bool plan_of(Plan& plan);
  bool plan_gap(Plan& plan, Clause& main, bool how_long);
  static void a_pair_of(Plan& plan, const Selection& s, int first, int second);
  bool plan_compare(Plan& plan, Clause& main);
  bool plan_order(Plan& plan, Clause& main);
  bool plan_who(Plan& plan, Clause& main, bool whose);
  bool plan_videos(Plan& plan, Clause& main);
  bool read_single_video();
  void read_extreme(Selection& s);
  bool plan_spoken(Plan& plan);
  bool plan_score(Plan& plan, Clause& main);
  bool plan_what(Plan& plan, Clause& main);
  bool plan_stay(Plan& plan);
  bool plan_busiest(Plan& plan, Clause& main);
  bool plan_both_parts(Plan& plan, Clause& main, bool asks_who);
  bool then_too(const Clause& main);
  bool read_figure(Plan& plan, Clause& main, std::size_t many);
  void merge_moment(Clause& c);
  /// "more than anybody else" is the most.
  [[nodiscard]] bool beyond_all() const {
    return phrase({"than", "anybody"}) || phrase({"than", "anyone"}) || phrase({"than", "any", "other"}) || phrase({"than", "everybody"}) ||
           phrase({"than", "everyone"});
  }
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
    return is_word(i) &&
           (lexicon_.is_video(words_[tokens_[i].used.front()]) ||
            is_any(text(i), {"video", "videos", "film", "films", "clip", "clips", "recording", "recordings", "camera", "cameras"}));
  }
  /// No word that asks and no verb before the first noun: "corners after the break", "gap between the two".
  [[nodiscard]] bool is_noun_phrase() const;
  /// Plain events of a running count.
  [[nodiscard]] bool is_counted(const Selection& s) const {
    return std::any_of(lexicon_.tallies().begin(), lexicon_.tallies().end(), [&](const base::Tally& t) {
      return s.kinds.size() == 1 && s.kinds.front().where.empty() && s.kinds.front().types == std::vector<std::string>{t.type};
    });
  }
  /// The noun of an event that means who does it: "scorers", but not "corner", which is what is done.
  [[nodiscard]] bool is_doer(std::size_t i) const {
    if (!kind(i, K::kEvent) || tokens_[i].qualifies || tokens_[i].event.types.empty()) return false;
    std::string noun = words_[tokens_[i].used.back()].folded;
    if (noun.ends_with("s")) noun.pop_back();
    if (!noun.ends_with("er") && !noun.ends_with("or") && !noun.ends_with("ie")) return false;
    return std::none_of(tokens_[i].event.types.begin(), tokens_[i].event.types.end(),
                        [&](const std::string& type) { return ("_" + type + "_").find("_" + noun + "_") != std::string::npos; });
  }
  [[nodiscard]] std::size_t find_main(std::initializer_list<std::string_view> any) const;
  [[nodiscard]] std::size_t asked_type() const;

  const std::vector<Word>& words_;
  const Lexicon& lexicon_;
  const graph::Store& store_;
  std::vector<Token> tokens_;
  std::vector<bool> read_, in_sub_;
  std::vector<Sub> subs_;
  std::vector<std::size_t> main_, negation_read_, alternatives_, counted_;
  std::set<std::size_t> absorbed_;
  std::vector<std::string> restricted_;
  std::string problem_, unknown_;
  std::vector<graph::RowId> among_, besides_;
  std::optional<std::size_t> besides_from_, second_at_;
  std::pair<std::string, std::string> second_roles_;
  std::vector<Window> loose_windows_;
  std::size_t loose_at_ = 0;
  Selection lengths_;  ///< only `longer` and `shorter`
  bool all_videos_ = true;
  bool tie_ = false;
  int several_ = 0;               ///< a word that means so many of one participant ("hat-trick")
  std::optional<int> threshold_;  ///< "more than two": 3, at least; "fewer than two": 1, at most
  bool at_most_ = false;
  bool whether_ = false;     ///< "tell me if ...": a yes or no
  bool stops_ = false;       ///< "stop texting": the end of what is named
  std::optional<int> soon_;  ///< "right after": the first after; "just before": the last before
};

}  // namespace reelgraph::query::parsing
