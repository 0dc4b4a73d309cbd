#include "query/moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostWords = 200;                                            // of a question
constexpr std::int64_t kCountCap = 20'000;                                         // observations with a word: more weigh nothing anyway
constexpr std::size_t kNearPassages = 400, kNearMoments = 200, kNearVideos = 100;  // whose videos are looked at
constexpr std::size_t kReadVideos = 60;                                            // of those, whose texts are read
constexpr std::size_t kJoined = 400;                                               // characters of two passages that are one moment
constexpr double kMomentPart = 0.25;                                               // of a video: how long the moment of a choice is
constexpr double kCue = 4;  // of the place that a question's words name, in deviations of the likeness

PlaceWords place_words(const std::vector<Word>& words) {
  const auto any = [&](std::initializer_list<std::string_view> stems) {
    return std::any_of(words.begin(), words.end(),
                       [&](const Word& w) { return std::find(stems.begin(), stems.end(), w.stem) != stems.end(); });
  };
  PlaceWords p;
  p.early = any({"begin", "start", "first", "intro", "introduc", "introduct", "open"});
  p.late = any({"end", "last", "final", "credit", "finish", "conclud", "close"});
  p.middle = any({"middl", "halfway"});
  p.later = any({"then", "after", "continu", "next", "again"});
  return p;
}

double matched(const WeighedWords& words, const WrittenPassage& passage) {
  double sum = 0;
  for (const auto& [stem, weight] : words.stems) sum += passage.stems.contains(stem) ? weight : 0;
  return sum;
}

base::TimeSpan join(base::TimeSpan a, base::TimeSpan b) { return {std::min(a.start, b.start), std::max(a.end, b.end)}; }

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
  for (const auto& [stem, weight] : words.stems) {
    const auto found = counts.find(stem);
    if (found == counts.end()) continue;
    const double n = found->second;
    score += weight * n * (kSaturation + 1) / (n + kSaturation * (1 - kLengthShare + kLengthShare * length / std::max(1.0, usual_length)));
  }
  return score;
}

/// Takes the mean off and divides by the deviation.
void standardize(std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const double mean = sum / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  for (double& v : values) v = (v - mean) / (deviation + 1e-6);
}

/// Each value becomes the mean of itself and its neighbours.
std::vector<double> smoothed(const std::vector<double>& values) {
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t from = i > 0 ? i - 1 : 0, to = std::min(values.size(), i + 2);
    double sum = 0;
    for (std::size_t k = from; k < to; ++k) sum += values[k];
    out[i] = sum / static_cast<double>(to - from);
  }
  return out;
}

}  // namespace

const std::vector<WrittenPassage>& WrittenVideos::passages(const graph::VideoRecord& video) {
  const auto known = videos_.find(video.row);
  if (known != videos_.end()) return known->second;
  std::vector<WrittenPassage>& passages = videos_[video.row];
  for (const graph::ObservationRecord& o : store_.observations(video.id, {0, base::kMaxTimestamp}, kMostPassages)) {
    WrittenPassage p;
    p.observation = o.row;
    p.span = o.observation.span;
    p.text = o.observation.caption;
    const auto add = [&](const std::string& text) {
      if (!text.empty()) p.text += (p.text.empty() ? "" : " ") + text;
    };
    add(o.observation.transcript);
    for (const std::string& line : o.observation.ocr) add(line);
    for (const base::Event& e : o.observation.events) add(e.description);
    if (p.text.empty()) continue;
    for (Word& w : cutter_.cut(p.text, 4000)) {
      if (!is_stop_word(w.folded)) ++p.stems[std::move(w.stem)];
    }
    passages.push_back(std::move(p));
  }
  std::stable_sort(passages.begin(), passages.end(), [](const auto& a, const auto& b) { return a.observation < b.observation; });
  return passages;
}

