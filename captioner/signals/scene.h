#pragma once
// From frames to what moved, came, went and changed: drives the stages of this folder over one film.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/media.h"
#include "base/observation.h"
#include "captioner/signals/options.h"

namespace reelgraph::captioner::signals {

/// A thing that moves, as far as it is known by now.
struct Sighting {
  int track = 0;  ///< 1, 2, ... in the order in which they were given out
  base::TimeSpan seen;
  bool from_start = false;  ///< it was in view when the shot began
  bool moving = false;      ///< in this step
  base::Box box;
  double size = 0;        ///< share of the picture's area
  double clear = 0;       ///< how well it can be seen in this step: its size, less where it is cut off or hidden
  std::string colour;     ///< empty: not settled
  std::string direction;  ///< of its way so far; empty: none is clear
  double confidence = 0;
};

/// What became known at one step.
struct Fact {
  enum class Kind { kSeen, kEnded, kStopped, kStarted, kPlaced, kRemoved, kPutBack, kUnclear };
  Kind kind = Kind::kSeen;
  base::Timestamp known = 0;  ///< the latest frame that was looked at when it became known
  base::Timestamp step = 0;   ///< the picture it was read from; `known` is later where a background had to be learned first
  base::Timestamp at = 0;     ///< when it happened
  Sighting sighting;          ///< all but kUnclear; of a static change: who did it, `track` 0 if that is not clear
  int thing = 0;              ///< static changes: 1, 2, ...
  base::Box box;              ///< static changes: of the thing
  std::string colour;         ///< static changes: of the thing
  double confidence = 0;      ///< static changes
  base::TimeSpan span;        ///< kUnclear: when nothing could be followed
  std::string reason;  ///< kUnclear: "camera_moves", "too_short", "too_dark", "noisy". kEnded: the same, "cut" or "film_ends" if it did
                       ///< not leave but could be followed no longer; empty: it left
};

/// Looks at five frames a second, 320 pixels wide. Memory does not grow with the film. Deterministic: what became known by a time depends
/// on the frames up to it only.
class Scene {
 public:
  explicit Scene(const Options& options);
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// Frames in time order. `boundary`: it may begin a shot; a flash is found out.
  void watch(const base::Frame& frame, bool boundary);
  /// Nothing comes after.
  void finish(base::Timestamp end);
  /// Facts known by `horizon` and not yet taken, in the order in which they became known.
  [[nodiscard]] std::vector<Fact> take(base::Timestamp horizon);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reelgraph::captioner::signals
