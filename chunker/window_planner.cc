#include "chunker/window_planner.h"

#include <algorithm>

namespace reelgraph::chunker {
namespace {
constexpr base::Duration kShortestShotWindow = 2 * base::kSecond;
}

WindowPlanner::WindowPlanner(const ChunkerOptions& options) : options_(options) { plan(options.start); }

void WindowPlanner::plan(base::Timestamp start) {
  window_.span = {start, start + options_.length};
  window_.own = {start, window_.span.end - options_.overlap};
  ended_by_shot_ = false;
}

bool WindowPlanner::boundary(base::Timestamp at) {
  if (!options_.by_shots || ended_by_shot_) return false;
  if (at < window_.span.start + std::min(kShortestShotWindow, options_.length) || at > window_.span.end) return false;
  window_.span.end = at;
  window_.own.end = at;
  ended_by_shot_ = true;
  return true;
}

Window WindowPlanner::ending(base::Timestamp end) const {
  Window last = window_;
  last.span.end = end;
  last.own.end = end;
  return last;
}

void WindowPlanner::advance() { plan(window_.own.end); }

}  // namespace reelgraph::chunker
