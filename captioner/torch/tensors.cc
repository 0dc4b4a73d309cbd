#include "captioner/torch/tensors.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

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

}  // namespace reelgraph::torch_plugin
