#pragma once
// Allen's thirteen relations between two spans (J. F. Allen, "Maintaining knowledge about temporal intervals", CACM 26, 1983), with
// tolerance.
//
//   kBefore     aaa ...        kMeets     aaa              kOverlaps  aaa           kStarts  aaa        kDuring   aaa      kFinishes    aaa
//               ...  bbb                     bbb                       bbb                   bbbbb             bbbbb              bbbbb
//
// and their inverses, and kEquals.

#include <array>
#include <string_view>

#include "base/time.h"

namespace reelgraph::base {

/// An inverse has the number of its relation, negated.
enum class Allen {
  kAfter = -6,
  kMetBy = -5,
  kOverlappedBy = -4,
  kStartedBy = -3,
  kContains = -2,
  kFinishedBy = -1,
  kEquals = 0,
  kFinishes = 1,
  kDuring = 2,
  kStarts = 3,
  kOverlaps = 4,
  kMeets = 5,
  kBefore = 6,
};

[[nodiscard]] constexpr Allen inverse(Allen relation) { return static_cast<Allen>(-static_cast<int>(relation)); }

[[nodiscard]] constexpr std::string_view name_of(Allen relation) {
  constexpr std::array<std::string_view, 13> names = {"after",       "met by", "overlapped by", "started by", "contains",
                                                      "finished by", "equals", "finishes",      "during",     "starts",
                                                      "overlaps",    "meets",  "before"};
  return names[static_cast<std::size_t>(static_cast<int>(relation) + 6)];
}

/// How `a` lies to `b`. Exactly one relation holds, and allen(b, a) is its inverse.
/// @param tolerance ends at most this far apart are the same, in microseconds; not negative. An instant at the start of a span starts it,
///        one at its end, which is no part of it, is met by it.
[[nodiscard]] constexpr Allen allen(const TimeSpan& a, const TimeSpan& b, Duration tolerance = 0) {
  const auto order = [&](Timestamp x, Timestamp y) { return x - y > tolerance ? 1 : y - x > tolerance ? -1 : 0; };
  const int starts = order(a.start, b.start), ends = order(a.end, b.end);
  if (starts == 0 && ends == 0) return Allen::kEquals;
  if (order(a.end, b.start) < 0) return Allen::kBefore;
  if (order(b.end, a.start) < 0) return Allen::kAfter;
  if (order(a.end, b.start) == 0 && starts < 0 && (ends < 0 || b.empty())) return Allen::kMeets;
  if (order(b.end, a.start) == 0 && starts > 0 && (ends > 0 || a.empty())) return Allen::kMetBy;
  if (starts == 0) return ends < 0 ? Allen::kStarts : Allen::kStartedBy;
  if (ends == 0) return starts > 0 ? Allen::kFinishes : Allen::kFinishedBy;
  if (starts > 0) return ends < 0 ? Allen::kDuring : Allen::kOverlappedBy;
  return ends > 0 ? Allen::kContains : Allen::kOverlaps;
}

}  // namespace reelgraph::base
