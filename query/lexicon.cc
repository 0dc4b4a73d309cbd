#include "query/lexicon.h"

#include <algorithm>
#include <cctype>

#include "query/linking.h"

namespace reelgraph::query {
namespace {

constexpr int kMostNames = 20'000;            // entities whose names are held in memory; beyond that the store is asked name by name
constexpr std::size_t kMostExpansions = 400;  // of one pattern with classes
constexpr int kSampledEvents = 200;           // of each type, for the values of attributes
constexpr std::size_t kSampledActors = 20;    // of each type of event, for the kinds of entity that act

std::size_t edit_distance(const std::string& a, const std::string& b, std::size_t most) {
  if (a.size() > b.size() + most || b.size() > a.size() + most) return most + 1;
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t k = 0; k <= b.size(); ++k) d[0][k] = k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t k = 1; k <= b.size(); ++k) {
      d[i][k] = std::min({d[i - 1][k] + 1, d[i][k - 1] + 1, d[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1)});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) d[i][k] = std::min(d[i][k], d[i - 2][k - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::vector<std::string> words_of(const WordCutter& cutter, const std::string& text) {
  std::vector<std::string> out;
  for (const Word& w : cutter.cut(text, 16)) out.push_back(w.folded);
  return out;
}

bool is_digits(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "person 12", "Vehicle 3": where several bear it a machine's count, where one does ("dock 2") a name.
bool is_number_name(const std::vector<std::string>& words, const std::string& type) {
  return words.size() == 2 && words[0] == type && is_digits(words[1]);
}

}  // namespace

Lexicon::Lexicon(const graph::Store& store, const std::vector<base::Profile>& profiles, const WordCutter& cutter)
    : store_(store), cutter_(cutter), event_types_(store.event_types()) {
  held_.insert(event_types_.begin(), event_types_.end());
  for (const std::string& type : store.entity_types()) entity_types_.insert(type);
  for (const base::Profile& p : profiles) {
    for (const std::string& w : p.fillers) fillers_.insert(cutter_.stem(w));
    for (const std::string& w : p.videos) video_nouns_.insert(w);
    for (const std::string& w : p.speakers) speakers_.insert(cutter_.stem(w));
    for (const auto& [name, words] : p.classes) {
      auto& c = classes_[name];
      c.insert(c.end(), words.begin(), words.end());
    }
  }
  for (const std::string& type : event_types_) {
    Token t;
    t.kind = Token::Kind::kEvent;
    t.event.types = {type};
    std::string text = type;
    std::replace(text.begin(), text.end(), '_', ' ');
    add_pattern(text, t);
  }
  for (const std::string& type : entity_types_) {
    Token t;
    t.kind = Token::Kind::kEntityType;
    t.name = type;
    add_pattern(type, t);
  }
  for (const base::Profile& p : profiles) add_profile(p);
  load_attribute_values();
  load_names();
  for (const graph::VideoRecord& v : store.videos()) {
    if (video_words_.size() > 20'000) break;
    std::set<std::string> words;
    for (const Word& w : cutter_.cut(v.id + " " + v.title, 40)) words.insert(w.folded);
    for (const std::string& w : words) {
      if (w.size() >= 3 && !is_stop_word(w)) video_words_[w].push_back(v.id);
    }
  }
}

void Lexicon::add_pattern(const std::string& text, const Token& token) {
  Pattern base;
  base.token = token;
  std::string_view rest = text;
  if (!rest.empty() && (rest.front() == '*' || rest.front() == '=' || rest.front() == '~')) {
    base.any_order = rest.front() == '*';
    base.adjacent = rest.front() == '=';
    base.apart = rest.front() == '~';
    rest.remove_prefix(1);
  }
  // Classes are written out: "{get} in {vehicle}" is "gets in car", "climbs in van", ...
  std::vector<std::string> texts{""};
  for (std::size_t at = 0; at < rest.size();) {
    std::size_t open = rest.find('{', at);
    if (open == std::string_view::npos) open = rest.size();
    for (std::string& t : texts) t += rest.substr(at, open - at);
    if (open == rest.size()) break;
    const std::size_t close = std::min(rest.find('}', open), rest.size() - 1);
    const auto it = classes_.find(std::string(rest.substr(open + 1, close - open - 1)));
    if (it == classes_.end()) return;
    std::vector<std::string> longer;
    for (const std::string& t : texts) {
      for (const std::string& w : it->second) {
        if (longer.size() < kMostExpansions) longer.push_back(t + w);
      }
    }
    texts = std::move(longer);
    at = close + 1;
  }
  for (const std::string& t : texts) {
    Pattern p = base;
    for (const Word& w : cutter_.cut(t, 12)) {
      p.stems.push_back(stem_of(w));
      p.folded.push_back(w.folded);
      if (w.folded.size() >= 5) known_words_.insert(w.folded);
    }
    if (p.stems.empty()) continue;
    if (token.kind == Token::Kind::kEntityType && p.stems.size() == 1) type_nouns_.emplace(p.stems.front(), token.name);
    const std::size_t index = patterns_.size();
    std::set<std::string> keys;
    if (p.any_order)
      keys.insert(p.stems.begin(), p.stems.end());
    else
      keys.insert(p.stems.front());
    for (const std::string& k : keys) by_stem_.emplace(k, index);
    patterns_.push_back(std::move(p));
  }
}

std::string Lexicon::absent_event(const std::vector<Word>& words, const std::string& word) const {
  std::size_t longest = 0;
  std::string found;
  const auto look_for = [&](const std::string& text, const std::string& name) {
    if (text.find_first_of("*=~{") != std::string::npos) return;
    const std::vector<std::string> called = words_of(cutter_, text);
    if (called.size() <= longest || std::find(called.begin(), called.end(), word) == called.end()) return;
    const auto same = [](const Word& w, const std::string& c) { return w.folded == c; };
    if (std::search(words.begin(), words.end(), called.begin(), called.end(), same) == words.end()) return;
    longest = called.size();
    found = name;
  };
  for (const base::Term& term : absent_) {
    std::string name = term.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    look_for(name, name);
    for (const std::string& synonym : term.synonyms) look_for(synonym, name);
  }
  return found;
}

void Lexicon::add_profile(const base::Profile& profile) {
  const int domain = static_cast<int>(domains_.size());
  std::set<std::string>& types = domains_.emplace_back();
  for (const base::Term& term : profile.event_types) types.insert(term.name);
  for (const base::Phrase& phrase : profile.phrases) types.insert(phrase.types.begin(), phrase.types.end());
  for (const base::Term& term : profile.event_types) {
    if (!held_.contains(term.name)) {
      absent_.push_back(term);
      continue;
    }
    Token t;
    t.kind = Token::Kind::kEvent;
    t.event.types = {term.name};
    t.domain = domain;
    if (std::find(term.roles.begin(), term.roles.end(), "recipient") != term.roles.end()) t.object = "recipient";
    for (const std::string& s : term.synonyms) add_pattern(s, t);
    add_pattern(term.name, t);
  }
  for (const base::Term& term : profile.entity_types) {
    if (!entity_types_.contains(term.name)) continue;
    Token t;
    t.kind = Token::Kind::kEntityType;
    t.name = term.name;
    t.domain = domain;
    for (const std::string& s : term.synonyms) add_pattern(s, t);
  }
  for (const base::Phrase& phrase : profile.phrases) {
    Token t;
    t.kind = Token::Kind::kEvent;
    for (const std::string& type : phrase.types) {
      if (held_.contains(type)) t.event.types.push_back(type);
    }
    if (t.event.types.empty() && !phrase.types.empty()) continue;
    for (const auto& [key, value] : phrase.where.items()) t.event.where.push_back({key, value});
    t.domain = domain;
    t.subject = phrase.subject;
    t.object = phrase.object;
    t.other = phrase.other;
    t.qualifies = phrase.qualifies;
    t.against = phrase.against;
    for (const std::string& s : phrase.words) add_pattern(s, t);
  }
  for (const base::Period& period : profile.periods) {
    if (!held_.contains(period.type)) continue;
    Token t;
    t.kind = Token::Kind::kPeriod;
    t.period = period;
    for (const std::string& s : period.words) add_pattern(s, t);
  }
  for (const base::Tally& tally : profile.tallies) {
    if (!held_.contains(tally.type)) continue;
    Token t;
    t.kind = Token::Kind::kTally;
    t.tally = tally;
    t.tally.words.clear();
    tallies_.push_back(t.tally);
    for (const auto& [state, words] : tally.words) {
      if (state == "implied") {
        for (const std::string& s : words) implying_.insert(cutter_.stem(std::string(base_form(s))));
        continue;
      }
      if (state == "two_by_one" || state == "three_by_one") {  // "hat-trick"
        Token several;
        several.kind = Token::Kind::kEvent;
        several.event.types = {tally.type};
        several.number = state == "two_by_one" ? 2 : 3;
        for (const std::string& s : words) add_pattern(s, several);
        continue;
      }
      t.name = state;
      for (const std::string& s : words) add_pattern(s, t);
    }
  }
  for (const base::Nickname& nick : profile.nicknames) {
    for (const graph::EntityRecord& e : store_.find_entities(nick.name, true, 5)) {
      Token t;
      t.kind = Token::Kind::kEntity;
      t.entities = {e.row};
      t.names = {e.name};
      for (const std::string& s : nick.words) add_pattern(s, t);
    }
  }
}

// What attributes say in this archive ("right foot", "red") may be said in a question, too.
void Lexicon::load_attribute_values() {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> values;  // (key, value) -> types
  for (const std::string& type : event_types_) {
    graph::EventFilter filter;
    filter.types = {type};
    filter.limit = kSampledEvents;
    if (values.size() > 500) break;
    std::set<graph::RowId> actors;
    for (const graph::EventRecord& e : store_.events(filter)) {
      for (const graph::ParticipantRecord& p : e.participants) {
        if (p.role == "agent" && actors.size() < kSampledActors) actors.insert(p.entity);
      }
      if (!e.attributes.is_object()) continue;
      for (const auto& [key, value] : e.attributes.items()) {
        attributes_[type].insert(key);
        if (value.is_string() && value.get<std::string>().size() <= 40) values[{key, value.get<std::string>()}].insert(type);
      }
    }
    for (const graph::RowId row : actors) {
      if (const auto e = store_.entity(row)) acting_.insert(e->type);
    }
  }
  for (const auto& [pair, types] : values) {
    if (pair.second.size() < 3) continue;
    for (const std::string& type : types) values_.emplace(std::pair{type, fold(pair.second)}, Condition{pair.first, pair.second});
    Token t;
    t.kind = Token::Kind::kEvent;
    t.qualifies = true;
    t.weak = true;
    t.event.types.assign(types.begin(), types.end());
    t.event.where = {{pair.first, pair.second}};
    t.score = -5;  // what a profile says of the same words comes first
    add_pattern(pair.second, t);
  }
}

const Lexicon::Cast& Lexicon::cast_of(const std::string& type) const {
  const auto [it, made] = casts_.try_emplace(type);
  Cast& cast = it->second;
  if (!made) return cast;
  graph::EventFilter filter;
  filter.types = {type};
  filter.limit = kSampledEvents;
  std::map<graph::RowId, std::string> known;  // types of entities
  for (const graph::EventRecord& e : store_.events(filter)) {
    std::set<std::pair<std::string, std::string>> here;  // role, type of entity
    for (const graph::ParticipantRecord& p : e.participants) {
      auto type_of = known.find(p.entity);
      if (type_of == known.end()) {
        const auto entity = store_.entity(p.entity);
        type_of = known.emplace(p.entity, entity ? entity->type : std::string()).first;
      }
      here.emplace(p.role, type_of->second);
    }
    ++cast.events;
    for (const auto& [role, entity_type] : here) ++cast.entities[role][entity_type];
  }
  return cast;
}

std::set<std::string> Lexicon::roles_of(const std::vector<std::string>& types, const std::string& entity_type) const {
  std::set<std::string> roles;
  for (const std::string& type : types) {
    for (const auto& [role, entities] : cast_of(type).entities) {
      if (entities.contains(entity_type)) roles.insert(role);
    }
  }
  return roles;
}

bool Lexicon::has_role(const std::vector<std::string>& types, const std::string& role) const {
  return std::any_of(types.begin(), types.end(), [&](const std::string& type) { return cast_of(type).entities.contains(role); });
}

bool Lexicon::always_has(const std::vector<std::string>& types, const std::string& role, const std::string& entity_type) const {
  return std::all_of(types.begin(), types.end(), [&](const std::string& type) {
    const Cast& cast = cast_of(type);
    const auto entities = cast.entities.find(role);
    if (entities == cast.entities.end()) return cast.events == 0;
    const auto n = entities->second.find(entity_type);
    return n != entities->second.end() && n->second == cast.events;
  });
}

void Lexicon::load_names() {
  const auto entities = store_.entities({}, {}, kMostNames + 1);
  small_ = entities.size() <= static_cast<std::size_t>(kMostNames);
  if (!small_) return;
  std::map<std::string, int> bearers;
  for (const graph::EntityRecord& e : entities) ++bearers[e.name];
  for (const graph::EntityRecord& e : entities) {
    Name n;
    n.entity = e.row;
    n.display = e.name;
    n.type = e.type;
    n.attributes = e.attributes;
    n.forms.push_back(words_of(cutter_, e.name));
    if (n.forms.front().empty()) continue;
    if (n.forms.front().size() == 2 && is_digits(n.forms.front()[1])) numbered_.insert(n.forms.front()[0]);
    if (bearers[e.name] > 1 && is_number_name(n.forms.front(), e.type)) continue;  // of each video's own counting
    for (const std::string& alias : e.aliases) n.forms.push_back(words_of(cutter_, alias));
    for (const std::string& w : n.forms.front()) n.initials += w.substr(0, 1);
    std::set<std::string> words;
    for (const auto& form : n.forms) words.insert(form.begin(), form.end());
    for (const std::string& w : n.forms.front()) {
      if (w.size() >= 5) known_words_.insert(w);
    }
    for (const std::string& w : words) by_name_word_.emplace(w, names_.size());
    if (n.initials.size() >= 3) by_name_word_.emplace(n.initials, names_.size());
    names_.push_back(std::move(n));
  }
}

const std::set<graph::RowId>& Lexicon::present_in(const std::string& video) const {
  const auto it = present_.find(video);
  if (it != present_.end()) return it->second;
  std::set<graph::RowId>& rows = present_[video];
  for (const graph::EntityRecord& e : store_.entities({}, {video}, 0)) rows.insert(e.row);
  return rows;
}

bool Lexicon::is_side(const std::string& role) const {
  return std::any_of(tallies_.begin(), tallies_.end(), [&](const base::Tally& t) { return t.side == role; });
}

bool Lexicon::has_attribute(const std::vector<std::string>& types, const std::string& key) const {
  return std::any_of(types.begin(), types.end(), [&](const std::string& type) {
    const auto it = attributes_.find(type);
    return it != attributes_.end() && it->second.contains(key);
  });
}

std::optional<Condition> Lexicon::value_of(const std::vector<std::string>& types, const std::string& folded) const {
  for (const std::string& type : types) {
    if (const auto it = values_.find({type, folded}); it != values_.end()) return it->second;
  }
  return std::nullopt;
}

std::string Lexicon::nearest(const std::string& folded) const {
  if (folded.size() < 5) return {};
  const std::size_t most = folded.size() >= 8 ? 2 : 1;
  std::string best;
  std::size_t best_distance = most + 1;
  bool twice = false;
  for (const std::string& w : known_words_) {
    if (w.front() != folded.front() || w == folded) continue;
    const std::size_t d = edit_distance(w, folded, most);
    if (d > most || d > best_distance) continue;
    twice = d == best_distance;
    best = w;
    best_distance = d;
  }
  return twice ? std::string() : best;
}

}  // namespace reelgraph::query
