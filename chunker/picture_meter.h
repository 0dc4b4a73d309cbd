#pragma once
// Measures some pictures a second: light, sharpness, how the camera moved and what moved besides.

#include <memory>

#include "base/chunk.h"
#include "base/image.h"

namespace reelgraph::chunker {

/// Compares each picture with the one before it. Camera movement (shift, zoom, roll) is estimated from sparse flow and taken out,
/// changes of exposure are fitted per channel and taken out, sensor noise is estimated and must be exceeded.
/// One film, pictures in time order. Deterministic.
class PictureMeter {
 public:
  PictureMeter();
  ~PictureMeter();
  PictureMeter(PictureMeter&&) noexcept;
  PictureMeter& operator=(PictureMeter&&) noexcept;

  /// @param picture uint8 RGB [H, W, 3], H and W at least 16. Another size than the last picture's starts afresh.
  /// @returns a sample whose `step` is 0: only the next picture tells how long it stands
  [[nodiscard]] base::PictureSample measure(base::Timestamp at, const base::Image& picture);
  /// The next picture has nothing to do with the last one (a cut lies between).
  void new_shot();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reelgraph::chunker
