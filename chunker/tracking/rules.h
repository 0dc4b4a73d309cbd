#pragma once
// Which kinds of things do what, and how far and how long counts. From the table `[tracking]` of a profile.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/profile.h"
#include "chunker/tracking/tracker.h"

namespace reelgraph::chunker::tracking {

/// Distances in picture widths. Lists of zones name kinds: "dock" is "dock 1", "dock 2", ...
struct Rules {
  std::vector<std::string> carriers;                                    ///< types that pick goods up and put them down ("forklift")
  std::vector<std::string> workers;                                     ///< types that work on goods ("worker")
  std::vector<std::string> goods;                                       ///< types that stand until somebody takes them ("pallet")
  std::vector<std::string> arrive_at, leave_from, process_at, wait_at;  ///< zones
  std::map<std::string, std::string> zone_types;                        ///< entity type of a kind of zone
  std::string outside = "hall";                                         ///< what workers leave at the edge of the picture
  double reach = 0.14;                      ///< from a carrier's ground point to goods that it takes or puts down
  double beside = 0.1;                      ///< from a worker to goods that are worked on
  double still = 0.045;                     ///< what moves less stands
  double walk = 0.12;                       ///< least length of a way that is told
  base::Duration lift = 3 * base::kSecond;  ///< that picking up or putting down takes, standing
  base::Duration turn = 0;                  ///< that a carrier turns on the spot before it sets off, which looks like standing
  base::Duration approach =
      0;  ///< that a carrier needs from where it stood idle close by to goods that it takes up, without being seen to go
  base::Duration least_process = 3 * base::kSecond;
  base::Duration least_idle = 5 * base::kSecond;
  base::Duration least_wait = base::kSecond;
  base::Duration least_breakdown = 10 * base::kSecond;
  std::map<std::string, double> speeds;  ///< picture widths a second, by type

  [[nodiscard]] bool empty() const { return carriers.empty() && workers.empty() && goods.empty(); }
  [[nodiscard]] TrackerOptions tracker_options(double aspect) const;
};

/// @param table of the profile; null: no rules @param where names the profile in errors
/// @throws base::Error kBadInput for an unknown key or a value out of range
[[nodiscard]] Rules parse_rules(const nlohmann::json& table, const std::string& where);

}  // namespace reelgraph::chunker::tracking
