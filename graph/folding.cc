#include "graph/folding.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/error.h"

namespace reelgraph::graph {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void append_folded(std::string& out, bool& gap, std::string_view piece, bool is_word) {
  if (!is_word) {
    gap = true;
    return;
  }
  if (gap && !out.empty()) out += ' ';
  gap = false;
  out += piece;
}

const icu::Normalizer2& normalizer(const icu::Normalizer2* (*get)(UErrorCode&)) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* instance = get(status);
  if (U_FAILURE(status) || !instance) {
    throw base::Error(base::ErrorCode::kInternal, "ICU has no normalisation data", u_errorName(status), "reinstall libicu");
  }
  return *instance;
}

icu::UnicodeString normalized(const icu::Normalizer2& by, const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result = by.normalize(text, status);
  return U_FAILURE(status) ? text : result;
}

}  // namespace

std::string fold_name(std::string_view text) {
  std::string out;
  bool gap = false;
  if (is_ascii(text)) {
    for (const char c : text) {
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      const bool is_word = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
      append_folded(out, gap, std::string_view(&lower, 1), is_word);
    }
    return out;
  }
  static const icu::Normalizer2& casefold = normalizer(icu::Normalizer2::getNFKCCasefoldInstance);
  static const icu::Normalizer2& decompose = normalizer(icu::Normalizer2::getNFKDInstance);
  const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString folded = normalized(decompose, normalized(casefold, wide));
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    const uint32_t mask = U_GET_GC_MASK(c);
    if (mask & U_GC_MN_MASK) continue;  // an accent that was taken apart
    std::string piece;
    icu::UnicodeString(c).toUTF8String(piece);
    append_folded(out, gap, piece, (mask & (U_GC_L_MASK | U_GC_N_MASK | U_GC_MC_MASK)) != 0);
  }
  return out;
}

std::vector<std::string> folded_words(std::string_view folded) {
  std::vector<std::string> words;
  while (!folded.empty()) {
    const std::size_t space = folded.find(' ');
    std::string word(folded.substr(0, space));
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
    if (space == std::string_view::npos) break;
    folded.remove_prefix(space + 1);
  }
  return words;
}

}  // namespace reelgraph::graph
