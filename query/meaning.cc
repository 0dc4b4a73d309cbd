#include "query/meaning.h"

#include <algorithm>

namespace reelgraph::query {

Meaning::Meaning(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder, const base::LogSink& log)
    : captions(store, embedder->name(), "caption", log),
      moments(store, embedder->name(), "moment", log),
      videos(store, embedder->name(), "video", log),
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

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace reelgraph::query
