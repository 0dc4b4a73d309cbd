#include "captioner/local/added_tokens.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace reelgraph::captioner::local {
namespace {

UChar32 character_at(std::string_view text, std::size_t at, std::size_t* end) {
  UChar32 c = 0;
  auto i = static_cast<std::int32_t>(at);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  U8_NEXT(bytes, i, size, c);
  *end = static_cast<std::size_t>(i);
  return c;
}

UChar32 character_before(std::string_view text, std::size_t end, std::size_t* begin) {
  UChar32 c = 0;
  auto i = static_cast<std::int32_t>(end);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // the macro's own
  U8_PREV(bytes, 0, i, c);
#pragma GCC diagnostic pop
  *begin = static_cast<std::size_t>(i);
  return c;
}

/// \w of the library's pattern: letters, marks, decimal numbers, connectors.
bool is_word(UChar32 c) {
  return c >= 0 &&
         (u_isUAlphabetic(c) != 0 || (U_GET_GC_MASK(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0 || c == 0x200C || c == 0x200D);
}
bool is_space(UChar32 c) { return c >= 0 && u_isUWhiteSpace(c) != 0; }

bool touches_word(std::string_view text, std::size_t begin, std::size_t end) {
  std::size_t ignored = 0;
  return (begin > 0 && is_word(character_before(text, begin, &ignored))) ||
         (end < text.size() && is_word(character_at(text, end, &ignored)));
}

}  // namespace

void AddedTokens::add(AddedToken token) {
  if (!by_content_.emplace(token.content, tokens_.size()).second) return;
  lengths_.insert(token.content.size());
  begins_[static_cast<std::uint8_t>(token.content.front())] = true;
  tokens_.push_back(std::move(token));
}

const AddedToken* AddedTokens::longest(std::string_view text, std::size_t at) const {
  if (!begins_[static_cast<std::uint8_t>(text[at])]) return nullptr;
  for (auto length = lengths_.rbegin(); length != lengths_.rend(); ++length) {
    if (*length > text.size() - at) continue;
    const auto it = by_content_.find(std::string(text.substr(at, *length)));
    if (it != by_content_.end()) return &tokens_[it->second];
  }
  return nullptr;
}

std::vector<AddedTokens::Match> AddedTokens::find(std::string_view text, bool special) const {
  std::vector<Match> matches;
  std::size_t last = 0;  // end of the match before
  std::size_t at = 0;
  while (at < text.size()) {
    const AddedToken* token = longest(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->special && !special) continue;
    if (token->single_word && touches_word(text, begin, end)) continue;
    std::size_t next = 0;
    if (token->lstrip) {
      while (begin > last && is_space(character_before(text, begin, &next)) && next >= last) begin = next;
    }
    if (token->rstrip) {
      while (end < text.size() && is_space(character_at(text, end, &next))) end = next;
      at = end;
    }
    matches.push_back({begin, end, token->id});
    last = end;
  }
  return matches;
}

}  // namespace reelgraph::captioner::local
