#pragma once
// Internal to captioner/signals: what was put down, taken away or put back, and what only stands.

#include <deque>
#include <opencv2/core.hpp>
#include <vector>

#include "base/time.h"
#include "captioner/signals/background.h"
#include "captioner/signals/colour.h"
#include "captioner/signals/exposure.h"
#include "captioner/signals/foreground.h"
#include "captioner/signals/stillness.h"
#include "captioner/signals/tracks.h"

namespace reelgraph::captioner::signals {

struct StaticChange {
  enum class Kind { kPlaced, kRemoved, kPutBack };
  Kind kind = Kind::kPlaced;
  int thing = 0;    ///< key of the thing, the same when it comes back
  int carrier = 0;  ///< key of the track that did it; 0: none is clear
  base::Timestamp at = 0;
  cv::Rect box;
  double confidence = 0;
  ColourVotes::Verdict colour;
};

/// One step's picture with what is known of it; borrowed for the call.
struct Step {
  base::Timestamp at = 0;
  const cv::Mat& picture;   ///< uint8 RGB, aligned with the background
  const cv::Mat& expected;  ///< the background in the present exposure
  const Foreground& found;
  const ToneCurves& tones;
};

/// Looks at blobs that no longer change. What has a stronger outline now than the background had was put there; what has a weaker one is
/// the place of something that was taken away; what has neither is light. The background takes all of them over and remembers what was
/// there, so that leaving and coming back are known again. A thing that stopped by itself is left to its track, and taken over only
/// after long.
class StaticChanges {
 public:
  /// @param least_area pixels: a smaller change is learned and not told
  [[nodiscard]] std::vector<StaticChange> look(const Step& step, double least_area, Background& background, Stillness& stillness,
                                               Tracker& tracker);
  /// The background was rebased: what places remember of it follows.
  void rebase(const ToneCurves& tones);
  /// All places are forgotten (another view); the numbering goes on.
  void forget();

 private:
  /// A place whose background was changed.
  struct Place {
    int thing = 0;         ///< 0: only light changed here, or a track stands here
    int parked = 0;        ///< key of the track that stands there; 0: none
    bool present = false;  ///< the thing stands there now
    cv::Mat mask;          ///< uint8 [H, W]
    double area = 0;
    cv::Mat before;  ///< float32 [H, W, 3] within `box`: what was there
    cv::Rect box;
  };
  enum class Outline { kStronger, kWeaker, kSame };

  [[nodiscard]] static Outline outline_of(const Step& step, const cv::Mat& mask, double& clarity);
  [[nodiscard]] Place* place_at(const cv::Mat& mask, double area, bool thing);
  void take_over(const Step& step, const cv::Mat& mask, cv::Rect box, Place place, Background& background, Stillness& stillness);
  void revive(const Step& step, Background& background, Stillness& stillness, Tracker& tracker);

  std::deque<Place> places_;
  int things_ = 0;
};

}  // namespace reelgraph::captioner::signals
