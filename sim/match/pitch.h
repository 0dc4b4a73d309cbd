#pragma once
// The pitch of a simulated match.

#include "sim/scene.h"

namespace reelgraph::sim {

/// Small-sided: 30 x 17 m; zones "pitch", "left penalty area", "right penalty area", "left goal", "right goal".
[[nodiscard]] Floor draw_pitch();

}  // namespace reelgraph::sim
