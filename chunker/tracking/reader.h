#pragma once
// Who follows one film and says what happened in it. What counts as an event is the reader's: goods (events.h) or a match (ball_events.h).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/observation.h"
#include "base/profile.h"
#include "chunker/tracking/ball_rules.h"
#include "chunker/tracking/sighting.h"

namespace reelgraph::chunker::tracking {

/// Somebody or something that takes part: a thing that is followed, or a zone.
struct Party {
  std::string key;   ///< unique within the film: "forklift:blue", "pallet:7", "zone:dock 1"
  std::string type;  ///< entity type
  std::string name;  ///< "blue forklift", "pallet 7", "dock 1"
  std::string label, load;
  friend bool operator==(const Party&, const Party&) = default;
};

struct TrackedEvent {
  base::Event event;                                   ///< without participants
  std::vector<std::pair<Party, std::string>> parties;  ///< with their roles
};

/// A thing that was in view.
struct Presence {
  Party party;
  base::TimeSpan span;
  std::vector<std::pair<base::Timestamp, Place>> way;  ///< where it was seen within the span, in order; of the last minute at most
};

/// Follows one film. What happened is known some seconds after it did.
class Reader {
 public:
  virtual ~Reader() = default;
  /// REQUIRES: `look.at` after that of the last one.
  virtual void add(const Look& look) = 0;
  /// The film ends: what goes on ends with it.
  virtual void finish(base::Timestamp end) = 0;
  /// What became certain since the last call, by start.
  [[nodiscard]] virtual std::vector<TrackedEvent> take() = 0;
  /// Things that were in view in `span`, as far as they are certain, in order of first sight.
  [[nodiscard]] virtual std::vector<Presence> present(base::TimeSpan span) const = 0;
};

/// @param aspect height of the picture by its width
/// @param where names the profile in errors
/// @throws base::Error kBadInput if the rules name a zone that the profile lacks
[[nodiscard]] std::unique_ptr<Reader> make_reader(const AnyRules& rules, const std::vector<base::Zone>& zones, double aspect,
                                                  const std::string& where);

}  // namespace reelgraph::chunker::tracking
