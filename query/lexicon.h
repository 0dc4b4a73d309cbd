#pragma once
// The words of one archive: what may be said of it, from its own names and types and from what the profiles add. Finds them in a question.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/profile.h"
#include "graph/store.h"
#include "query/plan.h"
#include "query/words.h"

namespace reelgraph::query {

/// Something of a question that has been recognised: words [from, to), of which `used` carry it.
struct Token {
  enum class Kind { kWord, kEvent, kPeriod, kTally, kEntity, kEntityType, kTime, kOrdinal, kNumber, kVideo };
  Kind kind = Kind::kWord;
  std::size_t from = 0, to = 0;
  std::vector<std::size_t> used;
  // kEvent
  EventKind event;
  std::string subject, object, other;  ///< roles, as base::Phrase has them
  bool qualifies = false;
  bool against = false;
  bool weak = false;  ///< a value of an attribute: says something only beside an event
  // kPeriod, kTally
  base::Period period;
  base::Tally tally;
  base::Duration within = 0;  ///< only so much of the period's end
  std::string name;           ///< state of a tally; entity type; text of the words
  // kEntity
  std::vector<graph::RowId> entities;
  std::vector<std::string> names;
  // kTime
  TimePhrase time;
  std::vector<int> counts;          ///< of kTally "stands"
  int number = 0;                   ///< kOrdinal (negative from the end), kNumber
  std::vector<std::string> videos;  ///< kVideo
  double score = 0;
  int domain = -1;  ///< index of the profile that has the words; -1: the archive's own
};

/// Made once for an archive; borrows the store. Not for use from several threads.
class Lexicon {
 public:
  Lexicon(const graph::Store& store, const std::vector<base::Profile>& profiles, const WordCutter& cutter);

  /// The words of a question as tokens in their order; what is not recognised is a word. No word is in two tokens.
  /// @param videos names are looked for among those that take part in these; empty: all
  [[nodiscard]] std::vector<Token> read(const std::vector<Word>& words, const std::vector<std::string>& videos) const;

  /// The same, of text that no question holds.
  [[nodiscard]] std::vector<Token> read_text(const std::string& text) const { return read(cutter_.cut(text), {}); }

  /// A set of words of the profiles by its name; empty if there is none.
  [[nodiscard]] const std::vector<std::string>& class_words(const std::string& name) const {
    static const std::vector<std::string> none;
    const auto it = classes_.find(name);
    return it == classes_.end() ? none : it->second;
  }

  /// The type of event that a profile knows and the archive holds none of, as words ("throw in"), if the question names one by words among
  /// which is `word`; else empty.
  [[nodiscard]] std::string absent_event(const std::vector<Word>& words, const std::string& word) const;

  /// The one known word (of a pattern or a name) that this is a slip of, if there is just one so near.
  [[nodiscard]] std::string nearest(const std::string& folded) const;

  [[nodiscard]] const std::vector<base::Tally>& tallies() const { return tallies_; }
  [[nodiscard]] const std::vector<std::string>& event_types() const { return event_types_; }
  [[nodiscard]] bool has_entity_type(const std::string& type) const { return entity_types_.contains(type); }
  /// Adds nothing to a question of this domain.
  [[nodiscard]] bool is_filler(const Word& w) const { return fillers_.contains(w.stem) || fillers_.contains(w.folded); }
  [[nodiscard]] bool is_video(const Word& w) const { return video_nouns_.contains(w.folded); }
  [[nodiscard]] bool is_speaker(const Word& w) const { return speakers_.contains(w.stem); }
  /// Entities of this type do things themselves; those of others (teams) take part in a role of their own. By a sample of the archive.
  [[nodiscard]] bool acts(const std::string& entity_type) const { return acting_.contains(entity_type); }
  /// A verb that, with a bare ordinal or number, means the events of a running count ("get a second").
  [[nodiscard]] bool implies_count(const Word& w) const { return implying_.contains(stem_of(w)); }
  /// The condition that a word states of events of these types, if it is a value that an attribute of theirs has here ("blocked").
  [[nodiscard]] std::optional<Condition> value_of(const std::vector<std::string>& types, const std::string& folded) const;
  /// The role of a side that something is counted for.
  [[nodiscard]] bool is_side(const std::string& role) const;
  /// Events of any of these types say this of themselves, by a sample.
  [[nodiscard]] bool has_attribute(const std::vector<std::string>& types, const std::string& key) const;
  /// Something is called by this word and a number ("pallet 14", "packing 2").
  [[nodiscard]] bool is_numbered(const std::string& folded) const { return numbered_.contains(folded); }
  /// The type of entity that a word is a noun of, even where it also names an event ("dock"); else empty.
  [[nodiscard]] std::string type_called(const Word& w) const {
    const auto it = type_nouns_.find(stem_of(w));
    return it == type_nouns_.end() ? std::string() : it->second;
  }
  /// The roles that entities of this type play in events of any of these types, by a sample.
  [[nodiscard]] std::set<std::string> roles_of(const std::vector<std::string>& types, const std::string& entity_type) const;
  /// Somebody or something plays this role in events of any of these types, by a sample.
  [[nodiscard]] bool has_role(const std::vector<std::string>& types, const std::string& role) const;
  /// Every event of these types that was sampled has an entity of this type in this role.
  [[nodiscard]] bool always_has(const std::vector<std::string>& types, const std::string& role, const std::string& entity_type) const;

