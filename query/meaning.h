#pragma once
// What the texts of an archive mean: their vectors, and those of questions about them. Empty where nothing was embedded.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/text_embedder.h"
#include "graph/store.h"
#include "graph/vectors/vector_index.h"

namespace reelgraph::query {

/// The vectors of one kind of text; there may be none.
class TextVectors {
 public:
  using Near = graph::VectorIndex::Near;

  TextVectors(const graph::Store& store, const std::string& model, const std::string& kind, const base::LogSink& log)
      : index_(graph::VectorIndex::open(store, model, kind, log)) {}

  [[nodiscard]] bool empty() const { return !index_; }
  /// Best first. @param to unit norm @param accepts keeps an owner in; empty: all
  [[nodiscard]] std::vector<Near> nearest(const std::vector<float>& to, std::size_t most,
                                          const std::function<bool(graph::RowId)>& accepts = {}) const {
    return index_ ? index_->nearest(to, most, accepts) : std::vector<Near>{};
  }
  /// Cosine with that owner's text; empty if it has none.
  [[nodiscard]] std::optional<double> similarity(graph::RowId owner, const std::vector<float>& to) const {
    return index_ ? index_->similarity(owner, to) : std::nullopt;
  }
  /// Unit norm; empty if it has none.
  [[nodiscard]] std::vector<float> vector_of(graph::RowId owner) const { return index_ ? index_->vector_of(owner) : std::vector<float>{}; }
  /// Mean cosine with the nearest of other videos, 0 where that is known of none: of what is like much else a likeness says less.
  [[nodiscard]] double crowding(graph::RowId owner) const { return index_ ? index_->crowding(owner).value_or(0) : 0; }

 private:
  std::unique_ptr<graph::VectorIndex> index_;
};

/// What an embedder makes of an archive and of questions about it. Borrows the store.
class Meaning {
 public:
  /// Null if there is no embedder or nothing was embedded with it. @param log told of index files that cannot be used
  static std::unique_ptr<Meaning> read(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder,
                                       const base::LogSink& log = {});

  TextVectors captions, moments, videos;  ///< by row of the observation, of its first observation, of the video
  TextVectors words;                      ///< by graph::text_owner; may be empty where the rest is not

  /// Unit vectors. @throws base::Error kModel
  [[nodiscard]] std::vector<std::vector<float>> of(const std::vector<std::string>& texts) const;
  /// The same for one; that of the text asked for last is kept.
  [[nodiscard]] const std::vector<float>& of(const std::string& text) const;
  /// Of single folded words: those that the archive has are looked up, others are made and kept. REQUIRES: `words` is not empty
  [[nodiscard]] std::vector<std::vector<float>> of_words(const std::vector<std::string>& folded) const;

 private:
  Meaning(const graph::Store& store, std::shared_ptr<base::TextEmbedder> embedder, const base::LogSink& log);

  std::shared_ptr<base::TextEmbedder> embedder_;
  mutable std::string last_text_;
  mutable std::vector<float> last_vector_;
  mutable std::unordered_map<std::string, std::vector<float>> other_words_;  ///< that the archive lacks
};

[[nodiscard]] double cosine(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace reelgraph::query
