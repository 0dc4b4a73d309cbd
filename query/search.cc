#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/utf8.h"
#include "query/fusion.h"
#include "query/scope.h"
#include "query/vocabulary.h"

namespace reelgraph::query {
namespace {

constexpr std::int64_t kMostWeighed = 100'000;  // observations
constexpr std::size_t kMostRanked = 100;        // videos of a search

}  // namespace

std::vector<Hit> Engine::search(const std::string& words, const SearchOptions& options) const {
  AskOptions selection;
  selection.videos = options.videos;
  selection.from = options.from;
  selection.to = options.to;
  if (options.limit <= 0)
    throw base::Error(base::ErrorCode::kInvalidArgument, "a limit below 1 finds nothing", "--limit", "give a larger one");
  if (options.from && options.to && *options.from >= *options.to) (void)select_videos(store_, selection);  // refuses, with the reason
  const std::string text = base::sanitize_utf8(words, kLongestQuestion);
  const Meaning* const meaning = embedder_ && !is_without(options.without, "vector") ? vocabulary().texts.meaning() : nullptr;
  // Every passage of the videos in question is weighed where that is quick; of a large archive, those that some view finds.
  if (meaning != nullptr && store_.counts().observations <= kMostWeighed) return search_by_meaning(words, options);
  const WordCutter& cutter = vocabulary().cutter;
  FusionRequest request;
  request.by_words = !is_without(options.without, "lexical");
  request.meaning = meaning;
  request.text = text.find_first_not_of(" \t\r\n") == std::string::npos ? std::string() : text;
  if (!is_without(options.without, "graph")) request.entities = entities_named(vocabulary().lexicon, cutter.cut(text, 200));
  request.words.words = content_words(cutter, text);
  if (!options.videos.empty()) request.words.videos = ids_of(select_videos(store_, selection));
  if (options.from || options.to) request.words.within = base::TimeSpan{options.from.value_or(0), options.to.value_or(base::kMaxTimestamp)};
  request.words.limit = std::min(options.limit, 1000);
  auto hits = join_hits(retrieve_fused(store_, cutter, request), request.words.limit);
  for (Hit& hit : hits) {
    const auto frame = store_.frame_near(hit.video, hit.span, hit.span.start + hit.span.length() / 2, 3 * base::kSecond);
    if (frame) hit.frame = frame->file;
  }
  return hits;
}

std::vector<Hit> Engine::search_by_meaning(const std::string& words, const SearchOptions& options) const {
  Texts& texts = vocabulary().texts;
  const Meaning& meaning = *texts.meaning();
  const std::string text = base::sanitize_utf8(words, kLongestQuestion);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  AskOptions selection;
  selection.videos = options.videos;
  std::map<graph::RowId, graph::VideoRecord> videos;
  for (graph::VideoRecord& v : select_videos(store_, selection)) videos.emplace(v.row, std::move(v));
  const std::vector<float> vector = meaning.of(text);
  const WeighedWords asked = is_without(options.without, "lexical") ? WeighedWords{} : texts.written.weigh(text);
  const base::TimeSpan within{options.from.value_or(0), options.to.value_or(base::kMaxTimestamp)};
  std::vector<std::pair<graph::RowId, double>> ranked;
  if (videos.size() == 1) {
    ranked.emplace_back(videos.begin()->first, 0);
  } else {
    ranked = rank_videos(texts.written, meaning, videos, asked, vector,
                         std::max<std::size_t>(kMostRanked, static_cast<std::size_t>(options.limit)));
  }
  // A moment is worth what its video is, less how far it is behind the best moment there.
  const auto limit = static_cast<std::size_t>(std::min(options.limit, 1000));
  std::vector<Moment> moments;
  for (const auto& [row, worth] : ranked) {
    std::vector<Moment> here;
    for (Moment& m : moments_in(texts.written, meaning, videos.at(row), within, asked, vector)) {
      const bool told = std::any_of(here.begin(), here.end(), [&](const Moment& h) { return h.span.overlaps(m.span); });
      if (told) continue;
      here.push_back(std::move(m));
      if (here.size() >= limit) break;
    }
    const double best = here.empty() ? 0 : here.front().score;
    for (Moment& m : here) {
      m.score += worth - (videos.size() == 1 ? 0 : best);
      moments.push_back(std::move(m));
    }
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.score > b.score; });
  if (moments.size() > limit) moments.resize(limit);
  std::vector<Hit> hits;
  for (Moment& m : moments) {
    Hit hit{m.video, m.span, 1 / (1 + std::exp(-m.score / 4)), std::move(m.text), {"vector"}, {}};
    if (m.words_found) hit.why.insert(hit.why.begin(), "lexical");
    const auto frame = store_.frame_near(hit.video, hit.span, hit.span.start + hit.span.length() / 2, 3 * base::kSecond);
    if (frame) hit.frame = frame->file;
    hits.push_back(std::move(hit));
  }
  return hits;
}

}  // namespace reelgraph::query
