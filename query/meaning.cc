#include "query/meaning.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace reelgraph::query {
namespace {

constexpr std::int64_t kMostVectors = 300'000;  // a scan of more takes longer than an answer may
constexpr std::size_t kMostCrowded = 5'000;     // videos that are compared pair by pair
constexpr std::size_t kCrowd = 10;

}  // namespace

void VectorTable::add(const graph::StoredVector& vector) {
  if (size_ == 0) size_ = vector.values.size();
  double square = 0;
  for (const float v : vector.values) square += static_cast<double>(v) * static_cast<double>(v);
  if (vector.values.size() != size_ || !std::isfinite(square) || square <= 0) return;
  if (!rows_.emplace(vector.owner, owners_.size()).second) return;
  owners_.push_back(vector.owner);
  videos_.push_back(vector.video);
  const auto scale = static_cast<float>(1 / std::sqrt(square));
  for (const float v : vector.values) values_.push_back(v * scale);
}

double VectorTable::dot(std::size_t row, const float* with) const {
  const float* v = values_.data() + row * size_;
  float lanes[8] = {};  // a fixed order of sums, and one that a compiler can keep in a register
  std::size_t i = 0;
  for (; i + 8 <= size_; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) lanes[k] += v[i + k] * with[i + k];
  }
  double sum = 0;
  for (; i < size_; ++i) sum += static_cast<double>(v[i]) * static_cast<double>(with[i]);
  for (const float lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

std::optional<double> VectorTable::similarity(graph::RowId owner, const std::vector<float>& to) const {
  const auto row = rows_.find(owner);
  if (row == rows_.end() || to.size() != size_) return std::nullopt;
  return dot(row->second, to.data());
}

std::vector<VectorTable::Near> VectorTable::nearest(const std::vector<float>& to, std::size_t most) const {
  if (to.size() != size_) return {};
  std::vector<Near> all(owners_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {owners_[i], videos_[i], dot(i, to.data())};
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), end, all.end(), [](const Near& a, const Near& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.owner < b.owner;
  });
  all.erase(end, all.end());
  return all;
}

std::unordered_map<graph::RowId, double> VectorTable::crowding(std::size_t k) const {
  std::unordered_map<graph::RowId, double> mean;
  std::vector<double> others;
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    others.clear();
    for (std::size_t j = 0; j < owners_.size(); ++j) {
      if (j != i) others.push_back(dot(j, values_.data() + i * size_));
    }
    const std::size_t n = std::min(k, others.size());
    std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(n), others.end(), std::greater<>());
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += others[j];
    mean[owners_[i]] = n > 0 ? sum / static_cast<double>(n) : 0;
  }
  return mean;
}

std::unique_ptr<Meaning> Meaning::read(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder) {
  if (!embedder || store.counts().observations > kMostVectors) return nullptr;
  const std::string model = embedder->name();
  std::unique_ptr<Meaning> meaning(new Meaning(std::move(embedder)));
  const auto fill = [&](VectorTable& table, const char* kind) {
    graph::each_vector(store, model, kind, [&](const graph::StoredVector& vector) {
      table.add(vector);
      return true;
    });
  };
  fill(meaning->captions, "caption");
  if (meaning->captions.empty()) return nullptr;
  fill(meaning->moments, "moment");
  fill(meaning->videos, "video");
  if (meaning->videos.owners().size() <= kMostCrowded) meaning->crowding = meaning->videos.crowding(kCrowd);
  return meaning;
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
