#pragma once
// Tells chunks in which a fixed camera saw nothing new from those that are worth describing.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/captioner.h"
#include "base/chunk.h"

namespace reelgraph::pipeline {

/// Remembers what the last described chunk looked like. Not for use from several threads.
class StaticScene {
 public:
  struct Reference {
    int index = 0;
    base::TimeSpan span;
  };

  /// The described chunk that `chunk` looks like all through: no cut, no motion of camera or things, nothing said, and every picture within
  /// a hair of one of the reference's. Empty if it has to be described.
  [[nodiscard]] std::optional<Reference> same_as(const base::Chunk& chunk) const;
  /// `chunk` is described: what follows is measured against it.
  void set(const base::Chunk& chunk);

 private:
  static constexpr int kWidth = 64, kHeight = 36;
  using Look = std::vector<std::uint8_t>;  ///< mean brightness of the cells of a grid, uint8 [kHeight, kWidth]
  static Look look(const base::Image& image);
  static bool alike(const Look& a, const Look& b);

  std::optional<Reference> reference_;
  std::vector<Look> looks_;
};

/// What is said of a chunk that looks like a described one: the same words and things, no events.
[[nodiscard]] base::CaptionResult carried_forward(const base::Observation& reference, const base::Chunk& chunk);

}  // namespace reelgraph::pipeline
