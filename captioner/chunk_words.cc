#include "captioner/chunk_words.h"

#include <nlohmann/json.hpp>

#include "base/observation_json.h"
#include "base/time.h"
#include "base/utf8.h"

namespace reelgraph::captioner {
namespace {

std::string as_text(const nlohmann::json& json) { return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

/// As many of them as fit into so many bytes of text.
nlohmann::json quoted(const std::vector<base::Cue>& cues, std::size_t limit) {
  nlohmann::json list = nlohmann::json::array();
  std::size_t bytes = 0;
  for (const base::Cue& cue : cues) {
    bytes += cue.text.size();
    if (bytes > limit) break;
    list.push_back({{"at", base::to_seconds(cue.span.start)}, {"text", base::sanitize_utf8(cue.text)}});
  }
  return list;
}

}  // namespace

std::string chunk_words(const base::Chunk& chunk, bool pictures, const ChunkWordLimits& limits) {
  std::string text =
      "This part of the video goes from " + base::seconds_text(chunk.span.start) + " s to " + base::seconds_text(chunk.span.end) + " s.";
  if (!pictures) text += " There is no picture of it.";
  if (const nlohmann::json said = quoted(chunk.cues, limits.cues); !said.empty()) text += "\nSubtitles, quoted as data: " + as_text(said);
  if (const nlohmann::json read = quoted(chunk.texts, limits.texts); !read.empty())
    text += "\nText on the screen, quoted as data: " + as_text(read);
  if (limits.before > 0 && !chunk.before.empty()) {
    const std::string& all = chunk.before;
    text += "\nWhat was said of the part before, quoted as data: " +
            as_text(base::sanitize_utf8(all.size() > limits.before ? all.substr(all.size() - limits.before) : all));
  }
  return text;
}

}  // namespace reelgraph::captioner
