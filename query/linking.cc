#include "query/linking.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostLinkedWords =
    64;                                  // names are looked up one by one: a question of a megabyte must not ask the store a million times
constexpr std::size_t kLongestName = 6;  // words
constexpr int kMostNamesakes = 200;

struct SignalTerm {
  const char* type;
  std::vector<const char*> phrases;
};

// What the built-in `signals` captioner reports, with the words that people use for it. These are reelgraph's own names, so they are
// understood whatever profile is loaded.
const std::vector<SignalTerm>& signal_terms() {
  static const std::vector<SignalTerm> terms = {
      {"cut",
       {"cut", "cuts", "scene change", "shot change", "scene cut", "picture cut", "edit", "camera cut", "hard cut", "change of shot",
        "new shot"}},
      {"camera_moves",
       {"camera moves", "camera moving", "camera movement", "camera motion", "camera pans", "camera pan", "camera shakes", "pan",
        "camera move"}},
      {"motion", {"motion", "move", "moving", "movement", "moves"}},
      {"loud", {"loud", "noisy", "loud sound", "loud noise"}},
      {"silent", {"silent", "silence", "quiet", "no sound", "no sounds", "without sound"}},
      {"appear", {"appear", "appears", "enter", "enters", "come in", "comes in", "shows up", "turn up", "turns up", "arrive"}},
      {"leave", {"leave", "leaves", "left", "exit", "exits", "goes away", "drives off", "disappear", "depart"}},
      {"placed", {"placed", "put down", "left behind"}},
      {"removed", {"removed", "taken away", "took away", "take away"}},
      {"put_back", {"put back", "putting back", "returned"}},
      {"stop", {"stop", "stops", "comes to rest", "halt"}},
      {"start", {"start moving", "starts moving", "sets off"}},
  };
  return terms;
}

struct Form {
  std::vector<std::string> stems;
  Link::Kind kind = Link::Kind::kEventType;
  std::string name;
  bool absent = false;
};

bool same_span(const Link& a, const Link& b) { return a.from == b.from && a.to == b.to; }

}  // namespace

bool is_light_word(const Word& word) {
  static const std::unordered_set<std::string_view> stems = {
      "happen",   "occur",  "take",  "took",   "taken",  "place",  "make",     "made",  "get",    "got",    "gave",    "give",   "given",
      "see",      "seen",   "saw",   "visibl", "time",   "video",  "film",     "clip",  "movi",   "record", "footag",  "scene",  "moment",
      "point",    "match",  "game",  "total",  "number", "count",  "long",     "often", "tell",   "list",   "find",    "know",   "mani",
      "much",     "durat",  "last",  "second", "minut",  "hour",   "far",      "whole", "entir",  "off",    "away",    "down",   "again",
      "still",    "ani",    "go",    "goe",    "went",   "gone",   "altogeth", "ever",  "anyth",  "someth", "anyon",   "someon", "anybodi",
      "somebodi", "there",  "exact", "first",  "begin",  "began",  "end",      "ended", "show",   "shown",  "perform", "commit", "pleas",
      "overal",   "nobodi", "noth",  "everi",  "name",   "pictur", "archiv",   "is",    "differ", "separ",  "thing"};
  return stems.contains(word.stem) || stems.contains(word.folded);
}

struct Linker::State {
  const graph::Store& store;
  const WordCutter& cutter;
  std::vector<Form> forms;
  std::map<std::string, std::vector<std::string>> type_stems;  // event type -> stems of its words, for partial matches

  State(const graph::Store& s, const WordCutter& c) : store(s), cutter(c) {}

  [[nodiscard]] std::vector<std::string> stems(const std::string& text) const {
    std::vector<std::string> out;
    for (const Word& w : cutter.cut(text, 12)) out.push_back(w.stem);
    return out;
  }

  void add(const std::string& phrase, Link::Kind kind, const std::string& name, bool absent) {
    Form form{stems(phrase), kind, name, absent};
    if (!form.stems.empty()) forms.push_back(std::move(form));
  }

  void add_terms(const std::vector<base::Term>& terms, const std::set<std::string>& held, Link::Kind kind) {
    for (const base::Term& term : terms) {
      if (!held.contains(term.name)) continue;
      for (const std::string& synonym : term.synonyms) add(synonym, kind, term.name, false);
    }
  }

