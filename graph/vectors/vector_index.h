#pragma once
// The nearest vectors of an archive. Derived from the embedding table and never the truth: the file `vectors-MODEL-KIND.faiss` beside the
// database is made by `reelgraph index` (and at the end of an ingest), and whoever finds it missing, cut off, damaged or of other vectors
// does without it.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "graph/store.h"

namespace reelgraph::graph::sqlite {
class Database;
}

namespace reelgraph::graph {

/// Vectors of one model and one kind of text ("caption", "moment", "video", "event", "entity"; see embeddings.h). Up to kExact of them are
/// held in memory and compared one by one; of more, the nearest are looked for in the lists of an inverted file that is mapped, and their
/// likeness is computed from the table. One thread at a time. Borrows the store.
class VectorIndex {
 public:
  static constexpr std::int64_t kExact = 20'000;

  struct Near {
    RowId owner = 0;
    RowId video = 0;        ///< of the observation or event, or the video itself; 0 for entities
    double similarity = 0;  ///< cosine
  };

  /// Null if nothing of the kind was embedded with this model, or if there is no usable file and there are more than kMostWithoutFile.
  /// @param log told of a file that cannot be used, with the cure
  static std::unique_ptr<VectorIndex> open(const Store& store, const std::string& model, const std::string& kind, const base::LogSink& log);
  ~VectorIndex();

  [[nodiscard]] std::int64_t size() const;  ///< vectors that can be found
  [[nodiscard]] bool exact() const;
  /// Of what is live, best first, ties by owner. @param to unit norm; of another size than the vectors: nothing is near
  /// @param accepts keeps an owner in; empty: all
  [[nodiscard]] std::vector<Near> nearest(std::span<const float> to, std::size_t most,
                                          const std::function<bool(RowId)>& accepts = {}) const;
  /// Cosine with that owner's text; empty if it has none.
  [[nodiscard]] std::optional<double> similarity(RowId owner, std::span<const float> to) const;
  /// Mean cosine with its nearest others, in [-1, 1]: of what is like much else a likeness says less. Empty if not known.
  [[nodiscard]] std::optional<double> crowding(RowId owner) const;

 private:
  struct State;
  explicit VectorIndex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// An index file that is not up to date.
struct StaleVectorIndex {
  std::string file;     ///< its name
  std::string problem;  ///< "is missing", "is cut off", "lacks 12 vectors"
};

/// Index files, of whatever model, that are not what the embedding table says.
[[nodiscard]] std::vector<StaleVectorIndex> stale_vector_indexes(sqlite::Database& database);

/// Makes them anew, or extends them where that is enough, and removes those of no vectors.
/// @param progress gets the name of the file that is being made
/// @throws base::Error kArchive: cannot be written
void refresh_vector_indexes(const Store& store, const std::function<void(const std::string&)>& progress = {});
void refresh_vector_indexes(sqlite::Database& database, const std::function<void(const std::string&)>& progress = {});

}  // namespace reelgraph::graph
