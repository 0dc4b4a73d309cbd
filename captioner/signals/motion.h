#pragma once
// From measured pictures to spans in which something moves.

#include <optional>
#include <string>
#include <vector>

#include "captioner/signals/visibility.h"

namespace reelgraph::captioner::signals {

/// Something moves during `span`, with pauses of no more than some seconds.
struct MotionSpan {
  base::TimeSpan span;
  double largest = 0;         ///< share of the picture that moved at once, at most
  base::Timestamp shown = 0;  ///< when that was
  double x = 0.5, y = 0.5;    ///< centre of all that moved, 0..1
  int samples = 0;            ///< with clear movement
  double confidence = 0;      ///< 0..1
};

/// "left", "top right", "centre": thirds of the picture, the middle left unsaid.
[[nodiscard]] std::string region(double x, double y);

/// Hysteresis: clear movement opens a span and small movement near by keeps it open, so that a person who stands and only stirs stays
/// one span. After clear movement a shorter pause ends it (what moved has left) than after stirring (it stands there). Samples without a
/// clear view count as no movement. One film, samples in time order.
class MotionSpans {
 public:
  /// @param sensitivity > 0: 2 lets movement half as large open a span
  explicit MotionSpans(double sensitivity);

  void add(const ViewedSample& viewed);
  /// Nothing comes after.
  void finish(base::Timestamp end);
  /// Spans that ended since the last call.
  [[nodiscard]] std::vector<MotionSpan> take();
  /// The span that goes on, ended where movement was last seen; none if it is too faint so far.
  [[nodiscard]] std::optional<MotionSpan> open() const;

 private:
  struct Active {
    MotionSpan motion;
    base::Timestamp clear_end = 0;  ///< last clear movement
    double near_x = 0.5, near_y = 0.5;
    double weight = 0;
  };
  [[nodiscard]] std::optional<MotionSpan> finished(const Active& active) const;
  void close();

  double clear_share_;
  std::optional<Active> active_;
  base::Timestamp before_ = -1;     ///< the sample before; -1: none
  base::Timestamp last_reach_ = 0;  ///< end of the last sample
  std::vector<MotionSpan> done_;
};

}  // namespace reelgraph::captioner::signals
