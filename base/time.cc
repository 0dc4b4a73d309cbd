#include "base/time.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace reelgraph::base {

Timestamp from_seconds(double seconds) {
  if (!std::isfinite(seconds)) throw Error(ErrorCode::kInvalidArgument, "a time must be a finite number of seconds");
  if (seconds < 0) throw Error(ErrorCode::kInvalidArgument, "a time cannot be negative");
  const double us = seconds * 1e6;
  if (us > static_cast<double>(kMaxTimestamp)) {
    throw Error(ErrorCode::kInvalidArgument, "a time of more than 70 years is not accepted");
  }
  return std::llround(us);
}

std::string format_time(Timestamp t) {
  const char* sign = t < 0 ? "-" : "";
  const std::int64_t ms = ((t < 0 ? -t : t) + 500) / kMillisecond;
  char text[48];
  std::snprintf(text, sizeof text, "%s%lld:%02d:%02d.%03d", sign, static_cast<long long>(ms / 3'600'000),
                static_cast<int>(ms / 60'000 % 60), static_cast<int>(ms / 1'000 % 60), static_cast<int>(ms % 1'000));
  return text;
}

std::optional<Timestamp> parse_time(std::string_view text) {
  // Fields are split at ':'; only the last may have a fraction, only the first may pass 59.
  std::int64_t whole[3] = {0, 0, 0};
  int fields = 0;
  double fraction = 0;
  while (true) {
    const std::size_t colon = text.find(':');
    std::string_view field = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (fields == 3 || field.empty()) return std::nullopt;
    std::string_view digits = field;
    if (last) {
      const std::size_t point = field.find('.');
      digits = field.substr(0, point);
      if (point != std::string_view::npos) {
        const std::string_view decimals = field.substr(point + 1);
        if (decimals.empty() || decimals.size() > 9) return std::nullopt;
        double scale = 0.1;
        for (const char c : decimals) {
          if (c < '0' || c > '9') return std::nullopt;
          fraction += scale * (c - '0');
          scale /= 10;
        }
      }
    }
    if (digits.empty() || digits.size() > 10) return std::nullopt;
    std::int64_t value = 0;
    const auto [stop, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failure != std::errc{} || stop != digits.data() + digits.size() || value < 0) return std::nullopt;
    if (fields > 0 && value > 59) return std::nullopt;
    whole[fields++] = value;
    if (last) break;
    text.remove_prefix(colon + 1);
  }
  std::int64_t seconds = 0;
  for (int i = 0; i < fields; ++i) seconds = seconds * 60 + whole[i];
  if (seconds > kMaxTimestamp / kSecond) return std::nullopt;
  return seconds * kSecond + std::llround(fraction * 1e6);
}

}  // namespace reelgraph::base
