#pragma once
// Turns damage met while reading into gaps: spans of the film that nothing came from.

#include <optional>
#include <string>
#include <vector>

#include "base/media.h"

namespace reelgraph::ingest {

/// Told of every good picture (or sound) and every damage of one stream, in reading order.
class DamageLog {
 public:
  /// @param at time of what was damaged, if known
  void damaged(std::int64_t count, std::optional<base::Timestamp> at);
  /// What was read spans [start, start + length); damage before it that left a hole becomes a gap.
  void good(base::Timestamp start, base::Duration length);
  /// The film ends at `end`: damage since the last good part becomes a gap if there is room.
  void finish(base::Timestamp end);

  [[nodiscard]] const std::vector<base::Gap>& gaps() const { return gaps_; }

 private:
  std::int64_t pending_ = 0;
  base::Timestamp last_damage_ = 0;
  base::Timestamp good_end_ = 0;
  std::vector<base::Gap> gaps_;
};

}  // namespace reelgraph::ingest
