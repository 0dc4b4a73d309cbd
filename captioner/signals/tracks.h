#pragma once
// Internal to captioner/signals: blobs joined over time.

#include <cstdint>
#include <deque>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "base/observation.h"
#include "base/time.h"
#include "captioner/signals/colour.h"
#include "captioner/signals/foreground.h"

namespace reelgraph::captioner::signals {

/// One thing that moves, from the first blob on. Lengths in pixels of the working picture.
struct Track {
  int key = 0;     ///< unique within the film, in order of birth
  int number = 0;  ///< unique among those that were given out; 0: not given yet
  base::Timestamp born = 0;
  base::Timestamp seen = 0;   ///< last time it was certainly there
  base::Timestamp moved = 0;  ///< last time it changed
  base::Timestamp met = 0;    ///< last time a blob was its, moving or not
  bool from_start = false;    ///< in view when the shot began
  bool confirmed = false;
  bool standing = false;  ///< it does not change but is there
  bool parked = false;    ///< standing so long that it was made part of the background
  bool ended = false;     ///< kept for some seconds, so that what it did can be told
  base::Timestamp ended_at = 0;
  cv::Rect2d box;        ///< latest
  cv::Point2d velocity;  ///< of the centre, pixels/s
  double typical_area = 0;
  double largest_area = 0;
  double contrast = 0;                                      ///< mean over hits
  int hits = 0;                                             ///< steps in which it moved
  int quiet = 0;                                            ///< steps in a row in which its blob did not change
  int host = 0;                                             ///< key of the track whose blob hides it; 0: none
  bool merged = false;                                      ///< its blob holds another track too
  std::vector<int> labels;                                  ///< blobs of this step
  std::deque<std::pair<base::Timestamp, cv::Rect2d>> path;  ///< boxes of hits, thinned when long
  double reach = 0;                                         ///< farthest way of any part of it
  ColourVotes colours;

  [[nodiscard]] cv::Point2d centre() const { return {box.x + box.width / 2, box.y + box.height / 2}; }
};

struct TrackerOptions {
  double birth_area = 0;    ///< pixels: a smaller blob begins no track
  double confirm_area = 0;  ///< pixels: it must be as large once
  cv::Size picture;         ///< working size
};

/// Constant velocity, Hungarian assignment on distance by size and overlap. Bounded: at most 32 at a time. One fixed view.
class Tracker {
 public:
  static constexpr std::size_t kMostTracks = 32;

  Tracker(const TrackerOptions& options, int first_key) : options_(options), next_key_(first_key) {}

  /// One step. Blobs that nothing explains give birth to tracks, if they move.
  void step(base::Timestamp at, const Foreground& found, bool first_of_shot);
  /// Tracks that live or ended within the last seconds.
  [[nodiscard]] std::vector<Track>& tracks() { return tracks_; }
  /// Of this step. uint8 [H, W]: 255 where something that is followed is.
  [[nodiscard]] cv::Mat followed(const Foreground& found) const;
  [[nodiscard]] int next_key() const { return next_key_; }

 private:
  void match(base::Timestamp at, const Foreground& found);
  void take_blobs(Track& track, base::Timestamp at, const Foreground& found);
  void miss(Track& track, base::Timestamp at, const Foreground& found);

  TrackerOptions options_;
  std::vector<Track> tracks_;
  std::vector<int> owner_;  ///< by blob: index of its track, -1: none
  int next_key_;
};

/// The inside of what a track is made of in this step, without its edge, which is half background. uint8, the size of `box`.
/// @param box out: where in the picture
[[nodiscard]] cv::Mat core_of(const Track& track, const Foreground& found, cv::Rect& box);

/// 0.4..0.95, from how often, how large and how clearly it was seen. @param confirm_area pixels
[[nodiscard]] double confidence_of(const Track& track, double confirm_area);

/// In shares of the picture, to the thousandth.
[[nodiscard]] base::Box box_of(const cv::Rect2d& pixels, cv::Size picture);

/// "up", "down-right", ... of the way a track went; empty if it went nowhere clearly.
[[nodiscard]] std::string direction_of(const Track& track, cv::Size picture);

}  // namespace reelgraph::captioner::signals
