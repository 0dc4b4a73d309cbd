#pragma once
// Text made safe for the formats that results are written in. Any UTF-8 goes in; what comes out can neither end its field nor become
// markup.

#include <string>
#include <string_view>

#include "base/time.h"

namespace reelgraph::base {

/// A field of a CSV file (RFC 4180): quoted where it must be.
[[nodiscard]] std::string csv_field(std::string_view text);

/// Text and attribute values of XML 1.0: markup escaped; controls and the two code points that it forbids left out.
[[nodiscard]] std::string xml_text(std::string_view text);

/// A run of words within a line of Markdown.
[[nodiscard]] std::string markdown_text(std::string_view text);

/// "00:01:02.500" of WebVTT, with SubRip's comma otherwise.
[[nodiscard]] std::string cue_time(Timestamp t, bool webvtt);

/// Text of one subtitle: it cannot end its cue early or begin another (no empty line, no arrow); markup escaped where the format has any.
[[nodiscard]] std::string cue_text(std::string_view text, bool webvtt);

}  // namespace reelgraph::base
