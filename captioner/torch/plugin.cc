// The plugin's side of the border. The only folder of the program whose sources include libtorch.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <link.h>
#include <torch/version.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "captioner/torch/abi.h"

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

}  // extern "C"
