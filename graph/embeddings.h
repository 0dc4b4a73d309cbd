#pragma once
// Vectors of the texts of an archive. Derived: made anew from the texts by `reelgraph index`.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/store.h"

namespace reelgraph::graph {

/// A text that a vector is made of.
struct EmbeddedText {
  std::string kind;  ///< "caption" (of an observation), "event", "entity", "moment" (two short captions that follow one another), "video"
                     ///< (the beginning of all its captions), "word" (of captions and transcripts; the 20,000 that most of them hold),
                     ///< "descriptor" (a description of somebody nameless, once)
  RowId owner =
      0;  ///< row of that observation, event, entity or video; of a moment's first observation; `text_owner` of a word or a description
  std::string text;
};

struct EmbeddingCount {
  std::string model;
  std::int64_t rows = 0;
  std::int64_t dimensions = 0;  ///< of one vector
};

/// The embedding table of an open archive. Borrows the store; one thread at a time. Every function throws base::Error kArchive when the
/// database fails.
class Embeddings {
 public:
  explicit Embeddings(Store& store);

  /// Captions of live observations, live events and mentioned entities, those without words left out, and what follows from them. In a
  /// fixed order.
  /// @param visit false: stop
  void each_text(const std::function<bool(EmbeddedText)>& visit) const;
  /// Those of them that have no vector of this model, or one of another text.
  void each_new_text(const std::string& model, const std::function<bool(EmbeddedText)>& visit) const;
  /// Forgets vectors of a model whose text is no more. REQUIRES: opened for writing
  void forget_gone(const std::string& model);
  /// Forgets all vectors of a model. REQUIRES: opened for writing
  void clear(const std::string& model);
  /// Adds vectors, all or none; one that is there is replaced. REQUIRES: opened for writing
  /// @param vectors one a text, unit norm
  /// @throws base::Error kModel: not finite, all zero, or of another size than those of this model that are there; nothing is added
  void put(const std::string& model, std::span<const EmbeddedText> texts, std::span<const std::vector<float>> vectors);
  /// By model.
  [[nodiscard]] std::vector<EmbeddingCount> counts() const;

 private:
  Store& store_;
};

/// What stands for a text that has no row: a word (as fold_name makes it), or a description of somebody nameless (as it was told).
[[nodiscard]] RowId text_owner(std::string_view text);
/// The numbers of a vector as it is kept, of unit norm; empty: cut off, not finite or of no length.
[[nodiscard]] std::vector<float> read_vector(std::string_view bytes);

/// True if texts of this archive were embedded, with whatever model.
[[nodiscard]] bool has_vectors(const Store& store);

/// A vector that is kept, and what it belongs to.
struct StoredVector {
  RowId owner = 0;
  RowId video = 0;
  std::span<const float> values;
};
/// Reads the vectors of one model and kind ("caption", "moment" or "video") that belong to what is live. @param visit false: stop
void each_vector(const Store& store, const std::string& model, const std::string& kind,
                 const std::function<bool(const StoredVector&)>& visit);

}  // namespace reelgraph::graph
