#pragma once
// Checks prose against the evidence that it cites, whoever wrote it. Knows nothing of models: a sentence is only as good as what it points
// at.

#include <string>
#include <vector>

#include "base/time.h"
#include "query/words.h"

namespace reelgraph::query {

/// What one citation says.
struct CitedEvidence {
  std::string video;
  base::TimeSpan span;
  std::string text;
};

enum class Verdict {
  kSupported,
  kFlagged,  ///< nothing in it is known to be wrong, but not all of it is in the evidence
  kDropped   ///< a number, a name or a time that the evidence does not have, or no evidence at all
};

struct CheckedSentence {
  std::string text;            ///< as written, without its citations
  std::vector<int> citations;  ///< 1-based; those that exist, in order, each once
  Verdict verdict = Verdict::kSupported;
  std::vector<std::string> problems;  ///< what is wrong, each one clause
};

/// Cuts prose into sentences with their citations ("... [1][3, 4].") and checks each against what it cites. Dropped is a sentence with
///  - no citation that exists,
///  - a number (digits or words, ordinals and words of quantity too) that its evidence does not hold; seconds and minutes may also be those
///  of a
///    cited span,
///  - a time of day or of the video outside every cited span by more than a second, and not in its evidence,
///  - a name (a word with a capital that is no ordinary beginning of a sentence) that its evidence does not hold.
/// Flagged is one that denies what its evidence does not deny, or the other way round, or that has words of matter which its evidence
/// lacks.
/// @param common what every sentence may rest on besides (a computed answer); may be empty
[[nodiscard]] std::vector<CheckedSentence> check_claims(const std::string& prose, const std::vector<CitedEvidence>& evidence,
                                                        const std::string& common, const WordCutter& cutter);

}  // namespace reelgraph::query
