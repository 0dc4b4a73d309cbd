#pragma once
// The sentence embedder: a BERT folder in sentence-transformers layout, run by the libtorch plugin.

#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/text_embedder.h"
#include "captioner/local/model_folder.h"
#include "captioner/torch_model.h"

namespace reelgraph::captioner::local {

/// How a model is run.
struct RunOptions {
  std::string device = "cpu";  ///< "cpu", "cuda" or "cuda:N"
  std::string dtype = "fp32";  ///< "fp32" or "bf16"
  int threads = 0;             ///< 0: one per core
  std::string adapter;         ///< folder of a LoRA adapter, merged into a language model; empty: none
};
/// @throws base::Error kInvalidArgument on a word that is none of the above
void validate(const RunOptions& options);
/// "fp32", ... into what `model_open` reads.
[[nodiscard]] nlohmann::json run_spec(const RunOptions& options);

/// Owns folder and model. Texts are batched by length. Thread-safe: calls wait for one another.
class LocalEmbedder final : public base::TextEmbedder {
 public:
  /// @throws base::Error kModel: folder refused, plugin or device absent
  LocalEmbedder(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options);

  /// "NAME@DIGEST": the folder's name and a digest of its weights.
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) override;
  /// As the model gives them, of unit norm only if its folder says so. float32 [N, dim()], row-major, in the order of the texts.
  [[nodiscard]] std::vector<float> encode(std::span<const std::string> texts);
  [[nodiscard]] std::size_t dim() const { return static_cast<std::size_t>(folder_.config.hidden_size); }
  [[nodiscard]] const EmbedderFolder& folder() const { return folder_; }

 private:
  EmbedderFolder folder_;  ///< before the model, which borrows its memory
  TorchModel model_;
  std::string name_;
  std::mutex mutex_;  ///< one call on the model at a time
};

}  // namespace reelgraph::captioner::local
