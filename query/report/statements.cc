#include "query/report/statements.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "base/utf8.h"
#include "query/evidence.h"
#include "query/retrieval.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kMostStatements = 200'000, kLongestSentence = 400;
constexpr std::size_t kWeighed = 4000;  ///< candidates of one choice; of more, the rarest
constexpr double kRarity = 0.6;         ///< share of rarity in what a sentence is worth; the rest is nearness to the centroid
constexpr double kDiversity = 0.35;     ///< how much likeness to a chosen sentence takes away

double dot(const std::map<int, double>& a, const std::map<int, double>& b) {
  double sum = 0;
  const auto& [small, large] = a.size() < b.size() ? std::tie(a, b) : std::tie(b, a);
  for (const auto& [word, weight] : small) {
    if (const auto found = large.find(word); found != large.end()) sum += weight * found->second;
  }
  return sum;
}

void normalise(std::map<int, double>& weights) {
  const double length = std::sqrt(dot(weights, weights));
  if (length <= 0) return;
  for (auto& [word, weight] : weights) weight /= length;
}

std::vector<std::string> sentences_of(const std::string& text) {
  std::vector<std::string> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends = (text[i] == '.' || text[i] == '!' || text[i] == '?') && (i + 1 == text.size() || text[i + 1] == ' ');
    if (!ends && text[i] != '\n' && i + 1 != text.size()) continue;
    std::string sentence = base::clean_line(text.substr(begin, i + 1 - begin), kLongestSentence);
    if (!sentence.empty()) sentences.push_back(std::move(sentence));
    begin = i + 1;
  }
  return sentences;
}

}  // namespace

std::vector<Statement> statements_of(const graph::Store& store, const std::string& video, base::TimeSpan within, const WordCutter& cutter) {
  std::vector<Statement> statements;
  std::set<std::pair<base::Timestamp, std::string>> told;
  const auto add = [&](Statement statement) {
    if (statement.text.empty() || statements.size() >= kMostStatements) return;
    if (!told.emplace(statement.span.start, fold(statement.text)).second) return;
    statements.push_back(std::move(statement));
  };
  graph::EventFilter filter;
  filter.videos = {video};
  filter.starts_within = within;
  for (const graph::EventRecord& event : store.events(filter)) {
    Statement s{event.span, base::clean_line(event_text(event), kLongestSentence), event.type, {}, event.row, event.observation, {}, 0};
    if (!event.participants.empty()) s.who = event.participants.front().name;
    add(std::move(s));
  }
  store.each_observation(video, [&](const base::Observation& o) {
    if (o.span.start >= within.end || o.span.end < within.start) return;
    // A caption that only repeats its events is theirs.
    std::vector<std::string> descriptions;
    for (const base::Event& e : o.events) {
      if (!e.description.empty()) descriptions.push_back(fold(e.description));
    }
    for (const std::string* text : {&o.caption, &o.transcript}) {
      for (std::string& sentence : sentences_of(*text)) {
        const std::string folded = fold(sentence);
        const bool repeats =
            std::any_of(descriptions.begin(), descriptions.end(), [&](const std::string& d) { return folded.starts_with(d); });
        if (!repeats) add({o.span, std::move(sentence), {}, {}, std::nullopt, std::nullopt, {}, 0});
      }
    }
  });
  std::stable_sort(statements.begin(), statements.end(), [](const Statement& a, const Statement& b) {
    return std::tie(a.span.start, a.span.end, a.text) < std::tie(b.span.start, b.span.end, b.text);
  });

  std::map<std::string, int> numbers, types;
  std::map<int, int> in_statements;
  for (Statement& s : statements) {
    for (const std::string& word : content_words(cutter, s.text)) {
      const int number = numbers.try_emplace(word, static_cast<int>(numbers.size())).first->second;
      if (++s.weights[number] == 1) ++in_statements[number];
    }
    if (!s.type.empty()) ++types[s.type];
  }
  const double all = static_cast<double>(statements.size());
  double caption_rarity = 0;
  for (const Statement& s : statements) caption_rarity += s.type.empty() ? 1 : 0;
  caption_rarity = std::log1p(all / std::max(1.0, caption_rarity)) / std::log1p(std::max(2.0, all));
  for (Statement& s : statements) {
    for (auto& [word, weight] : s.weights) weight = (1 + std::log(weight)) * std::log1p(all / in_statements[word]);
    normalise(s.weights);
    s.rarity = s.type.empty() ? caption_rarity : std::log1p(all / types[s.type]) / std::log1p(std::max(2.0, all));
  }
  return statements;
}