WeighedWords WrittenVideos::weigh(const std::string& text) {
  if (!observations_) observations_ = static_cast<double>(store_.counts().observations);
  WeighedWords words;
  const std::vector<Word> cut = cutter_.cut(text, kMostWords);
  words.place = place_words(cut);
  std::set<std::string> seen;
  for (const Word& w : cut) {
    if (is_stop_word(w.folded) || !seen.insert(w.stem).second) continue;
    auto weight = weights_.find(w.stem);
    if (weight == weights_.end()) {
      const auto n = static_cast<double>(store_.observations_with(w.folded, kCountCap));
      weight = weights_.emplace(w.stem, std::log(1 + (std::max(*observations_, n) - n + 0.5) / (n + 0.5))).first;
    }
    words.stems.emplace_back(w.stem, weight->second);
    words.total += weight->second;
  }
  return words;
}

std::vector<Moment> moments_in(WrittenVideos& written, const Meaning& meaning, const graph::VideoRecord& video, base::TimeSpan within,
                               const WeighedWords& words, const std::vector<float>& vector) {
  const PlaceWords& place = words.place;
  const double length = std::max(1e-6, base::to_seconds(video.duration));
  std::vector<Moment> moments;
  const auto add = [&](base::TimeSpan span, const WrittenPassage& bearer, double likeness, double words_found, double kind) {
    const double part = base::to_seconds(span.length()) / length;
    const double begin = base::to_seconds(span.start) / length;
    const double middle = (begin + base::to_seconds(span.end) / length) / 2;
    const double where = (place.early ? 0.6 : 0) + (place.late ? 5.0 : 0) + (place.later ? 2.65 : 0);
    const double score =
        5.0 * likeness + 0.08 * words_found + kind + 3.9 * part - 4.0 * part * part + where * middle - (place.early ? 1.4 * begin : 0);
    moments.push_back({video.id, span, score, bearer.observation, bearer.text, words_found > 0});
  };
  const std::vector<WrittenPassage>& passages = written.passages(video);
  const WrittenPassage* before = nullptr;
  std::size_t used = 0;
  double all_found = 0;
  std::optional<base::TimeSpan> all;
  const WrittenPassage* best = nullptr;
  double best_likeness = -2;
  for (const WrittenPassage& p : passages) {
    const double likeness = meaning.captions.similarity(p.observation, vector).value_or(0);
    const double found = matched(words, p);
    if (!p.span.overlaps(within)) {
      before = nullptr;
      continue;
    }
    ++used;
    all = all ? join(*all, p.span) : p.span;
    all_found += found;
    if (likeness > best_likeness) {
      best_likeness = likeness;
      best = &p;
    }
    add(p.span, p, likeness, found, -0.2);
    if (before != nullptr) {
      if (const auto both = meaning.moments.similarity(before->observation, vector)) {
        const double found_before = matched(words, *before);
        add(join(before->span, p.span), found_before > found ? *before : p, *both, (found + found_before) / 2, 0);
      }
    }
    before = &p;
  }
  if (used > 2 && used == passages.size()) {
    if (const auto whole = meaning.videos.similarity(video.row, vector)) {
      add(*all, *best, *whole, all_found / static_cast<double>(used), -0.6);
    }
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.score > b.score; });
  return moments;
}

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
  std::vector<std::pair<graph::RowId, double>> ranked;
  for (const graph::RowId row : candidates) {
    const std::vector<WrittenPassage>& passages = written.passages(videos.at(row));
    double caption = -1, moment = -1;
    for (const WrittenPassage& p : passages) {
      caption = std::max(caption, meaning.captions.similarity(p.observation, vector).value_or(-1));
      moment = std::max(moment, meaning.moments.similarity(p.observation, vector).value_or(-1));
    }
    ranked.emplace_back(row, fit(row, caption, moment) + 0.1 * video_score(words, passages, usual));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (ranked.size() > most) ranked.resize(most);
  return ranked;
}

