#include "chunker/window_planner.h"

#include "tests/support/support.h"

using reelgraph::base::kSecond;
using reelgraph::base::TimeSpan;
using reelgraph::chunker::ChunkerOptions;
using reelgraph::chunker::WindowPlanner;

TEST_CASE("windows of 30 s with 2 s overlap start every 28 s and own what no other owns", "[chunker]") {
  WindowPlanner planner({});
  for (int k = 0; k < 5; ++k) {
    CHECK(planner.window().span == TimeSpan{28 * k * kSecond, (28 * k + 30) * kSecond});
    CHECK(planner.window().own == TimeSpan{28 * k * kSecond, (28 * k + 28) * kSecond});
    planner.advance();
  }
}

TEST_CASE("the last window's own part ends with the video", "[chunker]") {
  WindowPlanner planner({});
  const auto last = planner.ending(29 * kSecond);
  CHECK(last.span == TimeSpan{0, 29 * kSecond});
  CHECK(last.own == last.span);
}

TEST_CASE("windows begin where the video is asked to begin", "[chunker]") {
  ChunkerOptions options;
  options.start = 7 * kSecond;
  WindowPlanner planner(options);
  CHECK(planner.window().own == TimeSpan{7 * kSecond, 35 * kSecond});
}

TEST_CASE("by shots, a window ends at the first boundary that is two seconds in", "[chunker]") {
  ChunkerOptions options;
  options.by_shots = true;
  WindowPlanner planner(options);
  CHECK_FALSE(planner.boundary(1 * kSecond));
  CHECK(planner.boundary(5 * kSecond));
  CHECK_FALSE(planner.boundary(6 * kSecond));
  CHECK(planner.window().span == TimeSpan{0, 5 * kSecond});
  CHECK(planner.window().own == planner.window().span);
  planner.advance();
  CHECK(planner.window().span == TimeSpan{5 * kSecond, 35 * kSecond});
  CHECK_FALSE(planner.boundary(40 * kSecond));
}

TEST_CASE("without shots, boundaries change nothing", "[chunker]") {
  WindowPlanner planner({});
  CHECK_FALSE(planner.boundary(5 * kSecond));
  CHECK(planner.window().span.end == 30 * kSecond);
}
