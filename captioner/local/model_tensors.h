#pragma once
// Which tensors an architecture has, by name and shape, and whether a folder's weights are just these.

#include <cstdint>
#include <string>
#include <vector>

#include "captioner/local/model_config.h"
#include "captioner/local/weights.h"

namespace reelgraph::captioner::local {

struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  bool optional = false;
};

/// Names as transformers writes them, with the "model." (Llama, SmolVLM) and without the "bert." prefix.
[[nodiscard]] std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config);
[[nodiscard]] std::vector<ExpectedTensor> expected_tensors(const BertConfig& config);

/// A tensor under its canonical name. Borrows the bytes of the `Weights`.
struct NamedTensor {
  std::string name;
  TensorView view;
  std::filesystem::path file;  ///< for errors
};

/// The expected tensors that are there. `prefix` may be missing from (or, for BERT, stand before) every name of the file.
/// @throws base::Error kModel naming file and tensor: missing, not expected, wrong rank, shape or dtype, values not finite
[[nodiscard]] std::vector<NamedTensor> match_tensors(const Weights& weights, const std::vector<ExpectedTensor>& expected,
                                                     const std::string& prefix);

/// @throws base::Error kModel naming the first tensor that holds an infinity or a NaN
void check_finite(const std::vector<NamedTensor>& tensors);

}  // namespace reelgraph::captioner::local
