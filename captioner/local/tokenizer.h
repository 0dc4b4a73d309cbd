#pragma once
// Text to token ids and back, as tokenizer.json of a Hugging Face folder describes it: byte-level BPE, and WordPiece for BERT.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "captioner/local/utf8_stream.h"

namespace reelgraph::captioner::local {

enum class TokenizerKind { kByteLevelBpe, kWordPiece };

/// Are added tokens that are special ("<image>") found in a text? Text that comes from a film, a file or a user is kNever.
enum class SpecialMatching { kNever, kAllowed };

/// Immutable once made; safe to use from several threads.
class Tokenizer {
 public:
  /// @param context file name for errors
  /// @throws base::Error kModel: not JSON, a part that is not supported here (named), inconsistent tables (the token named)
  /// @param expected the only kind that will do; nothing: any
  static Tokenizer parse(std::string_view json, const std::string& context, std::optional<TokenizerKind> expected = std::nullopt);
  static Tokenizer load(const std::filesystem::path& file, std::optional<TokenizerKind> expected = std::nullopt);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  [[nodiscard]] TokenizerKind kind() const;
  /// One above the largest id.
  [[nodiscard]] std::int64_t id_limit() const;
  /// Id of the token with exactly this content. @returns nothing if there is none
  [[nodiscard]] std::optional<std::int64_t> id_of(std::string_view content) const;
  [[nodiscard]] bool is_special(std::int64_t id) const;

  /// Ids of a text, without [CLS] or the like around it. Any bytes are accepted; bytes without a token vanish.
  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text, SpecialMatching special) const;

  /// The bytes that a token stands for: perhaps a part of a character. Empty for an id without a token.
  [[nodiscard]] const std::string& bytes_of(std::int64_t id) const;
  /// Text of ids; broken characters become U+FFFD. @param keep_special false: special tokens are left out
  [[nodiscard]] std::string decode(const std::vector<std::int64_t>& ids, bool keep_special) const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Text of a reply as it comes, special tokens left out. The tokenizer must outlive it.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  /// @returns the characters that this token completes
  [[nodiscard]] std::string push(std::int64_t id) {
    return tokenizer_.is_special(id) ? std::string() : stream_.push(tokenizer_.bytes_of(id));
  }
  [[nodiscard]] std::string finish() { return stream_.finish(); }

 private:
  const Tokenizer& tokenizer_;
  Utf8Stream stream_;
};

}  // namespace reelgraph::captioner::local
