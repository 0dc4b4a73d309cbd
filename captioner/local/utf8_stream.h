#pragma once
// Bytes of a model's tokens to text: a character is shown when its last byte has come, and never half of one.

#include <string>
#include <string_view>

namespace reelgraph::captioner::local {

/// Turns a stream of bytes into valid UTF-8. An incomplete character at the end is held back; what cannot become a character any more
/// becomes U+FFFD, one for each maximal part of a character (as WHATWG and Rust do it).
class Utf8Stream {
 public:
  /// @returns the text that is complete now
  [[nodiscard]] std::string push(std::string_view bytes);
  /// @returns what is left at the end: U+FFFD for a cut character, else nothing
  [[nodiscard]] std::string finish();

 private:
  std::string held_;  ///< a beginning of one character, at most 3 bytes
};

/// A whole text at once.
[[nodiscard]] std::string lossy_utf8(std::string_view bytes);

}  // namespace reelgraph::captioner::local
