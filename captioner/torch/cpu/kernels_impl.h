// The kernels over vectors of REELGRAPH_LANES floats. Included by one .cc file a kind of processor, each compiled with its own flags, which
// defines REELGRAPH_LANES, REELGRAPH_TILE_ROWS and REELGRAPH_KERNELS (the name of the table).
// All of it has internal linkage and nothing of the standard library is called, so that code for one kind of processor never stands in for
// another's.

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

// ---- few rows: each weight is read once and meets all rows

/// Values of 2 * kLanes inputs of a row as the weights' pairs want them: bfloat16 pairs are taken apart into the even and the odd ones.
void deal(const float* x, std::int64_t blocks, float* out) {
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (std::int64_t i = 0; i < kLanes; ++i) {
      out[block * kPanel + i] = x[block * kPanel + 2 * i];
      out[block * kPanel + kLanes + i] = x[block * kPanel + 2 * i + 1];
    }
  }
}

/// Sums of Columns weight rows from column `n` and Rows inputs into out[column][row]. @param x whole blocks [Rows, stride]
template <int Columns, int Rows>
[[gnu::always_inline]] inline void dot_products(const Weight& weight, std::int64_t n, const float* x, std::int64_t stride,
                                                std::int64_t blocks, float (&out)[Columns][Rows]) {
  constexpr int kOther = Rows <= 2 ? 1 : 0;     // more chains of sums than registers would be slow, fewer than eight as well
  constexpr std::int64_t kAhead = 2 * Columns;  // rows
  Vec sums[Columns][Rows][kOther + 1]{};
  if (weight.bf16) {
    const auto* w = static_cast<const std::uint16_t*>(weight.data) + n * weight.in;
    for (std::int64_t block = 0; block < blocks; ++block) {
#pragma GCC unroll 4
      for (int c = 0; c < Columns; ++c) {
        Bits pairs;
        std::memcpy(&pairs, w + c * weight.in + block * kPanel, sizeof pairs);
        // Rows are short and read side by side, which the processor's own prefetcher does not see through.
        __builtin_prefetch(w + (c + kAhead) * weight.in + block * kPanel);
        const Vec even = bits_of<Vec>(pairs << 16), odd = bits_of<Vec>(pairs & 0xFFFF0000U);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
          sums[c][r][0] += even * load(x + r * stride + block * kPanel);
          sums[c][r][kOther] += odd * load(x + r * stride + block * kPanel + kLanes);
        }
      }
    }
  } else {
    const auto* w = static_cast<const float*>(weight.data) + n * weight.in;
    for (std::int64_t block = 0; block < blocks; ++block) {
#pragma GCC unroll 4
      for (int c = 0; c < Columns; ++c) {
        const float* row = w + c * weight.in + block * kPanel;
        __builtin_prefetch(row + kAhead * weight.in);
        __builtin_prefetch(row + kAhead * weight.in + kLanes);
        const Vec first = load(row), second = load(row + kLanes);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
          sums[c][r][0] += first * load(x + r * stride + block * kPanel);
          sums[c][r][kOther] += second * load(x + r * stride + block * kPanel + kLanes);
        }
      }
    }
  }
  for (int c = 0; c < Columns; ++c) {
    for (int r = 0; r < Rows; ++r) out[c][r] = sum_of(kOther == 0 ? sums[c][r][0] : sums[c][r][0] + sums[c][r][kOther]);
  }
}

