#pragma once
// What a video, or a whole archive, is about: chapters, each in a few sentences of the archive's own, each sentence cited.
// Chapters by TextTiling (Hearst, 1997); sentences by their nearness to the chapter's centroid (Radev et al., 2004), the rarity of what
// they tell, and their distance from those chosen before (maximal marginal relevance, Carbonell and Goldstein, 1998).

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/text_model.h"
#include "graph/store.h"
#include "query/engine.h"

namespace reelgraph::query::report {

struct SummaryOptions {
  std::vector<std::string> videos;          ///< ids; empty: all
  std::optional<base::Timestamp> from, to;  ///< a part of them; nothing is kept of it in the archive
  int sentences = 3;                        ///< of a chapter, 1..20
};

/// Text of one span, at one level.
struct SummarySection {
  std::string video;  ///< id; empty: the whole archive
  int level = 1;      ///< 1 a chapter, 2 a video, 3 the archive
  base::TimeSpan span;
  std::string title;
  std::string text;            ///< sentences with the numbers of their citations: "Pedro scores [3]."
  std::vector<int> citations;  ///< 1-based
};

struct SummaryReport {
  std::vector<SummarySection> sections;  ///< the archive if there are several videos, then each video and its chapters
  std::vector<Citation> citations;
  std::vector<std::string> notes;  ///< what was not described, videos of which nothing is known
  int made = 0, kept = 0;          ///< videos that were summarised now, and those whose summary of before still holds
  int worded = 0, refused = 0;     ///< sections that a model worded, and those where it said nothing that its evidence bears
  int failed = 0;                  ///< sections that it could not be asked about; their sentences stay as well
};

/// @param keep gets the summaries of whole videos, to be used again as long as nothing in the video changes; null: none are kept
/// @param model words each section from its sentences, checked against them; null: the sentences themselves
/// @throws base::Error kInvalidArgument for unknown videos, from >= to, sentences out of range
[[nodiscard]] SummaryReport summarise(const graph::Store& store, graph::Store* keep, const SummaryOptions& options, base::TextModel* model);

/// The JSON document of `report summary --json`.
[[nodiscard]] nlohmann::ordered_json summary_json(const SummaryReport& report);
/// @param format "text", "md", "srt" or "vtt"; the last two are chapter markers (of one video)
[[nodiscard]] std::string summary_text(const SummaryReport& report, const std::string& format);

}  // namespace reelgraph::query::report
