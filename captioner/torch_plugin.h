#pragma once
// Finds and loads the libtorch plugin, on demand: a program that never asks never maps libtorch. A build without it works all the same.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

struct reelgraph_torch_functions;  // captioner/torch/abi.h

namespace reelgraph::captioner {

/// Threads that wait for one another give their core away after some microseconds, not after milliseconds, unless the user's environment
/// (GOMP_SPINCOUNT, OMP_WAIT_POLICY) says otherwise: beside other work a model was up to forty times slower, and alone it is no faster.
/// libgomp reads this once, when it is loaded: call it first, from the only thread.
void wait_without_spinning();

/// Where the plugin of a program is looked for: beside the program (a build tree), then in ../lib/reelgraph (an installed one).
/// @param program path of the running program
[[nodiscard]] std::vector<std::filesystem::path> torch_plugin_folders(const std::filesystem::path& program);

/// The first folder's plugin file that is there; empty if this installation has none.
[[nodiscard]] std::optional<std::filesystem::path> find_torch_plugin(const std::vector<std::filesystem::path>& folders);

/// A loaded plugin. The library stays mapped to the end of the process: libtorch does not survive being unloaded. Thread-safe.
class TorchPlugin {
 public:
  /// @throws base::Error kModel: cannot be loaded (the loader's words), or made for another version of the program
  static TorchPlugin load(const std::filesystem::path& file);

  /// What libtorch says about itself: {"version","threads","cpu_capability","blas":[paths],"lapack","mkldnn","openmp","cuda"}.
  /// @throws base::Error kModel
  [[nodiscard]] nlohmann::json facts() const;

  /// What runs models; valid to the end of the process. @throws base::Error kModel
  [[nodiscard]] const reelgraph_torch_functions* functions() const;

 private:
  TorchPlugin(std::filesystem::path file, void* library) : file_(std::move(file)), library_(library) {}
  std::filesystem::path file_;
  void* library_;  ///< dlopen's handle, never closed
};

}  // namespace reelgraph::captioner
