#include "captioner/local/byte_level.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <queue>

namespace reelgraph::captioner::local {
namespace {

enum class Class { kLetter, kNumber, kSpace, kOther };

Class class_of(UChar32 c) {
  if (c < 0) return Class::kOther;
  const auto mask = U_GET_GC_MASK(c);
  if ((mask & U_GC_L_MASK) != 0) return Class::kLetter;
  if ((mask & U_GC_N_MASK) != 0) return Class::kNumber;
  return u_isUWhiteSpace(c) != 0 ? Class::kSpace : Class::kOther;
}

/// The character at `at` (-1 for bytes that are none); moves `at` past it.
UChar32 next(std::string_view text, std::int32_t& at) {
  UChar32 c = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto length = static_cast<std::int32_t>(text.size());
  U8_NEXT(bytes, at, length, c);
  return c;
}

/// End of the run of characters of class `kind` that begins at `at`.
std::int32_t run_end(std::string_view text, std::int32_t at, Class kind) {
  while (static_cast<std::size_t>(at) < text.size()) {
    std::int32_t end = at;
    if (class_of(next(text, end)) != kind) break;
    at = end;
  }
  return at;
}

/// Length of the contraction that begins here, or 0.
std::int32_t contraction(std::string_view rest) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (rest.substr(0, ending.size()) == ending) return static_cast<std::int32_t>(ending.size());
  }
  return 0;
}

std::int32_t word_end(std::string_view text, std::int32_t begin) {
  const auto size = static_cast<std::int32_t>(text.size());
  if (const std::int32_t length = contraction(text.substr(static_cast<std::size_t>(begin))); length > 0) return begin + length;
  // " ?" before a run of letters, numbers or others.
  std::int32_t at = begin;
  if (text[static_cast<std::size_t>(at)] == ' ' && at + 1 < size) ++at;
  std::int32_t after = at;
  const Class kind = class_of(next(text, after));
  if (kind != Class::kSpace) return run_end(text, after, kind);
  // White space: all of it at the end of the text, else all but its last character, else that one.
  const std::int32_t end = run_end(text, begin, Class::kSpace);
  if (end == size) return end;
  std::int32_t last = begin, step = begin;
  while (step < end) {
    last = step;
    next(text, step);
  }
  return last > begin ? last : end;
}

std::string utf8_of(UChar32 c) {
  std::string text(4, '\0');
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(text.data(), length, c);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

constexpr bool stands_for_itself(int byte) { return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE; }

}  // namespace

const std::array<std::string, 256>& byte_alphabet() {
  static const std::array<std::string, 256> alphabet = [] {
    std::array<std::string, 256> symbols;
    int extra = 0;
    for (int byte = 0; byte < 256; ++byte) {
      symbols[static_cast<std::size_t>(byte)] = utf8_of(stands_for_itself(byte) ? byte : 0x100 + extra++);
    }
    return symbols;
  }();
  return alphabet;
}

std::optional<std::string> bytes_of_symbols(std::string_view token) {
  static const std::unordered_map<std::string, char> bytes = [] {
    std::unordered_map<std::string, char> map;
    for (std::size_t byte = 0; byte < 256; ++byte) map.emplace(byte_alphabet()[byte], static_cast<char>(byte));
    return map;
  }();
  std::string result;
  std::int32_t at = 0;
  while (static_cast<std::size_t>(at) < token.size()) {
    const auto begin = static_cast<std::size_t>(at);
    next(token, at);
    const auto it = bytes.find(std::string(token.substr(begin, static_cast<std::size_t>(at) - begin)));
    if (it == bytes.end()) return std::nullopt;
    result += it->second;
  }
  return result;
}

std::vector<std::string_view> split_digits(std::string_view text, bool individual) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  const auto cut = [&](std::size_t end) {
    if (end > begin) pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  };
  bool in_digits = false;
  std::int32_t at = 0;
  while (static_cast<std::size_t>(at) < text.size()) {
    const auto here = static_cast<std::size_t>(at);
    const bool digit = class_of(next(text, at)) == Class::kNumber;
    if (digit != in_digits || (digit && individual)) cut(here);
    in_digits = digit;
  }
  cut(text.size());
  return pieces;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::int32_t at = 0;
  while (static_cast<std::size_t>(at) < text.size()) {
    const std::int32_t end = word_end(text, at);
    words.push_back(text.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(end - at)));
    at = end;
  }
  return words;
}

void BpeMerges::apply(std::vector<std::uint32_t>& ids) const {
  if (ids.size() < 2) return;
  struct Symbol {
    std::uint32_t id = 0;
    int previous = -1, next = -1;
    bool gone = false;
  };
  struct Candidate {
    std::uint32_t rank;
    int left;                         ///< index of the left symbol
    std::uint32_t left_id, right_id;  ///< as they were when the candidate was made
    std::uint32_t result;
    bool operator<(const Candidate& other) const { return rank != other.rank ? rank > other.rank : left > other.left; }
  };
  std::vector<Symbol> symbols(ids.size());
  std::priority_queue<Candidate> queue;
  const auto offer = [&](int left) {
    if (left < 0 || symbols[static_cast<std::size_t>(left)].next < 0) return;
    const Symbol& a = symbols[static_cast<std::size_t>(left)];
    const Symbol& b = symbols[static_cast<std::size_t>(a.next)];
    const auto it = merges_.find((std::uint64_t{a.id} << 32) | b.id);
    if (it != merges_.end()) queue.push({it->second.rank, left, a.id, b.id, it->second.result});
  };
  const int count = static_cast<int>(ids.size());
  for (int i = 0; i < count; ++i) {
    symbols[static_cast<std::size_t>(i)] = {ids[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1, false};
  }
  for (int i = 0; i + 1 < count; ++i) offer(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<std::size_t>(best.left)];
    if (left.gone || left.id != best.left_id || left.next < 0) continue;
    Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    if (right.id != best.right_id) continue;
    left.id = best.result;
    left.next = right.next;
    right.gone = true;
    if (left.next >= 0) symbols[static_cast<std::size_t>(left.next)].previous = best.left;
    offer(left.previous);
    offer(best.left);
  }
  ids.clear();
  for (int i = 0; i >= 0; i = symbols[static_cast<std::size_t>(i)].next) ids.push_back(symbols[static_cast<std::size_t>(i)].id);
}

}  // namespace reelgraph::captioner::local
