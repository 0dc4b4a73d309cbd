#pragma once
// The interface between the index and whatever turns a text into a vector.

#include <span>
#include <string>
#include <vector>

namespace reelgraph::base {

/// Thread-safe.
class TextEmbedder {
 public:
  virtual ~TextEmbedder() = default;
  /// Part of what makes vectors comparable: those of two names never are.
  [[nodiscard]] virtual std::string name() const = 0;
  /// One vector a text, in order: float32 [N, D], unit L2 norm, the same D for every call.
  /// @throws Error kModel: the embedder failed; nothing of the batch is returned
  [[nodiscard]] virtual std::vector<std::vector<float>> embed(std::span<const std::string> texts) = 0;
};

}  // namespace reelgraph::base
