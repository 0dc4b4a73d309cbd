#pragma once
// The other formats of `export_archive`, one a file.

#include <iosfwd>
#include <vector>

#include "graph/transfer.h"

namespace reelgraph::graph {

/// Entities, events and videos as nodes; participation, relations and membership as edges. Ids are "v1", "n1", "e1" in order of output.
void export_graphml(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos);
/// Events, one a row, RFC 4180 (CRLF, quoted where needed).
void export_csv(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos);
/// Transcript where an observation has one, else its caption. SubRip knows no videos: several follow each other, each from 0.
void export_subtitles(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos, bool webvtt);

}  // namespace reelgraph::graph
