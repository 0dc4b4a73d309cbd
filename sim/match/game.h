#pragma once
// A simple model of a small-sided match.

#include <array>
#include <cstdint>
#include <string>

#include "sim/world.h"

namespace reelgraph::sim {

struct GameSettings {
  std::uint64_t seed = 1;
  double seconds = 600;              ///< of both halves together; the second begins at the middle, without a pause
  int players = 0;                   ///< a side, keeper included: 5..7; 0: at random
  std::array<std::string, 2> teams;  ///< empty: named after the kit
  std::array<Colour, 2> kits{};      ///< drawn with the names
  int substitutions = 2;             ///< a side, at most
};

/// Fills in what is 0 or empty. @throws base::Error kInvalidArgument
[[nodiscard]] GameSettings draw_game(GameSettings asked);

/// Possession passes from player to player until it is lost; shots, goals, saves, corners, fouls, throw-ins and substitutions follow.
/// Events are those of the profile `sports`, with `half`, `outcome` and `card` as attributes. The same settings give the same world.
[[nodiscard]] World play_match(const GameSettings& settings);

}  // namespace reelgraph::sim
