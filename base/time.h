#pragma once
// Video time: integer microseconds from the start of the video, and half-open spans of it.
// Seconds as `double` exist only in JSON and on the command line.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reelgraph::base {

using Timestamp = std::int64_t;  ///< microseconds from the start of the video
using Duration = std::int64_t;   ///< microseconds

inline constexpr Duration kMicrosecond = 1;
inline constexpr Duration kMillisecond = 1'000;
inline constexpr Duration kSecond = 1'000'000;
inline constexpr Duration kMinute = 60 * kSecond;
inline constexpr Duration kHour = 60 * kMinute;
/// Longest time this program accepts (about 100 years); keeps sums of a few times far from overflow.
inline constexpr Timestamp kMaxTimestamp = std::int64_t{1} << 51;

/// Half-open span of video time: start is in, end is out. start <= end always holds.
struct TimeSpan {
  Timestamp start = 0;
  Timestamp end = 0;

  [[nodiscard]] constexpr Duration length() const { return end - start; }
  [[nodiscard]] constexpr bool empty() const { return start == end; }
  [[nodiscard]] constexpr bool contains(Timestamp t) const { return start <= t && t < end; }
  [[nodiscard]] constexpr bool contains(const TimeSpan& s) const { return start <= s.start && s.end <= end; }
  /// True if they share an instant. An empty span at t counts as the instant t.
  [[nodiscard]] constexpr bool overlaps(const TimeSpan& s) const {
    if (empty()) return s.empty() ? start == s.start : s.contains(start);
    if (s.empty()) return contains(s.start);
    return start < s.end && s.start < end;
  }
  /// The shared part; empty (at the later start) when there is none.
  [[nodiscard]] constexpr TimeSpan intersection(const TimeSpan& s) const {
    const Timestamp a = start > s.start ? start : s.start;
    const Timestamp b = end < s.end ? end : s.end;
    return {a, b > a ? b : a};
  }
  friend constexpr bool operator==(const TimeSpan&, const TimeSpan&) = default;
  friend constexpr auto operator<=>(const TimeSpan&, const TimeSpan&) = default;
};

/// Nearest microsecond. @throws Error kInvalidArgument if not finite, negative or past kMaxTimestamp.
[[nodiscard]] Timestamp from_seconds(double seconds);
[[nodiscard]] constexpr double to_seconds(Timestamp t) { return static_cast<double>(t) / 1e6; }

/// "H:MM:SS.mmm", milliseconds rounded half up ("0:01:20.500").
[[nodiscard]] std::string format_time(Timestamp t);

/// Reads "83", "83.5", "1:23", "1:23.5", "0:01:23.500". Empty if it is no such time.
[[nodiscard]] std::optional<Timestamp> parse_time(std::string_view text);

}  // namespace reelgraph::base
