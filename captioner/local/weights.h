#pragma once
// The weights of a Hugging Face folder: model.safetensors, or the shards that model.safetensors.index.json lists.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "captioner/local/safetensors.h"

namespace reelgraph::captioner::local {

/// All tensors of a folder by name, memory-mapped. Immutable; safe to read from several threads.
class Weights {
 public:
  /// Opens `folder`/model.safetensors, else the shards. Nothing outside the folder is opened.
  /// @throws base::Error kModel naming file and tensor
  static Weights open(const std::filesystem::path& folder);
  /// One file. @throws base::Error kModel
  static Weights open_file(const std::filesystem::path& file);

  struct Entry {
    TensorView view;
    std::filesystem::path file;  ///< for errors
  };
  [[nodiscard]] const std::map<std::string, Entry>& tensors() const { return tensors_; }
  [[nodiscard]] const std::vector<SafetensorsFile>& files() const { return files_; }
  [[nodiscard]] std::size_t bytes() const;
  /// The file that says which tensors there are: the one file, or the index of the shards.
  [[nodiscard]] const std::filesystem::path& listing() const { return listing_; }

 private:
  std::filesystem::path listing_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, Entry> tensors_;
};

}  // namespace reelgraph::captioner::local
