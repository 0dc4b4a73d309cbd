// Finds the words of an archive in a question.
#include <algorithm>
#include <tuple>

#include "query/lexicon.h"
#include "query/linking.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kLongestGap = 3;  // words between two of a pattern
constexpr std::size_t kLongName = 5;    // letters; a shorter word without a capital may be any word
constexpr std::size_t kMostWordsRead = 64;
constexpr std::size_t kMostVideosKnown = 40;  // beyond that what each holds is not looked up

// Words that may stand between the words of a pattern.
bool is_particle(const std::string& stem) { return is_any(stem, {"away", "on", "off", "up", "down", "over", "out"}); }

bool is_gap_word(const Word& w) {
  return parse_number(w.folded) ||
         is_any(w.folded,
                {"the",   "a",       "an",       "his",   "her",    "their",  "its",    "one",       "of",   "some",    "any",
                 "own",   "another", "this",     "that",  "being",  "been",   "is",     "are",       "was",  "were",    "get",
                 "gets",  "got",     "it",       "him",   "them",   "single", "each",   "more",      "most", "fewer",   "fewest",
                 "other", "last",    "first",    "every", "had",    "have",   "has",    "still",     "also", "then",    "did",
                 "does",  "ever",    "starting", "start", "starts", "begin",  "begins", "beginning", "to",   "finally", "eventually"});
}

}  // namespace

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
  const std::size_t n = std::min(words.size(), kMostWordsRead);
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
  const std::size_t n = std::min(words.size(), kMostWordsRead);
  std::vector<std::string> stems;
  for (std::size_t i = 0; i < n; ++i) stems.push_back(stem_of(words[i]));
  for (std::size_t at = 0; at < n; ++at) {
    const auto [low, high] = by_stem_.equal_range(stems[at]);
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
        if (take(stems[i])) {
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
      if (p.apart && t.to - t.from == used.size()) continue;
      std::size_t exact = 0;
      for (const std::size_t i : used) exact += std::find(p.folded.begin(), p.folded.end(), words[i].folded) != p.folded.end() ? 1 : 0;
      t.score += static_cast<double>(exact) * 0.5 + static_cast<double>(used.size()) * 10 -
                 static_cast<double>(t.to - t.from - used.size()) + (t.kind == Token::Kind::kEntityType ? -1 : 0);
      found.push_back(std::move(t));
    }
  }
}

std::vector<Token> Lexicon::read(const std::vector<Word>& words, const std::vector<std::string>& videos) const {
  const std::size_t n = std::min(words.size(), kMostWordsRead);
  std::vector<Token> found;
  match_names(words, videos, found);
  std::vector<bool> named(words.size(), false);
  for (const Token& t : found) {
    for (const std::size_t i : t.used)
      named[i] = named[i] || words[i].capital || t.used.size() > 1 ||
                 (words[i].folded.size() >= kLongName && !is_stop_word(words[i].folded) && !is_light_word(words[i]));
  }
  std::vector<Token> nicknames;  // other names are patterns; they may stand between the words of one, too
  match_patterns(words, named, nicknames);
  for (const Token& t : nicknames) {
    if (t.kind != Token::Kind::kEntity) continue;
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
    if (p.kind == TimePhrase::Kind::kPart || p.kind == TimePhrase::Kind::kBeginning || p.kind == TimePhrase::Kind::kEnd)
      t.score -= 35;  // where a profile names such a part ("second half"), that is meant
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

}  // namespace reelgraph::query
