// Subtitle files and subtitle text of any bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "ingest/subtitle_text.h"
#include "ingest/subtitles.h"

using namespace reelgraph;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = ingest::decode_charset(bytes);
  if (!base::is_valid_utf8(text)) __builtin_trap();
  const std::string plain = ingest::tidied(ingest::plain_text_of_markup(ingest::plain_text_of_ass(ingest::text_field_of_ass_event(bytes))));
  if (!base::is_valid_utf8(plain)) __builtin_trap();
  for (const std::string& cue : ingest::webvtt_sample_texts(bytes)) {
    if (!base::is_valid_utf8(cue)) __builtin_trap();
  }
  try {
    for (const base::Cue& cue : ingest::read_sidecar_bytes(std::string(bytes), "fuzz", "", "sidecar:fuzz")) {
      if (!base::is_valid_utf8(cue.text) || cue.span.start < 0 || cue.span.end < cue.span.start) __builtin_trap();
    }
  } catch (const base::Error&) {
  }
  return 0;
}
