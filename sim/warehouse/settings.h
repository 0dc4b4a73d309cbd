#pragma once
// What a simulated warehouse is like.

#include <cstdint>
#include <string>
#include <vector>

namespace reelgraph::sim {

/// All durations are seconds.
struct WarehouseSettings {
  std::uint64_t seed = 1;
  double seconds = 600;           ///< length of the film
  double start_clock = 8 * 3600;  ///< of the day
  int docks = 0, stations = 0;    ///< 1..3
  int forklifts = 0;              ///< 1..2: with two, one serves the docks' lane and one the stations'
  int workers = 0;                ///< 1..stations
  bool sideways = false;          ///< docks and stations along the side walls
  int most_pallets = 5;           ///< in the hall at once; 1..12
  std::string limit;              ///< what the durations were drawn to be limited by: docks | forklifts | workers | stations

  double arrivals_per_hour = 120;                   ///< of pallets in the yard, at a usual hour; Poisson, with the shape of a day
  double door = 15;                                 ///< to unload one pallet behind the door
  double process = 40;                              ///< work on one pallet
  double variation = 0.35;                          ///< deviation to mean, of door and process
  double lift = 3;                                  ///< picking up or setting down
  double forklift_speed = 1.5, walker_speed = 1.1;  ///< metres a second
  double shelve = 7;                                ///< in storage, until it is taken into the rack
  double break_every = 700, break_length = 60;      ///< of a worker; 0: none
  double fails_every = 1500, repair = 30;           ///< of a forklift, in seconds of driving; 0: never

  // For "what if it were faster": factors of durations.
  double door_factor = 1, process_factor = 1;
  std::vector<double> forklift_factors;  ///< one a forklift, driving and lifting; missing: 1
};

/// Fills in what is 0 or empty, at random but plausible and limited by one thing. @throws base::Error kInvalidArgument
[[nodiscard]] WarehouseSettings draw_settings(WarehouseSettings asked);

/// How many pallets come to the yard at this time of the day, relative to a usual hour.
[[nodiscard]] double demand_at(double seconds_of_day);

}  // namespace reelgraph::sim
