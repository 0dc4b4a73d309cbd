#pragma once
// LoRA adapters in PEFT format (adapter_config.json, adapter_model.safetensors), merged into the weights when a model is loaded: it then
// runs as if it had been trained so, at no cost.

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "captioner/local/model_tensors.h"

namespace reelgraph::captioner::local {

/// What merging made; the tensors that were changed point into it.
struct MergedWeights {
  std::string identity;                   ///< "NAME@DIGEST" of the adapter
  std::deque<std::vector<float>> values;  ///< float32, row-major, one a changed tensor
};

/// W + scale B A for every tensor that the adapter has a pair for; tensors that it holds whole (`modules_to_save`) take the place of the
/// model's. scale is lora_alpha / r, or lora_alpha / sqrt(r) with `use_rslora`; `rank_pattern` and `alpha_pattern` are heeded.
/// @param tensors canonical names; those that change point into the result, which must be kept as long as they
/// @throws base::Error kModel naming file, tensor and cure: no adapter, of another kind (DoRA, Conv1D layout, embeddings), for another
/// model
///         (a tensor the model lacks, another shape), half a pair, values not finite. `tensors` are then as before
[[nodiscard]] MergedWeights merge_lora(const std::filesystem::path& folder, std::vector<NamedTensor>& tensors);

}  // namespace reelgraph::captioner::local
