#include "query/moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "graph/embeddings.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostWords = 200;     // of a question
constexpr std::int64_t kCountCap = 20'000;  // observations with a word: more weigh nothing anyway
constexpr std::size_t kJoined = 400;        // characters of two passages that are one moment
constexpr double kMomentPart = 0.25;        // of a video: how long the moment of a choice is
constexpr double kNamedPart = 0.2;          // the same where the question names a place in time
constexpr double kCue = 6;                  // of the place that a question's words name, in deviations of the likeness
constexpr double kAfter = 3;                // of "after" and "before" something
constexpr double kWordsInMoment = 0.8;      // of words found against likeness

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
  p.after = any({"after"});
  p.before = any({"befor"});
  return p;
}

double matched(const WeighedWords& words, const WrittenPassage& passage) {
  double sum = 0;
  for (const WeighedWord& w : words.stems) sum += passage.stems.contains(w.stem) ? w.weight : 0;
  return sum;
}

base::TimeSpan join(base::TimeSpan a, base::TimeSpan b) { return {std::min(a.start, b.start), std::max(a.end, b.end)}; }

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

/// Gives the first moment the span that is likely to share most with the true one: of those that begin with one moment and end with
/// another, the one with the greatest expected agreement, each moment being as likely as its score says (softmax).
void settle_first(std::vector<Moment>& moments) {
  constexpr double kSureness = 2.5, kAgree = 0.5, kSoftness = 0.2;  // IoU from which two spans agree, and how sharply
  constexpr std::size_t kMostWeighed = 60;
  const std::size_t n = std::min(moments.size(), kMostWeighed);
  if (n < 2) return;
  std::vector<double> likely(n);
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += likely[i] = std::exp(kSureness * (moments[i].score - moments[0].score));
  base::TimeSpan best = moments[0].span;
  double most = -1;
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      const base::TimeSpan span{moments[a].span.start, moments[b].span.end};
      if (span.start >= span.end || moments[a].span.start > moments[b].span.start) continue;
      if (!span.overlaps(moments[0].span)) continue;  // what bears it is told with it
      double agreement = 0;
      for (std::size_t j = 0; j < n; ++j) {
        const base::TimeSpan& other = moments[j].span;
        const double shared =
            base::to_seconds(std::max<base::Duration>(0, std::min(span.end, other.end) - std::max(span.start, other.start)));
        const double both = base::to_seconds(span.length()) + base::to_seconds(other.length()) - shared;
        agreement += likely[j] / total / (1 + std::exp(-((both > 0 ? shared / both : 0) - kAgree) / kSoftness));
      }
      if (agreement > most) {
        most = agreement;
        best = span;
      }
    }
  }
  moments[0].span = best;
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
      if (is_stop_word(w.folded)) continue;
      p.words.push_back(graph::text_owner(w.folded));
      ++p.stems[std::move(w.stem)];
    }
    std::sort(p.words.begin(), p.words.end());
    p.words.erase(std::unique(p.words.begin(), p.words.end()), p.words.end());
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
    words.stems.push_back({w.stem, weight->second, w.folded});
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
  settle_first(moments);
  return moments;
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
    // What the question says itself tells no option from another; but options that speak of the same are more likely.
    const auto before = own.stems.size();
    std::erase_if(own.stems, [&](const auto& w) {
      return std::any_of(asked.stems.begin(), asked.stems.end(), [&](const auto& q) { return q.stem == w.stem; });
    });
    const auto shared = static_cast<double>(before - own.stems.size());
    own.total = 1e-6;
    for (const WeighedWord& w : own.stems) own.total += w.weight;
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
    const double score = meaning != nullptr
                             ? 15.4 * likeness + 1.54 * most + 2.93 * cosine(vectors[0], vectors[2 * i + 1]) + 0.166 * weight
                             : 1.55 * most + 2.79 * sum / static_cast<double>(places.size()) + 0.165 * weight + 0.73 * shared;
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
  std::vector<double> likeness, found;  // by meaning, and by words
  for (std::size_t i = 0; i < places.size(); ++i) {
    const graph::RowId row = places[i].passage->observation;
    found.push_back(best_words[i] + matched(asked, *places[i].passage) / std::max(1e-6, asked.total));
    likeness.push_back(meaning != nullptr ? meaning->captions.similarity(row, vectors[0]).value_or(0) +
                                                meaning->captions.similarity(row, vectors[2 * best + 2]).value_or(0)
                                          : found.back());
  }
  const graph::VideoRecord* video =
      places[static_cast<std::size_t>(std::max_element(likeness.begin(), likeness.end()) - likeness.begin())].video;
  std::vector<const WrittenPassage*> passages;
  std::vector<double> scores, by_words_alone;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].video != video) continue;
    passages.push_back(places[i].passage);
    scores.push_back(likeness[i]);
    by_words_alone.push_back(found[i]);
  }
  const std::vector<double> raw = scores;
  scores = smoothed(scores);
  standardize(scores);
  if (meaning != nullptr && by_words) {
    by_words_alone = smoothed(by_words_alone);
    standardize(by_words_alone);
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] += kWordsInMoment * by_words_alone[i];
  }
  const PlaceWords& place = asked.place;
  const auto n = static_cast<double>(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) / n - 0.5;
    if (place.late) {
      scores[i] += kCue * 2 * at;
    } else if (place.early) {
      scores[i] -= kCue * 2 * at;
    } else {
      scores[i] -= kCue * std::abs(at) * (place.middle ? 2 : 1.0 / 3);  // what is asked about lies rarely at the very ends
      if (!place.middle && place.after != place.before) scores[i] += (place.after ? kAfter : -kAfter) * 2 * at;
    }
  }
  const double part = place.late || place.early || place.middle ? kNamedPart : kMomentPart;
  const auto length = static_cast<std::size_t>(std::max(1.0, std::round(part * n)));
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
