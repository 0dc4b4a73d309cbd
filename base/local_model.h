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
  std::string adapter;         ///< folder of a LoRA adapter in PEFT format; empty: none
  double temperature = 0;      ///< 0 .. 100; 0: the likeliest token
  double top_p = 1;            ///< above 0, at most 1
  std::uint64_t seed = 0;      ///< of what a temperature draws
  int detail_frames = 0;       ///< frames of a chunk that are shown cut into tiles as well; 0: none
  bool continuity = false;     ///< show the model the end of the previous description; one chunk at a time then
};

}  // namespace reelgraph::base
