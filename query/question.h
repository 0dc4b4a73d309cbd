#pragma once
// A question as typed values: what is asked for, about which events and entities, where in which videos. No store is asked here.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "query/linking.h"
#include "query/time_phrase.h"
#include "query/words.h"

namespace reelgraph::query {

enum class Intent {
  kCount,     ///< how many, how often
  kExists,    ///< is there, does it happen
  kWhen,      ///< when, at what time; list of happenings
  kDuration,  ///< how long, how many seconds
  kWho,       ///< who, which player, list the players
  kVideos,    ///< which videos
  kFirstOf,   ///< which of these happens first (or last)
  kEvents,    ///< what happens
  kOpen,      ///< anything else: the nearest evidence
};

/// A place in time told by an event: "before the first goal", "after the last cut".
struct Anchor {
  enum class Side { kAfter, kBefore };
  Side side = Side::kAfter;
  std::vector<std::string> types;
  int ordinal = 1;     ///< 1-based; negative from the end
  bool ended = false;  ///< "has ended": count from its end
};

struct Question {
  Intent intent = Intent::kOpen;
  std::vector<std::vector<std::string>> subjects;  ///< groups of event types; within a group any is meant
  std::vector<Link> entities;
  std::optional<std::string> entity_type;  ///< of the thing asked for or counted
  std::vector<std::string> roles;          ///< roles named ("replaced" names `replacement`)
  bool passive_role = false;               ///< "was replaced": whom it happened to, not who did it
  std::optional<int> ordinal;              ///< of the event asked about
  std::optional<std::pair<int, int>> gap;  ///< "between the first and the second"
  std::optional<Anchor> anchor;
  std::vector<TimePhrase> times;
  bool negated = false;                  ///< asks where there is none
  bool total = false;                    ///< "in total": lengths are added even where events overlap
  bool partial = false;                  ///< a type is meant by a part of its name
  bool known_absent = false;             ///< the type is reelgraph's own, and the archive holds no event of it
  std::vector<std::string> direction;    ///< the preposition before each entity ("to", "from", "by", "")
  std::vector<Word> leftover;            ///< words with a meaning that nothing here stands for
  std::vector<std::string> unsupported;  ///< operators that are not computed ("most", "while")
  std::vector<std::string> content;      ///< folded words for retrieval

  /// True if every word with a meaning has found its place: only then may a number be computed.
  [[nodiscard]] bool understood() const { return leftover.empty() && unsupported.empty(); }
};

/// @param videos entities are looked for among those that take part in these; empty: all
[[nodiscard]] Question understand(const std::vector<Word>& words, const Linker& linker, const std::vector<std::string>& videos);

[[nodiscard]] const char* intent_name(Intent intent);
[[nodiscard]] nlohmann::json plan_json(const Question& question);

}  // namespace reelgraph::query