  [[nodiscard]] static bool takes(const std::vector<bool>& taken, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (taken[i]) return true;
    }
    return false;
  }

  [[nodiscard]] bool matches(const Form& form, const std::vector<Word>& words, const std::vector<bool>& taken, std::size_t at) const {
    if (at + form.stems.size() > words.size() || takes(taken, at, at + form.stems.size())) return false;
    for (std::size_t k = 0; k < form.stems.size(); ++k) {
      if (words[at + k].stem != form.stems[k]) return false;
    }
    return true;
  }

  // The longest form at a word; several types that share it are all meant.
  [[nodiscard]] std::optional<Link> whole_form(const std::vector<Word>& words, const std::vector<bool>& taken, std::size_t at) const {
    std::optional<Link> best;
    for (const Form& form : forms) {
      if (!matches(form, words, taken, at)) continue;
      Link link{form.kind, at, at + form.stems.size(), {form.name}, {}, false, form.absent, false};
      if (!best || link.to > best->to || (link.to == best->to && link.kind < best->kind)) {
        best = link;
      } else if (same_span(*best, link) && best->kind == link.kind) {
        if (best->known_absent && !link.known_absent) {
          best = link;
        } else if (best->known_absent == link.known_absent &&
                   std::find(best->names.begin(), best->names.end(), form.name) == best->names.end()) {
          best->names.push_back(form.name);
        }
      }
    }
    return best;
  }

  // A run of words that all stand in the name of a type: "opens door" in person_opens_vehicle_door. One word is enough if one type has it.
  [[nodiscard]] std::optional<Link> part_of_type(const std::vector<Word>& words, const std::vector<bool>& taken, std::size_t at) const {
    if (is_stop_word(words[at].folded) || is_light_word(words[at])) return std::nullopt;
    std::optional<Link> best;
    std::size_t best_matched = 0;
    for (const auto& [type, type_words] : type_stems) {
      std::vector<std::string> rest = type_words;
      std::size_t matched = 0;
      std::size_t end = at;
      for (std::size_t i = at; i < words.size() && !taken[i]; ++i) {
        const auto it = std::find(rest.begin(), rest.end(), words[i].stem);
        if (it != rest.end()) {
          rest.erase(it);
          ++matched;
          end = i + 1;
        } else if (!is_stop_word(words[i].folded)) {
          break;
        }
      }
      if (matched == 0 || type_words.size() < 2) continue;
      if (!best || matched > best_matched) {
        best = Link{Link::Kind::kEventType, at, end, {type}, {}, true, false, false};
        best_matched = matched;
      } else if (matched == best_matched) {
        best->names.push_back(type);
        best->to = std::min(best->to, end);
      }
    }
    if (best && best_matched == 1 && best->names.size() > 1) return std::nullopt;
    return best;
  }

  [[nodiscard]] bool takes_part(graph::RowId entity, const std::vector<std::string>& videos) const {
    if (videos.empty()) return true;
    for (const graph::MentionRecord& m : store.mentions(entity, 1000)) {
      if (std::find(videos.begin(), videos.end(), m.video) != videos.end()) return true;
    }
    return false;
  }

  [[nodiscard]] std::optional<Link> entity(const std::vector<Word>& words, std::size_t from, std::size_t to, bool whole,
                                           const std::vector<std::string>& videos) const {
    std::string name;
    for (std::size_t i = from; i < to; ++i) name += (i > from ? " " : "") + words[i].text;
    const auto found = store.find_entities(name, whole, kMostNamesakes);
    if (found.empty()) return std::nullopt;
    Link link{Link::Kind::kEntity, from, to, {}, {}, false, false, false};
    std::set<std::string> names;
    std::vector<graph::EntityRecord> here;
    for (const graph::EntityRecord& e : found) {
      if (found.size() == 1 || takes_part(e.row, videos)) here.push_back(e);
    }
    if (here.empty()) here = found;  // known, though not in these videos: the answer will say so
    for (const graph::EntityRecord& e : here) {
      link.entities.push_back(e.row);
      if (names.insert(fold(e.name)).second) link.names.push_back(e.name);
    }
    link.ambiguous = names.size() > 1;
    return link;
  }
};

