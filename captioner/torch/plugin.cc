// The plugin's side of the border. The only folder of the program whose sources include libtorch.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <link.h>
#include <malloc.h>
#include <torch/version.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "captioner/torch/abi.h"
#include "captioner/torch/models.h"
#include "captioner/torch/tensors.h"

/// The models of one folder; only those that its kind has.
struct reelgraph_model {
  std::unique_ptr<reelgraph::torch_plugin::Embedder> embedder;
  std::unique_ptr<reelgraph::torch_plugin::VisionModel> vision;
  std::unique_ptr<reelgraph::torch_plugin::TextModel> text;
};

struct reelgraph_sequence {
  std::unique_ptr<reelgraph::torch_plugin::Sequence> cache;
};

namespace {

/// Paths of the loaded BLAS libraries. Which one it is decides the speed of fp32 by a factor of fifty, and no function of libtorch tells.
nlohmann::json loaded_blas() {
  nlohmann::json paths = nlohmann::json::array();
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* list) {
        if (std::strstr(object->dlpi_name, "blas") != nullptr) static_cast<nlohmann::json*>(list)->push_back(object->dlpi_name);
        return 0;
      },
      &paths);
  return paths;
}

/// The vector instructions in use ("AVX2"), from the text libtorch describes its build with; empty if it does not say.
std::string cpu_capability() {
  constexpr std::string_view kLabel = "CPU capability usage: ";
  const std::string config = at::show_config();
  const std::size_t label = config.find(kLabel);
  if (label == std::string::npos) return {};
  const std::size_t start = label + kLabel.size();
  return config.substr(start, config.find('\n', start) - start);
}

nlohmann::json facts() {
  return {{"version", TORCH_VERSION},           {"threads", at::get_num_threads()},
          {"cpu_capability", cpu_capability()}, {"blas", loaded_blas()},
          {"lapack", at::hasLAPACK()},          {"mkldnn", at::hasMKLDNN() ? at::get_mkldnn_version() : std::string()},
          {"openmp", at::hasOpenMP()},          {"cuda", at::hasCUDA()}};
}

/// snprintf's way: cut to what fits, answer the whole length.
long give(const std::string& text, char* buffer, size_t size) { return std::snprintf(buffer, size, "%s", text.c_str()); }

/// Runs `work` without gradients; nothing may be thrown across the border.
template <typename Work>
int guarded(reelgraph_reason reason, Work work) {
  try {
    const c10::InferenceMode inference;
    work();
    return 0;
  } catch (const c10::Error& failure) {
    give(failure.what_without_backtrace(), reason.text, reason.size);
  } catch (const std::exception& failure) {
    give(failure.what(), reason.text, reason.size);
  }
  return 1;
}

using reelgraph::torch_plugin::Sequence;
using reelgraph::torch_plugin::TensorTable;

void open_model(const nlohmann::json& spec, std::span<const reelgraph_tensor> tensors, reelgraph_model& model) {
  const int threads = spec.value("threads", 0);
  at::set_num_threads(threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  // Page faults of large temporaries cost more than the work on them: what was freed is kept for the next one.
  ::mallopt(M_MMAP_THRESHOLD, INT_MAX);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
  const TensorTable table(tensors, spec);
  const std::string kind = spec.at("kind").get<std::string>();
  if (kind == "bert") {
    model.embedder = reelgraph::torch_plugin::make_bert(spec, table);
    return;
  }
  model.text = reelgraph::torch_plugin::make_llama(spec, table);
  if (kind == "smolvlm") model.vision = reelgraph::torch_plugin::make_vision(spec, table);
}

template <typename Part>
Part& part_of(const std::unique_ptr<Part>& part) {
  if (!part) throw std::runtime_error("this model has no such part");
  return *part;
}

const reelgraph_torch_functions kFunctions{
    .model_open =
        [](const char* spec, const reelgraph_tensor* tensors, size_t count, reelgraph_model** model, reelgraph_reason reason) {
          return guarded(reason, [&] {
            auto opened = std::make_unique<reelgraph_model>();
            open_model(nlohmann::json::parse(spec), {tensors, count}, *opened);
            *model = opened.release();
          });
        },
    .model_close = [](reelgraph_model* model) { delete model; },
    .embed = [](reelgraph_model* model, const int64_t* ids, const int64_t* lengths, size_t rows, float* out,
                reelgraph_reason reason) { return guarded(reason, [&] {
                                             part_of(model->embedder).embed(ids, {lengths, rows}, out);
                                           }); },
    .vision =
        [](reelgraph_model* model, const float* pixels, size_t tiles, int clamped, float* out, reelgraph_reason reason) {
          return guarded(reason, [&] { part_of(model->vision).vision(pixels, static_cast<int64_t>(tiles), clamped != 0, out); });
        },
    .connect =
        [](reelgraph_model* model, const float* vision, size_t tiles, float* out, reelgraph_reason reason) {
          return guarded(reason, [&] { part_of(model->vision).connect(vision, static_cast<int64_t>(tiles), out); });
        },
    .sequence_open =
        [](reelgraph_model* model, int64_t capacity, reelgraph_sequence** sequence, reelgraph_reason reason) {
          return guarded(reason, [&] { *sequence = new reelgraph_sequence{part_of(model->text).open(capacity)}; });
        },
    .sequence_fork =
        [](reelgraph_model* model, const reelgraph_sequence* from, int64_t length, int64_t capacity, reelgraph_sequence** sequence,
           reelgraph_reason reason) {
          return guarded(reason, [&] { *sequence = new reelgraph_sequence{part_of(model->text).fork(*from->cache, length, capacity)}; });
        },
    .sequence_close = [](reelgraph_sequence* sequence) { delete sequence; },
    .prefill =
        [](reelgraph_model* model, reelgraph_sequence* sequence, const int64_t* ids, size_t n, const float* features,
           const int64_t* positions, size_t count, int all, float* logits, reelgraph_reason reason) {
          return guarded(reason, [&] {
            part_of(model->text).prefill(*sequence->cache, {ids, n}, {features, {positions, count}}, all != 0, logits);
          });
        },
    .decode =
        [](reelgraph_model* model, reelgraph_sequence** sequences, const int64_t* ids, size_t rows, float* logits,
           reelgraph_reason reason) {
          return guarded(reason, [&] {
            std::vector<Sequence*> caches;
            for (size_t row = 0; row < rows; ++row) caches.push_back(sequences[row]->cache.get());
            part_of(model->text).decode(caches, ids, logits);
          });
        },
};

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int reelgraph_torch_abi() { return REELGRAPH_TORCH_ABI; }

__attribute__((visibility("default"))) long reelgraph_torch_facts(char* json, size_t size) {
  try {
    return give(facts().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), json, size);
  } catch (const std::exception& failure) {  // nothing may be thrown across the border
    give(failure.what(), json, size);
    return -1;
  }
}

__attribute__((visibility("default"))) const reelgraph_torch_functions* reelgraph_torch_functions_v2() { return &kFunctions; }

}  // extern "C"
