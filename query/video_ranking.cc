// Which videos a text fits best: by their captions, by themselves, and by the words in them.

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "query/moments.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kNearPassages = 400, kNearMoments = 200, kNearVideos = 100;  // whose videos are looked at
constexpr std::size_t kFeedback = 5;                                               // of the first round, that the second learns from
constexpr std::size_t kReadVideos = 100;                                           // of those, whose texts are read

/// BM25 of a whole video as one document.
double video_score(const WeighedWords& words, const std::vector<WrittenPassage>& passages, double usual_length) {
  constexpr double kSaturation = 1.2, kLengthShare = 0.75;
  double length = 0;
  std::unordered_map<std::string, int> counts;
  for (const WrittenPassage& p : passages) {
    for (const auto& [stem, n] : p.stems) {
      length += n;
      counts[stem] += n;
    }
  }
  double score = 0;
  for (const WeighedWord& w : words.stems) {
    const auto found = counts.find(w.stem);
    if (found == counts.end()) continue;
    const double n = found->second;
    score +=
        w.weight * n * (kSaturation + 1) / (n + kSaturation * (1 - kLengthShare + kLengthShare * length / std::max(1.0, usual_length)));
  }
  return score;
}

/// How well the words of a film fit those that were asked for, each by the nearest of the film's words: a word that is there counts whole,
/// one that means much the same in part. The rarer the word, the more it counts.
class SoftWords {
 public:
  SoftWords(const Meaning& meaning, const WeighedWords& asked) : meaning_(meaning), asked_(asked) {
    if (meaning.words.empty()) return;
    std::vector<std::string> words;
    for (const WeighedWord& w : asked.stems) words.push_back(w.word);
    vectors_ = meaning.of_words(words);
  }
  [[nodiscard]] bool known() const { return !vectors_.empty(); }
  [[nodiscard]] double score(const std::vector<WrittenPassage>& passages) {
    std::vector<double> nearest(vectors_.size(), 0);
    for (const WrittenPassage& p : passages) {
      for (std::size_t i = 0; i < nearest.size(); ++i) {
        if (p.stems.contains(asked_.stems[i].stem)) nearest[i] = 1;
      }
      for (const graph::RowId word : p.words) {
        const std::vector<double>& likeness = likeness_of(word);
        for (std::size_t i = 0; i < likeness.size(); ++i) nearest[i] = std::max(nearest[i], likeness[i]);
      }
    }
    double sum = 0;
    for (std::size_t i = 0; i < nearest.size(); ++i) sum += asked_.stems[i].weight * asked_.stems[i].weight * nearest[i];
    return sum;
  }

 private:
  static constexpr double kUnlike = 0.45;  // cosine up to which two words have nothing in common

  /// With each word asked for, 0 to 1.
  const std::vector<double>& likeness_of(graph::RowId word) {
    const auto [known, is_new] = likeness_.try_emplace(word);
    if (!is_new) return known->second;
    for (const std::vector<float>& v : vectors_) {
      const double likeness = meaning_.words.similarity(word, v).value_or(0);
      known->second.push_back(std::clamp((likeness - kUnlike) / (1 - kUnlike), 0.0, 1.0));
    }
    return known->second;
  }

  const Meaning& meaning_;
  const WeighedWords& asked_;
  std::vector<std::vector<float>> vectors_;
  std::unordered_map<graph::RowId, std::vector<double>> likeness_;
};

}  // namespace

