#include "captioner/torch/tensors.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <cstring>
#include <stdexcept>

namespace reelgraph::torch_plugin {
namespace {

at::ScalarType type_of(reelgraph_dtype dtype) {
  return dtype == REELGRAPH_F32 ? at::kFloat : dtype == REELGRAPH_F16 ? at::kHalf : at::kBFloat16;
}

}  // namespace

TensorTable::TensorTable(std::span<const reelgraph_tensor> tensors, const nlohmann::json& spec)
    : bf16_(spec.at("dtype").get<std::string>() == "bf16"), device_(spec.at("device").get<std::string>()) {
  for (const reelgraph_tensor& tensor : tensors) tensors_.emplace(tensor.name, tensor);
}

at::Tensor TensorTable::load(const std::string& name, bool computing) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) throw std::runtime_error("tensor missing: " + name);
  const reelgraph_tensor& stored = it->second;
  const at::ScalarType type = type_of(stored.dtype);
  const std::vector<std::int64_t> shape(stored.shape, stored.shape + stored.rank);
  at::Tensor tensor;
  if (reinterpret_cast<std::uintptr_t>(stored.data) % c10::elementSize(type) == 0) {
    tensor = at::from_blob(const_cast<void*>(stored.data), shape, at::TensorOptions().dtype(type));
  } else {  // a file may put a tensor at any byte
    tensor = at::empty(shape, at::TensorOptions().dtype(type));
    std::memcpy(tensor.data_ptr(), stored.data, static_cast<std::size_t>(tensor.numel()) * c10::elementSize(type));
  }
  return tensor.to(at::TensorOptions().dtype(computing && bf16_ ? at::kBFloat16 : at::kFloat).device(device_));
}

at::Tensor TensorTable::weight(const std::string& name) const { return load(name, true); }
at::Tensor TensorTable::float_weight(const std::string& name) const { return load(name, false); }

at::Tensor borrow(const float* values, std::vector<std::int64_t> shape, const std::string& device) {
  return at::from_blob(const_cast<float*>(values), shape, at::TensorOptions().dtype(at::kFloat)).to(at::Device(device));
}

at::Tensor borrow(const std::int64_t* values, std::vector<std::int64_t> shape, const std::string& device) {
  return at::from_blob(const_cast<std::int64_t*>(values), shape, at::TensorOptions().dtype(at::kLong)).to(at::Device(device));
}

void copy_out(const at::Tensor& tensor, float* out) {
  const at::Tensor plain = tensor.to(at::TensorOptions().dtype(at::kFloat).device(at::kCPU)).contiguous();
  std::memcpy(out, plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel()) * sizeof(float));
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (weight.scalar_type() == at::kFloat) return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
  at::Tensor y = at::linear(x.to(weight.scalar_type()), weight).to(at::kFloat);
  return bias.defined() ? y.add_(bias) : y;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) { return linear(x, weight, at::Tensor()); }

at::Tensor full_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads) {
  const std::int64_t n = q.size(0), width = q.size(1), head_dim = width / heads;
  const auto split = [&](const at::Tensor& x) { return x.view({n, heads, head_dim}).transpose(0, 1); };
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  const at::Tensor scores = at::bmm(split(q.mul(scale)), split(k).transpose(1, 2));
  return at::bmm(at::softmax(scores, -1), split(v)).transpose(0, 1).reshape({n, width});
}

}  // namespace reelgraph::torch_plugin
