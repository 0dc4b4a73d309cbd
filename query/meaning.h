#pragma once
// The vectors of an archive's texts, and how near they are to words. Derived from the embedding table; empty where nothing was embedded.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text_embedder.h"
#include "graph/embeddings.h"
#include "graph/store.h"

namespace reelgraph::query {

/// Unit vectors of one kind of text, in memory. float32 [N, D], row-major; a scan of all finds the exact nearest.
class VectorTable {
 public:
  struct Near {
    graph::RowId owner = 0;
    graph::RowId video = 0;
    double similarity = 0;  ///< cosine
  };

  /// A vector that is not finite, of no length, or of another size than the first is left out.
  void add(const graph::StoredVector& vector);
  [[nodiscard]] bool empty() const { return owners_.empty(); }
  [[nodiscard]] const std::vector<graph::RowId>& owners() const { return owners_; }
  /// Cosine with that owner's text; empty if it has none.
  [[nodiscard]] std::optional<double> similarity(graph::RowId owner, const std::vector<float>& to) const;
  /// Best first, ties by owner.
  [[nodiscard]] std::vector<Near> nearest(const std::vector<float>& to, std::size_t most) const;
  /// Mean cosine of each vector with its `k` nearest others, by owner: of what is like much else a likeness says less.
  [[nodiscard]] std::unordered_map<graph::RowId, double> crowding(std::size_t k) const;

 private:
  [[nodiscard]] double dot(std::size_t row, const float* with) const;

  std::size_t size_ = 0;
  std::vector<graph::RowId> owners_, videos_;
  std::vector<float> values_;
  std::unordered_map<graph::RowId, std::size_t> rows_;
};

/// What an embedder makes of an archive and of questions about it.
class Meaning {
 public:
  /// Null if there is no embedder, nothing was embedded with it, or so much that a scan would be slow.
  static std::unique_ptr<Meaning> read(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder);

  VectorTable captions, moments, videos;        ///< by row of the observation, of its first observation, of the video
  std::unordered_map<graph::RowId, double> crowding;  ///< of `videos`; empty in a large archive

  /// Unit vectors. @throws base::Error kModel
  [[nodiscard]] std::vector<std::vector<float>> of(const std::vector<std::string>& texts) const;
  /// The same for one; that of the text asked for last is kept.
  [[nodiscard]] const std::vector<float>& of(const std::string& text) const;

 private:
  explicit Meaning(std::shared_ptr<base::TextEmbedder> embedder) : embedder_(std::move(embedder)) {}
  std::shared_ptr<base::TextEmbedder> embedder_;
  mutable std::string last_text_;
  mutable std::vector<float> last_vector_;
};

[[nodiscard]] double cosine(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace reelgraph::query
