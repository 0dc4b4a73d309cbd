#pragma once
// The file of a vector index: what faiss wrote, then what it was made of, so that a file that is cut off, damaged or of something else is
// noticed.

#include <faiss/Index.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace reelgraph::graph {

/// What stands behind the faiss index in its file.
struct VectorFile {
  std::string model, kind;
  std::int64_t dimensions = 0;
  std::int64_t count = 0;            ///< vectors in the index
  std::int64_t sequence = 0;         ///< embeddings up to this number are in it
  std::vector<std::int64_t> owners;  ///< of each row; empty where the index holds them itself
  std::vector<float> crowding;       ///< of each row (mean cosine with its nearest others); may be empty
  std::unique_ptr<faiss::Index> index;
};

/// Replaces the file, or leaves it as it was. @throws base::Error kArchive: cannot be written
void write_vector_file(const std::filesystem::path& file, const VectorFile& contents);

/// @param in_memory false: lists of vectors stay in the file and are mapped
/// @returns why it cannot be used ("is missing", "is cut off", ...); empty: `contents` is whole
[[nodiscard]] std::string read_vector_file(const std::filesystem::path& file, bool in_memory, VectorFile& contents);

}  // namespace reelgraph::graph
