#include "query/time_phrase.h"

#include "tests/support/support.h"

namespace reelgraph::query {
namespace {

using base::TimeSpan;

constexpr base::Duration kVideo = 3600 * base::kSecond;

// The span of the only time phrase in a question to a video of an hour, in seconds.
std::optional<std::pair<double, double>> span_of(const std::string& question, base::Duration duration = kVideo) {
  const auto phrases = find_time_phrases(WordCutter().cut(question));
  REQUIRE(phrases.size() == 1);
  const auto span = phrases[0].resolve(duration);
  if (!span) return std::nullopt;
  return std::pair{base::to_seconds(span->start), base::to_seconds(span->end)};
}

using Span = std::pair<double, double>;

TEST_CASE("clock times bound a span from either side", "[time_phrase]") {
  CHECK(span_of("what happens after 1:20?") == Span{80, 3600});
  CHECK(span_of("cuts before 0:45") == Span{0, 45});
  CHECK(span_of("from 1:00 to 2:00") == Span{60, 120});
  CHECK(span_of("How many shots happened between 47:03 and 59:08?") == Span{2823, 3548});
  CHECK(span_of("until 0:00:10.5") == Span{0, 10.5});
}

TEST_CASE("minutes and seconds are read in figures and words", "[time_phrase]") {
  CHECK(span_of("between 10 and 20 minutes") == Span{600, 1200});
  CHECK(span_of("between minutes 10 and 20") == Span{600, 1200});
  CHECK(span_of("in the first ten minutes") == Span{0, 600});
  CHECK(span_of("in the first twenty five seconds") == Span{0, 25});
  CHECK(span_of("in the last minute of the video") == Span{3540, 3600});
  CHECK(span_of("during the opening half a minute") == Span{0, 30});
  CHECK(span_of("after 90 seconds") == Span{90, 3600});
  CHECK(span_of("after 1 hour 20 minutes", 2 * kVideo) == Span{4800, 7200});
  CHECK(span_of("before 90s") == Span{0, 90});
}

TEST_CASE("parts of a video depend on its length", "[time_phrase]") {
  CHECK(span_of("in the second half") == Span{1800, 3600});
  CHECK(span_of("in the first quarter") == Span{0, 900});
  CHECK(span_of("in the last third of the film") == Span{2400, 3600});
  CHECK(span_of("at the end") == Span{3540, 3600});
  CHECK(span_of("at the beginning", 20 * base::kSecond) == Span{0, 5});
  CHECK(span_of("at the very end", 3 * base::kSecond) == Span{0, 3});
}

TEST_CASE("an instant is the second or minute that begins there", "[time_phrase]") {
  CHECK(span_of("at 3:05") == Span{185, 186});
  CHECK(span_of("at minute 12") == Span{720, 780});
  CHECK(span_of("around 1:00:00", 2 * kVideo) == Span{3600, 3601});
}

TEST_CASE("a time past the end of a video is no part of it", "[time_phrase]") {
  CHECK_FALSE(span_of("after 1:20", base::kMinute));
  CHECK_FALSE(span_of("at minute 99"));
}

TEST_CASE("a span that ends before it starts is impossible", "[time_phrase]") {
  const auto phrases = find_time_phrases(WordCutter().cut("between 20 and 10 minutes"));
  REQUIRE(phrases.size() == 1);
  CHECK(phrases[0].impossible);
  CHECK_FALSE(phrases[0].resolve(kVideo));
}

TEST_CASE("words that only look like times are left to others", "[time_phrase]") {
  CHECK(find_time_phrases(WordCutter().cut("after the first goal")).empty());
  CHECK(find_time_phrases(WordCutter().cut("at the goal")).empty());
  CHECK(find_time_phrases(WordCutter().cut("from Chelsea to Arsenal")).empty());
  CHECK(find_time_phrases(WordCutter().cut("between the first and the second goal")).empty());
  CHECK(find_time_phrases(WordCutter().cut("How many seconds passed")).empty());
}

TEST_CASE("huge numbers do not overflow", "[time_phrase]") {
  CHECK_FALSE(span_of("after 9999999 hours"));
  CHECK(find_time_phrases(WordCutter().cut("after 99999999999999999999 hours")).empty());
}

}  // namespace
}  // namespace reelgraph::query
