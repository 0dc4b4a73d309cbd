#pragma once
// Lets a model word the lines of a commentary, and keeps only what says no more than the line's facts.

#include "base/text_model.h"
#include "query/report/commentary.h"

namespace reelgraph::query::report {

struct LineWordingOptions {
  double words_per_s = 3;       ///< of the time that the line has
  int most_failures = 3;        ///< replies that could not be had in a row; then the rest is left as it is
  double least_importance = 0;  ///< lines below are not given to the model
};

/// Each line is worded by the model from the line's own facts. Kept is a reply that names what the grammar's line names, in its order, has no
/// number or name that it has not, no words of matter that its evidence lacks (`check_claims`), and fits its time; else the grammar's line
/// stays. `report.wording` tells how often. Fewer failures than `most_failures` in a row are told there; nothing is thrown.
void word_lines(CommentaryReport& report, base::TextModel& model, const LineWordingOptions& options);

/// Why this reply may not stand for the line; empty if it may. Knows nothing of models.
[[nodiscard]] std::string why_not(const CommentaryLine& line, const std::string& video, const std::string& reply, double words_per_s);

}  // namespace reelgraph::query::report
