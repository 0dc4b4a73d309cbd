#pragma once
// From facts about tracks and places to entities and events, chunk by chunk.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/chunk.h"
#include "base/observation.h"
#include "base/span_set.h"
#include "captioner/signals/events.h"
#include "captioner/signals/scene.h"

namespace reelgraph::captioner::signals {

/// Tells one film. A track is one entity: each chunk in which it is in view mentions it, and its mentions' spans together are its presence.
/// `appear` is told in the first chunk described after the track is certain, `leave` after it has gone.
class Story {
 public:
  explicit Story(const std::string& video) : video_(video) {}

  /// Adds to `result` (with an observation whose span is the chunk's own part) what `facts` tell: mentions, events, notes, paths, and
  /// sentences for the caption.
  /// @param facts in the order in which they became known, all that is new since the last call
  /// @param unclear_spans spans in which the camera moved or nothing could be told: what was followed only there is not told
  /// @returns one sentence a thing, the most telling first
  std::vector<std::string> tell(const base::Chunk& chunk, const std::vector<Fact>& facts, const base::SpanSet& unclear_spans,
                                EventLimit& limit, base::CaptionResult& result);

 private:
  struct View {
    base::Timestamp at = 0;
    base::Box box;
    double clear = 0;
  };
  struct Thing {
    Sighting latest;
    std::deque<View> views;
    base::Timestamp told_until = -1;  ///< mentions reach to here; -1: none yet
    bool appeared = false;            ///< its appearance was told
    bool dropped = false;             ///< too many events: nothing is said of it
    bool left = false;                ///< its leaving was told
    bool ended = false;
    std::string ended_by;  ///< as in Fact::reason
  };

  void take(const Fact& fact);
  [[nodiscard]] base::Timestamp shown(const Thing& thing, base::TimeSpan within) const;
  [[nodiscard]] base::Timestamp shown_after(base::Timestamp at) const;
  [[nodiscard]] base::Event event_of(const char* type, base::Timestamp at, int track) const;
  [[nodiscard]] base::Event static_event(const Fact& fact) const;
  [[nodiscard]] base::Event appearance_of(const Thing& thing) const;
  [[nodiscard]] base::Event presence_of(const Thing& thing) const;
  [[nodiscard]] base::Event leaving_of(const Thing& thing) const;
  [[nodiscard]] static bool unclear(const Thing& thing, const base::SpanSet& spans);
  [[nodiscard]] base::EntityMention mention_of(const Sighting& s, base::TimeSpan span) const;
  void mention(Thing& thing, const base::Chunk& chunk, base::Observation& observation);
  bool bring_in(base::Event& event, base::Observation& observation) const;
  void remember_pictures(const base::Chunk& chunk);

  std::string video_;
  std::map<int, Thing> things_;
  std::deque<base::Timestamp> pictures_;  ///< of the last chunks: one of them can be shown
  std::map<std::string, base::SpanSet> unclear_;
  std::vector<base::Event> events_;                  ///< not told yet: they lie beyond the last chunk's own part
  std::map<int, base::EntityMention> still_things_;  ///< that take part in `events_`
};

}  // namespace reelgraph::captioner::signals
