// BERT encoder for sentence embeddings: post-norm layers, pooling, optional normalisation.

#include <ATen/core/Tensor.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "captioner/torch/models.h"
#include "captioner/torch/tensors.h"

namespace reelgraph::torch_plugin {
namespace {

struct Norm {
  at::Tensor weight, bias;  ///< float32 [width]
};
struct Linear {
  at::Tensor weight, bias;  ///< [out, in] in the computing type; float32 [out]
};
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
    const auto norm = [&](const std::string& name) {
      return Norm{tensors.float_weight(name + ".weight"), tensors.float_weight(name + ".bias")};
    };
    const auto linear_of = [&](const std::string& name) {
      return Linear{tensors.weight(name + ".weight"), tensors.float_weight(name + ".bias")};
    };
    words_ = tensors.float_weight("embeddings.word_embeddings.weight");
    positions_ = tensors.float_weight("embeddings.position_embeddings.weight");
    type_ = tensors.float_weight("embeddings.token_type_embeddings.weight").select(0, 0);
    norm_ = norm("embeddings.LayerNorm");
    for (std::int64_t i = 0; i < spec.at("layers").get<std::int64_t>(); ++i) {
      const std::string layer = "encoder.layer." + std::to_string(i) + ".";
      layers_.push_back({linear_of(layer + "attention.self.query"), linear_of(layer + "attention.self.key"),
                         linear_of(layer + "attention.self.value"), linear_of(layer + "attention.output.dense"),
                         linear_of(layer + "intermediate.dense"), linear_of(layer + "output.dense"),
                         norm(layer + "attention.output.LayerNorm"), norm(layer + "output.LayerNorm")});
    }
  }

  void embed(const std::int64_t* ids, std::span<const std::int64_t> lengths, float* out) override {
    const auto rows = static_cast<std::int64_t>(lengths.size());
    const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    // Padded with token 0; what is padding neither attends nor is pooled.
    std::vector<std::int64_t> padded(static_cast<std::size_t>(rows * longest), 0);
    std::vector<float> mask(padded.size(), 0.0F), bias(padded.size(), -std::numeric_limits<float>::infinity());
    for (std::size_t row = 0; row < lengths.size(); ++row) {
      const std::size_t begin = row * static_cast<std::size_t>(longest), length = static_cast<std::size_t>(lengths[row]);
      std::copy_n(ids, length, padded.begin() + static_cast<std::ptrdiff_t>(begin));
      std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(begin), length, 1.0F);
      std::fill_n(bias.begin() + static_cast<std::ptrdiff_t>(begin), length, 0.0F);
      ids += length;
    }
    const at::Tensor tokens = borrow(padded.data(), {rows, longest}, device_);
    const bool even = std::all_of(lengths.begin(), lengths.end(), [&](std::int64_t n) { return n == longest; });
    const at::Tensor hidden = encode(tokens, even ? at::Tensor() : borrow(bias.data(), {rows, 1, 1, longest}, device_));
    copy_out(pool(hidden, borrow(mask.data(), {rows, longest, 1}, device_)), out);
  }

 private:
  /// float32 [rows, length, width] of int64 [rows, length]. @param bias added to the attention scores; undefined: nothing is padding
  [[nodiscard]] at::Tensor encode(const at::Tensor& tokens, const at::Tensor& bias) const {
    at::Tensor x = at::embedding(words_, tokens);
    x = layer_norm(x.add(type_).add_(positions_.narrow(0, 0, tokens.size(1))), norm_);
    for (const Layer& layer : layers_) {
      x = layer_norm(project(attention(x, layer, bias), layer.attention_output).add_(x), layer.attention_norm);
      x = layer_norm(project(at::gelu(project(x, layer.intermediate)), layer.output).add_(x), layer.output_norm);
    }
    return x;
  }

  [[nodiscard]] at::Tensor attention(const at::Tensor& x, const Layer& layer, const at::Tensor& bias) const {
    const std::int64_t rows = x.size(0), length = x.size(1), width = x.size(2), head_dim = width / heads_;
    const auto split = [&](const at::Tensor& y) { return y.view({rows, length, heads_, head_dim}).transpose(1, 2); };
    const at::Tensor q = split(project(x, layer.query).mul_(1.0 / std::sqrt(static_cast<double>(head_dim))));
    at::Tensor scores = at::matmul(q, split(project(x, layer.key)).transpose(2, 3));
    if (bias.defined()) scores.add_(bias);
    return at::matmul(at::softmax(scores, -1), split(project(x, layer.value))).transpose(1, 2).reshape({rows, length, width});
  }

  [[nodiscard]] at::Tensor pool(const at::Tensor& hidden, const at::Tensor& mask) const {
    at::Tensor pooled = hidden.select(1, 0);
    if (pool_mean_) pooled = hidden.mul(mask).sum(1).div_(mask.sum(1).clamp_min(1e-9));
    if (normalize_) pooled = pooled.div(pooled.square().sum(-1, true).sqrt_().clamp_min_(1e-12));
    return pooled;
  }

  [[nodiscard]] at::Tensor layer_norm(const at::Tensor& x, const Norm& norm) const {
    return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, eps_);
  }
  [[nodiscard]] static at::Tensor project(const at::Tensor& x, const Linear& to) { return linear(x, to.weight, to.bias); }

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
