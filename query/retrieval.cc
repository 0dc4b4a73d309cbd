#include "query/retrieval.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "query/linking.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostQueryWords = 32;  // of a query; a question of a megabyte is not searched for word by word
constexpr int kFactor = 4;                   // passages fetched for each hit asked for, as neighbours will be joined
constexpr double kRankWeight = 0.4;          // of BM25's rank against the share of words found

std::unordered_set<std::string> stems_of(const WordCutter& cutter, const std::string& text) {
  std::unordered_set<std::string> stems;
  for (Word& w : cutter.cut(text, 4000)) stems.insert(std::move(w.stem));
  return stems;
}

bool better(const Retrieved& a, const Retrieved& b) {
  if (a.score != b.score) return a.score > b.score;
  return std::tie(a.passage.video, a.passage.span) < std::tie(b.passage.video, b.passage.span);
}

}  // namespace

std::vector<std::string> content_words(const WordCutter& cutter, const std::string& text) {
  std::vector<std::string> words;
  std::set<std::string> seen;
  for (const Word& w : cutter.cut(text, 200)) {
    if (is_stop_word(w.folded) || !seen.insert(w.stem).second) continue;
    words.push_back(w.folded);
    if (words.size() >= kMostQueryWords) break;
  }
  return words;
}

std::vector<Retrieved> retrieve(const graph::Store& store, const WordCutter& cutter, const RetrievalRequest& request) {
  std::vector<std::string> stems;
  graph::SearchRequest search;
  for (const std::string& w : request.words) {
    const std::string stem = cutter.stem(w);
    if (std::find(stems.begin(), stems.end(), stem) != stems.end()) continue;
    if (stems.size() >= kMostQueryWords) break;
    stems.push_back(stem);
    search.words.push_back(w);
  }
  if (search.words.empty() || request.limit <= 0) return {};
  search.videos = request.videos;
  search.within = request.within;
  search.limit = request.limit * kFactor;
  // All words first: that is cheap however large the archive is. Any of them only when it finds too little.
  search.match_all = true;
  auto passages = store.search(search);
  if (search.words.size() > 1 && passages.size() < static_cast<std::size_t>(request.limit)) {
    search.match_all = false;
    auto more = store.search(search);
    passages.insert(passages.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  double top = 0;
  for (const graph::Passage& p : passages) top = std::max(top, p.score);
  std::vector<Retrieved> out;
  std::set<std::tuple<graph::RowId, graph::RowId>> seen;
  for (graph::Passage& p : passages) {
    if (!seen.insert({p.observation, p.event.value_or(0)}).second) continue;
    const auto held = stems_of(cutter, p.text);
    const auto found = std::count_if(stems.begin(), stems.end(), [&](const std::string& s) { return held.contains(s); });
    Retrieved r;
    r.matched = static_cast<double>(found) / static_cast<double>(stems.size());
    const double rank = top > 0 ? std::clamp(p.score / top, 0.0, 1.0) : 0;
    r.score = kRankWeight * rank + (1 - kRankWeight) * r.matched;
    r.passage = std::move(p);
    out.push_back(std::move(r));
  }
  std::sort(out.begin(), out.end(), better);
  return out;
}

std::vector<Hit> join_hits(std::vector<Retrieved> retrieved, int limit) {
  std::vector<Hit> hits;
  for (Retrieved& r : retrieved) {
    const auto touches = [&](const Hit& h) {
      return h.video == r.passage.video &&
             (h.span.overlaps(r.passage.span) || h.span.end == r.passage.span.start || r.passage.span.end == h.span.start);
    };
    const auto it = std::find_if(hits.begin(), hits.end(), touches);
    if (it != hits.end()) {
      // The best passage keeps the word and the rank; its neighbours only say how far it goes on when they are as good.
      for (std::string& view : r.why) {
        if (std::find(it->why.begin(), it->why.end(), view) == it->why.end()) it->why.push_back(std::move(view));
      }
      if (r.score >= 0.9 * it->score)
        it->span = {std::min(it->span.start, r.passage.span.start), std::max(it->span.end, r.passage.span.end)};
      continue;
    }
    if (hits.size() >= static_cast<std::size_t>(limit)) continue;
    hits.push_back({r.passage.video, r.passage.span, r.score, std::move(r.passage.text), std::move(r.why), {}});
  }
  return hits;
}

std::optional<Choice> choose(const graph::Store& store, const WordCutter& cutter, const RetrievalRequest& question,
                             const std::vector<std::string>& options) {
  std::optional<Choice> best;
  double best_score = 0;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto words = content_words(cutter, options[i]);
    std::vector<std::string> stems;
    for (const std::string& w : words) stems.push_back(cutter.stem(w));
    if (stems.empty()) continue;
    RetrievalRequest request = question;
    request.words = words;
    request.words.insert(request.words.end(), question.words.begin(), question.words.end());
    request.limit = 5;
    auto found = retrieve(store, cutter, request);
    // An option is as good as the passage that holds most of its own words; the question's words decide between equals.
    double score = 0;
    std::vector<Retrieved> evidence;
    for (Retrieved& r : found) {
      const auto held = stems_of(cutter, r.passage.text);
      const auto own = std::count_if(stems.begin(), stems.end(), [&](const std::string& s) { return held.contains(s); });
      if (own == 0) continue;
      score = std::max(score, static_cast<double>(own) / static_cast<double>(stems.size()) + 0.5 * r.score);
      if (evidence.size() < 3) evidence.push_back(std::move(r));
    }
    if (score > best_score) {
      best_score = score;
      best = Choice{static_cast<int>(i), std::move(evidence)};
    }
  }
  return best;
}

}  // namespace reelgraph::query
