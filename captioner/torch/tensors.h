#pragma once
// From the program's plain weights to libtorch's tensors, and back to plain memory.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "captioner/torch/abi.h"

namespace at {
class Tensor;
}

namespace reelgraph::torch_plugin {

/// Weights by name, on the device and in the type that a model computes in.
class TensorTable {
 public:
  /// @param spec "dtype" and "device" are read
  TensorTable(std::span<const reelgraph_tensor> tensors, const nlohmann::json& spec);

  [[nodiscard]] bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  /// In the computing type, or in bfloat16 where the file has that and the CPU computes with it as in float32. Not copied where type, place
  /// and alignment fit already. @throws std::runtime_error if absent
  [[nodiscard]] at::Tensor weight(const std::string& name) const;
  /// In float32, whatever the computing type: norms and biases.
  [[nodiscard]] at::Tensor float_weight(const std::string& name) const;
  [[nodiscard]] const std::string& device() const { return device_; }

 private:
  [[nodiscard]] at::Tensor load(const std::string& name, bool computing) const;

  std::map<std::string, reelgraph_tensor> tensors_;
  bool bf16_ = false;
  std::string device_;
};

/// float32 or int64 values of the program as a tensor on `device`; on the CPU a view, so use it before the call returns.
[[nodiscard]] at::Tensor borrow(const float* values, std::vector<std::int64_t> shape, const std::string& device);
[[nodiscard]] at::Tensor borrow(const std::int64_t* values, std::vector<std::int64_t> shape, const std::string& device);
/// Copies to float32 at `out`, which has room for all of it.
void copy_out(const at::Tensor& tensor, float* out);

}  // namespace reelgraph::torch_plugin
