#pragma once
// The kernels on all of libtorch's threads, with the code for the processor at hand.

#include <cstdint>
#include <span>

#include "captioner/torch/cpu/kernels.h"

namespace reelgraph::torch_plugin::cpu {

/// The best table that this processor can run.
[[nodiscard]] const Kernels& kernels();

/// Products that do not read one another's results; all with the same number of rows.
void multiply(std::span<const Product> products);
void attend(std::span<const Attention> jobs);
void look_up(std::span<const Lookup> jobs);
/// y = x / rms(x) * weight. float32 [rows, width]
void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width, float* y);
/// Rotates rows [rows, heads, head_dim]; cosines, sines [rows, head_dim / 2].
void rotate(float* x, std::int64_t rows, std::int64_t heads, std::int64_t head_dim, const float* cosines, const float* sines);
/// gate = silu(gate) * up
void silu_times(float* gate, const float* up, std::int64_t count);

}  // namespace reelgraph::torch_plugin::cpu
