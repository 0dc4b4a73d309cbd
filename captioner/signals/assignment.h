#pragma once
// Internal to captioner/signals: the cheapest one-to-one assignment.

#include <cstddef>
#include <vector>

namespace reelgraph::captioner::signals {

/// Rows and columns that may not be paired cost this.
inline constexpr double kForbidden = 1e6;

/// Hungarian method with potentials (Kuhn 1955, Munkres 1957), O(n^2 m).
/// @param cost [rows][columns], all rows of one length
/// @returns for each row its column, or -1 where none is left or only forbidden ones
[[nodiscard]] std::vector<int> assign(const std::vector<std::vector<double>>& cost);

}  // namespace reelgraph::captioner::signals
