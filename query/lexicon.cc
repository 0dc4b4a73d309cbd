#include "query/lexicon.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "query/linking.h"

namespace reelgraph::query {
namespace {

constexpr int kMostNames = 20'000;            // entities whose names are held in memory; beyond that the store is asked name by name
constexpr std::size_t kMostExpansions = 400;  // of one pattern with classes
constexpr std::size_t kLongestGap = 3;        // words between two of a pattern
constexpr int kSampledEvents = 200;           // of each type, for the values of attributes
constexpr std::size_t kMostWords = 64;
constexpr std::size_t kMostVideosKnown = 40;  // beyond that what each holds is not looked up
constexpr std::size_t kSampledActors = 20;  // of each type of event, for the kinds of entity that act

bool is_any(const std::string& w, std::initializer_list<std::string_view> any) { return std::find(any.begin(), any.end(), w) != any.end(); }

// Words that may stand between the words of a pattern.
bool is_particle(const std::string& stem) { return is_any(stem, {"away", "on", "off", "up", "down", "over", "out"}); }

bool is_gap_word(const Word& w) {
  return parse_number(w.folded) ||
         is_any(w.folded, {"the",  "a",     "an",      "his",      "her",   "their",  "its",   "one",    "of",        "some",
                           "any",  "own",   "another", "this",     "that",  "being",  "been",  "is",     "are",       "was",
                           "were", "get",   "gets",    "got",      "it",    "him",    "them",  "single", "each",      "more",
                           "most", "fewer", "fewest",  "other",    "last",  "first",  "every", "had",    "have",      "has",    "still",  "also",   "then",
                           "did",  "does",  "ever",    "starting", "start", "starts", "begin", "begins", "beginning", "to"});
}

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

// "person 12", "Vehicle 3": numbers given by a machine, no names.
bool is_number_name(const std::vector<std::string>& words, const std::string& type) {
  return words.size() == 2 && words[0] == type &&
         std::all_of(words[1].begin(), words[1].end(), [](unsigned char c) { return std::isdigit(c) != 0; });
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
  if (!rest.empty() && (rest.front() == '*' || rest.front() == '=')) {
    base.any_order = rest.front() == '*';
    base.adjacent = rest.front() == '=';
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
      p.stems.push_back(w.stem);
      p.folded.push_back(w.folded);
      if (w.folded.size() >= 5) known_words_.insert(w.folded);
    }
    if (p.stems.empty()) continue;
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

void Lexicon::add_profile(const base::Profile& profile) {
  const int domain = static_cast<int>(domains_.size());
  std::set<std::string>& types = domains_.emplace_back();
  for (const base::Term& term : profile.event_types) types.insert(term.name);
  for (const base::Phrase& phrase : profile.phrases) types.insert(phrase.types.begin(), phrase.types.end());
  for (const base::Term& term : profile.event_types) {
    if (!held_.contains(term.name)) continue;
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

void Lexicon::load_names() {
  const auto entities = store_.entities({}, {}, kMostNames + 1);
  small_ = entities.size() <= static_cast<std::size_t>(kMostNames);
  if (!small_) return;
  for (const graph::EntityRecord& e : entities) {
    Name n;
    n.entity = e.row;
    n.display = e.name;
    n.type = e.type;
    n.attributes = e.attributes;
    n.forms.push_back(words_of(cutter_, e.name));
    if (is_number_name(n.forms.front(), e.type) || n.forms.front().empty()) continue;
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

std::set<std::string> Lexicon::types_in(const std::vector<std::string>& videos) const {
  std::set<std::string> all;
  for (const std::string& video : videos) {
    auto known = types_present_.find(video);
    if (known == types_present_.end()) {
      known = types_present_.emplace(video, std::set<std::string>{}).first;
      for (const std::string& type : event_types_) {
        graph::EventFilter filter;
        filter.videos = {video};
        filter.types = {type};
        filter.limit = 1;
        if (!store_.events(filter).empty()) known->second.insert(type);
      }
      for (const std::string& type : entity_types_) {
        if (!store_.entities(type, {video}, 1).empty()) known->second.insert(type);
      }
    }
    all.insert(known->second.begin(), known->second.end());
  }
  return all;
}

Token Lexicon::entity_token(const std::vector<const Name*>& names, std::size_t from, std::size_t to) const {
  Token t;
  t.kind = Token::Kind::kEntity;
  t.from = from;
  t.to = to;
  for (std::size_t i = from; i < to; ++i) t.used.push_back(i);
  for (const Name* n : names) {
    t.entities.push_back(n->entity);
    t.names.push_back(n->display);
  }
  return t;
}

void Lexicon::match_names(const std::vector<Word>& words, const std::vector<std::string>& videos, std::vector<Token>& found) const {
  const std::size_t n = std::min(words.size(), kMostWords);
  const auto here = [&](graph::RowId row) {
    return videos.empty() || std::any_of(videos.begin(), videos.end(), [&](const std::string& v) { return present_in(v).contains(row); });
  };
  for (std::size_t from = 0; from < n; ++from) {
    for (std::size_t to = std::min(n, from + 5); to > from; --to) {
      bool clause = false;
      for (std::size_t i = from; i + 1 < to; ++i) clause = clause || words[i].ends_clause || words[i].possessive;
      if (clause) continue;
      const std::string& first = words[from].folded;
      const std::size_t length = to - from;
      if (length == 1 && (is_stop_word(first) || first.size() < 2 || parse_number(first) || is_negation(first))) continue;
      if (length == 1 && is_light_word(words[from]) && !words[from].capital) continue;
      if (!small_) {
        if (length == 1 && !words[from].capital) continue;
        std::string text;
        for (std::size_t i = from; i < to; ++i) text += (i > from ? " " : "") + words[i].text;
        const auto rows = store_.find_entities(text, true, 20);
        if (rows.empty()) continue;
        Token t = entity_token({}, from, to);
        for (const graph::EntityRecord& e : rows) t.entities.push_back(e.row), t.names.push_back(e.name);
        t.score = static_cast<double>(length) * 10 + 3;
        found.push_back(std::move(t));
        continue;
      }
      // Quality: 0 whole name, 1 words of the name, 2 whole alias, 3 initials, 4 words of an alias.
      std::map<int, std::vector<const Name*>> by_quality;
      std::set<std::size_t> candidates;
      const auto [low, high] = by_name_word_.equal_range(first);
      for (auto it = low; it != high; ++it) candidates.insert(it->second);
      // "the two Jameses", "both Kevins"
      std::string single = first;
      for (const char* ending : {"es", "s"}) {
        if (!candidates.empty() || length != 1 || !first.ends_with(ending) || first.size() < 5) continue;
        single = first.substr(0, first.size() - std::string_view(ending).size());
        const auto [l, h] = by_name_word_.equal_range(single);
        for (auto it = l; it != h; ++it) candidates.insert(it->second);
      }
      if (candidates.empty()) single = first;
      for (const std::size_t index : candidates) {
        const Name& name = names_[index];
        int quality = 9;
        for (std::size_t f = 0; f < name.forms.size(); ++f) {
          const auto& form = name.forms[f];
          std::size_t matched = 0;
          for (std::size_t at = 0; at < form.size() && matched < length; ++at) {
            if (form[at] == (length == 1 ? single : words[from + matched].folded)) ++matched;
          }
          if (matched != length) continue;
          const bool whole = length == form.size();
          quality = std::min(quality, f == 0 ? (whole ? 0 : 1) : (whole ? 2 : 4));
        }
        if (quality == 9 && length == 1 && name.initials == first && first.size() >= 3) quality = 3;
        if (quality < 9) by_quality[quality].push_back(&name);
      }
      // Those of the videos asked about come first; a whole name before a part of one.
      std::vector<const Name*> chosen;
      for (const bool present : {true, false}) {
        for (const auto& [quality, list] : by_quality) {
          for (const Name* name : list) {
            if (here(name->entity) == present) chosen.push_back(name);
          }
          if (!chosen.empty()) break;
        }
        if (!chosen.empty()) break;
      }
      if (chosen.empty()) continue;
      Token t = entity_token(chosen, from, to);
      t.score = static_cast<double>(length) * 10 + (words[from].capital && from > 0 ? 5 : 0) + (by_quality.contains(0) ? 1 : -1);
      found.push_back(std::move(t));
    }
    // "number 10": a number that an entity wears
    if (from + 1 < n && is_any(words[from].folded, {"number", "no", "nr", "shirt"})) {
      const auto number = parse_number(words[from + 1].folded);
      if (!number) continue;
      std::vector<const Name*> chosen;
      for (const Name& name : names_) {
        if (!name.attributes.is_object() || !here(name.entity)) continue;
        for (const auto& [key, value] : name.attributes.items()) {
          if (key.find("number") != std::string::npos && value.is_number() && value.get<double>() == *number) chosen.push_back(&name);
        }
      }
      if (chosen.empty()) continue;
      Token t = entity_token(chosen, from, from + 2);
      t.name = "number";
      t.score = 25;
      found.push_back(std::move(t));
    }
  }
}

void Lexicon::match_patterns(const std::vector<Word>& words, const std::vector<bool>& named, std::vector<Token>& found) const {
  const std::size_t n = std::min(words.size(), kMostWords);
  for (std::size_t at = 0; at < n; ++at) {
    const auto [low, high] = by_stem_.equal_range(words[at].stem);
    for (auto it = low; it != high; ++it) {
      const Pattern& p = patterns_[it->second];
      std::vector<std::string> rest = p.stems;
      const auto take = [&](const std::string& stem) {
        const auto hit = p.any_order ? std::find(rest.begin(), rest.end(), stem) : (rest.front() == stem ? rest.begin() : rest.end());
        if (hit == rest.end()) return false;
        rest.erase(hit);
        return true;
      };
      std::vector<std::size_t> used;
      std::size_t gap = 0;
      for (std::size_t i = at; i < n && !rest.empty(); ++i) {
        if (take(words[i].stem)) {
          used.push_back(i);
          gap = 0;
        } else if (used.empty() || p.adjacent || ++gap > kLongestGap ||
                   !(is_gap_word(words[i]) || named[i] ||
                     (rest.size() == 1 && is_particle(rest.front()) && !is_stop_word(words[i].folded)))) {
          break;
        }
        if (words[i].ends_clause && !rest.empty()) break;
      }
      if (!rest.empty()) continue;
      Token t = p.token;
      t.from = used.front();
      t.to = used.back() + 1;
      t.used = used;
      std::size_t exact = 0;
      for (const std::size_t i : used) exact += std::find(p.folded.begin(), p.folded.end(), words[i].folded) != p.folded.end() ? 1 : 0;
      t.score += static_cast<double>(exact) * 0.5 + static_cast<double>(used.size()) * 10 -
                 static_cast<double>(t.to - t.from - used.size()) + (t.kind == Token::Kind::kEntityType ? -1 : 0);
      found.push_back(std::move(t));
    }
  }
}

std::vector<Token> Lexicon::read(const std::vector<Word>& words, const std::vector<std::string>& videos) const {
  const std::size_t n = std::min(words.size(), kMostWords);
  std::vector<Token> found;
  match_names(words, videos, found);
  std::vector<bool> named(words.size(), false);
  for (const Token& t : found) {
    for (const std::size_t i : t.used) named[i] = named[i] || words[i].capital || t.used.size() > 1;
  }
  match_patterns(words, named, found);
  if (!videos.empty() && videos.size() <= kMostVideosKnown) {
    // In an archive of matches and of cameras a question about one of them is asked in its words.
    const std::set<std::string> here = types_in(videos);
    const auto held = [&](const std::string& type) { return here.contains(type); };
    std::erase_if(found, [&](const Token& t) {
      return (t.kind == Token::Kind::kPeriod && !held(t.period.type)) || (t.kind == Token::Kind::kTally && !held(t.tally.type));
    });
    const auto elsewhere = [&](const Token& t) {
      return (t.kind == Token::Kind::kEvent && !t.event.types.empty() && std::none_of(t.event.types.begin(), t.event.types.end(), held)) ||
             (t.kind == Token::Kind::kEntityType && !held(t.name));
    };
    // Profiles share words; that of these videos is the one most of whose types they hold.
    std::vector<std::ptrdiff_t> here_of;
    for (const std::set<std::string>& types : domains_) here_of.push_back(std::count_if(types.begin(), types.end(), held));
    const std::ptrdiff_t most = here_of.empty() ? 0 : *std::max_element(here_of.begin(), here_of.end());
    std::vector<Token> kept;
    for (const Token& t : found) {
      const bool other_domain = t.domain >= 0 && here_of[static_cast<std::size_t>(t.domain)] * 3 < most;
      const bool twin = t.kind == Token::Kind::kEntityType && std::any_of(found.begin(), found.end(), [&](const Token& o) {
                          return o.kind == t.kind && !elsewhere(o) && o.used == t.used;
                        });
      if (!elsewhere(t) || !(other_domain || twin)) kept.push_back(t);
    }
    found = std::move(kept);
  }
  for (const TimePhrase& p : find_time_phrases(words)) {
    Token t;
    t.kind = Token::Kind::kTime;
    t.time = p;
    t.from = p.from;
    t.to = p.to;
    for (std::size_t i = p.from; i < p.to; ++i) t.used.push_back(i);
    t.score = static_cast<double>(t.used.size()) * 10 - 4;
    if (p.kind == TimePhrase::Kind::kPart || p.kind == TimePhrase::Kind::kBeginning || p.kind == TimePhrase::Kind::kEnd) t.score -= 15;
    found.push_back(std::move(t));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Token& a, const Token& b) { return std::tie(b.score, a.from) < std::tie(a.score, b.from); });
  std::vector<int> owner(words.size(), -1);
  std::vector<Token> tokens;
  for (Token& t : found) {
    bool free = true;
    int same = -1;
    for (const std::size_t i : t.used) {
      free = free && owner[i] < 0;
      if (owner[i] >= 0) same = owner[i];
    }
    if (!free) {
      // Several types that share the same words are all meant.
      Token& other = tokens[static_cast<std::size_t>(same)];
      const bool twin = other.used == t.used && other.kind == t.kind && t.kind == Token::Kind::kEvent && other.score == t.score &&
                        other.event.where == t.event.where && !t.qualifies && !other.qualifies;
      if (twin) {
        for (const std::string& type : t.event.types) {
          if (std::find(other.event.types.begin(), other.event.types.end(), type) == other.event.types.end())
            other.event.types.push_back(type);
        }
      }
      continue;
    }
    for (const std::size_t i : t.used) owner[i] = static_cast<int>(tokens.size());
    tokens.push_back(std::move(t));
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (owner[i] >= 0) continue;
    Token t;
    t.from = i;
    t.to = i + 1;
    t.used = {i};
    t.name = words[i].folded;
    const auto video = video_words_.find(words[i].folded);
    if (const auto ordinal = parse_ordinal(words[i].folded)) {
      t.kind = Token::Kind::kOrdinal;
      t.number = *ordinal;
    } else if (const auto number = parse_number(words[i].folded); number && *number == static_cast<int>(*number)) {
      t.kind = Token::Kind::kNumber;
      t.number = static_cast<int>(*number);
    } else if (video != video_words_.end() && !is_light_word(words[i]) && words[i].folded != "camera" && words[i].folded != "clip") {
      t.kind = Token::Kind::kVideo;
      t.videos = video->second;
    }
    tokens.push_back(std::move(t));
  }
  std::stable_sort(tokens.begin(), tokens.end(), [](const Token& a, const Token& b) { return a.used.front() < b.used.front(); });
  return tokens;
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
