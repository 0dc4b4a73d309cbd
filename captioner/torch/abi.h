#pragma once
// The border between the program and its libtorch plugin: C functions, looked up by name after dlopen, so that nothing of libtorch
// is mapped before something needs it and a plugin of another build is refused rather than crashed into.

#include <stddef.h>

extern "C" {

/// Raised with every change of a function below. Both sides compile it in; the program refuses a plugin that answers another number.
#define REELGRAPH_TORCH_ABI 1

/// @returns REELGRAPH_TORCH_ABI of the plugin
using reelgraph_torch_abi_fn = int (*)();
/// Writes what libtorch says about itself into `json` (an object, UTF-8, NUL-terminated, cut at `size`).
/// @returns the length of the whole text without the NUL, so that a caller may come again with more room; -1 on failure, with the
///          reason in `json`
using reelgraph_torch_facts_fn = long (*)(char* json, size_t size);

inline constexpr const char* kReelgraphTorchAbiName = "reelgraph_torch_abi";
inline constexpr const char* kReelgraphTorchFactsName = "reelgraph_torch_facts";

}  // extern "C"
