#pragma once
// Timed commentary of one video, from its events alone: what to say, when, and how, by the [commentary] of a profile.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/commentary.h"
#include "graph/store.h"
#include "query/report/facts.h"

namespace reelgraph::query::report {

struct CommentaryOptions {
  std::string style;  ///< of the profile; empty: its first
  std::optional<base::Timestamp> from, to;  ///< lines that start there; what happened before is known all the same
  base::Duration lookahead = 10 * base::kSecond;  ///< how far ahead of what is said events are known, for the choice alone; 0 to 60 s
  std::uint64_t seed = 1;
};

struct CommentaryLine {
  base::TimeSpan span;
  std::string text;
  std::string kind;     ///< "event", "recap", "summary"
  std::string topic;    ///< of the profile, or a recap's name, or "interval", "end"
  double importance = 0;
  std::string pattern;               ///< the template that was filled; of a model's line the grammar's
  std::string grammar_text;          ///< of a line that a model worded: what the grammar said; else empty
  std::vector<graph::RowId> events;  ///< what it is about, in order of time; never empty
  std::vector<Fact> facts;           ///< what fills its slots, each with its own events. No event of either is over after `span.start`
};

/// How a model did at wording the lines.
struct WordingTally {
  std::string model;
  int asked = 0, used = 0;
  int replaced = 0;  ///< said more than it was given, or too much
  int failed = 0;    ///< no reply
  std::vector<std::pair<std::string, int>> reasons;  ///< of `replaced`, how often
};

struct CommentaryReport {
  std::string video, title, profile, style, language;
  std::vector<CommentaryLine> lines;  ///< by start; they do not overlap
  std::vector<std::string> notes;     ///< what the reader must know: events left out, sides of one name
  std::optional<WordingTally> wording;
  std::size_t events_read = 0, events_told = 0;
};

/// One pass over the events of a video in the order of time. A line says only what was over when it starts. The same archive, profile, options and
/// seed give the same lines. A video without an event that the profile has a topic for gives no lines and a note that says so.
/// @throws base::Error kInvalidArgument: it has not this style, a look-ahead out of bounds
[[nodiscard]] CommentaryReport make_commentary(const graph::Store& store, const base::Commentary& commentary, const graph::VideoRecord& video,
                                               const CommentaryOptions& options);

}  // namespace reelgraph::query::report
