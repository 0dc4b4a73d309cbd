#pragma once
// A Hugging Face snapshot folder, opened and checked as a whole: configuration, tokenizer, weights. No tensor is computed here.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "captioner/local/lora.h"
#include "captioner/local/model_config.h"
#include "captioner/local/model_tensors.h"
#include "captioner/local/tokenizer.h"
#include "captioner/local/weights.h"

namespace reelgraph::captioner::local {

/// A SmolVLM or Llama folder. Immutable; safe to read from several threads. Tensors are views into mapped files.
struct ModelFolder {
  std::filesystem::path path;
  ModelConfig config;
  PreprocessorConfig preprocessor;  ///< SmolVLM only
  GenerationConfig generation;      ///< at least one end token
  Tokenizer tokenizer;
  Weights weights;
  std::vector<NamedTensor> tensors;
  MergedWeights merged;  ///< what an adapter made of some of them

  /// @param adapter folder of a LoRA adapter; empty: none
  /// @throws base::Error kModel naming file, place and cure
  static ModelFolder open(const std::filesystem::path& path, const std::filesystem::path& adapter = {});

  /// "NAME@DIGEST" of the weights, "NAME@DIGEST+NAME@DIGEST" with an adapter.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] bool has_vision() const { return config.kind == ModelKind::kSmolVlm; }
  [[nodiscard]] std::int64_t parameters() const;
  /// The type most weights are stored in.
  [[nodiscard]] DType dtype() const;
};

/// A sentence embedder in sentence-transformers layout.
struct EmbedderFolder {
  std::filesystem::path path;
  BertConfig config;
  Tokenizer tokenizer;
  std::int64_t cls = 0, sep = 0;  ///< ids of [CLS] and [SEP]
  Weights weights;
  std::vector<NamedTensor> tensors;

  /// @throws base::Error kModel naming file, place and cure
  static EmbedderFolder open(const std::filesystem::path& path);
  /// [CLS] text [SEP], cut at the model's length.
  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text) const;
};

/// "smolvlm", "llama", "bert", ... of the folder's config.json. @throws base::Error kModel
[[nodiscard]] std::string model_type_of_folder(const std::filesystem::path& path);

}  // namespace reelgraph::captioner::local
