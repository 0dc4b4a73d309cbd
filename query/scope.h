#pragma once
// Where a question looks: which videos, which part of each, and how much of that was described.

#include <optional>
#include <string>
#include <vector>

#include "graph/store.h"
#include "query/engine.h"
#include "query/question.h"

namespace reelgraph::query {

struct VideoScope {
  graph::VideoRecord video;
  base::TimeSpan asked;                       ///< within [0, duration]
  base::SpanSet described;                    ///< of `asked`
  base::SpanSet limited;                      ///< of `described`: less was said there
  std::vector<graph::CoverageSpan> coverage;  ///< as the archive has it, read once
};

/// Built for one question. With more than `kMostListed` videos in play the coverage of each is left out.
struct Scope {
  static constexpr std::size_t kMostListed = 500;

  std::vector<VideoScope> videos;  ///< those in which the time asked about exists
  bool whole = true;               ///< no part of any video is left out
  bool everything = false;         ///< all videos of the archive, wholly
  bool covers = true;              ///< `described` was read
  std::string problem;             ///< why `videos` is empty, one sentence
  Status problem_status = Status::kNotCovered;

  [[nodiscard]] base::Duration asked_total() const;
  [[nodiscard]] base::Duration described_total() const;
};

/// @throws base::Error kInvalidArgument for an unknown video or from >= to
[[nodiscard]] std::vector<graph::VideoRecord> select_videos(const graph::Store& store, const AskOptions& options);

/// Applies options, time phrases and the anchor of the question.
[[nodiscard]] Scope make_scope(const graph::Store& store, const std::vector<graph::VideoRecord>& videos, bool all_videos,
                               const AskOptions& options, const Question& question);

/// Asked, described, failed, not sampled: as the command line's contract lists them.
[[nodiscard]] CoverageReport coverage_report(const Scope& scope);

}  // namespace reelgraph::query