std::vector<std::pair<graph::RowId, double>> rank_videos(WrittenVideos& written, const Meaning& meaning,
                                                         const std::map<graph::RowId, graph::VideoRecord>& videos,
                                                         const WeighedWords& words, const std::vector<float>& vector, std::size_t most) {
  // First by what the nearest vectors tell; those that fare best by that are then read.
  struct Nearest {
    double caption = -1, moment = -1;
  };
  std::map<graph::RowId, Nearest> near_videos;
  double least_caption = 1;
  for (const TextVectors::Near& near : meaning.captions.nearest(vector, kNearPassages)) {
    least_caption = near.similarity;
    if (!videos.contains(near.video)) continue;
    double& best = near_videos[near.video].caption;
    best = std::max(best, near.similarity);
  }
  for (const TextVectors::Near& near : meaning.moments.nearest(vector, kNearMoments)) {
    if (!videos.contains(near.video)) continue;
    double& best = near_videos[near.video].moment;
    best = std::max(best, near.similarity);
  }
  for (const TextVectors::Near& near : meaning.videos.nearest(vector, kNearVideos)) {
    if (videos.contains(near.video)) near_videos[near.video];
  }
  const auto fit = [&](graph::RowId row, double caption, double moment) {
    moment = std::max(moment, caption);
    const double whole = meaning.videos.similarity(row, vector).value_or(caption);
    return 3.8 * caption + 3.5 * moment + 7.7 * whole - 4.4 * meaning.videos.crowding(row);
  };
  std::vector<std::pair<double, graph::RowId>> first_round;
  for (const auto& [row, near] : near_videos) first_round.emplace_back(-fit(row, std::max(near.caption, least_caption), near.moment), row);
  std::sort(first_round.begin(), first_round.end());
  if (first_round.size() > kReadVideos) first_round.resize(kReadVideos);
  std::vector<graph::RowId> candidates;
  for (const auto& [score, row] : first_round) candidates.push_back(row);
  double lengths = 0;
  for (const graph::RowId row : candidates) {
    for (const WrittenPassage& p : written.passages(videos.at(row))) {
      for (const auto& [stem, n] : p.stems) lengths += n;
    }
  }
  const double usual = lengths / std::max<double>(1, static_cast<double>(candidates.size()));
  struct Candidate {
    graph::RowId row = 0;
    double pair = -1;            ///< cosine of the best caption or pair of captions
    double crowding = 0;         ///< of the best caption
    double words = 0;            ///< BM25
    double soft = 0;             ///< words that mean much the same as well
    double first = 0, last = 0;  ///< scores
  };
  SoftWords soft(meaning, words);
  std::vector<Candidate> read;
  for (const graph::RowId row : candidates) {
    const std::vector<WrittenPassage>& passages = written.passages(videos.at(row));
    Candidate c;
    c.row = row;
    double caption = -1;
    graph::RowId best = 0;
    for (const WrittenPassage& p : passages) {
      const double likeness = meaning.captions.similarity(p.observation, vector).value_or(-1);
      if (likeness > caption) {
        caption = likeness;
        best = p.observation;
      }
      c.pair = std::max({c.pair, likeness, meaning.moments.similarity(p.observation, vector).value_or(-1)});
    }
    c.crowding = meaning.captions.crowding(best);
    c.words = video_score(words, passages, usual);
    if (soft.known()) c.soft = soft.score(passages);
    c.first = fit(row, caption, c.pair) - 3.9 * c.crowding + 0.1 * c.words;
    read.push_back(c);
  }
  // Once more with what the best films are about: the question's vector moved towards theirs.
  const auto better = [](const auto& score) {
    return [score](const Candidate& a, const Candidate& b) { return score(a) != score(b) ? score(a) > score(b) : a.row < b.row; };
  };
  std::sort(read.begin(), read.end(), better([](const Candidate& c) { return c.first; }));
  std::vector<double> moved(vector.begin(), vector.end());
  double total = 0;
  for (std::size_t i = 0; i < std::min(kFeedback, read.size()); ++i) total += std::exp(read[i].first - read[0].first);
  for (std::size_t i = 0; i < std::min(kFeedback, read.size()); ++i) {
    const std::vector<float> film = meaning.videos.vector_of(read[i].row);
    if (film.size() != moved.size()) continue;
    const double share = std::exp(read[i].first - read[0].first) / total;
    for (std::size_t k = 0; k < moved.size(); ++k) moved[k] += share * static_cast<double>(film[k]);
  }
  double square = 0;
  for (const double v : moved) square += v * v;
  std::vector<float> with_feedback(moved.size());
  for (std::size_t k = 0; k < moved.size(); ++k) with_feedback[k] = static_cast<float>(moved[k] / std::sqrt(std::max(square, 1e-12)));
  for (Candidate& c : read) {
    const double whole = meaning.videos.similarity(c.row, with_feedback).value_or(c.pair);
    const double crowding = meaning.videos.crowding(c.row);
    c.last = soft.known() ? 4.3 * c.pair - 3.0 * crowding - 2.35 * c.crowding + 7.0 * whole + 0.018 * c.soft
                          : 4.8 * c.pair - 2.9 * crowding - 3.9 * c.crowding + 7.4 * whole + 0.04 * c.words;
  }
  std::sort(read.begin(), read.end(), better([](const Candidate& c) { return c.last; }));
  std::vector<std::pair<graph::RowId, double>> ranked;
  for (const Candidate& c : read) ranked.emplace_back(c.row, c.last);
  if (ranked.size() > most) ranked.resize(most);
  return ranked;
}

}  // namespace reelgraph::query