 private:
  /// Who plays what in events of one type.
  struct Cast {
    int events = 0;                                              ///< looked at
    std::map<std::string, std::map<std::string, int>> entities;  ///< number of events, by role and type of entity
  };
  struct Pattern {
    std::vector<std::string> stems, folded;
    bool any_order = false;
    bool adjacent = false;
    bool apart = false;  ///< something must stand between its words ("took HIS place")
    Token token;
  };
  struct Name {
    graph::RowId entity = 0;
    std::string display;
    std::string type;
    std::vector<std::vector<std::string>> forms;  ///< folded words of the name, then of its aliases
    std::vector<std::vector<std::string>> nicknames;
    std::string initials;
    nlohmann::json attributes;
  };

  [[nodiscard]] std::string stem_of(const Word& w) const { return cutter_.stem(std::string(base_form(w.folded))); }
  void add_pattern(const std::string& text, const Token& token);
  void add_profile(const base::Profile& profile);
  void load_names();
  void load_attribute_values();
  /// Looked up when it is first asked for: a question names one or two types of an archive's hundred.
  [[nodiscard]] const Cast& cast_of(const std::string& type) const;
  void match_patterns(const std::vector<Word>& words, const std::vector<bool>& named, std::vector<Token>& found) const;
  void match_names(const std::vector<Word>& words, const std::vector<std::string>& videos, std::vector<Token>& found) const;
  [[nodiscard]] Token entity_token(const std::vector<const Name*>& names, std::size_t from, std::size_t to) const;
  [[nodiscard]] const std::set<graph::RowId>& present_in(const std::string& video) const;
  /// Names of event and entity types that any of these videos holds.
  [[nodiscard]] std::set<std::string> types_in(const std::vector<std::string>& videos) const;

  const graph::Store& store_;
  const WordCutter& cutter_;
  std::vector<base::Term> absent_;  ///< types of events of which the archive holds none
  std::vector<std::string> event_types_;
  std::set<std::string> held_;
  std::set<std::string> entity_types_;
  std::map<std::string, std::vector<std::string>> classes_;
  std::vector<std::set<std::string>> domains_;  ///< event types of each profile
  std::vector<Pattern> patterns_;
  std::unordered_multimap<std::string, std::size_t> by_stem_;
  std::vector<Name> names_;
  std::unordered_multimap<std::string, std::size_t> by_name_word_;
  std::vector<base::Tally> tallies_;
  std::set<std::string> known_words_;
  std::map<std::string, std::vector<std::string>> video_words_;
  mutable std::map<std::string, std::set<graph::RowId>> present_;
  mutable std::map<std::string, std::set<std::string>> types_present_;
  std::set<std::string> fillers_, video_nouns_, speakers_, acting_, implying_;
  std::map<std::pair<std::string, std::string>, Condition> values_;  ///< by event type and folded value
  std::map<std::string, std::set<std::string>> attributes_;          ///< keys by event type
  std::set<std::string> numbered_;
  std::map<std::string, std::string> type_nouns_;  ///< entity type by stem of a single word
  mutable std::map<std::string, Cast> casts_;      ///< by event type
  bool small_ = true;
};

}  // namespace reelgraph::query
