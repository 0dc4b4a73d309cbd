#include "captioner/torch/layers.h"

#include <ATen/Parallel.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cmath>

#include "captioner/torch/cpu/parallel.h"

namespace reelgraph::torch_plugin {
namespace {

constexpr std::int64_t kQueriesOfJob = 256, kMostQueriesOfJob = 1024;  ///< the more, the less packing keys and values costs beside
constexpr std::int64_t kThreadsOfHead = 4;                             ///< up to so many threads a head's queries are one job

cpu::Product product_of(const at::Tensor& x, const Linear& to, at::Tensor& y) {
  const bool bf16 = to.weight.scalar_type() == at::kBFloat16;
  return {.x = x.data_ptr<float>(),
          .weight = {to.weight.data_ptr(), bf16, to.weight.size(0), to.weight.size(1)},
          .bias = to.bias.defined() ? to.bias.data_ptr<float>() : nullptr,
          .y = y.data_ptr<float>(),
          .rows = x.size(0)};
}

at::Tensor on_device(const at::Tensor& x, const Linear& to) {
  if (to.weight.scalar_type() == at::kFloat) return to.bias.defined() ? at::linear(x, to.weight, to.bias) : at::linear(x, to.weight);
  at::Tensor y = at::linear(x.to(to.weight.scalar_type()), to.weight).to(at::kFloat);
  return to.bias.defined() ? y.add_(to.bias) : y;
}

at::Tensor attention_on_device(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads) {
  const std::int64_t n = q.size(0), width = q.size(1), head_dim = width / heads;
  const auto split = [&](const at::Tensor& x) { return x.view({n, heads, head_dim}).transpose(0, 1); };
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  const at::Tensor scores = at::bmm(split(q.mul(scale)), split(k).transpose(1, 2));
  return at::bmm(at::softmax(scores, -1), split(v)).transpose(0, 1).reshape({n, width});
}

}  // namespace

Norm norm_of(const TensorTable& tensors, const std::string& name) {
  return {tensors.float_weight(name + ".weight"), tensors.float_weight(name + ".bias")};
}

Linear linear_of(const TensorTable& tensors, const std::string& name) {
  return {tensors.weight(name + ".weight"), tensors.has(name + ".bias") ? tensors.float_weight(name + ".bias") : at::Tensor()};
}

at::Tensor layer_norm(const at::Tensor& x, const Norm& norm, double eps) {
  return at::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, eps);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  if (!x.is_cpu()) return x.mul(x.square().mean(-1, true).add_(eps).rsqrt_()).mul_(weight);
  const at::Tensor from = x.contiguous();
  at::Tensor y = at::empty(from.sizes(), from.options());
  cpu::rms_norm(from.data_ptr<float>(), weight.data_ptr<float>(), static_cast<float>(eps), x.size(0), x.size(1), y.data_ptr<float>());
  return y;
}

at::Tensor linear(const at::Tensor& x, const Linear& to, Activation activation) {
  if (!x.is_cpu()) {
    const at::Tensor y = on_device(x, to);
    return activation == Activation::kNone ? y : at::gelu(y, activation == Activation::kGeluTanh ? "tanh" : "none");
  }
  const at::Tensor from = x.contiguous();
  at::Tensor y = at::empty({x.size(0), to.weight.size(0)}, from.options());
  cpu::Product product = product_of(from, to, y);
  product.activation = activation;
  cpu::multiply({&product, 1});
  return y;
}

std::vector<at::Tensor> linears(const at::Tensor& x, std::span<const Linear* const> to) {
  std::vector<at::Tensor> ys;
  if (!x.is_cpu()) {
    for (const Linear* layer : to) ys.push_back(on_device(x, *layer));
    return ys;
  }
  const at::Tensor from = x.contiguous();
  std::vector<cpu::Product> products;
  for (const Linear* layer : to) {
    ys.push_back(at::empty({x.size(0), layer->weight.size(0)}, from.options()));
    products.push_back(product_of(from, *layer, ys.back()));
  }
  cpu::multiply(products);
  return ys;
}

void add_linear(at::Tensor& x, const at::Tensor& y, const Linear& to) {
  if (!x.is_cpu()) {
    x.add_(on_device(y, to));
    return;
  }
  const at::Tensor from = y.contiguous();
  cpu::Product product = product_of(from, to, x);
  product.add = true;
  cpu::multiply({&product, 1});
}

void silu_times(at::Tensor& gate, const at::Tensor& up) {
  if (!gate.is_cpu()) {
    gate = at::silu(gate).mul_(up);
    return;
  }
  cpu::silu_times(gate.data_ptr<float>(), up.data_ptr<float>(), gate.numel());
}

void add_attention(const cpu::Attention& whole, std::vector<cpu::Attention>& jobs) {
  // A causal job sees fewer keys the earlier it ends, which is worth more than packing them once.
  const bool small = whole.causal_from >= 0 || at::get_num_threads() > kThreadsOfHead;
  const std::int64_t most = small ? kQueriesOfJob : kMostQueriesOfJob;
  for (std::int64_t begin = 0; begin < whole.queries; begin += most) {
    cpu::Attention job = whole;
    job.query += begin * whole.query_stride;
    job.out += begin * whole.out_stride;
    job.queries = std::min(most, whole.queries - begin);
    if (whole.causal_from >= 0) {
      job.causal_from += begin;
      job.keys = std::min(whole.keys, job.causal_from + job.queries);
    }
    jobs.push_back(job);
  }
}

at::Tensor full_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads,
                          std::span<const std::int64_t> lengths) {
  const std::int64_t width = q.size(1), head_dim = width / heads;
  if (!q.is_cpu()) {
    std::vector<at::Tensor> mixed;
    std::int64_t begin = 0;
    for (const std::int64_t n : lengths) {
      mixed.push_back(attention_on_device(q.narrow(0, begin, n), k.narrow(0, begin, n), v.narrow(0, begin, n), heads));
      begin += n;
    }
    return mixed.size() == 1 ? mixed.front() : at::cat(mixed);
  }
  at::Tensor out = at::empty(q.sizes(), q.options());
  std::vector<cpu::Attention> jobs;
  std::int64_t begin = 0;
  for (const std::int64_t n : lengths) {
    for (std::int64_t head = 0; head < heads; ++head) {
      const std::int64_t at = begin * width + head * head_dim;
      add_attention({.query = q.data_ptr<float>() + at,
                     .key = k.data_ptr<float>() + at,
                     .value = v.data_ptr<float>() + at,
                     .out = out.data_ptr<float>() + at,
                     .query_stride = width,
                     .key_stride = width,
                     .value_stride = width,
                     .out_stride = width,
                     .queries = n,
                     .keys = n,
                     .head_dim = head_dim,
                     .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim)))},
                    jobs);
    }
    begin += n;
  }
  cpu::attend(jobs);
  return out;
}

}  // namespace reelgraph::torch_plugin
