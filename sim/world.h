#pragma once
// Everything that moved and stood in a simulated world, for any instant of it.

#include <string>
#include <utility>
#include <vector>

#include "sim/history.h"
#include "sim/scene.h"

namespace reelgraph::sim {

/// Where a mover is at an instant; in between, straight lines and even turns.
struct Key {
  double seconds = 0;
  Point at;
  double heading = 0;  ///< radians, not wrapped
};

/// Something that moves by itself.
struct Mover {
  Thing thing;                                 ///< id, kind, colour, number; the rest changes
  std::vector<Key> keys;                       ///< in the order of time
  std::vector<std::pair<double, Load>> loads;  ///< from when on it carries what
  std::vector<std::pair<double, bool>> shown;  ///< from when on it is in the world; empty: always

  /// After the last key it stays there.
  void add(const Key& key);
  [[nodiscard]] Key where(double seconds) const;
  [[nodiscard]] Load load(double seconds) const;
  [[nodiscard]] bool is_shown(double seconds) const;
};

/// Something that stands still for a while, after it slid to its place.
struct Standing {
  Thing thing;
  double from = 0, to = 0;  ///< from <= t < to
  Point slid_from;          ///< where it was at `from`
  double slides = 0;        ///< seconds until it is at thing.at
};

/// Times start at 0, the film's first frame. Not thread-safe (an index is built at the first look).
class World {
 public:
  Floor floor;
  std::vector<Mover> movers;
  std::vector<Standing> standings;
  History history;
  double clock_from = -1;                                   ///< seconds that the clock on the screen shows at 0; below 0: no clock
  bool clock_of_day = true;                                 ///< "08:00:00"; false: minutes and seconds of a match
  std::vector<std::pair<double, std::string>> scores = {};  ///< from when on the screen shows what

  /// All that is in sight.
  [[nodiscard]] Snapshot at(double seconds) const;

 private:
  void build_index() const;
  mutable std::vector<std::vector<int>> index_;  ///< of standings, by stretch of time
};

/// The type that entities of the zone have in the profiles: dock, station, rack, place.
[[nodiscard]] std::string entity_type_of(const Zone& zone);

}  // namespace reelgraph::sim
