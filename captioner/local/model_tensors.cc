#include "captioner/local/model_tensors.h"

#include <map>

#include "base/utf8.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {
namespace {

using Shape = std::vector<std::int64_t>;

/// Collects expected tensors; a linear or normalisation layer is its weight and bias.
class Expected {
 public:
  void add(const std::string& name, Shape shape, bool optional = false) { tensors_.push_back({name, std::move(shape), optional}); }
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out});
  }
  void norm(const std::string& name, std::int64_t width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  }
  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

void add_text(Expected& expected, const TextConfig& text, const std::string& model) {
  const std::int64_t query = text.heads * text.head_dim, key = text.kv_heads * text.head_dim;
  expected.add(model + "embed_tokens.weight", {text.vocab_size, text.hidden_size});
  for (std::int64_t i = 0; i < text.layers; ++i) {
    const std::string layer = model + "layers." + std::to_string(i) + ".";
    expected.add(layer + "input_layernorm.weight", {text.hidden_size});
    expected.add(layer + "post_attention_layernorm.weight", {text.hidden_size});
    expected.add(layer + "self_attn.q_proj.weight", {query, text.hidden_size});
    expected.add(layer + "self_attn.k_proj.weight", {key, text.hidden_size});
    expected.add(layer + "self_attn.v_proj.weight", {key, text.hidden_size});
    expected.add(layer + "self_attn.o_proj.weight", {text.hidden_size, query});
    expected.add(layer + "mlp.gate_proj.weight", {text.intermediate_size, text.hidden_size});
    expected.add(layer + "mlp.up_proj.weight", {text.intermediate_size, text.hidden_size});
    expected.add(layer + "mlp.down_proj.weight", {text.hidden_size, text.intermediate_size});
  }
  expected.add(model + "norm.weight", {text.hidden_size});
  expected.add("lm_head.weight", {text.vocab_size, text.hidden_size}, true);  // absent: tied to the embeddings
}

void add_vision(Expected& expected, const ModelConfig& config) {
  const VisionConfig& vision = config.vision;
  const std::string model = "model.vision_model.";
  const std::int64_t width = vision.hidden_size, side = vision.patches_per_side();
  expected.add(model + "embeddings.patch_embedding.weight", {width, 3, vision.patch_size, vision.patch_size});
  expected.add(model + "embeddings.patch_embedding.bias", {width});
  expected.add(model + "embeddings.position_embedding.weight", {side * side, width});
  for (std::int64_t i = 0; i < vision.layers; ++i) {
    const std::string layer = model + "encoder.layers." + std::to_string(i) + ".";
    expected.norm(layer + "layer_norm1", width);
    expected.norm(layer + "layer_norm2", width);
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"}) expected.linear(layer + "self_attn." + part, width, width);
    expected.linear(layer + "mlp.fc1", width, vision.intermediate_size);
    expected.linear(layer + "mlp.fc2", vision.intermediate_size, width);
  }
  expected.norm(model + "post_layernorm", width);
  expected.add("model.connector.modality_projection.proj.weight",
               {config.text.hidden_size, width * config.scale_factor * config.scale_factor});
}

/// Tables that some files carry although they follow from the configuration.
bool is_derived(const std::string& name) {
  return name.ends_with("rotary_emb.inv_freq") || name.ends_with("embeddings.position_ids") ||
         name.ends_with("embeddings.token_type_ids") || name == "pooler.dense.weight" || name == "pooler.dense.bias";
}

void check_one(const ExpectedTensor& expected, const TensorView& view, const std::string& file) {
  const std::string& name = expected.name;
  if (view.dtype != DType::kF32 && view.dtype != DType::kF16 && view.dtype != DType::kBF16) {
    refuse(file, std::string("dtype ") + name_of(view.dtype) + " of " + name + " is not accepted for a weight (F32, F16 and BF16 are)");
  }
  if (view.shape.size() != expected.shape.size()) {
    refuse(file, "rank of " + name + " is " + std::to_string(view.shape.size()) + ", the configuration says " + shape_text(expected.shape));
  }
  if (view.shape != expected.shape) {
    refuse(file, "shape of " + name + " is " + shape_text(view.shape) + ", the configuration says " + shape_text(expected.shape));
  }
}

}  // namespace

std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config) {
  Expected expected;
  if (config.kind == ModelKind::kSmolVlm) add_vision(expected, config);
  add_text(expected, config.text, config.kind == ModelKind::kSmolVlm ? "model.text_model." : "model.");
  return expected.take();
}

std::vector<ExpectedTensor> expected_tensors(const BertConfig& bert) {
  Expected expected;
  const std::int64_t width = bert.hidden_size;
  expected.add("embeddings.word_embeddings.weight", {bert.vocab_size, width});
  expected.add("embeddings.position_embeddings.weight", {bert.max_positions, width});
  expected.add("embeddings.token_type_embeddings.weight", {bert.type_vocab_size, width});
  expected.norm("embeddings.LayerNorm", width);
  for (std::int64_t i = 0; i < bert.layers; ++i) {
    const std::string layer = "encoder.layer." + std::to_string(i) + ".";
    for (const char* part : {"query", "key", "value"}) expected.linear(layer + "attention.self." + part, width, width);
    expected.linear(layer + "attention.output.dense", width, width);
    expected.norm(layer + "attention.output.LayerNorm", width);
    expected.linear(layer + "intermediate.dense", width, bert.intermediate_size);
    expected.linear(layer + "output.dense", bert.intermediate_size, width);
    expected.norm(layer + "output.LayerNorm", width);
  }
  return expected.take();
}

std::vector<NamedTensor> match_tensors(const Weights& weights, const std::vector<ExpectedTensor>& expected, const std::string& prefix) {
  // Canonical name -> stored entry. Expected names either carry the prefix (then the file may leave it out) or never do (then it may have
  // it).
  const bool canonical_has_prefix = !expected.empty() && expected.front().name.starts_with(prefix);
  bool stored_has_prefix = false;
  for (const auto& [name, entry] : weights.tensors()) stored_has_prefix |= name.starts_with(prefix);
  std::map<std::string, const Weights::Entry*> stored;
  for (const auto& [name, entry] : weights.tensors()) {
    std::string canonical = name;
    if (canonical_has_prefix && !stored_has_prefix && name != "lm_head.weight") canonical = prefix + name;
    if (!canonical_has_prefix && name.starts_with(prefix)) canonical = name.substr(prefix.size());
    stored.emplace(std::move(canonical), &entry);
  }
  std::vector<NamedTensor> tensors;
  for (const ExpectedTensor& tensor : expected) {
    const auto it = stored.find(tensor.name);
    if (it == stored.end()) {
      if (tensor.optional) continue;
      refuse(weights.listing().string(), "tensor missing: " + tensor.name);
    }
    check_one(tensor, it->second->view, it->second->file.string());
    tensors.push_back({tensor.name, it->second->view, it->second->file});
    stored.erase(it);
  }
  for (const auto& [name, entry] : stored) {
    if (!is_derived(name)) refuse(entry->file.string(), "tensor not expected: " + base::ellipsize(base::sanitize_utf8(name), 200));
  }
  return tensors;
}

void check_finite(const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    if (!all_finite(tensor.view)) refuse(tensor.file.string(), "values of " + tensor.name + " are not finite");
  }
}

}  // namespace reelgraph::captioner::local
