#pragma once
// Vectors of REELGRAPH_LANES floats, and the functions of one number over them. See kernels_impl.h.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "captioner/torch/cpu/kernels.h"

namespace reelgraph::torch_plugin::cpu {
namespace {

constexpr std::int64_t kLanes = REELGRAPH_LANES;
constexpr int kTileRows = REELGRAPH_TILE_ROWS;    ///< rows of the tile of sums that is kept in registers
constexpr std::int64_t kPanel = 2 * kLanes;       ///< its columns
constexpr std::int64_t kDepth = 384;              ///< of the inputs that are packed at once
constexpr std::int64_t kPanels = 4;               ///< packed side by side: with kDepth they fit the second-level cache
constexpr std::int64_t kQueries = 4 * kTileRows;  ///< queries whose scores are held at once

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef std::uint32_t Bits __attribute__((vector_size(kLanes * 4)));
typedef std::int32_t Int __attribute__((vector_size(kLanes * 4)));
typedef std::uint16_t Half __attribute__((vector_size(kLanes * 2)));

[[gnu::always_inline]] inline Vec load(const float* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
[[gnu::always_inline]] inline void store(float* to, Vec v) { std::memcpy(to, &v, sizeof v); }
template <std::size_t... I>
[[gnu::always_inline]] inline Vec splat(float value, std::index_sequence<I...>) {
  return Vec{(static_cast<void>(I), value)...};  // not Vec{} + value, which costs an addition
}
using Lanes = std::make_index_sequence<static_cast<std::size_t>(kLanes)>;
[[gnu::always_inline]] inline Vec splat(float value) { return splat(value, Lanes()); }
template <typename To, typename From>
[[gnu::always_inline]] inline To bits_of(From from) {
  To to;
  static_assert(sizeof to == sizeof from);
  std::memcpy(&to, &from, sizeof to);
  return to;
}
[[gnu::always_inline]] inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }
[[gnu::always_inline]] inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }

/// kLanes bfloat16 numbers.
[[gnu::always_inline]] inline Vec load_bf16(const std::uint16_t* from) {
  Half v;
  std::memcpy(&v, from, sizeof v);
  return bits_of<Vec>(__builtin_convertvector(v, Bits) << 16);
}
inline float from_bf16(std::uint16_t value) { return bits_of<float>(static_cast<std::uint32_t>(value) << 16); }

template <std::size_t... I>
[[gnu::always_inline]] inline Vec interleave_low(Vec a, Vec b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (I / 2 + (I % 2) * kLanes)...);
}
template <std::size_t... I>
[[gnu::always_inline]] inline Vec interleave_high(Vec a, Vec b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (kLanes / 2 + I / 2 + (I % 2) * kLanes)...);
}
template <std::size_t By, std::size_t... I>
[[gnu::always_inline]] inline Vec rotate_by(Vec a, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, a, ((I + By) % kLanes)...);
}

[[gnu::always_inline]] inline float sum_of(Vec v) {
  if constexpr (kLanes >= 16) v += rotate_by<8>(v, Lanes());
  if constexpr (kLanes >= 8) v += rotate_by<4>(v, Lanes());
  v += rotate_by<2>(v, Lanes());
  v += rotate_by<1>(v, Lanes());
  return v[0];
}

/// Cephes' expf: relative error below 2e-7; 0 below -87.3.
[[gnu::always_inline]] inline Vec exp_of(Vec x) {
  const Vec clipped = smaller(larger(x, splat(-87.3F)), splat(88.0F));
  const Vec magic = splat(12582912.0F);  // 1.5 * 2^23: adding it rounds to a whole number
  const Vec shifted = clipped * splat(1.44269504088896341F) + magic;
  const Vec n = shifted - magic;
  Vec r = clipped - n * splat(0.693359375F);
  r = r - n * splat(-2.12194440e-4F);
  Vec p = splat(1.9875691500e-4F);
  p = p * r + splat(1.3981999507e-3F);
  p = p * r + splat(8.3334519073e-3F);
  p = p * r + splat(4.1665795894e-2F);
  p = p * r + splat(1.6666665459e-1F);
  p = p * r + splat(5.0000001201e-1F);
  p = p * (r * r) + r + splat(1.0F);
  const Int power = (bits_of<Int>(shifted) - bits_of<Int>(magic) + 127) << 23;
  return p * bits_of<Vec>(power);
}

[[gnu::always_inline]] inline Vec sigmoid(Vec x) { return splat(1.0F) / (splat(1.0F) + exp_of(-x)); }

/// 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), which is x sigmoid(2 ...).
[[gnu::always_inline]] inline Vec gelu_tanh(Vec x) {
  const Vec inner = splat(1.5957691216057308F) * (x + splat(0.044715F) * x * x * x);
  return x * sigmoid(inner);
}

/// A rational function on [-4, 4]; absolute error below 4e-7.
[[gnu::always_inline]] inline Vec erf_of(Vec x) {
  x = smaller(larger(x, splat(-4.0F)), splat(4.0F));
  const Vec y = x * x;
  Vec p = splat(-2.72614225801306e-10F);
  p = p * y + splat(2.77068142495902e-08F);
  p = p * y + splat(-2.10102402082508e-06F);
  p = p * y + splat(-5.69250639462346e-05F);
  p = p * y + splat(-7.34990630326855e-04F);
  p = p * y + splat(-2.95459980854025e-03F);
  p = p * y + splat(-1.60960333262415e-02F);
  Vec q = splat(-1.45660718464996e-05F);
  q = q * y + splat(-2.13374055278905e-04F);
  q = q * y + splat(-1.68282697438203e-03F);
  q = q * y + splat(-7.37332916720468e-03F);
  q = q * y + splat(-1.42647390514189e-02F);
  return x * p / q;
}

[[gnu::always_inline]] inline Vec gelu(Vec x) { return splat(0.5F) * x * (splat(1.0F) + erf_of(x * splat(0.70710678118654752F))); }

/// Applies `function` to every one of `count` floats.
template <typename Function>
[[gnu::always_inline]] inline void transform(float* values, std::int64_t count, Function function) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(values + i, function(load(values + i), i));
  if (i == count) return;
  const auto bytes = static_cast<std::size_t>(count - i) * sizeof(float);
  Vec rest{};
  std::memcpy(&rest, values + i, bytes);
  rest = function(rest, i);
  std::memcpy(values + i, &rest, bytes);
}

void finish(float* values, std::int64_t count, Activation activation) {
  if (activation == Activation::kGelu) transform(values, count, [](Vec v, std::int64_t) { return gelu(v); });
  if (activation == Activation::kGeluTanh) transform(values, count, [](Vec v, std::int64_t) { return gelu_tanh(v); });
}

}  // namespace
}  // namespace reelgraph::torch_plugin::cpu
