#pragma once
// Moments by their text: passages of a video weighed by words and meaning, joined with their neighbours, ranked within a video and over
// all; and multiple choice by what was written of a video. The weights were fitted on half of NExT-GQA and ActivityNet Captions
// (docs/evaluation.md).

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/store.h"
#include "query/meaning.h"
#include "query/words.h"

namespace reelgraph::query {

/// A passage of a video: what one observation says.
struct WrittenPassage {
  graph::RowId observation = 0;
  base::TimeSpan span;
  std::string text;
  std::unordered_map<std::string, int> stems;  ///< how often each stands in it, stop words left out
  std::vector<graph::RowId> words;             ///< owners of their vectors (graph::text_owner), stop words left out
};

struct Moment {
  std::string video;
  base::TimeSpan span;
  double score = 0;              ///< larger is better; comparable within one result only
  graph::RowId observation = 0;  ///< of the passage that bears it most
  std::string text;              ///< of that passage
  bool words_found = false;      ///< it holds words that were asked for
};

/// Where in a film something is, as the words of a question say.
struct PlaceWords {
  bool early = false, late = false, middle = false;
  bool later = false;                  ///< than something else
  bool after = false, before = false;  ///< something else that is told of
};

/// A word of what was asked.
struct WeighedWord {
  std::string stem;
  double weight = 0;  ///< in this archive
  std::string word;   ///< as written, folded
};

struct WeighedWords {
  std::vector<WeighedWord> stems;  ///< without repeats
  double total = 0;                ///< of the weights
  PlaceWords place;
};

/// What was written of the videos of an archive. Borrows store and cutter. Reads a video at its first use and keeps it.
class WrittenVideos {
 public:
  static constexpr int kMostPassages = 4000;  ///< of one video; more are not looked at

  WrittenVideos(const graph::Store& store, const WordCutter& cutter) : store_(store), cutter_(cutter) {}

  /// In time order as they were told.
  [[nodiscard]] const std::vector<WrittenPassage>& passages(const graph::VideoRecord& video);
  /// Inverse document frequency over the archive's observations, as BM25 has it.
  [[nodiscard]] WeighedWords weigh(const std::string& text);

 private:
  const graph::Store& store_;
  const WordCutter& cutter_;
  std::unordered_map<graph::RowId, std::vector<WrittenPassage>> videos_;
  std::unordered_map<std::string, double> weights_;
  std::optional<double> observations_;
};

/// Moments of one video for a text, best first. @param words empty: by meaning alone @param within restricts; may be the whole video
[[nodiscard]] std::vector<Moment> moments_in(WrittenVideos& written, const Meaning& meaning, const graph::VideoRecord& video,
                                             base::TimeSpan within, const WeighedWords& words, const std::vector<float>& vector);

/// The videos that a text fits best, best first, with how well. @param videos those in question, by row
[[nodiscard]] std::vector<std::pair<graph::RowId, double>> rank_videos(WrittenVideos& written, const Meaning& meaning,
                                                                       const std::map<graph::RowId, graph::VideoRecord>& videos,
                                                                       const WeighedWords& words, const std::vector<float>& vector,
                                                                       std::size_t most);

/// The option that what was written speaks for most, and the moment that shows it. @param meaning may be null if `by_words`
struct WrittenChoice {
  int index = 0;
  Moment moment;
};
/// Empty if nothing was written, or no option has a word or a meaning in it.
[[nodiscard]] std::optional<WrittenChoice> choose_written(WrittenVideos& written, const Meaning* meaning, bool by_words,
                                                          const std::vector<std::pair<graph::VideoRecord, base::TimeSpan>>& videos,
                                                          const std::string& question, const std::vector<std::string>& options);

}  // namespace reelgraph::query
