#include "captioner/local/safetensors.h"

#include <cstring>
#include <map>

#include "captioner/local/weights.h"
#include "tests/captioner/local/fixtures.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;

std::string with_header(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

std::map<std::string, TensorView> parse(const std::string& file) {
  return parse_safetensors(std::as_bytes(std::span(file.data(), file.size())), "x.safetensors");
}

}  // namespace

TEST_CASE("values of each float type are read", "[safetensors]") {
  // 1.0 and -2.5; as F16 also the smallest subnormal and infinity
  const std::string file =
      with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[8,12]},)"
                  R"("c":{"dtype":"F16","shape":[4],"data_offsets":[12,20]}})",
                  std::string("\x00\x00\x80\x3F\x00\x00\x20\xC0", 8) + std::string("\x80\x3F\x20\xC0", 4) +
                      std::string("\x00\x3C\x00\xC1\x01\x00\x00\x7C", 8));
  const auto tensors = parse(file);
  CHECK(to_float(tensors.at("a")) == std::vector<float>{1.0F, -2.5F});
  CHECK(to_float(tensors.at("b")) == std::vector<float>{1.0F, -2.5F});
  CHECK(tensors.at("b").shape == std::vector<std::int64_t>{1, 2});
  const std::vector<float> half = to_float(tensors.at("c"));
  CHECK(half[0] == 1.0F);
  CHECK(half[1] == -2.5F);
  CHECK(half[2] == 0x1p-24F);
  CHECK(all_finite(tensors.at("a")));
  CHECK_FALSE(all_finite(tensors.at("c")));
}

TEST_CASE("an empty tensor and a scalar are sound", "[safetensors]") {
  const std::string file = with_header(
      R"({"__metadata__":{"format":"pt"},"e":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},"s":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})",
      std::string(8, '\0'));
  const auto tensors = parse(file);
  CHECK(tensors.at("e").elements() == 0);
  CHECK(tensors.at("s").elements() == 1);
}

TEST_CASE("every damaged safetensors file of the fixtures is refused with its name and the reason", "[safetensors]") {
  const auto folder = shared("fixtures/bad_models");
  if (!folder) return;
  const std::map<std::string, std::vector<std::string>> reasons{{"empty", {"empty", "too short"}},
                                                                {"seven_bytes", {"too short for the header length"}},
                                                                {"header_longer_than_file", {"exceeds the file"}},
                                                                {"header_2_63", {"absurd"}},
                                                                {"header_max_u64", {"absurd"}},
                                                                {"header_zero", {"header is empty", "not JSON"}},
                                                                {"header_not_json", {"not JSON"}},
                                                                {"header_not_object", {"not an object"}},
                                                                {"header_not_utf8", {"not UTF-8"}},
                                                                {"header_deep", {"nested too deep"}},
                                                                {"duplicate_key", {"tensor a twice"}},
                                                                {"overlap", {"a and b overlap"}},
                                                                {"same_range", {"a and b overlap"}},
                                                                {"gap", {"gap of 4 bytes before tensor b"}},
                                                                {"does_not_start_at_0", {"gap", "before tensor a"}},
                                                                {"trailing_bytes", {"4 bytes after the last tensor"}},
                                                                {"truncated", {"data of tensor a ends beyond the file"}},
                                                                {"shape_too_large", {"is 24 bytes, its range is 16"}},
                                                                {"shape_too_small", {"is 8 bytes, its range is 16"}},
                                                                {"shape_overflow", {"overflows 64 bits"}},
                                                                {"shape_wraps_to_16", {"overflows"}},
                                                                {"shape_negative", {"negative dimension"}},
                                                                {"shape_nan", {"not JSON"}},
                                                                {"shape_float", {"dimension", "not an integer"}},
                                                                {"shape_string", {"not an array"}},
                                                                {"offsets_reversed", {"ends before it starts"}},
                                                                {"offsets_missing", {"data_offsets", "missing"}},
                                                                {"offsets_three", {"data_offsets", "must be two"}},
                                                                {"offsets_beyond", {"beyond the file"}},
                                                                {"dtype_unknown", {"F37", "not known"}},
                                                                {"dtype_unsupported", {"C64", "not supported"}},
                                                                {"metadata_not_strings", {"__metadata__ must map strings to strings"}}};
  const nlohmann::json manifest = read_json(*folder / "manifest.json");
  for (const auto& item : manifest.at("files").items()) {
    const std::string name = item.key();
    INFO(name << ": " << item.value());
    const base::Error error = error_of([&] { (void)SafetensorsFile::open(*folder / "files" / name); });
    CHECK(error.code() == base::ErrorCode::kModel);
    CHECK_THAT(error.context(), Contains(name));
    CHECK_FALSE(error.cure().empty());
    const auto expected = reasons.find(name.substr(0, name.find('.')));
    REQUIRE(expected != reasons.end());
    for (const std::string& word : expected->second) CHECK_THAT(error.what(), Contains(word));
  }
}

TEST_CASE("a folder's shards are one set of tensors", "[safetensors]") {
  const auto folder = shared("fixtures/smolvlm-tiny-bf16");
  if (!folder) return;
  const Weights weights = Weights::open(*folder);
  CHECK(weights.files().size() == 3);
  CHECK(weights.tensors().size() > 40);
  CHECK(weights.tensors().at("lm_head.weight").view.dtype == DType::kBF16);
}

TEST_CASE("a file that is not there and a folder in place of a file are refused", "[safetensors]") {
  TempDir dir;
  CHECK_THAT(error_of([&] { (void)SafetensorsFile::open(dir / "x.safetensors"); }).what(),
             Contains("x.safetensors") && Contains("missing"));
  CHECK_THAT(error_of([&] { (void)SafetensorsFile::open(dir.path()); }).what(), Contains("not a regular file"));
}

}  // namespace reelgraph::test
