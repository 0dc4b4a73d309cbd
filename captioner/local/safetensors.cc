#include "captioner/local/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/utf8.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;  ///< bytes; the format's own limit
constexpr std::size_t kMaxRank = 16;

struct DTypeFacts {
  const char* name;
  DType dtype;
  std::size_t size;
};
constexpr DTypeFacts kDTypes[] = {{"F32", DType::kF32, 4}, {"F16", DType::kF16, 2},  {"BF16", DType::kBF16, 2}, {"F64", DType::kF64, 8},
                                  {"I64", DType::kI64, 8}, {"I32", DType::kI32, 4},  {"I16", DType::kI16, 2},   {"I8", DType::kI8, 1},
                                  {"U8", DType::kU8, 1},   {"BOOL", DType::kBool, 1}};
/// Types that the format has and this program has no use for.
constexpr const char* kOtherDTypes[] = {"F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "F6_E2M3", "F6_E3M2", "U16", "U32", "U64", "C64"};

std::string tensor_name(const std::string& name) { return base::ellipsize(base::sanitize_utf8(name), 200); }

/// A JSON value as a size. nullopt unless it is a whole number of 0 .. 2^63-1.
std::optional<std::uint64_t> whole(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number <= static_cast<std::uint64_t>(INT64_MAX)) return number;
  }
  return std::nullopt;
}

DType dtype_of(const nlohmann::json& entry, const std::string& tensor, const std::string& context) {
  const auto it = entry.find("dtype");
  if (it == entry.end() || !it->is_string()) refuse(context, "dtype of tensor " + tensor + " is missing or not text");
  const std::string text = it->get<std::string>();
  for (const DTypeFacts& facts : kDTypes) {
    if (text == facts.name) return facts.dtype;
  }
  for (const char* other : kOtherDTypes) {
    if (text == other) refuse(context, "dtype " + text + " of tensor " + tensor + " is not supported");
  }
  refuse(context, "dtype " + tensor_name(text) + " of tensor " + tensor + " is not known");
}

/// The tensor's shape and its bytes, overflow-checked.
std::uint64_t read_shape(const nlohmann::json& entry, TensorView& view, const std::string& tensor, const std::string& context) {
  const auto it = entry.find("shape");
  if (it == entry.end() || !it->is_array()) refuse(context, "shape of tensor " + tensor + " is missing or not an array");
  if (it->size() > kMaxRank) refuse(context, "shape of tensor " + tensor + " has " + std::to_string(it->size()) + " dimensions");
  std::uint64_t bytes = size_of(view.dtype);
  for (const nlohmann::json& dimension : *it) {
    if (dimension.is_number_integer() && !dimension.is_number_unsigned()) {
      refuse(context, "shape of tensor " + tensor + " has a negative dimension");
    }
    if (!dimension.is_number_unsigned()) refuse(context, "a dimension of tensor " + tensor + " is not an integer");
    const std::optional<std::uint64_t> length = whole(dimension);
    if (!length || __builtin_mul_overflow(bytes, *length, &bytes)) refuse(context, "shape of tensor " + tensor + " overflows 64 bits");
    view.shape.push_back(static_cast<std::int64_t>(*length));
  }
  return bytes;
}

struct Range {
  std::uint64_t begin = 0, end = 0;
};

Range read_range(const nlohmann::json& entry, std::uint64_t data_size, const std::string& tensor, const std::string& context) {
  const auto it = entry.find("data_offsets");
  if (it == entry.end()) refuse(context, "data_offsets of tensor " + tensor + " is missing");
  if (!it->is_array() || it->size() != 2 || !whole((*it)[0]) || !whole((*it)[1])) {
    refuse(context, "data_offsets of tensor " + tensor + " must be two whole numbers");
  }
  const Range range{*whole((*it)[0]), *whole((*it)[1])};
  if (range.end < range.begin) refuse(context, "byte range of tensor " + tensor + " ends before it starts");
  if (range.end > data_size) {
    refuse(context, "data of tensor " + tensor + " ends beyond the file (byte " + std::to_string(range.end) + " of " +
                        std::to_string(data_size) + "): the file is cut off or wrong");
  }
  return range;
}

void check_metadata(const nlohmann::json& metadata, const std::string& context) {
  bool sound = metadata.is_object();
  if (sound) {
    for (const auto& item : metadata.items()) sound &= item.value().is_string();
  }
  if (!sound) refuse(context, "__metadata__ must map strings to strings");
}

/// No gaps, no overlaps, nothing left over.
void check_layout(std::vector<std::pair<Range, std::string>>& ranges, std::uint64_t data_size, const std::string& context) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return a.first.begin != b.first.begin ? a.first.begin < b.first.begin : a.first.end < b.first.end;
  });
  std::uint64_t end = 0;
  const std::string* before = nullptr;
  for (const auto& [range, name] : ranges) {
    if (range.begin < end) refuse(context, "byte ranges of tensors " + *before + " and " + name + " overlap");
    if (range.begin > end) refuse(context, "gap of " + std::to_string(range.begin - end) + " bytes before tensor " + name);
    end = range.end;
    before = &name;
  }
  if (end < data_size) refuse(context, std::to_string(data_size - end) + " bytes after the last tensor");
}

std::uint16_t load16(const std::byte* at) {
  std::uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  std::uint32_t exponent = (half >> 10) & 0x1FU, mantissa = half & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13));
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    const float value = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

