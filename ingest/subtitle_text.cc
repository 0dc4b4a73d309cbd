#include "ingest/subtitle_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace reelgraph::ingest {
namespace {

void append_utf8(std::string& text, std::uint32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | (c >> 6));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | (c >> 12));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | (c >> 18));
    text += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
}

/// Windows-1252 for 0x80..0x9F (the WHATWG table: unassigned bytes are themselves).
constexpr std::array<std::uint16_t, 32> kWindows1252{0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                                     0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                                     0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::string from_utf16(std::string_view bytes, bool big) {
  std::string text;
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<std::uint8_t>(bytes[i]), b = static_cast<std::uint8_t>(bytes[i + 1]);
    return static_cast<std::uint32_t>(big ? (a << 8 | b) : (b << 8 | a));
  };
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < bytes.size()) {
      const std::uint32_t low = unit(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    append_utf8(text, c);
  }
  return text;
}

/// Length of the entity at the front of `text` (which starts with '&'), 0 if it is none; its character goes to `out`.
std::size_t entity(std::string_view text, std::string& out) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNamed{
      {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&nbsp;", " "}, {"&lrm;", ""}, {"&rlm;", ""}, {"&quot;", "\""}, {"&apos;", "'"}}};
  for (const auto& [name, character] : kNamed) {
    if (text.starts_with(name)) {
      out += character;
      return name.size();
    }
  }
  if (!text.starts_with("&#")) return 0;
  const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  std::size_t i = hex ? 3 : 2;
  std::uint32_t code = 0;
  const std::size_t first = i;
  for (; i < text.size() && i < first + 8; ++i) {
    const char c = text[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (hex && c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (hex && c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) break;
    code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
  }
  if (i == first || i >= text.size() || text[i] != ';') return 0;
  append_utf8(out, code);
  return i + 1;
}

/// True if `<...>` at the front is a tag and not a "<" somebody wrote: a letter, "/" or a digit (a WebVTT time) follows.
bool is_tag(std::string_view text) {
  if (text.size() < 2) return false;
  const char c = text[1];
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/';
}

}  // namespace

std::string_view text_field_of_ass_event(std::string_view event) {
  for (int field = 0; field < 8; ++field) {
    const std::size_t comma = event.find(',');
    if (comma == std::string_view::npos) return {};
    event.remove_prefix(comma + 1);
  }
  return event;
}

std::string plain_text_of_ass(std::string_view text) {
  std::string plain;
  bool drawing = false;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '{') {
      const std::size_t close = text.find('}', i);
      if (close != std::string_view::npos) {
        const std::string_view block = text.substr(i, close - i);
        // \p1 starts a vector drawing, \p0 ends it; \pos and \pbo are other words.
        for (std::size_t p = block.find("\\p"); p != std::string_view::npos; p = block.find("\\p", p + 2)) {
          if (p + 2 < block.size() && block[p + 2] >= '0' && block[p + 2] <= '9') drawing = block[p + 2] != '0';
        }
        i = close + 1;
        continue;
      }
    }
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'N' || text[i + 1] == 'n' || text[i + 1] == 'h')) {
      if (!drawing) plain += text[i + 1] == 'N' ? '\n' : ' ';
      i += 2;
      continue;
    }
    if (!drawing) plain += text[i];
    ++i;
  }
  return plain;
}

std::string plain_text_of_markup(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '<' && is_tag(text.substr(i))) {
      const std::size_t close = text.find('>', i);
      if (close != std::string_view::npos && close - i < 256) {
        i = close + 1;
        continue;
      }
    }
    if (text[i] == '&') {
      if (const std::size_t n = entity(text.substr(i, 12), plain); n > 0) {
        i += n;
        continue;
      }
    }
    plain += text[i++];
  }
  return plain;
}

std::string tidied(std::string_view text) {
  const std::string clean = base::sanitize_utf8(text, 1 << 16);
  std::string result;
  std::size_t start = 0;
  while (start <= clean.size()) {
    const std::size_t stop = std::min(clean.find('\n', start), clean.size());
    std::string_view line(clean.data() + start, stop - start);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first != std::string_view::npos) {
      line = line.substr(first, line.find_last_not_of(" \t") - first + 1);
      if (!result.empty()) result += '\n';
      result += line;
    }
    start = stop + 1;
  }
  return result;
}

std::string decode_charset(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes.substr(2), true);
  if (base::is_valid_utf8(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto b = static_cast<std::uint8_t>(c);
    append_utf8(text, b >= 0x80 && b < 0xA0 ? kWindows1252[b - 0x80] : b);
  }
  return text;
}

}  // namespace reelgraph::ingest
