#pragma once
// Which pictures of a chunk are worth keeping.

#include <cstdint>
#include <vector>

#include "base/chunk.h"

namespace reelgraph::chunker {

/// What is compared of a candidate: a small, smoothed colour picture.
struct Fingerprint {
  std::vector<std::uint8_t> cells;  ///< uint8 RGB [36, 64, 3]
};

/// @param small uint8 RGB [36, 64, 3]
[[nodiscard]] Fingerprint make_fingerprint(const base::Image& small);

/// Share of the picture in which two pictures differ, 0..1, blind to a change of the whole picture's brightness.
[[nodiscard]] double novelty(const Fingerprint& a, const Fingerprint& b);

/// A picture that may be kept.
struct Candidate {
  base::Keyframe frame;
  Fingerprint fingerprint;
  bool starts_shot = false;
};

struct Selection {
  std::vector<std::size_t> chosen;      ///< indices of candidates, in time order
  std::vector<double> novelty;          ///< of each chosen one, against those chosen before it
  std::vector<std::size_t> duplicates;  ///< candidates that look like a chosen one
};

/// Farthest-first: the picture that differs most from all chosen ones comes next, a shot's first frame before others, until `most` are
/// chosen or what is left looks like what is kept. Deterministic; the earlier of two equals wins.
/// REQUIRES: candidates in time order
[[nodiscard]] Selection choose_keyframes(const std::vector<const Candidate*>& candidates, int most);

}  // namespace reelgraph::chunker
