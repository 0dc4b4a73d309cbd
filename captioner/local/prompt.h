#pragma once
// The chat and video templates of SmolVLM as pieces: the template's own special tokens stand apart from text, so that text from a film, a
// file or a user never becomes one, whatever it says.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "captioner/local/tokenizer.h"

namespace reelgraph::captioner::local {

/// A run of text, or a special token of the template.
struct PromptPiece {
  bool special = false;
  std::string text;  ///< special: its content ("<image>")
  int repeat = 1;    ///< special tokens only
  friend bool operator==(const PromptPiece&, const PromptPiece&) = default;
};

/// One picture of a message: an unsplit still (rows == 0), a split one, or a video.
struct PromptStill {
  int rows = 0, cols = 0;
};
struct PromptVideo {
  std::vector<double> timestamps_s;  ///< one a frame, seconds
  std::optional<double> duration_s;  ///< nothing: unknown, the last timestamp stands for it
};

struct ChatMessage {
  std::string role;  ///< "user", "assistant", "system"
  std::vector<PromptStill> stills;
  std::optional<PromptVideo> video;
  std::string text;
};

/// What the template writes: its words and the number of tokens that a tile takes.
class PromptTemplate {
 public:
  /// @param image_seq_len tokens of one tile
  explicit PromptTemplate(int image_seq_len) : image_seq_len_(image_seq_len) {}

  /// The whole conversation. Neighbouring runs of text are one piece: the tokeniser must see them in one go.
  /// @param ask true: ends with "Assistant:", so that the model goes on
  [[nodiscard]] std::vector<PromptPiece> pieces(const std::vector<ChatMessage>& messages, bool ask = true) const;

 private:
  int image_seq_len_;
};

/// ChatML of SmolLM2-Instruct: <|im_start|>ROLE\nTEXT<|im_end|>\n per message, last <|im_start|>assistant\n.
[[nodiscard]] std::vector<PromptPiece> chat_ml_pieces(const std::vector<ChatMessage>& messages, bool ask = true);

/// Ids of a prompt, and where picture tokens of the template stand (in order, as positions in `ids`): an id of <image> alone does not tell.
struct EncodedPrompt {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> image_positions;
};
/// @param user_specials kAllowed matches special tokens in text too; never for text from outside
/// @throws base::Error kModel if the tokenizer lacks a special token of the template
[[nodiscard]] EncodedPrompt encode_prompt(const Tokenizer& tokenizer, const std::vector<PromptPiece>& pieces,
                                          SpecialMatching user_specials = SpecialMatching::kNever);

/// "sixty-four", "one hundred and one", "one thousand, two hundred and thirty-four". REQUIRES: 0 <= n < 10^12.
[[nodiscard]] std::string number_words(std::int64_t n);
/// Seconds cut to whole ones: "0:00:12", "1 day, 1:20:34", "2 days, 0:00:00".
[[nodiscard]] std::string duration_words(double seconds);
/// Seconds cut to whole ones: "00:59", "1516:39".
[[nodiscard]] std::string minute_stamp(double seconds);

}  // namespace reelgraph::captioner::local
