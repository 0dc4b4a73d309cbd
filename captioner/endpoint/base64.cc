#include "captioner/endpoint/base64.h"

#include <cstdint>

namespace reelgraph::captioner::endpoint {

void append_base64(std::string& text, std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t before = text.size();
  text.resize(before + (bytes.size() + 2) / 3 * 4);
  char* out = text.data() + before;
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) : 0U; };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *out++ = kDigits[group >> 18];
    *out++ = kDigits[group >> 12 & 63];
    *out++ = i + 1 < bytes.size() ? kDigits[group >> 6 & 63] : '=';
    *out++ = i + 2 < bytes.size() ? kDigits[group & 63] : '=';
  }
}

}  // namespace reelgraph::captioner::endpoint
