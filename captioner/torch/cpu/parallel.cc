#include "captioner/torch/cpu/parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace reelgraph::torch_plugin::cpu {
namespace {

constexpr std::int64_t kFewRows = 16;        ///< up to here a product is bound by reading its weights
constexpr std::int64_t kSharesOfThread = 4;  ///< work is cut smaller than threads need, so that none waits long for one that was held up
constexpr std::int64_t kPanelsOfShare = 4;   ///< as many as `many_rows` packs side by side
constexpr std::int64_t kRowsOfShare = 96;    ///< a multiple of every kernel's tile; fewer would not pay for packing the panels
constexpr std::int64_t kLeastShare = 16384;  ///< floats of a simple pass that are worth a thread

/// Memory that a thread keeps for its next job.
class Scratch {
 public:
  float* floats(std::int64_t count) {
    if (count > room_) {
      memory_.reset();
      room_ = 0;
      const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
      memory_.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
      if (!memory_) throw std::bad_alloc();
      room_ = count;
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float, Free> memory_;
  std::int64_t room_ = 0;
};

float* scratch(std::int64_t floats) {
  thread_local Scratch own;
  return own.floats(floats);
}

/// work(i) for each i below `count`, each by the thread that is free first.
template <typename Work>
void each(std::int64_t count, Work work) {
  std::atomic<std::int64_t> next = 0;
  at::parallel_for(0, std::min<std::int64_t>(count, at::get_num_threads()), 1, [&](std::int64_t, std::int64_t) {
    for (std::int64_t i = next++; i < count; i = next++) work(i);
  });
}

/// Columns of all products, one after the other, in `shares` equal runs that begin at multiples of `unit`.
template <typename Work>
void columns_of_share(std::span<const Product> products, std::int64_t share, std::int64_t shares, std::int64_t unit, Work work) {
  std::int64_t units = 0;
  const auto units_of = [unit](const Product& product) { return (product.weight.out + unit - 1) / unit; };
  for (const Product& product : products) units += units_of(product);
  std::int64_t begin = units * share / shares, end = units * (share + 1) / shares;
  for (const Product& product : products) {
    const std::int64_t own = units_of(product), first = std::max<std::int64_t>(begin, 0), last = std::min(end, own);
    if (first < last) work(product, first * unit, std::min(last * unit, product.weight.out));
    begin -= own;
    end -= own;
  }
}

const Kernels& best_kernels() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return kAvx512Kernels;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return kAvx2Kernels;
#endif
  return kGenericKernels;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& best = best_kernels();
  return best;
}

void multiply(std::span<const Product> products) {
  const Kernels& use = kernels();
  const std::int64_t threads = at::get_num_threads(), rows = products.front().rows, wanted = threads > 1 ? kSharesOfThread * threads : 1;
  if (rows == 0) return;
  if (rows <= kFewRows) {
    each(wanted, [&](std::int64_t share) {
      columns_of_share(products, share, wanted, 8, [&](const Product& product, std::int64_t begin, std::int64_t end) {
        use.few_rows(product, begin, end, scratch(use.few_rows_scratch(product)));
      });
    });
    return;
  }
  const std::int64_t unit = kPanelsOfShare * use.panel;
  std::int64_t units = 0;
  for (const Product& product : products) units += (product.weight.out + unit - 1) / unit;
  // Columns are shared out first, as a panel is packed by each thread that needs it; rows too where columns do not give work enough.
  const std::int64_t across = threads > 1 ? units : 1, blocks = (rows + kRowsOfShare - 1) / kRowsOfShare,
                     down = std::clamp<std::int64_t>((wanted + across - 1) / across, 1, blocks);
  each(across * down, [&](std::int64_t share) {
    const std::int64_t part = share / across, first = blocks * part / down * kRowsOfShare,
                       last = std::min(blocks * (part + 1) / down * kRowsOfShare, rows);
    columns_of_share(products, share % across, across, unit, [&](const Product& product, std::int64_t begin, std::int64_t end) {
      use.many_rows(product, first, last, begin, end, scratch(use.many_rows_scratch));
    });
  });
}

void attend(std::span<const Attention> jobs) {
  const Kernels& use = kernels();
  each(static_cast<std::int64_t>(jobs.size()), [&](std::int64_t i) {
    const Attention& job = jobs[static_cast<std::size_t>(i)];
    use.attention(job, scratch(use.attention_scratch(job)));
  });
}

void look_up(std::span<const Lookup> jobs) {
  const Kernels& use = kernels();
  each(static_cast<std::int64_t>(jobs.size()), [&](std::int64_t i) {
    const Lookup& job = jobs[static_cast<std::size_t>(i)];
    use.lookup(job, scratch(job.group * job.keys));
  });
}

void rms_norm(const float* x, const float* weight, float eps, std::int64_t rows, std::int64_t width, float* y) {
  at::parallel_for(0, rows, std::max<std::int64_t>(kLeastShare / width, 1), [&](std::int64_t begin, std::int64_t end) {
    kernels().rms_norm(x + begin * width, weight, eps, end - begin, width, y + begin * width);
  });
}

void rotate(float* x, std::int64_t rows, std::int64_t heads, std::int64_t head_dim, const float* cosines, const float* sines) {
  const std::int64_t width = heads * head_dim, half = head_dim / 2;
  at::parallel_for(0, rows, std::max<std::int64_t>(kLeastShare / width, 1), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      kernels().rotate(x + row * width, heads, head_dim, cosines + row * half, sines + row * half);
  });
}

void silu_times(float* gate, const float* up, std::int64_t count) {
  at::parallel_for(0, count, kLeastShare,
                   [&](std::int64_t begin, std::int64_t end) { kernels().silu_times(gate + begin, up + begin, end - begin); });
}

}  // namespace reelgraph::torch_plugin::cpu