std::optional<WrittenChoice> choose_written(WrittenVideos& written, const Meaning* meaning, bool by_words,
                                            const std::vector<std::pair<graph::VideoRecord, base::TimeSpan>>& videos,
                                            const std::string& question, const std::vector<std::string>& options) {
  struct Place {
    const graph::VideoRecord* video;
    const WrittenPassage* passage;
  };
  std::vector<Place> places;
  for (const auto& [video, within] : videos) {
    for (const WrittenPassage& p : written.passages(video)) {
      if (p.span.overlaps(within)) places.push_back({&video, &p});
    }
  }
  if (places.empty() || options.empty()) return std::nullopt;
  const WeighedWords asked = by_words ? written.weigh(question) : WeighedWords{};
  std::vector<std::vector<float>> vectors;  // of the question, then of each option alone and after the question
  if (meaning != nullptr) {
    std::vector<std::string> texts{question};
    const std::string stem = question.substr(0, question.find_last_not_of(" ?") + 1);
    for (const std::string& o : options) {
      texts.push_back(o);
      texts.push_back(stem + " " + o);
    }
    vectors = meaning->of(texts);
  }
  std::size_t best = 0;
  double best_score = 0;
  bool any = false;
  std::vector<double> best_words;
  for (std::size_t i = 0; i < options.size(); ++i) {
    WeighedWords own = by_words ? written.weigh(options[i]) : WeighedWords{};
    // What the question says itself tells no option from another.
    std::erase_if(own.stems, [&](const auto& w) {
      return std::any_of(asked.stems.begin(), asked.stems.end(), [&](const auto& q) { return q.first == w.first; });
    });
    own.total = 1e-6;
    for (const auto& w : own.stems) own.total += w.second;
    double most = 0, sum = 0, likeness = -1;
    std::vector<double> held;
    for (const Place& p : places) {
      held.push_back(matched(own, *p.passage) / own.total);
      most = std::max(most, held.back());
      sum += held.back();
      if (meaning != nullptr)
        likeness = std::max(likeness, meaning->captions.similarity(p.passage->observation, vectors[2 * i + 2]).value_or(-1));
    }
    const double weight = own.stems.empty() ? 0 : own.total / static_cast<double>(own.stems.size());
    const double score = meaning != nullptr ? 15.4 * likeness + 1.54 * most + 2.93 * cosine(vectors[0], vectors[2 * i + 1]) + 0.166 * weight
                                            : 1.57 * most + 2.38 * sum / static_cast<double>(places.size()) + 0.16 * weight;
    const bool evidence = most > 0 || likeness > -1;
    if (evidence && (!any || score > best_score)) {
      best = i;
      best_score = score;
      best_words = std::move(held);
    }
    any = any || evidence;
  }
  if (!any) return std::nullopt;

  // The moment: the stretch of the best passage's video that question and answer fit best, led by words for a place in time.
  std::vector<double> likeness;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const graph::RowId row = places[i].passage->observation;
    likeness.push_back(meaning != nullptr ? meaning->captions.similarity(row, vectors[0]).value_or(0) +
                                                meaning->captions.similarity(row, vectors[2 * best + 2]).value_or(0)
                                          : best_words[i] + matched(asked, *places[i].passage) / std::max(1e-6, asked.total));
  }
  const graph::VideoRecord* video =
      places[static_cast<std::size_t>(std::max_element(likeness.begin(), likeness.end()) - likeness.begin())].video;
  std::vector<const WrittenPassage*> passages;
  std::vector<double> scores;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].video != video) continue;
    passages.push_back(places[i].passage);
    scores.push_back(likeness[i]);
  }
  const std::vector<double> raw = scores;
  scores = smoothed(scores);
  standardize(scores);
  const PlaceWords& place = asked.place;
  const auto n = static_cast<double>(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) / n - 0.5;
    if (place.late) {
      scores[i] += kCue * 2 * at;
    } else if (place.early) {
      scores[i] -= kCue * 2 * at;
    } else {
      scores[i] -= kCue * std::abs(at) * (place.middle ? 2 : 0.5);  // what is asked about lies rarely at the very ends
    }
  }
  const auto length = static_cast<std::size_t>(std::max(1.0, std::round(kMomentPart * n)));
  double sum = 0, most = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    sum += scores[i];
    if (i + 1 < length) continue;
    if (i + 1 == length || sum > most) {
      most = sum;
      from = i + 1 - length;
    }
    sum -= scores[i + 1 - length];
  }
  const auto first = raw.begin() + static_cast<std::ptrdiff_t>(from);
  const auto bearer = static_cast<std::size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(length)) - raw.begin());
  WrittenChoice choice;
  choice.index = static_cast<int>(best);
  choice.moment = {video->id,
                   join(passages[from]->span, passages[from + length - 1]->span),
                   best_score,
                   passages[bearer]->observation,
                   passages[bearer]->text,
                   by_words};
  return choice;
}

}  // namespace reelgraph::query
