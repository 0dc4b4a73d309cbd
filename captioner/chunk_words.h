#pragma once
// What every model is told about a chunk beside its pictures.

#include <cstddef>
#include <string>

#include "base/chunk.h"

namespace reelgraph::captioner {

struct ChunkWordLimits {
  std::size_t cues = 20'000;   ///< bytes of subtitles
  std::size_t texts = 4'000;   ///< bytes of on-screen text
  std::size_t before = 1'500;  ///< bytes of the previous description; 0: leave it out
};

/// Its time, and as quoted data its subtitles, the text on the screen and the end of the description before.
/// @param pictures false: says that there is none
[[nodiscard]] std::string chunk_words(const base::Chunk& chunk, bool pictures, const ChunkWordLimits& limits);

}  // namespace reelgraph::captioner
