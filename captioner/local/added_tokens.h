#pragma once
// Tokens with a fixed content ("<image>") that are found in a text before anything else is done to it.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reelgraph::captioner::local {

struct AddedToken {
  std::string content;
  std::int64_t id = 0;
  bool special = false;
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< swallows the white space before it
  bool rstrip = false;       ///< and after it
};

/// Finds added tokens, leftmost first and the longest of those that begin at one place. Immutable once filled.
class AddedTokens {
 public:
  /// A content that is there already is not added again.
  void add(AddedToken token);

  struct Match {
    std::size_t begin = 0, end = 0;  ///< bytes
    std::int64_t id = 0;
  };
  /// In order, without overlap. @param special false: special tokens are passed over as if they were text
  [[nodiscard]] std::vector<Match> find(std::string_view text, bool special) const;

 private:
  /// The longest token that begins at `at`, or nullptr.
  [[nodiscard]] const AddedToken* longest(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, std::size_t> by_content_;  ///< index into `tokens_`
  std::set<std::size_t> lengths_;
  std::array<bool, 256> begins_{};  ///< first bytes
};

}  // namespace reelgraph::captioner::local
