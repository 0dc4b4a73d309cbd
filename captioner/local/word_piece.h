#pragma once
// BERT's text handling: normalisation, splitting into words, and greedy longest-match pieces.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reelgraph::captioner::local {

/// BertNormalizer of tokenizer.json.
struct BertNormalizer {
  bool clean_text = true;            ///< controls vanish, white space becomes a blank
  bool handle_chinese_chars = true;  ///< each CJK ideograph stands between blanks
  bool strip_accents = true;         ///< decomposed, without non-spacing marks
  bool lowercase = true;

  /// @param text any bytes; what is no UTF-8 is dropped
  [[nodiscard]] std::string apply(std::string_view text) const;
};

/// Words without white space; each punctuation character is a word of its own. Views into `text`.
[[nodiscard]] std::vector<std::string_view> split_bert_words(std::string_view text);

/// A vocabulary of word pieces; those that go on within a word carry the prefix ("##ing").
struct WordPieceVocabulary {
  std::unordered_map<std::string, std::uint32_t> ids;
  std::string prefix = "##";
  std::uint32_t unknown = 0;         ///< id of [UNK]
  std::size_t max_characters = 100;  ///< longer words are unknown

  /// Appends the pieces of one word, or [UNK] if it cannot be covered.
  void encode(std::string_view word, std::vector<std::int64_t>& out) const;
};

}  // namespace reelgraph::captioner::local
