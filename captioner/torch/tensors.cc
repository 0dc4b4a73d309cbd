#include "captioner/torch/tensors.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "captioner/torch/cpu/parallel.h"

namespace reelgraph::torch_plugin {
namespace {

at::ScalarType type_of(reelgraph_dtype dtype) {
  return dtype == REELGRAPH_F32 ? at::kFloat : dtype == REELGRAPH_F16 ? at::kHalf : at::kBFloat16;
}

constexpr std::size_t kHugePage = 2U << 20;
constexpr std::int64_t kShare = 1 << 18;  ///< elements that are worth a thread

/// Room for a large tensor that is about to be filled. Its pages are huge where the system has them: half a million faults of small ones
/// cost more than the conversion that fills them.
at::Tensor roomy(const std::vector<std::int64_t>& shape, std::int64_t count, at::ScalarType type) {
  const std::size_t bytes = static_cast<std::size_t>(count) * c10::elementSize(type);
  if (bytes < 2 * kHugePage) return at::empty(shape, at::TensorOptions().dtype(type));
  const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* const memory = std::aligned_alloc(kHugePage, whole);
  if (memory == nullptr) throw std::bad_alloc();
  ::madvise(memory, whole, MADV_HUGEPAGE);  // refused where there are none
  return at::from_blob(
      memory, shape, [](void* done) { std::free(done); }, at::TensorOptions().dtype(type));
}

/// `from` in another type, by all threads.
at::Tensor converted(const at::Tensor& from, at::ScalarType type) {
  const at::Tensor to = roomy(from.sizes().vec(), from.numel(), type);
  const at::Tensor source = from.reshape({-1}), target = to.view({-1});
  at::parallel_for(0, from.numel(), kShare, [&](std::int64_t begin, std::int64_t end) {
    if (from.scalar_type() == at::kFloat && type == at::kBFloat16) {
      cpu::kernels().narrow(from.data_ptr<float>() + begin, end - begin, static_cast<std::uint16_t*>(to.data_ptr()) + begin);
      return;
    }
    const c10::InferenceMode inference;  // a matter of each thread
    target.narrow(0, begin, end - begin).copy_(source.narrow(0, begin, end - begin));
  });
  return to;
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
  at::ScalarType wanted = computing && bf16_ ? at::kBFloat16 : at::kFloat;
  // The kernels of a CPU widen bfloat16 weights as they read them, so weights that are stored so give float32's numbers as they are.
  const bool cpu = device_.rfind("cpu", 0) == 0;
  if (computing && cpu && type == at::kBFloat16) wanted = at::kBFloat16;
  if (wanted == type || !cpu) return tensor.to(at::TensorOptions().dtype(wanted).device(device_));
  return converted(tensor, wanted);
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
