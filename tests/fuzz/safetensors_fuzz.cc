// Weight files come from anywhere: whatever the bytes are, there are checked tensors inside them or a base::Error.

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "captioner/local/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reelgraph::captioner::local;
  try {
    for (const auto& [name, tensor] : parse_safetensors({reinterpret_cast<const std::byte*>(data), size}, "fuzz.safetensors")) {
      const bool finite = all_finite(tensor);  // reads every byte
      if (finite && (tensor.dtype == DType::kF32 || tensor.dtype == DType::kF16 || tensor.dtype == DType::kBF16)) {
        static_cast<void>(to_float(tensor));
      }
    }
  } catch (const reelgraph::base::Error&) {
  }
  return 0;
}
