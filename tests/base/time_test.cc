#include "base/time.h"

#include <limits>

#include "base/error.h"
#include "tests/support/support.h"

using namespace reelgraph::base;

TEST_CASE("times are read as seconds, minutes and hours", "[base]") {
  CHECK(parse_time("83") == 83 * kSecond);
  CHECK(parse_time("83.5") == 83'500'000);
  CHECK(parse_time("1:23") == 83 * kSecond);
  CHECK(parse_time("90:00") == 90 * kMinute);
  CHECK(parse_time("1:02:03.004") == kHour + 2 * kMinute + 3 * kSecond + 4 * kMillisecond);
}

TEST_CASE("what is no time is not read as one", "[base]") {
  for (const char* text : {"", ":", "1:", ":1", "1:60", "-1", "1.", "1e3", "nan", "1:2:3:4", "0x10", " 1", "99999999999", "1.5:30"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("a formatted time is read back to the millisecond", "[base]") {
  for (const Timestamp t : {Timestamp{0}, 1 * kMillisecond, 59'999 * kMillisecond, kHour, 39 * kHour + 48 * kMinute + 1}) {
    CHECK(parse_time(format_time(t)) == (t + 500) / 1000 * 1000);
  }
  CHECK(format_time(3 * kMinute + 25'500 * kMillisecond) == "0:03:25.500");
}

TEST_CASE("seconds that cannot be a time are refused", "[base]") {
  CHECK_THROWS_AS(from_seconds(-0.1), Error);
  CHECK_THROWS_AS(from_seconds(std::numeric_limits<double>::infinity()), Error);
  CHECK_THROWS_AS(from_seconds(std::numeric_limits<double>::quiet_NaN()), Error);
  CHECK_THROWS_AS(from_seconds(1e300), Error);
  CHECK(from_seconds(1171.2) == 1'171'200'000);
}

TEST_CASE("spans that only touch do not overlap, an instant overlaps the span that holds it", "[base]") {
  CHECK_FALSE(TimeSpan{0, 5}.overlaps({5, 9}));
  CHECK(TimeSpan{0, 6}.overlaps({5, 9}));
  CHECK(TimeSpan{0, 5}.overlaps({0, 0}));
  CHECK_FALSE(TimeSpan{0, 5}.overlaps({5, 5}));
  CHECK(TimeSpan{5, 5}.overlaps({5, 5}));
}
