#include "sim/warehouse/settings.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "sim/random.h"

namespace reelgraph::sim {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& cure) {
  throw base::Error(base::ErrorCode::kInvalidArgument, message, "", cure);
}

}  // namespace

double demand_at(double seconds_of_day) {
  // Two shifts, a peak in each; a quiet night.
  static constexpr std::array<double, 24> kHours{0.4, 0.3, 0.3, 0.3, 0.4, 0.7, 1.0, 1.0, 1.1, 1.5, 1.5, 1.1,
                                                 0.8, 1.2, 1.5, 1.3, 1.0, 0.9, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4};
  const double hours = std::fmod(std::max(0.0, seconds_of_day) / 3600, 24);
  return kHours[std::min<std::size_t>(23, static_cast<std::size_t>(hours))];
}

WarehouseSettings draw_settings(WarehouseSettings s) {
  Random random = Random(s.seed).fork(11);
  static constexpr std::array kLimits{"docks", "forklifts", "workers", "stations"};
  if (s.limit.empty()) {
    std::string limit = kLimits[static_cast<std::size_t>(random.integer(0, 3))];
    if (limit == "workers" && (s.stations == 1 || (s.workers > 0 && s.workers == s.stations))) limit = "stations";
    if (limit == "stations" && s.workers > 0 && s.stations > s.workers) limit = "workers";
    s.limit = limit;
  } else if (std::find(kLimits.begin(), kLimits.end(), s.limit) == kLimits.end()) {
    refuse("there is no limit \"" + s.limit + "\"", "use docks, forklifts, workers or stations");
  }
  if (s.docks == 0) s.docks = random.integer(1, 3);
  if (s.stations == 0) {
    s.stations = s.workers > 1 ? random.integer(s.workers, 3) : random.integer(1, 3);
    if (s.limit == "workers") s.stations = std::min(3, std::max({2, s.stations, s.workers + 1}));
    if (s.limit == "stations" && s.workers > 0) s.stations = s.workers;
  }
  if (s.workers == 0) {
    s.workers = s.limit == "workers" ? std::max(1, s.stations - 1) : s.stations;
    if (s.limit != "workers" && s.limit != "stations" && s.stations == 3 && random.chance(0.5)) s.workers = 2;
  }
  if (s.forklifts == 0) s.forklifts = s.limit != "forklifts" ? 2 : random.integer(1, 2);
  const auto range = [](int value, int from, int to, const std::string& what) {
    if (value < from || value > to)
      refuse(std::to_string(value) + " " + what + " do not fit", "give " + std::to_string(from) + " to " + std::to_string(to));
  };
  range(s.docks, 1, 3, "docks");
  range(s.stations, 1, 3, "stations");
  range(s.forklifts, 1, 2, "forklifts");
  range(s.most_pallets, 1, 12, "pallets at once");
  if (s.workers < 1 || s.workers > s.stations) {
    refuse(std::to_string(s.workers) + " workers at " + std::to_string(s.stations) + " stations do not fit: a station has room for one",
           "give at most as many workers as stations, or a line (--line)");
  }
  if (!(s.seconds > 0 && s.seconds <= 31 * 86'400.0)) refuse("a film of this length is absurd", "give up to 44640 minutes");

  // What limits takes about 55 s a pallet; the rest is much quicker.
  const double pace = random.uniform(48, 62);
  const int servers = std::min(s.workers, s.stations);
  const bool slow_docks = s.limit == "docks", slow_forklifts = s.limit == "forklifts";
  const bool slow_process = s.limit == "workers" || s.limit == "stations";
  s.door = slow_docks ? pace * s.docks : std::max(8.0, random.uniform(0.2, 0.35) * pace * s.docks);
  s.process = slow_process ? std::min(200.0, pace * 1.15 * servers) : std::max(9.0, random.uniform(0.2, 0.3) * pace * servers);
  s.lift = slow_forklifts ? random.uniform(3.6, 4.6) : random.uniform(2.4, 3.2);
  s.forklift_speed = slow_forklifts ? random.uniform(1.2, 1.4) : random.uniform(1.6, 1.8);
  s.variation = random.uniform(0.2, 0.45);
  s.arrivals_per_hour = random.uniform(140, 180);
  return s;
}

}  // namespace reelgraph::sim
