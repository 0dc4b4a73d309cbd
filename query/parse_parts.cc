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

// "Where was pallet 14 processed?", "In which zone did he set it down?": who plays the part of the place.
bool Parser::plan_where(Plan& plan, Clause& main) {
  if (main.events.size() != 1 || !negation_read_.empty() || !alternatives_.empty() || threshold_) return false;
  std::size_t asks = tokens_.size();
  bool from = false;
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
  from = is_word(tokens_.size() - 1) && says(tokens_.size() - 1, {"from"});
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

}  // namespace reelgraph::query::parsing