template <int Columns, int Rows>
void few_columns(const Product& product, std::int64_t n, std::int64_t row, const float* dealt, std::int64_t blocks) {
  const Weight& weight = product.weight;
  const std::int64_t whole = blocks * kPanel, in = weight.in;
  const float* x = product.x + row * in;
  float sums[Columns][Rows];
  dot_products<Columns, Rows>(weight, n, weight.bf16 ? dealt + row * whole : x, weight.bf16 ? whole : in, blocks, sums);
  for (int c = 0; c < Columns; ++c) {
    for (int r = 0; r < Rows; ++r) {
      float sum = sums[c][r];
      for (std::int64_t k = whole; k < in; ++k) {
        const std::int64_t at = (n + c) * in + k;
        sum += x[r * in + k] *
               (weight.bf16 ? from_bf16(static_cast<const std::uint16_t*>(weight.data)[at]) : static_cast<const float*>(weight.data)[at]);
      }
      float& y = product.y[(row + r) * weight.out + n + c];
      y = (product.add ? y : 0.0F) + (product.bias != nullptr ? product.bias[n + c] : 0.0F) + sum;
    }
  }
}

template <int Columns>
void few_columns_of_all(const Product& product, std::int64_t n, const float* dealt, std::int64_t blocks) {
  std::int64_t row = 0;
  for (; row + 4 <= product.rows; row += 4) few_columns<Columns, 4>(product, n, row, dealt, blocks);
  switch (product.rows - row) {
    case 3: return few_columns<Columns, 3>(product, n, row, dealt, blocks);
    case 2: return few_columns<Columns, 2>(product, n, row, dealt, blocks);
    case 1: return few_columns<Columns, 1>(product, n, row, dealt, blocks);
    default: return;
  }
}

std::int64_t few_rows_scratch(const Product& product) { return product.weight.bf16 ? product.rows * product.weight.in : 0; }

void few_rows(const Product& product, std::int64_t begin, std::int64_t end, float* scratch) {
  const std::int64_t blocks = product.weight.in / kPanel;
  if (product.weight.bf16) {
    for (std::int64_t row = 0; row < product.rows; ++row)
      deal(product.x + row * product.weight.in, blocks, scratch + row * blocks * kPanel);
  }
  constexpr int kColumns = kLanes >= 16 ? 4 : 2;  // with 16 registers
  std::int64_t n = begin;
  for (; n + kColumns <= end; n += kColumns) few_columns_of_all<kColumns>(product, n, scratch, blocks);
  for (; n < end; ++n) few_columns_of_all<1>(product, n, scratch, blocks);
  if (product.activation == Activation::kNone) return;
  for (std::int64_t row = 0; row < product.rows; ++row)
    finish(product.y + row * product.weight.out + begin, end - begin, product.activation);
}

// ---- many rows: panels of the weights are packed (and widened) once and meet tiles of rows

/// Rows of floats or bfloat16 numbers.
struct Rows {
  const void* data;
  bool bf16;
  std::int64_t stride;
  [[nodiscard]] Vec vector(std::int64_t row, std::int64_t at) const {
    const std::int64_t i = row * stride + at;
    return bf16 ? load_bf16(static_cast<const std::uint16_t*>(data) + i) : load(static_cast<const float*>(data) + i);
  }
  [[nodiscard]] float value(std::int64_t row, std::int64_t at) const {
    const std::int64_t i = row * stride + at;
    return bf16 ? from_bf16(static_cast<const std::uint16_t*>(data)[i]) : static_cast<const float*>(data)[i];
  }
};

/// Transposes `count` (<= kPanel) rows from `row`, columns `at` .. `at + depth`, into out [depth, kPanel]; what is missing becomes 0.
void pack(const Rows& from, std::int64_t row, std::int64_t count, std::int64_t at, std::int64_t depth, float* out) {
  for (std::int64_t side = 0; side < kPanel; side += kLanes) {
    std::int64_t k = 0;
    if (side + kLanes <= count) {
      for (; k + kLanes <= depth; k += kLanes) {
        Vec block[kLanes];
#pragma GCC unroll 16
        for (std::int64_t i = 0; i < kLanes; ++i) block[i] = from.vector(row + side + i, at + k);
          // As often as the lanes can be halved, the two halves of the rows are interleaved.
#pragma GCC unroll 4
        for (std::int64_t step = 1; step < kLanes; step *= 2) {
          Vec next[kLanes];
#pragma GCC unroll 8
          for (std::int64_t i = 0; i < kLanes / 2; ++i) {
            next[2 * i] = interleave_low(block[i], block[i + kLanes / 2], Lanes());
            next[2 * i + 1] = interleave_high(block[i], block[i + kLanes / 2], Lanes());
          }
#pragma GCC unroll 16
          for (std::int64_t i = 0; i < kLanes; ++i) block[i] = next[i];
        }
#pragma GCC unroll 16
        for (std::int64_t i = 0; i < kLanes; ++i) store(out + (k + i) * kPanel + side, block[i]);
      }
    }
    for (; k < depth; ++k) {
      for (std::int64_t i = 0; i < kLanes; ++i) out[k * kPanel + side + i] = side + i < count ? from.value(row + side + i, at + k) : 0.0F;
    }
  }
}

