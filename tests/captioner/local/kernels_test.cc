// The arithmetic of a CPU against plain loops in double, for every kind of processor that this one can stand in for.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "captioner/torch/cpu/kernels.h"
#include "tests/support/support.h"

namespace reelgraph::torch_plugin::cpu {
namespace {

std::vector<const Kernels*> usable_kernels() {
  std::vector<const Kernels*> usable{&kGenericKernels};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable.push_back(&kAvx2Kernels);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    usable.push_back(&kAvx512Kernels);
  }
#endif
  return usable;
}

std::vector<float> draw(std::int64_t count, unsigned seed, float size = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, size);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

/// float32 cut to bfloat16, and the upper halves themselves.
std::vector<std::uint16_t> cut_to_bf16(std::vector<float>& values) {
  std::vector<std::uint16_t> halves;
  for (float& value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    halves.push_back(static_cast<std::uint16_t>(bits >> 16));
    bits &= 0xFFFF0000U;
    std::memcpy(&value, &bits, sizeof bits);
  }
  return halves;
}

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};
std::unique_ptr<float, Free> room_for(std::int64_t floats) {
  return std::unique_ptr<float, Free>(static_cast<float*>(std::aligned_alloc(64, (static_cast<std::size_t>(floats) * 4 + 127) / 64 * 64)));
}

double activated(double x, Activation activation) {
  if (activation == Activation::kGelu) return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  if (activation == Activation::kGeluTanh) return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
  return x;
}

using Multiply = std::function<void(const Kernels&, const Product&)>;

