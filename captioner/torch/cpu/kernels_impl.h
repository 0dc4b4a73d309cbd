// The kernels over vectors of REELGRAPH_LANES floats. Included by one .cc file a kind of processor, each compiled with its own flags, which
// defines REELGRAPH_LANES, REELGRAPH_TILE_ROWS and REELGRAPH_KERNELS (the name of the table).
// All of it has internal linkage and nothing of the standard library is called, so that code for one kind of processor never stands in for
// another's.

#include "captioner/torch/cpu/products_impl.h"

namespace reelgraph::torch_plugin::cpu {
namespace {

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
      const float* value = job.value + k * job.value_stride + d;
      if (columns == kPanel) {
        store(panel + k * kPanel, load(value));
        store(panel + k * kPanel + kLanes, load(value + kLanes));
      } else {
        for (std::int64_t i = 0; i < kPanel; ++i) panel[k * kPanel + i] = i < columns ? value[i] : 0.0F;
      }
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

void narrow(const float* from, std::int64_t count, std::uint16_t* to) {
  const auto cut = [](Bits bits) { return __builtin_convertvector((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16, Half); };
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Half half = cut(bits_of<Bits>(load(from + i)));
    std::memcpy(to + i, &half, sizeof half);
  }
  if (i == count) return;
  Vec rest{};
  std::memcpy(&rest, from + i, static_cast<std::size_t>(count - i) * sizeof(float));
  const Half half = cut(bits_of<Bits>(rest));
  std::memcpy(to + i, &half, static_cast<std::size_t>(count - i) * sizeof(std::uint16_t));
}

}  // namespace

extern const Kernels REELGRAPH_KERNELS;
const Kernels REELGRAPH_KERNELS{REELGRAPH_KERNELS_NAME,
                                kPanel,
                                few_rows,
                                few_rows_scratch,
                                many_rows,
                                kPanels* kPanel* kDepth,
                                attention,
                                attention_scratch,
                                lookup,
                                rms_norm,
                                rotate,
                                silu_times,
                                narrow};

}  // namespace reelgraph::torch_plugin::cpu
