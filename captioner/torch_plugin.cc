#include "captioner/torch_plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "base/error.h"
#include "captioner/torch/abi.h"

namespace reelgraph::captioner {
namespace {

constexpr const char* kFileName = "reelgraph_torch.so";
constexpr const char* kCure = "rebuild or reinstall reelgraph; scripts/setup brings libtorch";

std::string loader_words() {
  const char* words = ::dlerror();
  return words != nullptr ? words : "unknown failure of the loader";
}

/// The plugin's function `name`.
template <typename Function>
Function function_of(void* library, const char* name, const std::filesystem::path& file) {
  void* const address = ::dlsym(library, name);
  if (address == nullptr) {
    throw base::Error(base::ErrorCode::kModel, std::string("has no function ") + name + ", so it is no plugin of reelgraph", file.string(),
                      kCure);
  }
  return reinterpret_cast<Function>(address);
}

}  // namespace

void wait_without_spinning() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "5000", 0);
}

std::vector<std::filesystem::path> torch_plugin_folders(const std::filesystem::path& program) {
  const std::filesystem::path folder = program.parent_path();
  return {folder, (folder / ".." / "lib" / "reelgraph").lexically_normal()};
}

std::optional<std::filesystem::path> find_torch_plugin(const std::vector<std::filesystem::path>& folders) {
  for (const std::filesystem::path& folder : folders) {
    std::error_code unreadable;
    if (std::filesystem::is_regular_file(folder / kFileName, unreadable)) return folder / kFileName;
  }
  return std::nullopt;
}

TorchPlugin TorchPlugin::load(const std::filesystem::path& file) {
  // An absolute path, so that the loader searches nowhere else. RTLD_NOW: a plugin that lacks a symbol is refused here, not in mid-work.
  void* const library = ::dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw base::Error(base::ErrorCode::kModel, "cannot be loaded: " + loader_words(), file.string(), kCure);
  const int abi = function_of<reelgraph_torch_abi_fn>(library, kReelgraphTorchAbiName, file)();
  if (abi != REELGRAPH_TORCH_ABI) {
    throw base::Error(base::ErrorCode::kModel,
                      "was made for another version of reelgraph (interface " + std::to_string(abi) + ", this program has " +
                          std::to_string(REELGRAPH_TORCH_ABI) + ")",
                      file.string(), kCure);
  }
  return {file, library};
}

nlohmann::json TorchPlugin::facts() const {
  const auto tell = function_of<reelgraph_torch_facts_fn>(library_, kReelgraphTorchFactsName, file_);
  std::string text(4096, '\0');
  long length = tell(text.data(), text.size());
  if (length >= static_cast<long>(text.size())) {
    text.assign(static_cast<std::size_t>(length) + 1, '\0');
    length = tell(text.data(), text.size());
  }
  text.resize(text.find('\0'));
  if (length < 0) throw base::Error(base::ErrorCode::kModel, "libtorch failed: " + text, file_.string(), kCure);
  nlohmann::json facts = nlohmann::json::parse(text, nullptr, false);
  if (!facts.is_object()) throw base::Error(base::ErrorCode::kModel, "gave no facts about libtorch", file_.string(), kCure);
  return facts;
}

const reelgraph_torch_functions* TorchPlugin::functions() const {
  return function_of<reelgraph_torch_functions_fn>(library_, kReelgraphTorchFunctionsName, file_)();
}

}  // namespace reelgraph::captioner