/// c [R, kPanel] = (keep ? c : 0) + a [R, depth] panel [depth, kPanel]
template <int R>
void tile(const float* a, std::int64_t a_stride, const float* panel, std::int64_t depth, float* c, std::int64_t c_stride, bool keep) {
  Vec sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sums[r][0] = keep ? load(c + r * c_stride) : Vec{};
    sums[r][1] = keep ? load(c + r * c_stride + kLanes) : Vec{};
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    const Vec left = load(panel + k * kPanel), right = load(panel + k * kPanel + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec value = splat(a[r * a_stride + k]);
      sums[r][0] += value * left;
      sums[r][1] += value * right;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    store(c + r * c_stride, sums[r][0]);
    store(c + r * c_stride + kLanes, sums[r][1]);
  }
}

using Tile = void (*)(const float*, std::int64_t, const float*, std::int64_t, float*, std::int64_t, bool);
template <int... I>
constexpr Tile tile_of(std::int64_t rows, std::integer_sequence<int, I...>) {
  constexpr Tile kTiles[] = {tile<I + 1>...};
  return kTiles[rows - 1];
}
/// `rows` from 1 to kTileRows.
inline Tile tile_of(std::int64_t rows) { return tile_of(rows, std::make_integer_sequence<int, kTileRows>()); }

/// The same for a panel of which only `columns` are wanted.
void tile_part(std::int64_t rows, const float* a, std::int64_t a_stride, const float* panel, std::int64_t depth, float* c,
               std::int64_t c_stride, std::int64_t columns, bool keep) {
  if (columns == kPanel) return tile_of(rows)(a, a_stride, panel, depth, c, c_stride, keep);
  alignas(64) float whole[kTileRows * kPanel];
  tile_of(rows)(a, a_stride, panel, depth, whole, kPanel, false);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < columns; ++i) c[r * c_stride + i] = (keep ? c[r * c_stride + i] : 0.0F) + whole[r * kPanel + i];
  }
}

inline std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
inline std::int64_t rounded_up(std::int64_t value, std::int64_t to) { return (value + to - 1) / to * to; }

void many_rows(const Product& product, std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end, float* scratch) {
  const Weight& weight = product.weight;
  const Rows rows{weight.data, weight.bf16, weight.in};
  for (std::int64_t n = begin; n < end; n += kPanels * kPanel) {
    const std::int64_t columns = least(end - n, kPanels * kPanel);
    for (std::int64_t k = 0; k < weight.in; k += kDepth) {
      const std::int64_t depth = least(weight.in - k, kDepth);
      for (std::int64_t at = 0; at < columns; at += kPanel)
        pack(rows, n + at, least(columns - at, kPanel), k, depth, scratch + at * kDepth);
      for (std::int64_t i = first; i < last; i += kTileRows) {
        const std::int64_t height = least(last - i, kTileRows);
        float* y = product.y + i * weight.out + n;
        for (std::int64_t at = 0; at < columns; at += kPanel) {
          tile_part(height, product.x + i * weight.in + k, weight.in, scratch + at * kDepth, depth, y + at, weight.out,
                    least(columns - at, kPanel), k > 0 || product.add);
        }
        if (k + depth < weight.in) continue;
        for (std::int64_t r = 0; r < height; ++r) {
          float* values = y + r * weight.out;
          if (product.bias != nullptr) {
            for (std::int64_t j = 0; j < columns; ++j) values[j] += product.bias[n + j];
          }
          finish(values, columns, product.activation);
        }
      }
    }
  }
}

