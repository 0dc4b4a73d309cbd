#pragma once
// Who has the ball, frame by frame: the cheapest way through all that is seen (Viterbi), so that one odd frame changes nothing.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "chunker/tracking/sighting.h"

namespace reelgraph::chunker::tracking {

constexpr int kNobody = -1;
constexpr double kAhead = 0.55;  ///< metres

/// Metres on the ground.
struct PlayerAt {
  int track = 0;
  std::string side;
  Place place;
  base::Duration unseen = 0;  ///< that `place` is old
};

struct BallFrame {
  base::Timestamp at = 0;
  std::optional<Place> ball;  ///< nothing: hidden
  std::vector<PlayerAt> players;
  bool lies = false;  ///< the ball is out of play: nobody has it
};

/// Who has the ball in the first of `frames`, in the light of all of them, if `before` had it in the frame before.
/// Who runs with the ball plays it `kAhead` before him, and who marks him is as near to it: how far it is tells them apart.
/// @param reach metres; a ball so much nearer or farther costs as much as a ball that nobody has
/// @param speed metres a second that a player who is hidden may have run
[[nodiscard]] int holder_of_first(const std::deque<BallFrame>& frames, int before, double reach, double speed);

}  // namespace reelgraph::chunker::tracking