Linker::Linker(const graph::Store& store, const std::vector<base::Profile>& profiles, const WordCutter& cutter)
    : state_(std::make_unique<State>(store, cutter)) {
  const auto event_types = store.event_types();
  const auto entity_types = store.entity_types();
  const auto roles = store.roles();
  const std::set<std::string> held_events(event_types.begin(), event_types.end());
  const std::set<std::string> held_entities(entity_types.begin(), entity_types.end());
  const std::set<std::string> held_roles(roles.begin(), roles.end());
  for (const std::string& type : event_types) {
    state_->add(type, Link::Kind::kEventType, type, false);
    std::vector<std::string> content;
    for (const Word& w : cutter.cut(type, 12)) {
      if (!is_stop_word(w.folded)) content.push_back(w.stem);
    }
    state_->type_stems.emplace(type, std::move(content));
  }
  for (const std::string& type : entity_types) state_->add(type, Link::Kind::kEntityType, type, false);
  for (const std::string& role : roles) state_->add(role, Link::Kind::kRole, role, false);
  for (const base::Profile& profile : profiles) {
    state_->add_terms(profile.event_types, held_events, Link::Kind::kEventType);
    state_->add_terms(profile.entity_types, held_entities, Link::Kind::kEntityType);
    state_->add_terms(profile.roles, held_roles, Link::Kind::kRole);
  }
  const auto captioners = store.captioners();
  const bool measured =
      std::any_of(captioners.begin(), captioners.end(), [](const std::string& c) { return c.find("signals") != std::string::npos; });
  for (const SignalTerm& term : signal_terms()) {
    const bool held = held_events.contains(term.type);
    if (!held && !measured) continue;
    state_->add(term.type, Link::Kind::kEventType, term.type, !held);
    for (const char* phrase : term.phrases) state_->add(phrase, Link::Kind::kEventType, term.type, !held);
  }
}

Linker::~Linker() = default;

std::vector<Link> Linker::link(const std::vector<Word>& words, std::vector<bool> taken, const std::vector<std::string>& videos) const {
  std::vector<Link> links;
  const std::size_t n = std::min(words.size(), kMostLinkedWords);
  const auto accept = [&](const Link& link) {
    for (std::size_t i = link.from; i < link.to; ++i) taken[i] = true;
    links.push_back(link);
  };
  // 1. Whole names of entities of several words, or written with a capital: the most specific thing that a question can say.
  for (std::size_t length = kLongestName; length >= 1; --length) {
    for (std::size_t i = 0; i + length <= n; ++i) {
      if (State::takes(taken, i, i + length) || is_stop_word(words[i].folded) || is_stop_word(words[i + length - 1].folded)) continue;
      const bool named = words[i].capital && i > 0;
      if (length == 1 && !named) continue;
      if (const auto link = state_->entity(words, i, i + length, true, videos)) accept(*link);
    }
  }
  // 2. Types and roles by all their words.
  for (std::size_t i = 0; i < n; ++i) {
    if (taken[i]) continue;
    if (const auto link = state_->whole_form(words, taken, i)) {
      const auto part = state_->part_of_type(words, taken, i);
      // "person opens door" is no question about persons alone: the longer match wins.
      accept(part && part->to > link->to && link->kind != Link::Kind::kEventType ? *part : *link);
    }
  }
  // 3. Single names, then parts of names, of what is left.
  for (const bool whole : {true, false}) {
    for (std::size_t i = 0; i < n; ++i) {
      if (taken[i] || is_stop_word(words[i].folded) || is_light_word(words[i]) || is_negation(words[i].folded)) continue;
      if (parse_number(words[i].folded)) continue;
      std::size_t to = i + 1;
      while (!whole && words[i].capital && to < n && !taken[to] && words[to].capital && to - i < kLongestName) ++to;
      if (const auto link = state_->entity(words, i, to, whole, videos)) accept(*link);
    }
  }
  // 4. Parts of types.
  for (std::size_t i = 0; i < n; ++i) {
    if (taken[i]) continue;
    if (const auto link = state_->part_of_type(words, taken, i)) accept(*link);
  }
  std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.from < b.from; });
  return links;
}

}  // namespace reelgraph::query