// ---- attention

/// Turns `count` scores into weights exp(scale (score - largest)); returns one over their sum.
float soften(float* scores, std::int64_t count, float scale) {
  float most = scores[0];
  std::int64_t i = 0;
  if (count >= kLanes) {
    Vec best = load(scores);
    for (i = kLanes; i + kLanes <= count; i += kLanes) best = larger(best, load(scores + i));
    for (std::int64_t lane = 0; lane < kLanes; ++lane) most = best[lane] > most ? best[lane] : most;
  }
  for (; i < count; ++i) most = scores[i] > most ? scores[i] : most;
  const Vec largest = splat(most), factor = splat(scale);
  Vec sums{};
  for (i = 0; i + kLanes <= count; i += kLanes) {
    const Vec weight = exp_of((load(scores + i) - largest) * factor);
    store(scores + i, weight);
    sums += weight;
  }
  float sum = sum_of(sums);
  if (i < count) {
    Vec rest = largest;
    const auto bytes = static_cast<std::size_t>(count - i) * sizeof(float);
    std::memcpy(&rest, scores + i, bytes);
    rest = exp_of((rest - largest) * factor);
    std::memcpy(scores + i, &rest, bytes);
    for (std::int64_t lane = 0; lane < count - i; ++lane) sum += rest[lane];
  }
  return 1.0F / sum;
}

std::int64_t attention_scratch(const Attention& attention) {
  const std::int64_t keys = rounded_up(attention.keys, kPanel);
  return keys * attention.head_dim + attention.keys * rounded_up(attention.head_dim, kPanel) + kQueries * keys;
}

void attention(const Attention& job, float* scratch) {
  const std::int64_t keys = rounded_up(job.keys, kPanel), width = job.head_dim;
  float* const packed_keys = scratch;                                          // [panels, width, kPanel]
  float* const packed_values = packed_keys + keys * width;                     // [panels, keys, kPanel]
  float* const scores = packed_values + job.keys * rounded_up(width, kPanel);  // [kQueries, keys]
  const Rows key_rows{job.key, false, job.key_stride};
  for (std::int64_t k = 0; k < job.keys; k += kPanel) pack(key_rows, k, least(job.keys - k, kPanel), 0, width, packed_keys + k * width);
  for (std::int64_t d = 0; d < width; d += kPanel) {
    float* panel = packed_values + d * job.keys;
    const std::int64_t columns = least(width - d, kPanel);
    for (std::int64_t k = 0; k < job.keys; ++k) {
      for (std::int64_t i = 0; i < kPanel; ++i) panel[k * kPanel + i] = i < columns ? job.value[k * job.value_stride + d + i] : 0.0F;
    }
  }
  const auto seen = [&](std::int64_t query) { return job.causal_from < 0 ? job.keys : least(job.keys, job.causal_from + query + 1); };
  for (std::int64_t begin = 0; begin < job.queries; begin += kQueries) {
    const std::int64_t count = least(job.queries - begin, kQueries), visible = seen(begin + count - 1);
    float sums[kQueries];
    for (std::int64_t i = 0; i < count; i += kTileRows) {
      const std::int64_t height = least(count - i, kTileRows);
      for (std::int64_t k = 0; k < visible; k += kPanel)
        tile_of(height)(job.query + (begin + i) * job.query_stride, job.query_stride, packed_keys + k * width, width, scores + i * keys + k,
                        keys, false);
      for (std::int64_t r = i; r < i + height; ++r) {
        const std::int64_t length = seen(begin + r);
        sums[r] = soften(scores + r * keys, length, job.scale);
        for (std::int64_t k = length; k < visible; ++k) scores[r * keys + k] = 0.0F;
      }
      float* out = job.out + (begin + i) * job.out_stride;
      for (std::int64_t d = 0; d < width; d += kPanel) {
        tile_part(height, scores + i * keys, keys, packed_values + d * job.keys, visible, out + d, job.out_stride, least(width - d, kPanel),
                  false);
      }
      for (std::int64_t r = 0; r < height; ++r) {
        const Vec factor = splat(sums[i + r]);
        transform(out + r * job.out_stride, width, [&](Vec v, std::int64_t) { return v * factor; });
      }
    }
  }
}

