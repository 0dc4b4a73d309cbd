#pragma once
// The table `[tracking]` of a profile with `kind = "match"`: who plays with what, where, and how far counts. Other kinds are in rules.h.

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/profile.h"
#include "chunker/tracking/rules.h"

namespace reelgraph::chunker::tracking {

/// Lengths are metres on the ground.
struct BallRules {
  std::string ball = "ball";
  std::vector<std::string> players{"player"};
  std::string team = "team";                                    ///< entity type of the sides, which are told apart by the players' label
  std::string field = "pitch";                                  ///< zone of four corners: far left, far right, near right, near left
  std::array<double, 2> field_size{};                           ///< along the first side and along the second
  std::array<std::string, 2> goals{"left_goal", "right_goal"};  ///< zones behind the first and the third quarter of the border
  double reach = 0.25;                                          ///< that the ball may be nearer or farther than before who has it
  double still = 0.7;                                           ///< a ball that moves less lies
  double least_pass = 2.5;                                      ///< what is shorter is no pass
  double shot_from = 0;                                         ///< farthest from the goal's middle; 0: .36 of the field's length
  double speed = 6;                                             ///< of players, metres a second
  base::Duration least_rest = 2 * base::kSecond;                ///< a ball that lies so long is out of play
};

using AnyRules = std::variant<Rules, BallRules>;

/// True if nothing is said to happen.
[[nodiscard]] bool empty(const AnyRules& rules);

/// @param table of the profile; null: no rules @param where names the profile in errors
/// @throws base::Error kBadInput for an unknown kind or key, or a value out of range
[[nodiscard]] AnyRules parse_any_rules(const nlohmann::json& table, const std::string& where);

/// The zone called `name`. @throws base::Error kBadInput if there is none; `key` is what names it
[[nodiscard]] const base::Zone& zone_named(const std::vector<base::Zone>& zones, const std::string& name, const std::string& key,
                                           const std::string& where);

/// Field and goals of the rules are there. @throws base::Error kBadInput otherwise, with the cure
void check_zones(const BallRules& rules, const std::vector<base::Zone>& zones, const std::string& where);

}  // namespace reelgraph::chunker::tracking
