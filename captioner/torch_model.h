#pragma once
// A model run by the libtorch plugin, as the program sees it: plain vectors in, plain vectors out.

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "captioner/local/model_tensors.h"
#include "captioner/torch_plugin.h"

struct reelgraph_model;
struct reelgraph_sequence;

namespace reelgraph::captioner {

/// Gives a handle back to the plugin.
template <typename Handle>
struct TorchClose {
  void (*close)(Handle*) = nullptr;
  void operator()(Handle* handle) const { close(handle); }
};

/// One conversation's keys and values in the plugin. Movable; must not outlive its model.
class TorchSequence {
 public:
  TorchSequence() = default;
  [[nodiscard]] std::int64_t length() const { return length_; }
  [[nodiscard]] std::int64_t capacity() const { return capacity_; }

 private:
  friend class TorchModel;
  std::unique_ptr<reelgraph_sequence, TorchClose<reelgraph_sequence>> handle_;
  std::int64_t length_ = 0, capacity_ = 0;
};

/// Rows that take the place of token embeddings.
struct TorchFeatures {
  std::span<const float> rows;              ///< float32 [positions.size(), hidden]
  std::span<const std::int64_t> positions;  ///< into the ids of the same call
};

/// Weights in the plugin. The tensors' memory must outlive it. Calls on one model must not run at the same time.
/// Every function throws base::Error kModel with libtorch's own words when it fails.
class TorchModel {
 public:
  /// @param spec what `abi.h` says about model_open
  TorchModel(const TorchPlugin& plugin, const nlohmann::json& spec, const std::vector<local::NamedTensor>& tensors, std::string name);

  /// @returns float32 [rows.size(), dim]. @param rows token ids; none empty
  [[nodiscard]] std::vector<float> embed(std::span<const std::vector<std::int64_t>> rows, std::int64_t dim);

  /// @param pixels float32 [tiles, 3, side, side]; @param clamped see abi.h; @returns float32 [tiles, per_tile]
  [[nodiscard]] std::vector<float> vision(std::span<const float> pixels, std::int64_t tiles, std::int64_t per_tile, bool clamped);
  /// @param vision as `vision` gave it; @returns float32 [tiles, per_tile]
  [[nodiscard]] std::vector<float> connect(std::span<const float> vision, std::int64_t tiles, std::int64_t per_tile);

  [[nodiscard]] TorchSequence open_sequence(std::int64_t capacity);
  /// A conversation that begins with the first `length` tokens of another one.
  [[nodiscard]] TorchSequence fork(const TorchSequence& from, std::int64_t length, std::int64_t capacity);
  /// Appends tokens. @param logits float32 [vocab] of the last token, [n, vocab] if `all`; empty: not wanted
  void prefill(TorchSequence& sequence, std::span<const std::int64_t> ids, const TorchFeatures& features, std::span<float> logits,
               bool all = false);
  /// Appends one token to each conversation. @param logits float32 [rows, vocab]
  void decode(std::span<TorchSequence* const> sequences, std::span<const std::int64_t> ids, std::span<float> logits);

 private:
  [[noreturn]] void fail(const std::string& reason) const;
  template <typename Call>
  void check(Call call) const;

  const struct reelgraph_torch_functions* functions_;
  std::string name_;  ///< for errors
  std::unique_ptr<reelgraph_model, TorchClose<reelgraph_model>> handle_;
};

}  // namespace reelgraph::captioner
