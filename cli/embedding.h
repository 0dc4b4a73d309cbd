#pragma once
// Vectors of an archive's texts, made by whatever embedder is in use.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text_embedder.h"
#include "cli/context.h"
#include "graph/archive.h"

namespace reelgraph::cli {

/// What embedding came to.
struct Embedded {
  std::string model;
  std::int64_t texts = 0;  ///< that have a vector of this model now
  std::int64_t made = 0;   ///< of them, made just now
  std::int64_t dimensions = 0;
  double seconds = 0;
  bool interrupted = false;
};

/// Embeds the texts that have no vector of this model, or one of another text; forgets vectors whose text is no more; then brings the index
/// files up to date. What is committed
/// stays when it is interrupted or fails.
/// @param archive opened for writing; @param anew all texts
/// @throws base::Error kModel, kArchive
[[nodiscard]] Embedded embed_texts(Context& context, graph::Archive& archive, base::TextEmbedder& embedder, bool anew = false);

/// Writes the index files of vectors that are missing, damaged or stale. @param archive opened for writing @throws base::Error kArchive
void refresh_indexes(Context& context, const graph::Archive& archive);

[[nodiscard]] nlohmann::ordered_json embedded_json(const Embedded& embedded);
/// "Embedded 12 texts (of 140) with NAME in 0.3 s."
[[nodiscard]] std::string embedded_line(const Embedded& embedded);

}  // namespace reelgraph::cli
