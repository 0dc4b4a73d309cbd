#pragma once
// What stands where in a simulated world at one instant: a process makes it, the renderer draws it, the truth file tells it.

#include <cstdint>
#include <string>
#include <vector>

namespace reelgraph::sim {

/// Metres on the floor, from the far left corner of what the camera sees: x to the right, y towards the camera.
struct Point {
  double x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

enum class Kind : std::uint8_t { kWorker, kForklift, kPallet, kPlayer, kReferee, kBall };

/// Of vests, forklifts and kits. The first six are what warehouses use.
enum class Colour : std::uint8_t { kRed, kOrange, kYellow, kGreen, kBlue, kPurple, kWhite, kBlack };
inline constexpr int kColours = 8;

/// What a pallet holds. kNone: an empty hand, an empty fork.
enum class Load : std::uint8_t { kNone, kBoxes, kDrums, kSacks };

/// One thing in sight. A pallet on a fork is not a thing of its own: it is the forklift's load.
struct Thing {
  std::string id;  ///< stable within the film ("worker:red", "pallet:17")
  Kind kind = Kind::kWorker;
  Colour colour = Colour::kRed;  ///< of a pallet: not used
  Load load = Load::kNone;       ///< of a pallet: what is on it; of a forklift or worker: what it carries
  Point at;                      ///< middle of the ground it stands on
  double heading = 0;            ///< radians, 0 to the right, turning towards the camera
  int number = 0;                ///< on the back of a player; 0: none
};

/// A named part of the floor. Polygons are convex, corners in order.
struct Zone {
  std::string name;  ///< "dock 1", "packing 2"
  std::string kind;  ///< dock | staging | packing | storage | aisle; pitch, left goal, ... in a match
  std::vector<Point> polygon;
};

/// The part of the world that the camera sees.
struct Floor {
  double width = 16, depth = 9;  ///< metres
  std::vector<Zone> zones;
};

struct Snapshot {
  double seconds = 0;  ///< from the start of the film
  std::vector<Thing> things;
  std::string clock, score;  ///< drawn on the screen where not empty
};

/// "red", "orange", ...
[[nodiscard]] const char* colour_name(Colour colour);
/// "worker", "forklift", "pallet", "player", "referee", "ball".
[[nodiscard]] const char* kind_name(Kind kind);
/// "boxes", "drums", "sacks"; "" for kNone.
[[nodiscard]] const char* load_name(Load load);
/// True if `point` lies in the convex polygon or on its border.
[[nodiscard]] bool contains(const std::vector<Point>& polygon, Point point);

}  // namespace reelgraph::sim
