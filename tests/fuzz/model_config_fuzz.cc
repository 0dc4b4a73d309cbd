// Configuration files of a model folder: checked values or a base::Error, and nothing allocated in proportion to what they claim.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "captioner/local/json_file.h"
#include "captioner/local/model_config.h"
#include "captioner/local/model_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reelgraph::captioner::local;
  const auto attempt = [](auto call) {
    try {
      call();
    } catch (const reelgraph::base::Error&) {
    }
  };
  nlohmann::json json;
  attempt([&] { json = parse_json({reinterpret_cast<const char*>(data), size}, "config.json"); });
  attempt([&] {
    const ModelConfig config = parse_model_config(json, "config.json");
    static_cast<void>(expected_tensors(config));
    static_cast<void>(rope_frequencies(config.text));
  });
  attempt([&] { static_cast<void>(expected_tensors(parse_bert_config(json, "config.json"))); });
  VisionConfig vision;
  vision.image_size = 64;
  vision.patch_size = 8;
  attempt([&] { static_cast<void>(parse_preprocessor_config(json, vision, "preprocessor_config.json")); });
  attempt([&] { static_cast<void>(parse_generation_config(json, 100, "generation_config.json")); });
  return 0;
}
