#include "chunker/tracking/possession.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chunker/tracking/ground.h"

namespace reelgraph::chunker::tracking {
namespace {

// Costs: a frame in which nobody has the ball, or in which it is hidden and nobody has it; taking it; letting it go.
constexpr double kFree = 4, kHidden = 1, kTake = 2.5, kLose = 1;

constexpr double kHiddenPlayer = 3, kLookedFor = 0.5;  // cost of a hidden player; seconds that he may have run

struct Way {
  int holder = kNobody;  ///< in this frame
  int first = kNobody;   ///< in the first frame
  double cost = 0;
};

double change(int from, int to) { return from == to ? 0 : (from == kNobody ? 0 : kLose) + (to == kNobody ? 0 : kTake); }

}  // namespace

int holder_of_first(const std::deque<BallFrame>& frames, int before, double reach, double speed) {
  std::vector<Way> ways{{before, kNobody, 0}};
  bool first = true;
  for (const BallFrame& frame : frames) {
    std::vector<Way> next;
    const auto extend = [&](int holder, double own) {
      Way best{holder, kNobody, std::numeric_limits<double>::max()};
      for (const Way& way : ways) {
        const double cost = way.cost + own + change(way.holder, holder);
        if (cost < best.cost) best = {holder, first ? holder : way.first, cost};
      }
      next.push_back(best);
    };
    extend(kNobody, frame.lies ? 0 : frame.ball ? kFree : kHidden);
    if (!frame.lies) {
      for (const PlayerAt& player : frame.players) {
        const double off = frame.ball ? std::abs(metres(player.place, *frame.ball) - kAhead) : 0;
        const double far = std::max(0.0, off - speed * std::min(kLookedFor, base::to_seconds(player.unseen))) / reach;
        if (far < 3) extend(player.track, kFree * far * far + (frame.ball && player.unseen > 0 ? kHiddenPlayer : 0));
      }
    }
    ways = std::move(next);
    first = false;
  }
  return std::min_element(ways.begin(), ways.end(), [](const Way& a, const Way& b) { return a.cost < b.cost; })->first;
}

}  // namespace reelgraph::chunker::tracking
