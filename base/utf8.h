#pragma once
// Text from outside (subtitles, metadata, observation files, questions) is made sound here before anything else sees it.

#include <string>
#include <string_view>

namespace reelgraph::base {

[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// Valid UTF-8 without control characters: bad bytes become U+FFFD, NUL and other C0/C1 controls and DEL become a space;
/// tab and newline stay. At most `max_bytes` bytes (cut at a character's border).
[[nodiscard]] std::string sanitize_utf8(std::string_view text, std::size_t max_bytes = std::size_t{1} << 20);

/// `text` cut to at most `max_bytes` bytes at a character's border, with "..." in place of what is cut. REQUIRES: valid UTF-8.
[[nodiscard]] std::string ellipsize(std::string_view text, std::size_t max_bytes);

}  // namespace reelgraph::base
