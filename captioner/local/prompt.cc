#include "captioner/local/prompt.h"

#include <algorithm>
#include <cmath>

#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {
namespace {

constexpr const char* kStart = "<|im_start|>";
constexpr const char* kEnd = "<|im_end|>";
constexpr const char* kUtteranceEnd = "<end_of_utterance>";
constexpr const char* kFake = "<fake_token_around_image>";
constexpr const char* kGlobal = "<global-img>";
constexpr const char* kImage = "<image>";

/// Collects pieces, joining neighbours that may be joined.
class Writer {
 public:
  void text(const std::string& text) {
    if (text.empty()) return;
    if (!pieces_.empty() && !pieces_.back().special) {
      pieces_.back().text += text;
    } else {
      pieces_.push_back({false, text, 1});
    }
  }
  void special(const std::string& content, int repeat = 1) {
    if (!pieces_.empty() && pieces_.back().special && pieces_.back().text == content) {
      pieces_.back().repeat += repeat;
    } else {
      pieces_.push_back({true, content, repeat});
    }
  }
  std::vector<PromptPiece> take() { return std::move(pieces_); }

 private:
  std::vector<PromptPiece> pieces_;
};

std::string capitalized(std::string role) {
  for (char& c : role) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (!role.empty() && role[0] >= 'a' && role[0] <= 'z') role[0] = static_cast<char>(role[0] - 32);
  return role;
}

void write_tile(Writer& writer, int image_seq_len) {
  writer.special(kFake);
  writer.special(kGlobal);
  writer.special(kImage, image_seq_len);
  writer.special(kFake);
}

void write_still(Writer& writer, const PromptStill& still, int image_seq_len) {
  if (still.rows == 0) {
    write_tile(writer, image_seq_len);
    return;
  }
  for (int row = 1; row <= still.rows; ++row) {
    for (int col = 1; col <= still.cols; ++col) {
      writer.special(kFake);
      writer.special("<row_" + std::to_string(row) + "_col_" + std::to_string(col) + ">");
      writer.special(kImage, image_seq_len);
    }
    writer.text("\n");
  }
  writer.text("\n");
  write_tile(writer, image_seq_len);
}

void write_video(Writer& writer, const PromptVideo& video, int image_seq_len) {
  const double duration = video.duration_s.value_or(video.timestamps_s.empty() ? 0 : video.timestamps_s.back());
  writer.text("You are provided the following series of " + number_words(static_cast<std::int64_t>(video.timestamps_s.size())) +
              " frames from a " + duration_words(duration) + " [H:MM:SS] video.\n");
  for (const double timestamp : video.timestamps_s) {
    writer.text("\nFrame from " + minute_stamp(timestamp) + ":");
    write_tile(writer, image_seq_len);
  }
  writer.text("\n\n");
}

std::int64_t whole_seconds(double seconds) {
  // A day has 86400 s; what no film has is cut off before it can overflow.
  return static_cast<std::int64_t>(std::clamp(std::isfinite(seconds) ? seconds : 0.0, 0.0, 1e12));
}

std::string two_digits(std::int64_t n) { return n < 10 ? "0" + std::to_string(n) : std::to_string(n); }

constexpr const char* kSmall[] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                                  "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                  "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr const char* kTens[] = {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};

/// Below 1000.
std::string hundreds_words(std::int64_t n) {
  std::string words;
  if (n >= 100) {
    words = std::string(kSmall[n / 100]) + " hundred";
    n %= 100;
    if (n == 0) return words;
    words += " and ";
  }
  if (n < 20) return words + kSmall[n];
  words += kTens[n / 10];
  return n % 10 == 0 ? words : words + "-" + kSmall[n % 10];
}

}  // namespace

std::string number_words(std::int64_t n) {
  static constexpr const char* kGroups[] = {"", " thousand", " million", " billion"};
  if (n < 1000) return hundreds_words(n);
  std::string words;
  for (int group = 3; group >= 1; --group) {
    std::int64_t unit = 1;
    for (int i = 0; i < group; ++i) unit *= 1000;
    if (n < unit) continue;
    words += (words.empty() ? "" : ", ") + hundreds_words(n / unit) + kGroups[group];
    n %= unit;
  }
  if (n == 0) return words;
  return words + (n < 100 ? " and " : ", ") + hundreds_words(n);
}

std::string duration_words(double seconds) {
  const std::int64_t whole = whole_seconds(seconds);
  const std::int64_t days = whole / 86400, hours = whole % 86400 / 3600, minutes = whole % 3600 / 60;
  std::string text = std::to_string(hours) + ":" + two_digits(minutes) + ":" + two_digits(whole % 60);
  if (days > 0) text = std::to_string(days) + (days == 1 ? " day, " : " days, ") + text;
  return text;
}

std::string minute_stamp(double seconds) {
  const std::int64_t whole = whole_seconds(seconds);
  return two_digits(whole / 60) + ":" + two_digits(whole % 60);
}

std::vector<PromptPiece> PromptTemplate::pieces(const std::vector<ChatMessage>& messages, bool ask) const {
  Writer writer;
  writer.special(kStart);
  for (const ChatMessage& message : messages) {
    writer.text(capitalized(message.role) + (message.stills.empty() ? ": " : ":"));
    for (const PromptStill& still : message.stills) write_still(writer, still, image_seq_len_);
    if (message.video) write_video(writer, *message.video, image_seq_len_);
    writer.text(message.text);
    writer.special(kUtteranceEnd);
    writer.text("\n");
  }
  if (ask) writer.text("Assistant:");
  return writer.take();
}

std::vector<PromptPiece> chat_ml_pieces(const std::vector<ChatMessage>& messages, bool ask) {
  Writer writer;
  for (const ChatMessage& message : messages) {
    writer.special(kStart);
    writer.text(message.role + "\n" + message.text);
    writer.special(kEnd);
    writer.text("\n");
  }
  if (ask) {
    writer.special(kStart);
    writer.text("assistant\n");
  }
  return writer.take();
}

EncodedPrompt encode_prompt(const Tokenizer& tokenizer, const std::vector<PromptPiece>& pieces, SpecialMatching user_specials) {
  EncodedPrompt prompt;
  for (const PromptPiece& piece : pieces) {
    if (!piece.special) {
      const std::vector<std::int64_t> ids = tokenizer.encode(piece.text, user_specials);
      prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
      continue;
    }
    const std::optional<std::int64_t> id = tokenizer.id_of(piece.text);
    if (!id) refuse("tokenizer.json", "special token " + piece.text + " missing");
    for (int i = 0; i < piece.repeat; ++i) {
      if (piece.text == kImage) prompt.image_positions.push_back(static_cast<std::int64_t>(prompt.ids.size()));
      prompt.ids.push_back(*id);
    }
  }
  return prompt;
}

}  // namespace reelgraph::captioner::local
