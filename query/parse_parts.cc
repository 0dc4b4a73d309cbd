// What part something takes in an event, where the words leave it open: by the parts that its kind takes in this archive.
#include <array>

#include "query/parser.h"

namespace reelgraph::query::parsing {
namespace {

// Roles that tell where something happens, the plainest first.
constexpr std::array<std::string_view, 6> kPlaceRoles = {"place", "location", "zone", "station", "destination", "source"};

}  // namespace

std::vector<std::string> Parser::types_of(const Selection& s) {
  std::vector<std::string> types;
  if (s.tally) return types;
  for (const EventKind& k : s.kinds) types.insert(types.end(), k.types.begin(), k.types.end());
  return types;
}

// What it is done to, where no profile says its role: "processed pallet 14".
std::string Parser::object_role(const Selection& s, const std::string& said) const {
  return said.empty() && lexicon_.has_role(types_of(s), "object") ? "object" : said;
}

// Where such events happen; empty where that is not told of them.
std::string Parser::place_role(const Selection& s) const {
  const auto types = types_of(s);
  const auto told = std::find_if(kPlaceRoles.begin(), kPlaceRoles.end(),
                                 [&](std::string_view role) { return lexicon_.has_role(types, std::string(role)); });
  return told == kPlaceRoles.end() ? std::string() : std::string(*told);
}

// "at", of "at the storage".
std::string Parser::preposition_before(std::size_t i) const {
  if (i >= tokens_.size()) return {};
  std::size_t w = tokens_[i].used.front();
  while (w > 0 && is_any(words_[w - 1].folded, {"the", "a", "an", "any", "some", "each", "every", "which", "what"})) --w;
  if (w == 0 || words_[w - 1].ends_clause) return {};
  const std::string& before = words_[w - 1].folded;
  return is_any(before, {"at", "in", "into", "on", "onto", "inside", "from", "to", "towards", "near", "by", "for", "of", "with"})
             ? before
             : std::string();
}

// The role that was read, unless entities of this type never play it in such events, but others: "dropped at storage" is dropped by nobody.
std::string Parser::fitting_role(const Selection& s, const std::string& entity_type, const std::string& role,
                                 const std::string& preposition) const {
  const std::set<std::string> played = lexicon_.roles_of(types_of(s), entity_type);
  if (preposition == "from" && played.contains("source")) return "source";
  if (is_any(preposition, {"to", "into", "onto", "towards"}) && played.contains("destination")) return "destination";
  if (role.empty() || played.contains(role)) return role;
  if (played.contains("object")) return "object";
  std::vector<std::string> places;
  for (const std::string_view place : kPlaceRoles) {
    if (played.contains(std::string(place))) places.emplace_back(place);
  }
  if (places.empty()) return role;
  const bool plain = !is_any(places.front(), {"destination", "source"});
  return plain || places.size() == 1 ? places.front() : std::string();
}

// "At which dock did it arrive?": a word of an event that is a noun of a type, too, and stands where only a noun can.
void Parser::type_nouns() {
  for (std::size_t i = 1; i < tokens_.size(); ++i) {
    Token& t = tokens_[i];
    if (t.kind != K::kEvent || t.used.size() != 1 || t.used.front() == 0) continue;
    const std::string type = lexicon_.type_called(words_[t.used.front()]);
    const std::string& before = words_[t.used.front() - 1].folded;
    const std::string preposition = preposition_before(i);
    const bool asked = is_any(before, {"which", "what"});
    const bool there = is_any(before, {"the", "a", "an", "any", "each", "every"}) && is_any(preposition, {"at", "in", "into", "from"});
    const bool event = std::any_of(tokens_.begin(), tokens_.end(), [&](const Token& o) { return o.kind == K::kEvent && &o != &t; });
    if (type.empty() || !event || !(asked || there)) continue;
    Token noun;
    noun.kind = K::kEntityType;
    noun.name = type;
    noun.from = t.from;
    noun.to = t.to;
    noun.used = t.used;
    t = std::move(noun);
  }
}

// "pallet 9999", "packing 7", "the purple forklift" where only a worker is purple: named like others of this archive, but nothing bears
// the name. What it is said of may not be dropped.
void Parser::find_unknown_names() {
  for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
    const Token& t = tokens_[i];
    const Token& next = tokens_[i + 1];
    if (next.used.front() != t.used.back() + 1 || ends(i) || words_[t.used.back()].possessive) continue;
    const Word& word = words_[t.used.back()];
    const Word& after = words_[next.used.front()];
    if (next.kind == K::kNumber && next.used.size() == 1 && t.used.size() == 1) {
      const bool digits = std::all_of(after.folded.begin(), after.folded.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
      const bool type = t.kind == K::kEntityType && !word.folded.ends_with("s");
      const bool amount = says(i + 2, {"time", "times", "second", "seconds", "sec", "secs", "minute", "minutes", "min", "mins", "hour",
                                       "hours", "or", "more", "fewer"});
      if (!digits || amount || !(type || lexicon_.is_numbered(word.folded))) continue;
      if (!store_.find_entities(word.folded + " " + after.folded, true, 1).empty()) continue;
      if (type) {  // "bay 2" is dock 2
        const auto same = store_.find_entities(t.name + " " + after.folded, true, 2);
        if (same.size() > 1) continue;
        if (same.size() == 1) {
          Token named;
          named.kind = K::kEntity;
          named.from = t.from;
          named.to = next.to;
          named.used = {t.used.front(), next.used.front()};
          named.entities = {same.front().row};
          named.names = {same.front().name};
          tokens_[i] = std::move(named);
          tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          read_.erase(read_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          continue;
        }
      }
    } else if (t.kind == K::kEntity && next.kind == K::kEntityType && !t.entities.empty()) {
      // The rest of the name is the type of who bears it, so that the type said instead makes it another's.
      const bool others = std::all_of(t.entities.begin(), t.entities.end(), [&](graph::RowId row) {
        const auto e = store_.entity(row);
        return e && e->type != next.name && fold(e->name) == fold(span_text(t) + " " + e->type);
      });
      if (!others) continue;
    } else {
      continue;
    }
    unknown_ = span_text(t) + " " + after.folded;
    return;
  }
}

// Is asked for or counted: "which forklift", "how many pallets", "name the workers".
bool Parser::is_asked(std::size_t i) const {
  for (std::size_t k = i; k-- > 0 && i - k <= 4;) {
    if (is_word(k) && is_any(text(k), {"which", "what", "many", "number", "list", "name", "count"})) return true;
    if (!is_word(k) ? !(kind(k, K::kOrdinal) || kind(k, K::kNumber) || kind(k, K::kEntity)) : is_aux(text(k)) && text(k) != "any")
      return false;
  }
  return false;
}

// "carried a pallet", "set down at a dock": with any of that type, where such events may be without or have others in its place.
void Parser::narrow_by_types(Clause& c, const std::vector<std::size_t>& list) {
  for (const std::size_t i : list) {
    if (!kind(i, K::kEntityType) || is_asked(i) || c.events.empty()) continue;
    if (kind(i + 1, K::kEntity) || kind(i + 1, K::kNumber) ||
        (i > 0 && (kind(i - 1, K::kEntity) || says(i - 1, {"both", "each", "or", "and"}))))
      continue;
    std::size_t at = 0;
    for (std::size_t e = 0; e < c.events.size(); ++e) {
      if (c.at[e] < i) at = e;
    }
    Selection& s = c.events[at];
    const auto types = types_of(s);
    const std::set<std::string> played = lexicon_.roles_of(types, tokens_[i].name);
    const std::string preposition = preposition_before(i);
    const bool there = is_any(preposition, {"at", "in", "into", "on", "onto", "inside", "from", "to"}) && !place_role(s).empty();
    std::string role = "object";
    if (there && !played.contains("agent"))
      role = fitting_role(s, tokens_[i].name, place_role(s), preposition);
    else if (!played.contains("object") || played.contains("agent"))
      continue;
    mark(i);
    absorbed_.insert(i);
    if (!with_any(s, tokens_[i].name, role)) return;
  }
}

// Only events in which any of the type takes that part, unless all such events have one or somebody is named. False: there are too many.
bool Parser::with_any(Selection& s, const std::string& type, const std::string& role) {
  if (!role.empty() && lexicon_.always_has(types_of(s), role, type)) return true;
  if (std::any_of(s.who.begin(), s.who.end(), [&](const Participant& p) { return p.role == role; })) return true;
  const auto all = store_.entities(type, {}, kMostNarrowed + 1);
  if (all.size() > kMostNarrowed) {
    problem_ = "there are too many of the type \"" + type + "\" to look for any of them";
    return false;
  }
  Participant any{{}, {"any " + type}, role, false, false};
  for (const graph::EntityRecord& e : all) any.entities.push_back(e.row);
  s.who.push_back(std::move(any));
  return true;
}

// "Where was pallet 14 processed?", "In which zone did he set it down?": who plays the part of the place.
bool Parser::plan_where(Plan& plan, Clause& main) {
  if (main.events.size() != 1 || !negation_read_.empty() || !alternatives_.empty() || threshold_) return false;
  std::size_t asks = tokens_.size();
  for (const std::size_t i : main_) {
    if (kind(i, K::kEvent) || is_aux(text(i))) break;
    const bool noun =
        says(i, {"which", "what"}) && says(i + 1, {"place", "zone", "area", "location", "spot"}) && !lexicon_.is_video(words_[i]);
    if (is_word(i) && (says(i, {"where"}) || noun)) asks = i;
  }
  Selection& s = main.events.front();
  std::string role = place_role(s);
  if (asks == tokens_.size() || role.empty()) return false;
  const auto types = types_of(s);
  const bool from = is_word(tokens_.size() - 1) && says(tokens_.size() - 1, {"from"});
  if (from && lexicon_.has_role(types, "source")) role = "source";
  if (!says(asks, {"where"})) mark(asks + 1);
  mark(asks);
  read_extreme(s);
  const bool most = take({"most"});
  const bool fewest = !most && take({"fewest", "least"});
  add_subs(s, main, false);
  apply_lengths(s);
  plan.ask = most || fewest ? Ask::kRank : Ask::kWho;
  plan.fewest = fewest;
  plan.role = role;
  plan.select = s;
  return true;
}

// "How many pallets were at staging at 5:00?": those that take part in anything there at that instant.
bool Parser::plan_present(Plan& plan, std::size_t many) {
  const std::size_t type = asked_type();
  if (type != many + 1 || !subs_.empty() || !negation_read_.empty() || threshold_ || loose_windows_.size() != 1) return false;
  const Window& at = loose_windows_.front();
  if (at.kind != Window::Kind::kPhrase || at.phrase.kind != TimePhrase::Kind::kAt) return false;
  if (!main_has({"are", "is", "was", "were"})) return false;
  const auto role = std::find_if(kPlaceRoles.begin(), kPlaceRoles.end(), [&](std::string_view r) {
    return !is_any(r, {"destination", "source"}) && lexicon_.has_role(lexicon_.event_types(), std::string(r));
  });
  if (role == kPlaceRoles.end()) return false;
  for (const std::size_t i : main_) {
    if (!kind(i, K::kEntity)) continue;
    if (!plan.select.who.empty() || !is_any(preposition_before(i), {"at", "in", "on", "inside"})) return false;
    plan.select.who.push_back({tokens_[i].entities, tokens_[i].names, std::string(*role), false, false});
    mark(i);
  }
  if (plan.select.who.empty()) return false;
  mark(type);
  plan.ask = Ask::kCount;
  plan.distinct = true;
  plan.entity_type = tokens_[type].name;
  plan.role = "*";
  plan.select.windows = loose_windows_;
  return true;
}

}  // namespace reelgraph::query::parsing
