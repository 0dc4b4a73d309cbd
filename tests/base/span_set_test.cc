#include "base/span_set.h"

#include <random>

#include "tests/support/support.h"

using namespace reelgraph::base;

namespace {

constexpr int kUniverse = 60;

SpanSet random_set(std::mt19937& random) {
  std::vector<TimeSpan> spans;
  for (int i = static_cast<int>(random() % 6); i > 0; --i) {
    const Timestamp a = random() % kUniverse;
    spans.push_back({a, a + static_cast<Timestamp>(random() % 12)});
  }
  return SpanSet(spans);
}

}  // namespace

TEST_CASE("set operations on spans agree with membership instant by instant", "[base]") {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const SpanSet a = random_set(random), b = random_set(random);
    SpanSet sum = a, difference = a, grown;
    sum.add(b);
    difference.subtract(b);
    for (const TimeSpan& s : a.spans()) grown.add(s);
    const SpanSet both = a.intersection(b), rest = a.complement({5, 50});
    CHECK(grown == a);
    for (Timestamp t = 0; t < kUniverse + 15; ++t) {
      CHECK(sum.contains(t) == (a.contains(t) || b.contains(t)));
      CHECK(difference.contains(t) == (a.contains(t) && !b.contains(t)));
      CHECK(both.contains(t) == (a.contains(t) && b.contains(t)));
      CHECK(rest.contains(t) == (t >= 5 && t < 50 && !a.contains(t)));
    }
  }
}

TEST_CASE("spans in a set are sorted, disjoint and do not touch", "[base]") {
  const SpanSet set{{5, 7}, {1, 3}, {3, 4}, {9, 9}};
  CHECK(set.spans() == std::vector<TimeSpan>{{1, 4}, {5, 7}});
  CHECK(set.closed(2).spans() == std::vector<TimeSpan>{{1, 7}});
  CHECK(set.total() == 5);
}
