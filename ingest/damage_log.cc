#include "ingest/damage_log.h"

#include <algorithm>

namespace reelgraph::ingest {
namespace {

std::string reason(std::int64_t packets) { return std::to_string(packets) + (packets == 1 ? " damaged packet" : " damaged packets"); }

}  // namespace

void DamageLog::damaged(std::int64_t count, std::optional<base::Timestamp> at) {
  pending_ += count;
  if (at) last_damage_ = std::max(last_damage_, *at);
}

void DamageLog::good(base::Timestamp start, base::Duration length) {
  // Half a picture's length of slack: rounding is no hole.
  if (pending_ > 0 && start > good_end_ + length / 2) gaps_.push_back({{good_end_, start}, reason(pending_)});
  pending_ = 0;
  good_end_ = std::max(good_end_, start + length);
}

void DamageLog::finish(base::Timestamp end) {
  end = std::max(end, last_damage_);
  if (pending_ > 0 && end > good_end_) gaps_.push_back({{good_end_, end}, reason(pending_)});
  pending_ = 0;
}

}  // namespace reelgraph::ingest
