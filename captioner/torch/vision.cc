// SigLIP-like vision tower and SmolVLM's connector.

#include <ATen/core/Tensor.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>

#include <algorithm>
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
  Norm norm1, norm2;
  Linear query, key, value, out, fc1, fc2;
};

class Vision final : public VisionModel {
 public:
  Vision(const nlohmann::json& spec, const TensorTable& tensors)
      : heads_(spec.at("vision").at("heads")),
        side_(spec.at("vision").at("image_size")),
        patch_(spec.at("vision").at("patch_size")),
        grid_(side_ / patch_),
        scale_(spec.at("scale_factor")),
        eps_(spec.at("vision").at("layer_norm_eps")),
        gelu_(spec.at("vision").at("gelu_tanh").get<bool>() ? "tanh" : "none"),
        device_(tensors.device()) {
    const std::string model = "model.vision_model.";
    const auto norm = [&](const std::string& name) {
      return Norm{tensors.float_weight(name + ".weight"), tensors.float_weight(name + ".bias")};
    };
    const auto linear_of = [&](const std::string& name) {
      return Linear{tensors.weight(name + ".weight"), tensors.float_weight(name + ".bias")};
    };
    patch_weight_ = tensors.float_weight(model + "embeddings.patch_embedding.weight");
    patch_bias_ = tensors.float_weight(model + "embeddings.patch_embedding.bias");
    positions_ = tensors.float_weight(model + "embeddings.position_embedding.weight");
    clamped_positions_ = positions_.index_select(0, clamped_ids());
    for (std::int64_t i = 0; i < spec.at("vision").at("layers").get<std::int64_t>(); ++i) {
      const std::string layer = model + "encoder.layers." + std::to_string(i) + ".";
      layers_.push_back({norm(layer + "layer_norm1"), norm(layer + "layer_norm2"), linear_of(layer + "self_attn.q_proj"),
                         linear_of(layer + "self_attn.k_proj"), linear_of(layer + "self_attn.v_proj"),
                         linear_of(layer + "self_attn.out_proj"), linear_of(layer + "mlp.fc1"), linear_of(layer + "mlp.fc2")});
    }
    post_norm_ = norm(model + "post_layernorm");
    projection_ = tensors.weight("model.connector.modality_projection.proj.weight");
  }

  void vision(const float* pixels, std::int64_t tiles, bool clamped, float* out) override {
    const std::int64_t per_tile = 3 * side_ * side_;
    // One tile at a time: its activations stay in the cache, and memory does not grow with the number of frames.
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const at::Tensor hidden =
          encode(borrow(pixels + tile * per_tile, {1, 3, side_, side_}, device_), clamped ? clamped_positions_ : positions_);
      copy_out(hidden, out + tile * hidden.numel());
    }
  }

  void connect(const float* vision, std::int64_t tiles, float* out) override {
    const std::int64_t width = post_norm_.weight.size(0), s = scale_;
    at::Tensor x = borrow(vision, {tiles, grid_, grid_ / s, width * s}, device_).permute({0, 2, 1, 3});
    x = x.reshape({tiles, grid_ / s, grid_ / s, width * s * s}).permute({0, 2, 1, 3});
    copy_out(linear(x.reshape({tiles, grid_ * grid_ / (s * s), width * s * s}), projection_), out);
  }

 private:
  /// int64 [grid * grid]: the first row and column of the position table are read twice (transformers 4.55 to 4.57 in float32).
  [[nodiscard]] at::Tensor clamped_ids() const {
    std::vector<std::int64_t> ids;
    for (std::int64_t row = 0; row < grid_; ++row) {
      for (std::int64_t col = 0; col < grid_; ++col)
        ids.push_back(std::max<std::int64_t>(row - 1, 0) * grid_ + std::max<std::int64_t>(col - 1, 0));
    }
    return borrow(ids.data(), {grid_ * grid_}, device_).clone();
  }

  /// float32 [patches, width] of one tile float32 [1, 3, side, side].
  [[nodiscard]] at::Tensor encode(const at::Tensor& pixels, const at::Tensor& positions) const {
    at::Tensor x = at::conv2d(pixels, patch_weight_, patch_bias_, {patch_, patch_}).flatten(2).transpose(1, 2).squeeze(0).add(positions);
    for (const Layer& layer : layers_) {
      const at::Tensor normed = layer_norm(x, layer.norm1);
      const at::Tensor mixed =
          full_attention(project(normed, layer.query), project(normed, layer.key), project(normed, layer.value), heads_);
      x = x.add_(project(mixed, layer.out));
      x = x.add_(project(at::gelu(project(layer_norm(x, layer.norm2), layer.fc1), gelu_), layer.fc2));
    }
    return layer_norm(x, post_norm_);
  }

  [[nodiscard]] at::Tensor layer_norm(const at::Tensor& x, const Norm& norm) const {
    return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, eps_);
  }
  [[nodiscard]] static at::Tensor project(const at::Tensor& x, const Linear& to) { return linear(x, to.weight, to.bias); }

  std::int64_t heads_, side_, patch_, grid_, scale_;
  double eps_;
  std::string gelu_, device_;
  at::Tensor patch_weight_, patch_bias_;      ///< float32 [width, 3, patch, patch], [width]
  at::Tensor positions_, clamped_positions_;  ///< float32 [patches, width]
  std::vector<Layer> layers_;
  Norm post_norm_;
  at::Tensor projection_;  ///< [hidden, width * scale * scale]
};

}  // namespace

std::unique_ptr<VisionModel> make_vision(const nlohmann::json& spec, const TensorTable& tensors) {
  return std::make_unique<Vision>(spec, tensors);
}

}  // namespace reelgraph::torch_plugin