std::vector<base::TimeSpan> chapters_of(const std::vector<Statement>& statements, base::TimeSpan whole) {
  // Blocks of time are compared with their neighbours; a valley of likeness between two hills is a border.
  const base::Duration unit = std::clamp<base::Duration>(whole.length() / 80, 5 * base::kSecond, 2 * base::kMinute);
  const auto blocks = static_cast<std::size_t>(whole.length() / unit + 1);
  constexpr std::size_t kReach = 4, kLeast = 4;  // blocks: that are compared on each side, and of a chapter
  if (statements.size() < 6 || blocks < 2 * kLeast) return {whole};
  std::vector<std::map<int, double>> words(blocks);
  for (const Statement& s : statements) {
    const auto block = std::min(blocks - 1, static_cast<std::size_t>(std::max<base::Duration>(0, s.span.start - whole.start) / unit));
    for (const auto& [word, weight] : s.weights) words[block][word] += weight;
  }
  const auto joined = [&](std::size_t from, std::size_t to) {
    std::map<int, double> sum;
    for (std::size_t b = from; b < to; ++b) {
      for (const auto& [word, weight] : words[b]) sum[word] += weight;
    }
    normalise(sum);
    return sum;
  };
  std::vector<double> alike(blocks, 1);  // across the border before block i
  for (std::size_t i = 1; i < blocks; ++i) alike[i] = dot(joined(i > kReach ? i - kReach : 0, i), joined(i, std::min(blocks, i + kReach)));
  std::vector<std::pair<double, std::size_t>> valleys;
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < blocks; ++i) {
    double left = alike[i], right = alike[i];
    for (std::size_t k = i; k-- > 1 && alike[k] >= left;) left = alike[k];
    for (std::size_t k = i + 1; k < blocks && alike[k] >= right; ++k) right = alike[k];
    const double depth = left + right - 2 * alike[i];
    valleys.emplace_back(depth, i);
    sum += depth;
    squares += depth * depth;
  }
  const double count = static_cast<double>(valleys.size()), mean = sum / count;
  const double least = mean + 0.5 * std::sqrt(std::max(0.0, squares / count - mean * mean));
  std::sort(valleys.begin(), valleys.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::set<std::size_t> borders{0, blocks};
  const std::size_t most = std::clamp<std::size_t>(blocks / (2 * kLeast), 1, 14);
  for (const auto& [depth, i] : valleys) {
    if (depth < least || borders.size() > most) break;
    const auto after = borders.lower_bound(i);
    if (*after - i < kLeast || i - *std::prev(after) < kLeast) continue;
    borders.insert(i);
  }
  std::vector<base::TimeSpan> chapters;
  for (auto it = borders.begin(); std::next(it) != borders.end(); ++it) {
    const base::Timestamp start = whole.start + static_cast<base::Duration>(*it) * unit;
    const bool last = *std::next(it) == blocks;
    chapters.push_back({start, last ? whole.end : whole.start + static_cast<base::Duration>(*std::next(it)) * unit});
  }
  return chapters;
}

std::vector<std::size_t> choose_statements(const std::vector<Statement>& statements, std::size_t first, std::size_t last, int count) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = first; i < last; ++i) candidates.push_back(i);
  if (candidates.size() > kWeighed) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](std::size_t a, std::size_t b) { return statements[a].rarity > statements[b].rarity; });
    candidates.resize(kWeighed);
    std::sort(candidates.begin(), candidates.end());
  }
  std::map<int, double> centroid;
  for (const std::size_t i : candidates) {
    for (const auto& [word, weight] : statements[i].weights) centroid[word] += weight;
  }
  normalise(centroid);
  std::vector<double> worth;
  for (const std::size_t i : candidates)
    worth.push_back(kRarity * statements[i].rarity + (1 - kRarity) * dot(statements[i].weights, centroid));
  std::vector<std::size_t> chosen;
  std::vector<double> like(candidates.size(), 0);
  while (chosen.size() < candidates.size() && static_cast<int>(chosen.size()) < count) {
    std::size_t best = candidates.size();
    double most = 0;
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      if (std::find(chosen.begin(), chosen.end(), candidates[k]) != chosen.end()) continue;
      const double value = worth[k] - kDiversity * like[k];
      if (best == candidates.size() || value > most) {
        best = k;
        most = value;
      }
    }
    chosen.push_back(candidates[best]);
    for (std::size_t k = 0; k < candidates.size(); ++k)
      like[k] = std::max(like[k], dot(statements[candidates[k]].weights, statements[candidates[best]].weights));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace reelgraph::query::report
