#pragma once
// A commentary as a document: for people, as subtitles, as JSON.

#include <nlohmann/json.hpp>
#include <string>

#include "query/report/commentary.h"

namespace reelgraph::query::report {

/// {"video","title","profile","style","language","lines":[{"start","end","text","events","kind","topic","importance","pattern","facts"}],"notes"};
/// times in seconds. A fact: {"slot","value","text","events"}: `text` stands in the line in place of "{slot}" of its pattern.
[[nodiscard]] nlohmann::ordered_json commentary_json(const CommentaryReport& report);

/// @param format "text", "md", "srt" or "vtt"
/// @throws base::Error kInvalidArgument for another
[[nodiscard]] std::string commentary_text(const CommentaryReport& report, const std::string& format);

}  // namespace reelgraph::query::report
