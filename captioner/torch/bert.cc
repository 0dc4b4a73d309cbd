// BERT encoder for sentence embeddings: post-norm layers, pooling, optional normalisation.

#include <ATen/ops/embedding.h>
#include <ATen/ops/stack.h>

#include <array>
#include <vector>

#include "captioner/torch/layers.h"
#include "captioner/torch/models.h"
#include "captioner/torch/tensors.h"

namespace reelgraph::torch_plugin {
namespace {

struct Layer {
  Linear query, key, value, attention_output, intermediate, output;
  Norm attention_norm, output_norm;
};

class Bert final : public Embedder {
 public:
  Bert(const nlohmann::json& spec, const TensorTable& tensors)
      : heads_(spec.at("heads")),
        eps_(spec.at("layer_norm_eps")),
        pool_mean_(spec.at("pool_mean")),
        normalize_(spec.at("normalize")),
        device_(tensors.device()) {
    words_ = tensors.float_weight("embeddings.word_embeddings.weight");
    positions_ = tensors.float_weight("embeddings.position_embeddings.weight");
    type_ = tensors.float_weight("embeddings.token_type_embeddings.weight").select(0, 0);
    norm_ = norm_of(tensors, "embeddings.LayerNorm");
    for (std::int64_t i = 0; i < spec.at("layers").get<std::int64_t>(); ++i) {
      const std::string layer = "encoder.layer." + std::to_string(i) + ".";
      layers_.push_back({linear_of(tensors, layer + "attention.self.query"), linear_of(tensors, layer + "attention.self.key"),
                         linear_of(tensors, layer + "attention.self.value"), linear_of(tensors, layer + "attention.output.dense"),
                         linear_of(tensors, layer + "intermediate.dense"), linear_of(tensors, layer + "output.dense"),
                         norm_of(tensors, layer + "attention.output.LayerNorm"), norm_of(tensors, layer + "output.LayerNorm")});
    }
  }

  void embed(const std::int64_t* ids, std::span<const std::int64_t> lengths, float* out) override {
    // The texts lie one after the other, without padding.
    std::vector<std::int64_t> places;
    for (const std::int64_t length : lengths) {
      for (std::int64_t i = 0; i < length; ++i) places.push_back(i);
    }
    const auto total = static_cast<std::int64_t>(places.size());
    const at::Tensor hidden = encode(borrow(ids, {total}, device_), borrow(places.data(), {total}, device_), lengths);
    std::vector<at::Tensor> pooled;
    std::int64_t begin = 0;
    for (const std::int64_t length : lengths) {
      pooled.push_back(pool_mean_ ? hidden.narrow(0, begin, length).mean(0) : hidden.select(0, begin));
      begin += length;
    }
    at::Tensor rows = at::stack(pooled);
    if (normalize_) rows = rows.div(rows.square().sum(-1, true).sqrt_().clamp_min_(1e-12));
    copy_out(rows, out);
  }

 private:
  /// float32 [tokens, width] of int64 [tokens] ids and their places in their texts.
  [[nodiscard]] at::Tensor encode(const at::Tensor& tokens, const at::Tensor& places, std::span<const std::int64_t> lengths) const {
    at::Tensor x = layer_norm(at::embedding(words_, tokens).add_(type_).add_(positions_.index_select(0, places)), norm_, eps_);
    for (const Layer& layer : layers_) {
      const std::vector<at::Tensor> qkv = linears(x, std::array{&layer.query, &layer.key, &layer.value});
      add_linear(x, full_attention(qkv[0], qkv[1], qkv[2], heads_, lengths), layer.attention_output);
      x = layer_norm(x, layer.attention_norm, eps_);
      add_linear(x, linear(x, layer.intermediate, Activation::kGelu), layer.output);
      x = layer_norm(x, layer.output_norm, eps_);
    }
    return x;
  }

  std::int64_t heads_;
  double eps_;
  bool pool_mean_, normalize_;
  std::string device_;
  at::Tensor words_, positions_, type_;  ///< float32 [vocab, width], [positions, width], [width]
  Norm norm_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<Embedder> make_bert(const nlohmann::json& spec, const TensorTable& tensors) {
  return std::make_unique<Bert>(spec, tensors);
}

}  // namespace reelgraph::torch_plugin
