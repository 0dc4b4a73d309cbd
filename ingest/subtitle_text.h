#pragma once
// Subtitle text without its markup: ASS overrides, SubRip and WebVTT tags, entities; in sound UTF-8 whatever it was written in.

#include <string>
#include <string_view>

namespace reelgraph::ingest {

/// What is to be read of the dialogue text of an ASS event (no field list): {\overrides} and drawings go, \N is a new line.
[[nodiscard]] std::string plain_text_of_ass(std::string_view text);

/// The text field of a whole ASS event as FFmpeg's decoders give it ("ReadOrder,Layer,Style,Name,L,R,V,Effect,Text").
[[nodiscard]] std::string_view text_field_of_ass_event(std::string_view event);

/// What is to be read of text with <tags> and &entities; as in SubRip and WebVTT.
[[nodiscard]] std::string plain_text_of_markup(std::string_view text);

/// Lines trimmed, empty ones removed, sound UTF-8.
[[nodiscard]] std::string tidied(std::string_view text);

/// UTF-8 of a text file: marks of UTF-8 and UTF-16 are honoured; what is not valid UTF-8 is read as Windows-1252.
[[nodiscard]] std::string decode_charset(std::string_view bytes);

}  // namespace reelgraph::ingest
