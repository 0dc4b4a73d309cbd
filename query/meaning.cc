#include "query/meaning.h"

#include <algorithm>

#include "graph/embeddings.h"

namespace reelgraph::query {

Meaning::Meaning(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder, const base::LogSink& log)
    : captions(store, embedder->name(), "caption", log),
      moments(store, embedder->name(), "moment", log),
      videos(store, embedder->name(), "video", log),
      words(store, embedder->name(), "word", log),
      embedder_(std::move(embedder)) {}

std::unique_ptr<Meaning> Meaning::read(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder, const base::LogSink& log) {
  if (!embedder) return nullptr;
  std::unique_ptr<Meaning> meaning(new Meaning(store, std::move(embedder), log));
  return meaning->captions.empty() ? nullptr : std::move(meaning);
}

std::vector<std::vector<float>> Meaning::of(const std::vector<std::string>& texts) const { return embedder_->embed(texts); }

const std::vector<float>& Meaning::of(const std::string& text) const {
  if (last_vector_.empty() || text != last_text_) {
    last_vector_ = of(std::vector<std::string>{text}).front();
    last_text_ = text;
  }
  return last_vector_;
}

std::vector<std::vector<float>> Meaning::of_words(const std::vector<std::string>& folded) const {
  constexpr std::size_t kMostKept = 20'000;
  if (other_words_.size() > kMostKept) other_words_.clear();
  std::vector<std::vector<float>> vectors;
  std::vector<std::string> unknown;
  for (const std::string& word : folded) {
    vectors.push_back(words.vector_of(graph::text_owner(word)));
    if (vectors.back().empty() && !other_words_.contains(word)) unknown.push_back(word);
  }
  if (!unknown.empty()) {
    std::vector<std::vector<float>> made = of(unknown);
    for (std::size_t i = 0; i < unknown.size(); ++i) other_words_[unknown[i]] = std::move(made[i]);
  }
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (vectors[i].empty()) vectors[i] = other_words_.at(folded[i]);
  }
  return vectors;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace reelgraph::query
