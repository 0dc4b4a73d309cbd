#pragma once
// Products with weights, over vectors of REELGRAPH_LANES floats. See kernels_impl.h.

#include "captioner/torch/cpu/vectors_impl.h"

namespace reelgraph::torch_plugin::cpu {
namespace {

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

}  // namespace
}  // namespace reelgraph::torch_plugin::cpu
