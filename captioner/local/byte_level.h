#pragma once
// The parts of byte-level BPE: the byte alphabet of GPT-2, the splitting of text into pieces, and merging within a piece.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reelgraph::captioner::local {

/// The printable stand-in of each byte: 21-7E, A1-AC and AE-FF are themselves, the rest is U+0100 + n in order. As UTF-8.
[[nodiscard]] const std::array<std::string, 256>& byte_alphabet();

/// The bytes that a vocabulary entry stands for; nothing if it holds a character that is no stand-in.
[[nodiscard]] std::optional<std::string> bytes_of_symbols(std::string_view token);

/// Digits pre-tokenizer: each numeric character (categories Nd, Nl, No) apart, or each run of them.
[[nodiscard]] std::vector<std::string_view> split_digits(std::string_view text, bool individual);

/// GPT-2's pattern: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ over one piece of text.
/// The views lie in `text` and cover it. Bytes that are no UTF-8 count as neither letter, number nor space.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

/// The merges of a vocabulary. Immutable once filled.
class BpeMerges {
 public:
  /// `left` and `right` beside each other become `result`; a pair added again takes its last rank, as in the library.
  void add(std::uint32_t left, std::uint32_t right, std::uint32_t rank, std::uint32_t result) {
    merges_.insert_or_assign((std::uint64_t{left} << 32) | right, Merge{rank, result});
  }
  void reserve(std::size_t count) { merges_.reserve(count); }

  /// Merges `ids` in place, lowest rank first, leftmost first among equals. O(n log n).
  void apply(std::vector<std::uint32_t>& ids) const;

 private:
  struct Merge {
    std::uint32_t rank = 0, result = 0;
  };
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace reelgraph::captioner::local
