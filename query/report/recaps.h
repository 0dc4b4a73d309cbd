#pragma once
// Looks back over what a record holds: counts, shares, leaders, streaks. Each number with the events that make it.

#include <optional>

#include "query/report/record.h"

namespace reelgraph::query::report {

/// The facts of one recap at `now`; nothing if there is not enough to speak of.
[[nodiscard]] std::optional<FactSheet> look_back(const base::CommentaryRecap& recap, const Record& record, base::Timestamp now);

}  // namespace reelgraph::query::report
