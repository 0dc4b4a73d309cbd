#include "captioner/local/lora.h"

#include <cmath>
#include <cstring>
#include <functional>

#include "captioner/local/model_folder.h"
#include "tests/captioner/local/fixtures.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;

const std::string kQuery = "model.text_model.layers.0.self_attn.q_proj", kKey = "model.text_model.layers.1.self_attn.k_proj";

std::vector<float> ramp(std::int64_t count, float step) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(step * static_cast<float>(i % 7 - 3));
  return values;
}

const NamedTensor& tensor_of(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  FAIL("no tensor " << name);
  throw 0;
}

/// An adapter of two modules, of ranks 2 and 3.
std::vector<TensorToWrite> adapter_for(const std::vector<NamedTensor>& tensors) {
  std::vector<TensorToWrite> written;
  for (const auto& [module, rank] : {std::pair(kQuery, std::int64_t{2}), std::pair(kKey, std::int64_t{3})}) {
    const std::vector<std::int64_t>& shape = tensor_of(tensors, module + ".weight").view.shape;
    written.push_back({"base_model.model." + module + ".lora_A.weight", {rank, shape[1]}, ramp(rank * shape[1], 0.03F)});
    written.push_back({"base_model.model." + module + ".lora_B.weight", {shape[0], rank}, ramp(shape[0] * rank, 0.05F)});
  }
  return written;
}

}  // namespace

TEST_CASE("an adapter adds scale B A to the weights it names and leaves the others alone", "[lora]") {
  const auto base = shared("fixtures/smolvlm-tiny");
  if (!base) return;
  const TempDir dir;
  const ModelFolder plain = ModelFolder::open(*base);
  std::vector<TensorToWrite> tensors = adapter_for(plain.tensors);
  const NamedTensor& norm = tensor_of(plain.tensors, "model.text_model.norm.weight");
  tensors.push_back({"base_model.model.model.text_model.norm.weight", norm.view.shape, ramp(norm.view.elements(), 1)});  // modules_to_save
  write_safetensors(dir / "adapter_model.safetensors", tensors);
  for (const bool root : {false, true}) {
    nlohmann::json config{{"peft_type", "LORA"},
                          {"r", 2},
                          {"lora_alpha", 8},
                          {"use_rslora", root},
                          {"rank_pattern", {{"layers.1.self_attn.k_proj", 3}}},
                          {"alpha_pattern", {{"k_proj", 6.0}}}};
    write_file(dir / "adapter_config.json", config.dump());
    const ModelFolder adapted = ModelFolder::open(*base, dir.path());
    for (const auto& [module, rank, alpha] : {std::tuple(kQuery, 2, 8.0), std::tuple(kKey, 3, 6.0)}) {
      const NamedTensor &before = tensor_of(plain.tensors, module + ".weight"), &after = tensor_of(adapted.tensors, module + ".weight");
      const std::vector<float> w = to_float(before.view), got = to_float(after.view);
      const std::int64_t out = before.view.shape[0], in = before.view.shape[1];
      const std::vector<float> a = ramp(rank * in, 0.03F), b = ramp(out * rank, 0.05F);
      double worst = 0;
      for (std::int64_t o = 0; o < out; ++o) {
        for (std::int64_t i = 0; i < in; ++i) {
          double wanted = static_cast<double>(w[static_cast<std::size_t>(o * in + i)]);
          for (std::int64_t r = 0; r < rank; ++r) {
            wanted += alpha / (root ? std::sqrt(rank) : rank) * static_cast<double>(b[static_cast<std::size_t>(o * rank + r)]) *
                      static_cast<double>(a[static_cast<std::size_t>(r * in + i)]);
          }
          worst = std::max(worst, std::abs(wanted - static_cast<double>(got[static_cast<std::size_t>(o * in + i)])));
        }
      }
      CHECK(worst < 1e-5);
    }
    CHECK(to_float(tensor_of(adapted.tensors, norm.name).view) == ramp(norm.view.elements(), 1));
    const std::string other = "model.text_model.layers.0.mlp.up_proj.weight";
    CHECK(to_float(tensor_of(adapted.tensors, other).view) == to_float(tensor_of(plain.tensors, other).view));
    CHECK(adapted.identity() == plain.identity() + "+" + adapted.merged.identity);
  }
}

TEST_CASE("an adapter that cannot be merged is refused with file, tensor and reason", "[lora]") {
  const auto base = shared("fixtures/smolvlm-tiny");
  if (!base) return;
  const ModelFolder plain = ModelFolder::open(*base);
  using Tensors = std::vector<TensorToWrite>;
  struct Bad {
    std::vector<std::string> words;
    std::function<void(nlohmann::json&, Tensors&)> spoil;
  };
  const std::vector<Bad> cases{
      {{"adapter_config.json", "peft_type", "IA3"}, [](auto& config, Tensors&) { config["peft_type"] = "IA3"; }},
      {{"adapter_config.json", "use_dora"}, [](auto& config, Tensors&) { config["use_dora"] = true; }},
      {{"adapter_config.json", "r "}, [](auto& config, Tensors&) { config["r"] = 0; }},
      {{"adapter_config.json", "lora_alpha"}, [](auto& config, Tensors&) { config.erase("lora_alpha"); }},
      {{"adapter_config.json", "pattern"},
       [](auto& config, Tensors&) {
         config["rank_pattern"] = {{"layers.[01].q_proj", 2}};
       }},
      {{"lora_A", "shape", "another model"}, [](auto& config, Tensors&) { config["r"] = 4; }},
      {{"lacks lora_B", kQuery}, [](auto&, Tensors& tensors) { tensors.erase(tensors.begin() + 1); }},
      {{"layers.99", "does not have"},
       [](auto&, Tensors& tensors) { tensors[0].name = "base_model.model.model.text_model.layers.99.x.lora_A.weight"; }},
      {{"does not begin with"}, [](auto&, Tensors& tensors) { tensors[0].name = "q_proj.lora_A.weight"; }},
      {{"not finite"}, [](auto&, Tensors& tensors) { tensors[0].values[1] = NAN; }},
      {{"not finite"},
       [](auto& config, Tensors& tensors) { tensors[0].values[1] = tensors[1].values[0] = 3e38F, config["lora_alpha"] = 1e9; }},
      {{"changes nothing"}, [](auto&, Tensors& tensors) { tensors.clear(); }},
  };
  for (const Bad& bad : cases) {
    const TempDir dir;
    nlohmann::json config{{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 8}, {"rank_pattern", {{"k_proj", 3}}}};
    Tensors tensors = adapter_for(plain.tensors);
    bad.spoil(config, tensors);
    write_file(dir / "adapter_config.json", config.dump());
    write_safetensors(dir / "adapter_model.safetensors", tensors);
    const base::Error error = error_of([&] { (void)ModelFolder::open(*base, dir.path()); });
    CHECK(error.code() == base::ErrorCode::kModel);
    CHECK_FALSE(error.cure().empty());
    for (const std::string& word : bad.words) CHECK_THAT(error.what(), Contains(word));
  }
  CHECK_THAT(error_of([&] { (void)ModelFolder::open(*base, *base / "nowhere"); }).what(), Contains("adapter_config.json"));
}

}  // namespace reelgraph::test
