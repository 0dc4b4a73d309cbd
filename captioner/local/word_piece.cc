#include "captioner/local/word_piece.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace reelgraph::captioner::local {
namespace {

bool is_space(UChar32 c) { return u_isUWhiteSpace(c) != 0; }

bool is_control(UChar32 c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return (U_GET_GC_MASK(c) & U_GC_C_MASK) != 0;
}

bool is_punctuation(UChar32 c) {
  if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return (U_GET_GC_MASK(c) & U_GC_P_MASK) != 0;
}

bool is_ideograph(UChar32 c) {
  struct Block {
    UChar32 first, last;
  };
  static constexpr Block kBlocks[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
                                      {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  return std::any_of(std::begin(kBlocks), std::end(kBlocks), [c](const Block& b) { return c >= b.first && c <= b.last; });
}

void append(std::string& text, UChar32 c) {
  std::uint8_t bytes[4];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, c);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

/// Calls `use` for each character; bytes that are none are passed over.
template <typename Use>
void for_each_character(std::string_view text, Use use) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  std::int32_t at = 0;
  while (at < size) {
    const std::int32_t begin = at;
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (c >= 0) use(c, static_cast<std::size_t>(begin), static_cast<std::size_t>(at));
  }
}

/// Canonical decomposition without non-spacing marks.
std::string without_accents(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status)) return text;
  const icu::UnicodeString decomposed = nfd->normalize(icu::UnicodeString::fromUTF8(text), status);
  if (U_FAILURE(status)) return text;
  std::string out;
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 c = decomposed.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK && !U_IS_SURROGATE(c)) append(out, c);
  }
  return out;
}

/// Each character lower-cased by itself, with its full mapping ("İ" becomes two) but without regard to its neighbours.
std::string lower(const std::string& text) {
  std::string out;
  for_each_character(text, [&](UChar32 c, std::size_t, std::size_t) {
    if (c < 0x80) {
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    } else if (c == 0x130) {
      out += "i\xCC\x87";  // the one character whose full mapping differs from its simple one
    } else {
      append(out, u_tolower(c));
    }
  });
  return out;
}

}  // namespace

std::string BertNormalizer::apply(std::string_view text) const {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for_each_character(text, [&](UChar32 c, std::size_t, std::size_t) {
    if (clean_text) {
      if (c == 0 || c == 0xFFFD || is_control(c)) return;
      if (is_space(c)) c = ' ';
    }
    const bool apart = handle_chinese_chars && is_ideograph(c);
    if (apart) out += ' ';
    append(out, c);
    if (apart) out += ' ';
  });
  if (strip_accents) out = without_accents(out);
  if (lowercase) out = lower(out);
  return out;
}

std::vector<std::string_view> split_bert_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  const auto cut = [&](std::size_t end) {
    if (end > begin) words.push_back(text.substr(begin, end - begin));
  };
  for_each_character(text, [&](UChar32 c, std::size_t first, std::size_t end) {
    if (!is_space(c) && !is_punctuation(c)) return;
    cut(first);
    if (!is_space(c)) words.push_back(text.substr(first, end - first));
    begin = end;
  });
  cut(text.size());
  return words;
}

void WordPieceVocabulary::encode(std::string_view word, std::vector<std::int64_t>& out) const {
  std::vector<std::size_t> borders{0};
  for_each_character(word, [&](UChar32, std::size_t, std::size_t end) { borders.push_back(end); });
  const std::size_t characters = borders.size() - 1;
  if (characters > max_characters) {
    out.push_back(unknown);
    return;
  }
  std::vector<std::int64_t> pieces;
  std::string piece;
  std::size_t begin = 0;
  while (begin < characters) {
    std::size_t end = characters;
    for (; end > begin; --end) {
      piece = begin > 0 ? prefix : "";
      piece.append(word.substr(borders[begin], borders[end] - borders[begin]));
      const auto it = ids.find(piece);
      if (it == ids.end()) continue;
      pieces.push_back(it->second);
      break;
    }
    if (end == begin) {
      out.push_back(unknown);
      return;
    }
    begin = end;
  }
  out.insert(out.end(), pieces.begin(), pieces.end());
}

}  // namespace reelgraph::captioner::local
