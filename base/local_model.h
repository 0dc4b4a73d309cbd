#pragma once
// How a model folder is run in the process. Filled by the command line, used by `captioner/local`.

#include <cstdint>
#include <string>

namespace reelgraph::base {

struct LocalSettings {
  std::string device = "cpu";  ///< "cpu", "cuda" or "cuda:N"
  std::string dtype = "fp32";  ///< "fp32" or "bf16"
  int threads = 0;             ///< 0: one per core
  int max_tokens = 512;        ///< of one reply, > 0
  int batch = 4;               ///< chunks described side by side, >= 1
  bool continuity = false;     ///< show the model the end of the previous description; one chunk at a time then
};

}  // namespace reelgraph::base
