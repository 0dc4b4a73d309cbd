#pragma once
// The layers that all models are made of. On a CPU they run on the kernels of `cpu/`, elsewhere on libtorch's operators.
// Values are float32 whatever the weights' type is.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "captioner/torch/cpu/kernels.h"
#include "captioner/torch/tensors.h"

namespace reelgraph::torch_plugin {

using cpu::Activation;

struct Norm {
  at::Tensor weight, bias;  ///< float32 [width]
};
struct Linear {
  at::Tensor weight, bias;  ///< [out, in] in the computing type; float32 [out] or undefined
};

/// NAME.weight and NAME.bias.
[[nodiscard]] Norm norm_of(const TensorTable& tensors, const std::string& name);
[[nodiscard]] Linear linear_of(const TensorTable& tensors, const std::string& name);

[[nodiscard]] at::Tensor layer_norm(const at::Tensor& x, const Norm& norm, double eps);
/// x / rms(x) * weight
[[nodiscard]] at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// float32 [n, out] of x float32 [n, in].
[[nodiscard]] at::Tensor linear(const at::Tensor& x, const Linear& to, Activation activation = Activation::kNone);
/// Several layers over the same x.
[[nodiscard]] std::vector<at::Tensor> linears(const at::Tensor& x, std::span<const Linear* const> to);
/// x += linear(y, to); x contiguous.
void add_linear(at::Tensor& x, const at::Tensor& y, const Linear& to);

/// gate = silu(gate) * up, in place.
void silu_times(at::Tensor& gate, const at::Tensor& up);

/// Self-attention without a mask over float32 [N, heads * head_dim] queries, keys and values of one or more texts or pictures, one after
/// the other: each attends to itself. @param lengths of each; their sum is N
[[nodiscard]] at::Tensor full_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads,
                                        std::span<const std::int64_t> lengths);

/// The jobs of one head's queries, in parts that threads can share.
void add_attention(const cpu::Attention& whole, std::vector<cpu::Attention>& jobs);

}  // namespace reelgraph::torch_plugin
