#pragma once
// The safetensors format: u64 little-endian header length, JSON header of name -> {dtype, shape, data_offsets}, data.
// A file is hostile until its header has been checked: afterwards every tensor's bytes lie inside the file, and none overlap.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::captioner::local {

enum class DType { kF32, kF16, kBF16, kF64, kI64, kI32, kI16, kI8, kU8, kBool };

[[nodiscard]] std::size_t size_of(DType dtype);
[[nodiscard]] const char* name_of(DType dtype);

/// One tensor of a file: where it lies and what it is. `data` stays valid as long as the file it came from.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  ///< row-major
  std::span<const std::byte> data;  ///< product(shape) * size_of(dtype) bytes; alignment is the file's
  [[nodiscard]] std::int64_t elements() const;
};

[[nodiscard]] std::string shape_text(std::span<const std::int64_t> shape);

/// Checks a whole file in memory and lists its tensors by name.
/// @param context file name for errors
/// @throws base::Error kModel naming what is wrong with which tensor; nothing is allocated in proportion to what the header claims
[[nodiscard]] std::map<std::string, TensorView> parse_safetensors(std::span<const std::byte> file, const std::string& context);

struct Unmap {
  std::size_t size = 0;
  void operator()(const std::byte* address) const;
};

/// A memory-mapped file with its checked tensors. Immutable; safe to read from several threads.
class SafetensorsFile {
 public:
  /// @throws base::Error kModel: absent, unreadable, and as `parse_safetensors`
  static SafetensorsFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  /// The tensor of that name. @throws base::Error kModel if there is none
  [[nodiscard]] const TensorView& at(const std::string& name) const;
  [[nodiscard]] bool contains(const std::string& name) const { return tensors_.count(name) != 0; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<const std::byte, Unmap> mapping_;
  std::size_t bytes_ = 0;
  std::map<std::string, TensorView> tensors_;
};

/// All values as float32. F32, F16 and BF16 only. @throws base::Error kModel for others
[[nodiscard]] std::vector<float> to_float(const TensorView& tensor);
/// True if no value is infinite or not a number; integers always are.
[[nodiscard]] bool all_finite(const TensorView& tensor);

}  // namespace reelgraph::captioner::local
