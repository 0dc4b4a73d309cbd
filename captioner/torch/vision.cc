// SigLIP-like vision tower and SmolVLM's connector.

#include <ATen/ops/conv2d.h>

#include <algorithm>
#include <array>
#include <vector>

#include "captioner/torch/layers.h"
#include "captioner/torch/models.h"
#include "captioner/torch/tensors.h"

namespace reelgraph::torch_plugin {
namespace {

/// Tiles that go through a layer together: each time its weights are packed they meet twice the rows. More would not fit the cache, and
/// memory does not grow with the number of frames.
constexpr std::int64_t kTilesAtOnce = 2;

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
        gelu_(spec.at("vision").at("gelu_tanh").get<bool>() ? Activation::kGeluTanh : Activation::kGelu),
        device_(tensors.device()) {
    const std::string model = "model.vision_model.";
    patch_weight_ = tensors.float_weight(model + "embeddings.patch_embedding.weight");
    patch_bias_ = tensors.float_weight(model + "embeddings.patch_embedding.bias");
    positions_ = tensors.float_weight(model + "embeddings.position_embedding.weight");
    clamped_positions_ = positions_.index_select(0, clamped_ids());
    for (std::int64_t i = 0; i < spec.at("vision").at("layers").get<std::int64_t>(); ++i) {
      const std::string layer = model + "encoder.layers." + std::to_string(i) + ".";
      layers_.push_back({norm_of(tensors, layer + "layer_norm1"), norm_of(tensors, layer + "layer_norm2"),
                         linear_of(tensors, layer + "self_attn.q_proj"), linear_of(tensors, layer + "self_attn.k_proj"),
                         linear_of(tensors, layer + "self_attn.v_proj"), linear_of(tensors, layer + "self_attn.out_proj"),
                         linear_of(tensors, layer + "mlp.fc1"), linear_of(tensors, layer + "mlp.fc2")});
    }
    post_norm_ = norm_of(tensors, model + "post_layernorm");
    projection_ = linear_of(tensors, "model.connector.modality_projection.proj");
  }

  void vision(const float* pixels, std::int64_t tiles, bool clamped, float* out) override {
    const std::int64_t per_tile = 3 * side_ * side_;
    for (std::int64_t tile = 0; tile < tiles; tile += kTilesAtOnce) {
      const std::int64_t count = std::min(kTilesAtOnce, tiles - tile);
      const at::Tensor hidden =
          encode(borrow(pixels + tile * per_tile, {count, 3, side_, side_}, device_), clamped ? clamped_positions_ : positions_);
      copy_out(hidden, out + tile * (hidden.numel() / count));
    }
  }

  void connect(const float* vision, std::int64_t tiles, float* out) override {
    const std::int64_t width = post_norm_.weight.size(0), s = scale_;
    at::Tensor x = borrow(vision, {tiles, grid_, grid_ / s, width * s}, device_).permute({0, 2, 1, 3});
    x = x.reshape({tiles, grid_ / s, grid_ / s, width * s * s}).permute({0, 2, 1, 3});
    copy_out(linear(x.reshape({tiles * grid_ * grid_ / (s * s), width * s * s}), projection_), out);
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

  /// float32 [tiles * patches, width] of tiles float32 [tiles, 3, side, side].
  [[nodiscard]] at::Tensor encode(const at::Tensor& pixels, const at::Tensor& positions) const {
    at::Tensor x = at::conv2d(pixels, patch_weight_, patch_bias_, {patch_, patch_}).flatten(2).transpose(1, 2).add(positions).flatten(0, 1);
    x = x.contiguous();
    const std::vector<std::int64_t> patches(static_cast<std::size_t>(pixels.size(0)), grid_ * grid_);
    for (const Layer& layer : layers_) {
      const std::vector<at::Tensor> qkv = linears(layer_norm(x, layer.norm1, eps_), std::array{&layer.query, &layer.key, &layer.value});
      add_linear(x, full_attention(qkv[0], qkv[1], qkv[2], heads_, patches), layer.out);
      add_linear(x, linear(layer_norm(x, layer.norm2, eps_), layer.fc1, gelu_), layer.fc2);
    }
    return layer_norm(x, post_norm_, eps_);
  }

  std::int64_t heads_, side_, patch_, grid_, scale_;
  double eps_;
  Activation gelu_;
  std::string device_;
  at::Tensor patch_weight_, patch_bias_;      ///< float32 [width, 3, patch, patch], [width]
  at::Tensor positions_, clamped_positions_;  ///< float32 [patches, width]
  std::vector<Layer> layers_;
  Norm post_norm_;
  Linear projection_;  ///< [hidden, width * scale * scale]
};

}  // namespace

std::unique_ptr<VisionModel> make_vision(const nlohmann::json& spec, const TensorTable& tensors) {
  return std::make_unique<Vision>(spec, tensors);
}

}  // namespace reelgraph::torch_plugin
