#include "base/media.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::base {

Size fit_within(Size from, int longest) {
  const int side = std::max(from.width, from.height);
  if (side <= longest) return {std::max(1, from.width), std::max(1, from.height)};
  const double scale = static_cast<double>(longest) / side;
  return {std::max(1, static_cast<int>(std::lround(from.width * scale))), std::max(1, static_cast<int>(std::lround(from.height * scale)))};
}

}  // namespace reelgraph::base
