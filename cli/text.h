#pragma once
// How results look to people.

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace reelgraph::cli {

/// "0:19:31.200 - 0:19:32.500", or the one time of an instant
[[nodiscard]] std::string format_span(const base::TimeSpan& span);
/// "1 chunk", "5 chunks"
[[nodiscard]] std::string count_of(std::int64_t n, const std::string& thing);
/// "812 B", "3.4 MB"
[[nodiscard]] std::string format_bytes(std::int64_t bytes);
/// "12.3 s", "4 min 10 s", "2 h 05 min"
[[nodiscard]] std::string format_effort(double seconds);

/// Columns padded to the widest cell, two spaces between, no padding at a line's end. The first row is the heading.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

/// How many columns a terminal needs for `text` (valid UTF-8): characters, without combining marks; wide scripts count twice.
[[nodiscard]] std::size_t columns_of(const std::string& text);

}  // namespace reelgraph::cli
