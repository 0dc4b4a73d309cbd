#pragma once
// Archives as text: JSON lines in and out, GraphML, CSV and subtitles out.

#include <filesystem>
#include <iosfwd>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "graph/archive.h"

namespace reelgraph::graph {

struct ImportOptions {
  bool keep_going = false;  ///< skip and count bad lines instead of refusing the file
  std::size_t max_line_bytes = std::size_t{16} << 20;
  std::stop_token stop;  ///< asked before each line and the commit; the import then ends with kInterrupted
};

struct ImportResult {
  std::int64_t lines = 0;
  std::int64_t added = 0;             ///< observations that were new
  std::int64_t unchanged = 0;         ///< observations that were there already
  std::int64_t skipped = 0;           ///< bad lines (`keep_going`)
  std::vector<std::string> warnings;  ///< at most 100
  std::vector<std::string> errors;    ///< at most 100, "FILE:LINE: reason"
};

/// Reads observation lines (format 1) into the archive, all of them or none.
/// @throws base::Error kBadInput "NAME:LINE: reason"; kInterrupted
ImportResult import_jsonl(Archive& archive, std::istream& in, const std::string& name, const ImportOptions& options);

struct ExportOptions {
  std::string format = "jsonl";     ///< jsonl graphml csv srt vtt
  std::vector<std::string> videos;  ///< ids; empty: all
};
/// Sorted by video, start, then content; no row ids, dates, attempts or costs. jsonl reimports to the same graph, byte-identical when
/// exported again.
void export_archive(const Archive& archive, std::ostream& out, const ExportOptions& options);

}  // namespace reelgraph::graph