void check_products(const Multiply& multiply, std::int64_t rows) {
  for (const Kernels* kernels : usable_kernels()) {
    for (const bool bf16 : {false, true}) {
      for (const auto& [out, in] : {std::pair<std::int64_t, std::int64_t>{77, 50}, {64, 64}, {9, 3}, {130, 801}}) {
        for (const Activation activation : {Activation::kNone, Activation::kGelu, Activation::kGeluTanh}) {
          INFO(kernels->name << (bf16 ? " bf16 " : " fp32 ") << rows << " x " << out << " x " << in);
          const std::vector<float> x = draw(rows * in, 1), bias = draw(out, 2), before = draw(rows * out, 3);
          std::vector<float> weights = draw(out * in, 4, 0.2F), y = before;
          const std::vector<std::uint16_t> halves = bf16 ? cut_to_bf16(weights) : std::vector<std::uint16_t>();
          const bool add = activation == Activation::kNone;
          multiply(*kernels, {.x = x.data(),
                              .weight = {bf16 ? static_cast<const void*>(halves.data()) : weights.data(), bf16, out, in},
                              .bias = bias.data(),
                              .y = y.data(),
                              .rows = rows,
                              .activation = activation,
                              .add = add});
          double worst = 0;
          for (std::int64_t r = 0; r < rows; ++r) {
            for (std::int64_t n = 0; n < out; ++n) {
              const auto at = static_cast<std::size_t>(r * out + n);
              double sum = static_cast<double>(bias[static_cast<std::size_t>(n)]) + (add ? static_cast<double>(before[at]) : 0);
              for (std::int64_t k = 0; k < in; ++k)
                sum += static_cast<double>(x[static_cast<std::size_t>(r * in + k)]) *
                       static_cast<double>(weights[static_cast<std::size_t>(n * in + k)]);
              worst = std::max(worst, std::abs(activated(sum, activation) - static_cast<double>(y[at])));
            }
          }
          CHECK(worst < 2e-5);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("products of few rows are those of plain loops", "[kernels]") {
  for (const std::int64_t rows : {1, 2, 3, 4, 7})
    check_products(
        [](const Kernels& kernels, const Product& product) {
          const auto scratch = room_for(kernels.few_rows_scratch(product));
          const std::int64_t half = product.weight.out / 2;  // as two threads would share it
          kernels.few_rows(product, half, product.weight.out, scratch.get());
          kernels.few_rows(product, 0, half, scratch.get());
        },
        rows);
}

TEST_CASE("products of many rows are those of plain loops", "[kernels]") {
  for (const std::int64_t rows : {17, 29})
    check_products(
        [](const Kernels& kernels, const Product& product) {
          const auto scratch = room_for(kernels.many_rows_scratch);
          const std::int64_t half = std::min(kernels.panel, product.weight.out);
          kernels.many_rows(product, 5, product.rows, 0, half, scratch.get());
          kernels.many_rows(product, 0, 5, 0, half, scratch.get());
          if (half < product.weight.out) kernels.many_rows(product, 0, product.rows, half, product.weight.out, scratch.get());
        },
        rows);
}

TEST_CASE("attention is a softmax over what a query may see", "[kernels]") {
  for (const Kernels* kernels : usable_kernels()) {
    for (const std::int64_t head_dim : {4, 32, 72}) {
      for (const std::int64_t from : {-1, 0, 41}) {
        const std::int64_t queries = 61, keys = from < 0 ? 90 : from + queries, stride = head_dim + 3;
        INFO(kernels->name << " head_dim " << head_dim << " from " << from);
        const std::vector<float> q = draw(queries * stride, 1, 3), k = draw(keys * stride, 2), v = draw(keys * stride, 3);
        std::vector<float> out(static_cast<std::size_t>(queries * stride), -7.0F);
        const Attention job{q.data(), k.data(), v.data(), out.data(), stride, stride, stride, stride, queries, keys, head_dim, 0.7F, from};
        kernels->attention(job, room_for(kernels->attention_scratch(job)).get());
        double worst = 0;
        for (std::int64_t i = 0; i < queries; ++i) {
          const std::int64_t seen = from < 0 ? keys : from + i + 1;
          std::vector<double> sums(static_cast<std::size_t>(head_dim), 0.0);
          double total = 0;
          for (std::int64_t j = 0; j < seen; ++j) {
            double score = 0;
            for (std::int64_t d = 0; d < head_dim; ++d)
              score += static_cast<double>(q[static_cast<std::size_t>(i * stride + d)]) *
                       static_cast<double>(k[static_cast<std::size_t>(j * stride + d)]);
            const double weight = std::exp(0.7 * score);
            total += weight;
            for (std::int64_t d = 0; d < head_dim; ++d)
              sums[static_cast<std::size_t>(d)] += weight * static_cast<double>(v[static_cast<std::size_t>(j * stride + d)]);
          }
          for (std::int64_t d = 0; d < head_dim; ++d)
            worst = std::max(worst, std::abs(sums[static_cast<std::size_t>(d)] / total -
                                             static_cast<double>(out[static_cast<std::size_t>(i * stride + d)])));
        }
        CHECK(worst < 2e-5);
        CHECK(out[static_cast<std::size_t>(head_dim)] == -7.0F);  // between two heads nothing is written

        // A single query of a group of two heads finds the same as the last one of a causal run.
        if (from < 0) continue;
        std::vector<float> dense_keys, dense_values, pair, found(static_cast<std::size_t>(2 * head_dim)),
            scores(static_cast<std::size_t>(2 * keys));
        for (std::int64_t j = 0; j < keys; ++j) {
          dense_keys.insert(dense_keys.end(), k.begin() + j * stride, k.begin() + j * stride + head_dim);
          dense_values.insert(dense_values.end(), v.begin() + j * stride, v.begin() + j * stride + head_dim);
        }
        for (int twice = 0; twice < 2; ++twice) pair.insert(pair.end(), q.end() - stride, q.end() - stride + head_dim);
        kernels->lookup({pair.data(), dense_keys.data(), dense_values.data(), found.data(), 2, keys, head_dim, 0.7F}, scores.data());
        for (std::int64_t d = 0; d < 2 * head_dim; ++d)
          CHECK(std::abs(found[static_cast<std::size_t>(d)] - out[static_cast<std::size_t>((queries - 1) * stride + d % head_dim)]) <
                2e-5F);
      }
    }
  }
}

TEST_CASE("norms, rotations and gates are those of their formulas", "[kernels]") {
  for (const Kernels* kernels : usable_kernels()) {
    INFO(kernels->name);
    const std::int64_t width = 50;
    const std::vector<float> x = draw(2 * width, 1), weight = draw(width, 2), up = draw(2 * width, 3, 4);
    std::vector<float> normed(x.size()), turned = x, gate = x;
    kernels->rms_norm(x.data(), weight.data(), 1e-5F, 2, width, normed.data());
    const std::vector<float> cosines(5, std::cos(1.0F)), sines(5, std::sin(1.0F));
    kernels->rotate(turned.data(), 10, 10, cosines.data(), sines.data());
    kernels->silu_times(gate.data(), up.data(), 2 * width);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t row = i / width * width;
      double squares = 0;
      for (std::size_t j = row; j < row + width; ++j) squares += static_cast<double>(x[j]) * static_cast<double>(x[j]);
      const double value = static_cast<double>(x[i]);
      CHECK(std::abs(value / std::sqrt(squares / width + 1e-5) * static_cast<double>(weight[i - row]) - static_cast<double>(normed[i])) <
            1e-5);
      CHECK(std::abs(value / (1 + std::exp(-value)) * static_cast<double>(up[i]) - static_cast<double>(gate[i])) < 1e-5);
      const double other = static_cast<double>(i % 10 < 5 ? -x[i + 5] : x[i - 5]);
      CHECK(std::abs(value * std::cos(1.0) + other * std::sin(1.0) - static_cast<double>(turned[i])) < 1e-5);
    }
  }
}

TEST_CASE("narrowing goes to the nearest bfloat16 and halves to even", "[kernels]") {
  for (const Kernels* kernels : usable_kernels()) {
    INFO(kernels->name);
    std::vector<float> from{0.0F, -0.0F, 1.0F, 1.00390625F, 1.01171875F, -1.0040F, 3.0e38F, 1e-40F, 1.0e-3F};
    const std::vector<float> more = draw(60, 5);
    from.insert(from.end(), more.begin(), more.end());
    std::vector<std::uint16_t> to(from.size() + 1, 0x7777);
    kernels->narrow(from.data(), static_cast<std::int64_t>(from.size()), to.data());
    CHECK(to[2] == 0x3F80);
    CHECK(to[3] == 0x3F80);  // half way between 0x3F80 and 0x3F81
    CHECK(to[4] == 0x3F82);  // half way between 0x3F81 and 0x3F82
    CHECK(to[5] == 0xBF81);
    CHECK(to.back() == 0x7777);  // nothing is written behind
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::uint32_t bits = static_cast<std::uint32_t>(to[i]) << 16;
      float value = 0;
      std::memcpy(&value, &bits, sizeof value);
      CHECK(std::abs(value - from[i]) <= std::abs(from[i]) / 256 + 1e-40F);
    }
  }
}

}  // namespace reelgraph::torch_plugin::cpu
