#include "base/allen.h"

#include <map>

#include "tests/support/support.h"

using namespace reelgraph::base;

namespace reelgraph::test {
namespace {

TEST_CASE("each of Allen's thirteen relations is told, and so is its inverse", "[base]") {
  const std::map<Allen, std::pair<TimeSpan, TimeSpan>> pairs = {
      {Allen::kBefore, {{0, 2}, {3, 5}}},       {Allen::kMeets, {{0, 2}, {2, 5}}},     {Allen::kOverlaps, {{0, 3}, {2, 5}}},
      {Allen::kStarts, {{0, 2}, {0, 5}}},       {Allen::kDuring, {{1, 2}, {0, 5}}},    {Allen::kFinishes, {{3, 5}, {0, 5}}},
      {Allen::kEquals, {{1, 4}, {1, 4}}},       {Allen::kAfter, {{6, 8}, {3, 5}}},     {Allen::kMetBy, {{5, 8}, {3, 5}}},
      {Allen::kOverlappedBy, {{4, 8}, {3, 5}}}, {Allen::kStartedBy, {{3, 8}, {3, 5}}}, {Allen::kContains, {{2, 8}, {3, 5}}},
      {Allen::kFinishedBy, {{2, 5}, {3, 5}}}};
  CHECK(pairs.size() == 13);
  for (const auto& [relation, spans] : pairs) {
    INFO(name_of(relation));
    CHECK(allen(spans.first, spans.second) == relation);
    CHECK(allen(spans.second, spans.first) == inverse(relation));
    CHECK(inverse(inverse(relation)) == relation);
    // Ten times as long, and every end up to 2 off: the same with a tolerance of 4, which leaves what is 10 apart apart.
    for (const Timestamp off : {-2, 0, 2}) {
      const TimeSpan a{spans.first.start * 10 + 2 + off, spans.first.end * 10 + 2 - off};
      const TimeSpan b{spans.second.start * 10 + 2, spans.second.end * 10 + 2};
      CHECK(allen(a, b, 4) == relation);
      CHECK(allen(b, a, 4) == inverse(relation));
    }
  }
}

TEST_CASE("of any two spans just one relation holds, whatever the tolerance, instants too", "[base]") {
  for (Timestamp a = 0; a < 5; ++a) {
    for (Timestamp b = a; b < 5; ++b) {
      for (Timestamp c = 0; c < 5; ++c) {
        for (Timestamp d = c; d < 5; ++d) {
          for (const Duration tolerance : {0, 1, 2}) CHECK(allen({a, b}, {c, d}, tolerance) == inverse(allen({c, d}, {a, b}, tolerance)));
          if (b > a && d > c) {
            const bool common = a < d && c < b;
            const Allen r = allen({a, b}, {c, d});
            CHECK(common == (r != Allen::kBefore && r != Allen::kAfter && r != Allen::kMeets && r != Allen::kMetBy));
          }
        }
      }
    }
  }
  CHECK(allen({5, 5}, {5, 9}) == Allen::kStarts);
  CHECK(allen({9, 9}, {5, 9}) == Allen::kMetBy);
  CHECK(allen({5, 5}, {5, 5}) == Allen::kEquals);
  CHECK(name_of(Allen::kStartedBy) == "started by");
}

}  // namespace
}  // namespace reelgraph::test
