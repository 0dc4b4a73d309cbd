#include "captioner/local/utf8_stream.h"

#include <cstdint>
#include <utility>

namespace reelgraph::captioner::local {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

/// How many bytes a character with this first byte has, and what its second may be; length 0: no character begins so.
struct Lead {
  int length = 0;
  std::uint8_t low = 0x80, high = 0xBF;
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1};
  if (byte >= 0xC2 && byte <= 0xDF) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

}  // namespace

std::string Utf8Stream::push(std::string_view more) {
  std::string bytes = std::exchange(held_, {});
  bytes.append(more);
  std::string text;
  text.reserve(bytes.size());
  std::size_t at = 0;
  while (at < bytes.size()) {
    const Lead lead = lead_of(static_cast<std::uint8_t>(bytes[at]));
    if (lead.length == 0) {
      text += kReplacement;
      ++at;
      continue;
    }
    int have = 1;
    while (have < lead.length && at + static_cast<std::size_t>(have) < bytes.size()) {
      const auto next = static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(have)]);
      if (next < (have == 1 ? lead.low : 0x80) || next > (have == 1 ? lead.high : 0xBF)) break;
      ++have;
    }
    const auto length = static_cast<std::size_t>(have);
    if (have == lead.length) {
      text.append(bytes, at, length);
    } else if (at + length == bytes.size()) {
      held_ = bytes.substr(at);
      break;
    } else {
      text += kReplacement;
    }
    at += length;
  }
  return text;
}

std::string Utf8Stream::finish() { return std::exchange(held_, {}).empty() ? std::string() : std::string(kReplacement); }

std::string lossy_utf8(std::string_view bytes) {
  Utf8Stream stream;
  std::string text = stream.push(bytes);
  return text + stream.finish();
}

}  // namespace reelgraph::captioner::local
