#pragma once
// "after 1:20", "in the last minute", "between 10 and 20 minutes": the parts of a question that say where in a video to look.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "query/words.h"

namespace reelgraph::query {

/// A stretch of a video as it was said, before the video's length is known. `at` values are from the start.
struct TimePhrase {
  enum class Kind {
    kBetween,    ///< [a, b)
    kAfter,      ///< [a, end)
    kBefore,     ///< [0, a)
    kFirst,      ///< [0, a)
    kLast,       ///< [end - a, end)
    kAt,         ///< around the instant a: [a, b)
    kPart,       ///< part a of b equal parts, a from 0; a = -1: the last
    kBeginning,  ///< the first tenth, at most a minute and at least five seconds of it
    kEnd,        ///< the same from the end
  };
  Kind kind = Kind::kBetween;
  base::Timestamp a = 0;
  base::Timestamp b = 0;
  std::string text;      ///< as written
  std::size_t from = 0;  ///< words [from, to) said it
  std::size_t to = 0;
  bool impossible = false;  ///< ends before it starts ("between 20 and 10 minutes") or holds 0 seconds

  /// The span in a video of this length, cut to the video. Empty optional: no instant of the video (it is too short).
  [[nodiscard]] std::optional<base::TimeSpan> resolve(base::Duration duration) const;
};

/// All time phrases of a question, in order; they never share a word.
[[nodiscard]] std::vector<TimePhrase> find_time_phrases(const std::vector<Word>& words);

}  // namespace reelgraph::query
