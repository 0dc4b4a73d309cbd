#pragma once
// Observations as JSON lines, format 1: what `import` reads, what `export` writes, what a model's reply is turned into.
// Reading is strict and expects hostile input; writing is canonical, so that equal values give equal bytes.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/observation.h"

namespace reelgraph::base {

/// A line of type `video`. Fields that the line leaves out are empty.
struct VideoLine {
  std::string id;
  std::string title;
  std::optional<Duration> duration;
  std::optional<std::string> wall_start;  ///< ISO 8601
  std::string path;
  std::string content_id;
  std::string state;   ///< "partial" or "failed" for a video that could not be read whole; else empty
  std::string reason;  ///< of `state`
  nlohmann::json media = nlohmann::json::object();
};

/// A line of type `coverage`: which part of a video was looked at.
struct CoverageLine {
  std::string video;
  TimeSpan span;
  std::string status;  ///< described | failed | not_sampled | limited
  std::string reason;
};

/// A line of type `identity`: one decision about who is who, kept as it is (`action`, and whatever explains it).
struct IdentityLine {
  std::string action;
  nlohmann::json body = nlohmann::json::object();  ///< the whole line but `type` and `action`
};

/// A line of type `summary`: text over a span of a video; further keys are kept in `body`.
struct SummaryLine {
  std::string video;
  TimeSpan span;
  std::int64_t level = 0;
  std::string text;
  nlohmann::json body = nlohmann::json::object();
};

using ObservationLine = std::variant<VideoLine, Observation, CoverageLine, IdentityLine, SummaryLine>;

/// What one line may hold at most; far above honest use, low enough that no line can exhaust the machine.
struct ObservationLimits {
  std::size_t nesting = 32;       ///< of brackets
  std::size_t items = 20'000;     ///< entities, events, relations of one line; participants of one event
  std::size_t word_bytes = 1000;  ///< ids, refs, names, types, roles
  std::size_t text_bytes = std::size_t{1} << 20;
};

/// Reads one line. Texts come out as sound UTF-8 without control characters; `ocr`, names and aliases are single lines.
/// Unknown keys of observations, entities and events are kept in their `attributes`, others are dropped; each adds a warning.
/// An event without times takes the observation's. Refs are unique and every ref that is used is defined.
/// @param warnings may be null
/// @throws Error kBadInput whose message begins with the field ("events[2].start: a time cannot be negative")
[[nodiscard]] ObservationLine parse_observation_line(std::string_view line, std::vector<std::string>* warnings,
                                                     const ObservationLimits& limits = {});

/// The same for an object that was parsed already (a model's reply). `context` is not part of the messages.
[[nodiscard]] ObservationLine parse_observation_json(const nlohmann::json& object, std::vector<std::string>* warnings,
                                                     const ObservationLimits& limits = {});

/// One line without the newline. Keys in the order of the format's description, empty fields left out, attributes with sorted keys,
/// seconds with just the digits that keep microseconds. REQUIRES: sound UTF-8.
[[nodiscard]] std::string to_json_line(const VideoLine& line);
[[nodiscard]] std::string to_json_line(const Observation& observation);
[[nodiscard]] std::string to_json_line(const CoverageLine& line);
[[nodiscard]] std::string to_json_line(const IdentityLine& line);
[[nodiscard]] std::string to_json_line(const SummaryLine& line);

/// Seconds of a time with just the digits it needs: "1171.2", "5".
[[nodiscard]] std::string seconds_text(Timestamp t);

/// Sound UTF-8 without control characters, white space trimmed at both ends, cut to about `max_bytes`.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t max_bytes);
/// The same on a single line: newlines and tabs become spaces.
[[nodiscard]] std::string clean_line(std::string_view text, std::size_t max_bytes);

/// Refs renamed to e0, e1, ... in the order of the entities, so that two spellings of one observation become equal.
/// @throws Error kInvalidArgument for a ref that no entity has
void renumber_refs(Observation& observation);

/// Makes an observation from any source what reading its own line would give: texts sound and within the limits, empty ones left out,
/// refs renumbered. @throws Error kInvalidArgument for what no line may hold (an unknown ref, an end before the start, no type of an event)
void make_canonical(Observation& observation, const ObservationLimits& limits = {});

}  // namespace reelgraph::base
