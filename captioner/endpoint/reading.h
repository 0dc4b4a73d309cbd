#pragma once
// From a model's JSON object to an observation of one chunk. What the model says is taken for what it is worth: words it may not know,
// times it may get wrong, refs it may forget.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/profile.h"

namespace reelgraph::captioner::endpoint {

/// What of a chunk the reply is read against; small, so that pictures need not be kept while a server thinks.
struct ChunkFacts {
  int index = 0;
  base::TimeSpan span, own;
  bool last = false;
  std::string transcript;

  explicit ChunkFacts(const base::Chunk& chunk);
};

/// Words of a profile, ready for looking up.
class Vocabulary {
 public:
  explicit Vocabulary(const base::Profile& profile);
  /// The profile's name of what a model called something (case, spaces and hyphens folded; synonyms known); empty if it has none.
  [[nodiscard]] std::string entity_type(const std::string& word) const { return find(entities_, word); }
  [[nodiscard]] std::string event_type(const std::string& word) const { return find(events_, word); }
  [[nodiscard]] std::string role(const std::string& word) const { return find(roles_, word); }

 private:
  using Names = std::vector<std::pair<std::string, std::string>>;  // folded word, name; sorted
  static Names names_of(const std::vector<base::Term>& terms);
  static std::string find(const Names& names, const std::string& word);
  Names entities_, events_, roles_;
};

/// REQUIRES: `reply` fits `ReplySchema`. Times are clipped to the chunk's span, and an event without a usable time takes the span; an event
/// that starts outside the chunk's own part belongs to a neighbour and is left out; unknown types become "other" with attribute `word`.
/// @returns a canonical observation; its provenance is the caller's
[[nodiscard]] base::Observation read_reply(const nlohmann::json& reply, const ChunkFacts& chunk, const Vocabulary& words);

}  // namespace reelgraph::captioner::endpoint