void lookup(const Lookup& job, float* scratch) {
  const std::int64_t width = job.head_dim;
  for (std::int64_t k = 0; k < job.keys; ++k) {
    const float* key = job.key + k * width;
    for (std::int64_t g = 0; g < job.group; ++g) {
      const float* query = job.query + g * width;
      Vec sums{};
      std::int64_t d = 0;
      for (; d + kLanes <= width; d += kLanes) sums += load(query + d) * load(key + d);
      float sum = sum_of(sums);
      for (; d < width; ++d) sum += query[d] * key[d];
      scratch[g * job.keys + k] = sum;
    }
  }
  for (std::int64_t g = 0; g < job.group; ++g) {
    float* weights = scratch + g * job.keys;
    const float factor = soften(weights, job.keys, job.scale);
    float* out = job.out + g * width;
    std::int64_t d = 0;
    for (; d + 4 * kLanes <= width; d += 4 * kLanes) {
      Vec sums[4]{};
      for (std::int64_t k = 0; k < job.keys; ++k) {
        const Vec weight = splat(weights[k]);
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) sums[i] += weight * load(job.value + k * width + d + i * kLanes);
      }
      for (int i = 0; i < 4; ++i) store(out + d + i * kLanes, sums[i] * splat(factor));
    }
    for (; d < width; ++d) {
      float sum = 0;
      for (std::int64_t k = 0; k < job.keys; ++k) sum += weights[k] * job.value[k * width + d];
      out[d] = sum * factor;
    }
  }
}

// ---- the rest

void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    Vec squares{};
    std::int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) squares += load(x + i) * load(x + i);
    float sum = sum_of(squares);
    for (; i < width; ++i) sum += x[i] * x[i];
    const float factor = 1.0F / __builtin_sqrtf(sum / static_cast<float>(width) + eps);
    for (i = 0; i < width; ++i) y[i] = x[i] * factor * weight[i];
  }
}

void rotate(float* x, std::int64_t heads, std::int64_t head_dim, const float* cosines, const float* sines) {
  const std::int64_t half = head_dim / 2;
  for (std::int64_t head = 0; head < heads; ++head) {
    float *a = x + head * head_dim, *b = a + half;
    for (std::int64_t i = 0; i < half; ++i) {
      const float first = a[i], second = b[i];
      a[i] = first * cosines[i] - second * sines[i];
      b[i] = second * cosines[i] + first * sines[i];
    }
  }
}

void silu_times(float* gate, const float* up, std::int64_t count) {
  transform(gate, count, [&](Vec v, std::int64_t at) {
    Vec other{};
    std::memcpy(&other, up + at, static_cast<std::size_t>(least(count - at, kLanes)) * sizeof(float));
    return v * sigmoid(v) * other;
  });
}

}  // namespace

extern const Kernels REELGRAPH_KERNELS;
const Kernels REELGRAPH_KERNELS{REELGRAPH_KERNELS_NAME, kPanel, few_rows, few_rows_scratch, many_rows, kPanels* kPanel* kDepth, attention,
                                attention_scratch,      lookup, rms_norm, rotate,           silu_times};

}  // namespace reelgraph::torch_plugin::cpu
