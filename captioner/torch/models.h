#pragma once
// What the plugin's models do, in plain data. Only the .cc files of this folder know libtorch.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "captioner/torch/abi.h"

namespace reelgraph::torch_plugin {

/// A batch of texts to vectors.
class Embedder {
 public:
  virtual ~Embedder() = default;
  /// @param ids rows one after the other; @param lengths of each; @param out float32 [rows, dim]
  virtual void embed(const std::int64_t* ids, std::span<const std::int64_t> lengths, float* out) = 0;
};

/// Vision tower and connector.
class VisionModel {
 public:
  virtual ~VisionModel() = default;
  virtual void vision(const float* pixels, std::int64_t tiles, bool clamped, float* out) = 0;
  virtual void connect(const float* vision, std::int64_t tiles, float* out) = 0;
};

/// Keys and values of one conversation.
class Sequence {
 public:
  virtual ~Sequence() = default;
};

struct Features {
  const float* rows = nullptr;              ///< float32 [positions.size(), hidden]
  std::span<const std::int64_t> positions;  ///< into the ids of the same call
};

class TextModel {
 public:
  virtual ~TextModel() = default;
  virtual std::unique_ptr<Sequence> open(std::int64_t capacity) = 0;
  virtual std::unique_ptr<Sequence> fork(const Sequence& from, std::int64_t length, std::int64_t capacity) = 0;
  virtual void prefill(Sequence& sequence, std::span<const std::int64_t> ids, const Features& features, bool all, float* logits) = 0;
  virtual void decode(std::span<Sequence*> sequences, const std::int64_t* ids, float* logits) = 0;
};

class TensorTable;  // tensors.h

std::unique_ptr<Embedder> make_bert(const nlohmann::json& spec, const TensorTable& tensors);
std::unique_ptr<VisionModel> make_vision(const nlohmann::json& spec, const TensorTable& tensors);
std::unique_ptr<TextModel> make_llama(const nlohmann::json& spec, const TensorTable& tensors);

}  // namespace reelgraph::torch_plugin
