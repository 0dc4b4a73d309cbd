#pragma once
// The border between the program and its libtorch plugin: C functions and plain data, so that nothing of libtorch is mapped before
// something needs it and a plugin of another build is refused rather than crashed into.

#include <stddef.h>
#include <stdint.h>

extern "C" {

/// Raised with every change of anything below. Both sides compile it in; the program refuses a plugin that answers another number.
#define REELGRAPH_TORCH_ABI 2

/// @returns REELGRAPH_TORCH_ABI of the plugin
using reelgraph_torch_abi_fn = int (*)();
/// Writes what libtorch says about itself into `json` (an object, UTF-8, NUL-terminated, cut at `size`).
/// @returns the length of the whole text without the NUL, so that a caller may come again with more room; -1 on failure, with the
///          reason in `json`
using reelgraph_torch_facts_fn = long (*)(char* json, size_t size);

enum reelgraph_dtype { REELGRAPH_F32 = 0, REELGRAPH_F16 = 1, REELGRAPH_BF16 = 2 };

/// A weight, row-major. `name` and `data` are borrowed and must outlive the model: what needs no conversion is not copied.
struct reelgraph_tensor {
  const char* name;
  const int64_t* shape;
  const void* data;
  size_t rank;
  enum reelgraph_dtype dtype;
};

/// Where a failed call puts its reason (UTF-8, NUL-terminated, cut at `size`).
struct reelgraph_reason {
  char* text;
  size_t size;
};

struct reelgraph_model;     ///< weights of one model; calls on one model must not run at the same time
struct reelgraph_sequence;  ///< one conversation's keys and values; belongs to its model

/// Every function that can fail returns 0 when it did its work, else 1 with the reason told.
struct reelgraph_torch_functions {
  /// @param spec JSON object: {"kind": "bert" | "llama" | "smolvlm", "dtype": "fp32" | "bf16", "device": "cpu" | "cuda:N", "threads": N or
  /// 0,
  ///             "text": {...}, "vision": {...}, ...}, sizes checked by the program
  int (*model_open)(const char* spec, const struct reelgraph_tensor* tensors, size_t count, struct reelgraph_model** model,
                    struct reelgraph_reason reason);
  void (*model_close)(struct reelgraph_model* model);

  /// Sentence embeddings. @param ids the rows one after the other; @param lengths int64 [rows]; @param out float32 [rows, dim]
  int (*embed)(struct reelgraph_model* model, const int64_t* ids, const int64_t* lengths, size_t rows, float* out,
               struct reelgraph_reason reason);

  /// Vision tower. @param pixels float32 [tiles, 3, side, side], normalised; @param clamped the first row and column of the position table
  /// are read twice (transformers 4.55 to 4.57 in float32); @param out float32 [tiles, patches, width]
  int (*vision)(struct reelgraph_model* model, const float* pixels, size_t tiles, int clamped, float* out, struct reelgraph_reason reason);
  /// Connector. @param vision as `vision` gave it; @param out float32 [tiles, image_seq_len, hidden]
  int (*connect)(struct reelgraph_model* model, const float* vision, size_t tiles, float* out, struct reelgraph_reason reason);

  /// An empty conversation with room for `capacity` tokens.
  int (*sequence_open)(struct reelgraph_model* model, int64_t capacity, struct reelgraph_sequence** sequence,
                       struct reelgraph_reason reason);
  /// A conversation that begins with the first `length` tokens of another one.
  int (*sequence_fork)(struct reelgraph_model* model, const struct reelgraph_sequence* from, int64_t length, int64_t capacity,
                       struct reelgraph_sequence** sequence, struct reelgraph_reason reason);
  void (*sequence_close)(struct reelgraph_sequence* sequence);
  /// Appends tokens. Rows of `features` (float32 [count, hidden]) take the place of the embeddings at `positions` (int64 [count], into
  /// `ids`).
  /// @param logits float32 [vocab] of the last token, or [n, vocab] if `all`; may be null
  int (*prefill)(struct reelgraph_model* model, struct reelgraph_sequence* sequence, const int64_t* ids, size_t n, const float* features,
                 const int64_t* positions, size_t count, int all, float* logits, struct reelgraph_reason reason);
  /// Appends one token to each of `rows` different conversations. @param logits float32 [rows, vocab]
  int (*decode)(struct reelgraph_model* model, struct reelgraph_sequence** sequences, const int64_t* ids, size_t rows, float* logits,
                struct reelgraph_reason reason);
};

/// @returns the plugin's functions; valid to the end of the process
using reelgraph_torch_functions_fn = const struct reelgraph_torch_functions* (*)();

inline constexpr const char* kReelgraphTorchAbiName = "reelgraph_torch_abi";
inline constexpr const char* kReelgraphTorchFactsName = "reelgraph_torch_facts";
inline constexpr const char* kReelgraphTorchFunctionsName = "reelgraph_torch_functions_v2";

}  // extern "C"
