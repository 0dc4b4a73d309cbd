#pragma once
// What an archive says is in view at a time, as marks for a picture.

#include <vector>

#include "base/time.h"
#include "captioner/overlay.h"
#include "graph/store.h"

namespace reelgraph::cli {

/// Entities mentioned with a box around `at`: where the observation tells their way, the box of that moment. By key.
[[nodiscard]] std::vector<captioner::Mark> marks_at(const graph::Store& store, const std::string& video, base::Timestamp at);

}  // namespace reelgraph::cli
