#pragma once
// The arithmetic that decides the models' speed on a CPU, over plain float32 memory: products with float32 or bfloat16 weights, attention,
// norms. Sums are float32 whatever the weights' type. Everything runs on the calling thread: `parallel.h` shares the work out.

#include <cstdint>

namespace reelgraph::torch_plugin::cpu {

/// A matrix [out, in], row-major; borrowed.
struct Weight {
  const void* data = nullptr;
  bool bf16 = false;  ///< bfloat16, else float32
  std::int64_t out = 0, in = 0;
};

enum class Activation { kNone, kGelu, kGeluTanh };

/// y = activation(x w^T + bias), or y += x w^T + bias.
struct Product {
  const float* x = nullptr;  ///< float32 [rows, in]
  Weight weight;
  const float* bias = nullptr;  ///< float32 [out]; null: none
  float* y = nullptr;           ///< float32 [rows, out]
  std::int64_t rows = 0;
  Activation activation = Activation::kNone;
  bool add = false;  ///< to what y holds; without activation
};

/// Queries of one head against its keys and values. Strides are in floats from one position to the next; a head's own values are
/// contiguous.
struct Attention {
  const float *query = nullptr, *key = nullptr, *value = nullptr;
  float* out = nullptr;
  std::int64_t query_stride = 0, key_stride = 0, value_stride = 0, out_stride = 0;
  std::int64_t queries = 0, keys = 0, head_dim = 0;
  float scale = 1;
  std::int64_t causal_from = -1;  ///< query i sees keys 0 .. causal_from + i; negative: all
};

/// One query of each of `group` heads that share their keys and values.
struct Lookup {
  const float *query = nullptr, *key = nullptr, *value = nullptr;  ///< [group, head_dim], [keys, head_dim], [keys, head_dim]
  float* out = nullptr;                                            ///< [group, head_dim]
  std::int64_t group = 0, keys = 0, head_dim = 0;
  float scale = 1;
};

/// The same functions compiled for one kind of processor. Scratch memory is float32 and aligned to 64 bytes.
struct Kernels {
  const char* name;
  std::int64_t panel;  ///< columns that `many_rows` works on at once
  /// Columns begin .. end of a product of few rows: bound by reading the weights. @param scratch `few_rows_scratch` floats
  void (*few_rows)(const Product& product, std::int64_t begin, std::int64_t end, float* scratch);
  std::int64_t (*few_rows_scratch)(const Product& product);
  /// Columns begin .. end (begin a multiple of `panel`) of rows first .. last: bound by arithmetic. @param scratch `many_rows_scratch`
  /// floats
  void (*many_rows)(const Product& product, std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end, float* scratch);
  std::int64_t many_rows_scratch;
  void (*attention)(const Attention& attention, float* scratch);
  std::int64_t (*attention_scratch)(const Attention& attention);
  /// @param scratch float32 [group, keys]
  void (*lookup)(const Lookup& lookup, float* scratch);
  /// y = x / rms(x) * weight, rows of `width`
  void (*rms_norm)(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width, float* y);
  /// Rotates the two halves of each head. @param cosines, sines [head_dim / 2] of the row's position
  void (*rotate)(float* x, std::int64_t heads, std::int64_t head_dim, const float* cosines, const float* sines);
  /// gate = silu(gate) * up
  void (*silu_times)(float* gate, const float* up, std::int64_t count);
  /// float32 to the nearest bfloat16, halves to even. REQUIRES: no NaN
  void (*narrow)(const float* from, std::int64_t count, std::uint16_t* to);
};

extern const Kernels kGenericKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;    ///< AVX2 and FMA
extern const Kernels kAvx512Kernels;  ///< AVX-512 F, BW, DQ, VL
#endif

}  // namespace reelgraph::torch_plugin::cpu
