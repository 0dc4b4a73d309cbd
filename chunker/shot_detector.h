#pragma once
// Finds where shots begin, from every frame at thumbnail size. Needs no OpenCV: 2304 pixels a frame are cheap.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/chunk.h"
#include "base/image.h"
#include "base/time.h"

namespace reelgraph::chunker {

/// One frame as the detector remembers it.
struct FrameSignature {
  base::Timestamp at = 0;
  std::vector<std::uint8_t> luma;  ///< uint8 [36 * 64]
  std::vector<float> histogram;    ///< float32 [3 * 32]: brightness and two colour axes, each summing to 1
  double mean = 0;                 ///< of luma, 0..255
  double spread = 0;               ///< standard deviation of luma
};

struct FrameDistance {
  double colour = 0;     ///< histogram distance, 0..1
  double structure = 0;  ///< luma decorrelation, 0..1; blind to exposure
  [[nodiscard]] double score() const { return 0.5 * colour + 0.5 * structure; }
};

[[nodiscard]] FrameSignature make_signature(base::Timestamp at, const base::Image& picture);
[[nodiscard]] FrameDistance distance(const FrameSignature& a, const FrameSignature& b);

/// A boundary and the stretch of film in which the picture changes because of it (one instant for a cut).
struct Transition {
  base::ShotBoundary boundary;
  base::TimeSpan extent;
};

/// Cuts, fades through black or white, and dissolves. A cut must stand out against the recent and the following frames; flashes and
/// lamps that are switched change brightness but not structure, or go back to what was before, and are no boundary.
/// One film, frames in time order. Remembers 2.5 s of thumbnails.
class ShotDetector {
 public:
  static constexpr base::Size kPictureSize{64, 36};

  /// @param picture uint8 RGB [36, 64, 3]
  /// @returns true if the frame looks like the first of a new shot; a flash is told from a cut only later, `take` has the final word
  bool add(base::Timestamp at, const base::Image& picture);
  /// Nothing comes after: what is pending is decided.
  void finish();
  /// What was decided since the last call; in time order except that a dissolve may come after a cut that follows it closely.
  [[nodiscard]] std::vector<Transition> take();
  /// Every transition before this time has been given to `take`.
  [[nodiscard]] base::Timestamp settled() const;

 private:
  struct PendingCut {
    FrameSignature before;
    base::Timestamp at = 0;
    base::Timestamp previous_at = 0;
    double score = 0;
    std::vector<double> scores_after;
  };
  struct BlankRun {
    base::Timestamp start = 0;
    std::optional<FrameSignature> before;  ///< the last full picture; none at the start of a film
    base::Timestamp fade_start = 0;
    bool entered_hard = false;
    bool told = false;  ///< the cut to blank was given
  };
  struct BlankExit {
    BlankRun run;
    FrameSignature first;
    double largest_spread = 0;
    base::Timestamp largest_at = 0;
  };
  struct Dissolve {
    base::Timestamp at = 0;
    base::TimeSpan extent;
    double score = 0;
    base::Timestamp last_seen = 0;
  };

  bool look_for_cut(const FrameSignature& previous, const FrameSignature& now);
  void decide_cut(bool ended);
  void enter_blank(const FrameSignature& now);
  bool leave_blank(const FrameSignature& now);
  void decide_blank_exit();
  void look_for_dissolve();
  void decide_dissolve(base::Timestamp now, bool ended);
  void give(Transition transition);
  [[nodiscard]] const FrameSignature* at_or_before(base::Timestamp at) const;
  [[nodiscard]] double recent_median() const;

  std::deque<FrameSignature> history_;
  std::deque<double> recent_scores_;
  std::optional<PendingCut> cut_;
  std::optional<BlankRun> blank_;
  std::optional<BlankExit> blank_exit_;
  std::optional<Dissolve> dissolve_;
  base::Timestamp last_boundary_ = -1;
  base::Timestamp next_dissolve_look_ = 0;
  base::Timestamp now_ = 0;
  std::vector<Transition> decided_;
};

}  // namespace reelgraph::chunker
