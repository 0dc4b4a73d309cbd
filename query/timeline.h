#pragma once
// Events in order, as JSON and as one HTML page that needs nothing else.

#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "graph/store.h"

namespace reelgraph::query {

struct TimelineOptions {
  std::vector<std::string> videos;  ///< id, title or path; empty: all
  std::vector<std::string> types;   ///< event types; empty: all
  std::string entity;               ///< name of one that takes part; empty: any
  std::optional<base::Timestamp> from, to;
  int limit = 0;  ///< events; 0: all
};

/// By video id, then start. @throws base::Error kInvalidArgument for an unknown video, event type or entity, from >= to, a limit below 0
[[nodiscard]] std::vector<graph::EventRecord> timeline(const graph::Store& store, const TimelineOptions& options);

/// The JSON document of `timeline --json`.
[[nodiscard]] nlohmann::ordered_json timeline_json(const std::vector<graph::EventRecord>& events);

struct TimelinePage {
  std::string title = "Timeline";
  /// Bytes of a JPEG named as the store names it ("frames/ab/ab12.jpg"); nothing if it cannot be read. Empty: no pictures.
  std::function<std::optional<std::string>(const std::string&)> read_frame;
  int most_frames = 240;               ///< pictures put into the page, over all videos
  std::size_t most_bytes = 64U << 20;  ///< of pictures put into the page
};

/// One page for screen and print: each video with its time axis, events by type, what was not looked at, and the frames that show the
/// events. Everything is inside the page (no script, no link to outside); every text of the archive is escaped. @returns bytes of pictures
std::size_t write_timeline_html(std::ostream& out, const graph::Store& store, const std::vector<graph::EventRecord>& events,
                                const std::vector<std::string>& videos, const TimelinePage& page);

}  // namespace reelgraph::query