/// True if any of `count` words of type Word has all bits of `exponent` set.
template <typename Word>
bool any_special(const std::byte* data, std::size_t count, Word exponent) {
  constexpr std::size_t kBlock = 4096;
  for (std::size_t i = 0; i < count; i += kBlock) {
    const std::size_t end = std::min(count, i + kBlock);
    unsigned found = 0;
    for (std::size_t j = i; j < end; ++j) {  // no early exit: the compiler makes vectors of it
      Word word;
      std::memcpy(&word, data + j * sizeof(Word), sizeof(Word));
      found |= static_cast<unsigned>((word & exponent) == exponent);
    }
    if (found != 0) return true;
  }
  return false;
}

}  // namespace

std::size_t size_of(DType dtype) {
  for (const DTypeFacts& facts : kDTypes) {
    if (facts.dtype == dtype) return facts.size;
  }
  return 0;
}

const char* name_of(DType dtype) {
  for (const DTypeFacts& facts : kDTypes) {
    if (facts.dtype == dtype) return facts.name;
  }
  return "?";
}

std::int64_t TensorView::elements() const { return static_cast<std::int64_t>(data.size() / size_of(dtype)); }

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

std::map<std::string, TensorView> parse_safetensors(std::span<const std::byte> file, const std::string& context) {
  std::uint64_t length = 0;
  if (file.empty()) refuse(context, "is empty: too short for the header length");
  if (file.size() < sizeof length) refuse(context, "is too short for the header length (" + std::to_string(file.size()) + " bytes)");
  static_assert(std::endian::native == std::endian::little, "the format is little-endian");
  std::memcpy(&length, file.data(), sizeof length);
  if (length > kMaxHeader) refuse(context, "header length of " + std::to_string(length) + " bytes is absurd");
  if (length > file.size() - sizeof length) {
    refuse(context, "header length of " + std::to_string(length) + " bytes exceeds the file");
  }
  if (length == 0) refuse(context, "header is empty, so it is not JSON");
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + sizeof length, static_cast<std::size_t>(length));
  const std::span<const std::byte> data = file.subspan(sizeof length + static_cast<std::size_t>(length));

  const nlohmann::json header = parse_json_unique(text, context + ": header", "tensor");
  if (!header.is_object()) refuse(context, "header is not an object");
  std::map<std::string, TensorView> tensors;
  std::vector<std::pair<Range, std::string>> ranges;
  for (const auto& item : header.items()) {
    if (item.key() == "__metadata__") {
      check_metadata(item.value(), context);
      continue;
    }
    const std::string name = tensor_name(item.key());
    if (!item.value().is_object()) refuse(context, "entry of tensor " + name + " is not an object");
    TensorView view;
    view.dtype = dtype_of(item.value(), name, context);
    const std::uint64_t bytes = read_shape(item.value(), view, name, context);
    const Range range = read_range(item.value(), data.size(), name, context);
    if (range.end - range.begin != bytes) {
      refuse(context, "tensor " + name + ": shape " + shape_text(view.shape) + " x " + name_of(view.dtype) + " is " +
                          std::to_string(bytes) + " bytes, its range is " + std::to_string(range.end - range.begin));
    }
    view.data = data.subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(bytes));
    ranges.emplace_back(range, name);
    tensors.emplace(item.key(), std::move(view));
  }
  check_layout(ranges, data.size(), context);
  return tensors;
}

void Unmap::operator()(const std::byte* address) const { ::munmap(const_cast<std::byte*>(address), size); }

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) refuse(path.string(), errno == ENOENT ? "is missing" : "cannot be opened: " + base::errno_text(errno));
  struct Close {
    int fd;
    ~Close() { ::close(fd); }
  } const close{fd};
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) refuse(path.string(), "cannot be read: " + base::errno_text(errno));
  if (!S_ISREG(facts.st_mode)) refuse(path.string(), "is not a regular file");
  SafetensorsFile file;
  file.path_ = path;
  file.bytes_ = static_cast<std::size_t>(facts.st_size);
  std::span<const std::byte> bytes;
  if (file.bytes_ > 0) {
    void* const address = ::mmap(nullptr, file.bytes_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) refuse(path.string(), "cannot be mapped: " + base::errno_text(errno));
    file.mapping_ = {static_cast<const std::byte*>(address), Unmap{file.bytes_}};
    bytes = {file.mapping_.get(), file.bytes_};
  }
  file.tensors_ = parse_safetensors(bytes, path.string());
  return file;
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) refuse(path_.string(), "tensor missing: " + name);
  return it->second;
}

std::vector<float> to_float(const TensorView& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  const std::byte* data = tensor.data.data();
  switch (tensor.dtype) {
    case DType::kF32:
      if (!values.empty()) std::memcpy(values.data(), data, tensor.data.size());
      break;
    case DType::kF16:
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = half_to_float(load16(data + 2 * i));
      break;
    case DType::kBF16:
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::bit_cast<float>(std::uint32_t{load16(data + 2 * i)} << 16);
      break;
    default: refuse("tensor", std::string("dtype ") + name_of(tensor.dtype) + " has no float values here");
  }
  return values;
}

bool all_finite(const TensorView& tensor) {
  const auto count = static_cast<std::size_t>(tensor.elements());
  switch (tensor.dtype) {
    case DType::kF32: return !any_special<std::uint32_t>(tensor.data.data(), count, 0x7F800000U);
    case DType::kF16: return !any_special<std::uint16_t>(tensor.data.data(), count, 0x7C00U);
    case DType::kBF16: return !any_special<std::uint16_t>(tensor.data.data(), count, 0x7F80U);
    case DType::kF64: return !any_special<std::uint64_t>(tensor.data.data(), count, 0x7FF0000000000000U);
    default: return true;
  }
}

}  // namespace reelgraph::captioner::local
