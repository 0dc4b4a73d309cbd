#pragma once
// Sightings joined over time. Nearest first, held to a speed; nothing is learned. Deterministic.

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "chunker/tracking/sighting.h"

namespace reelgraph::chunker::tracking {

/// How a type of thing moves.
struct Motion {
  double speed = 0.15;                            ///< fastest, picture widths a second
  base::Duration lost_after = 4 * base::kSecond;  ///< unseen so long, it is gone
  double most = 0.4;                              ///< farthest way while unseen, picture widths
  bool by_load = false;                           ///< loads tell things of this type apart, not labels
};

/// A thing at one frame's time.
struct Sample {
  base::Timestamp at = 0;
  Place place;
  std::string load;
  bool seen = false;  ///< false: it was missed in this frame; `place` and `load` are the last ones
};

struct Track {
  int number = 0;  ///< unique, in order of first sight
  std::string type;
  std::map<std::string, int> labels, loads;  ///< votes
  std::deque<Sample> samples;                ///< one a frame since `first`; the oldest may have been dropped
  base::Timestamp first = 0, last_seen = 0;
  int hits = 0;
  bool confirmed = false;
  bool ended = false;  ///< no further samples; those after `last_seen` were taken back

  /// The label with most votes; of equal ones the first by name.
  [[nodiscard]] std::string label() const;
  /// The same of what it holds.
  [[nodiscard]] std::string load() const;
  /// Where it was seen within `span`, as far as its samples go back.
  [[nodiscard]] std::vector<std::pair<base::Timestamp, Place>> way(base::TimeSpan span) const;
};

struct TrackerOptions {
  std::map<std::string, Motion> motions;  ///< by type; others move as the default says
  double aspect = 9.0 / 16;               ///< height of the picture by its width
  double lead = 0;                        ///< share of its last velocity with which a track is expected to go on, 0..1
  double slack = 0.05;                    ///< of a place that is said, picture widths
  int confirm_hits = 3;                   ///< sightings that make a track, of as many frames and two more
  std::size_t most_tracks = 256;          ///< alive at a time; further sightings are left out
};

class Tracker {
 public:
  explicit Tracker(TrackerOptions options) : options_(std::move(options)) {}

  /// REQUIRES: `look.at` after that of the last one.
  void add(const Look& look);
  /// Nothing comes any more: every track ends.
  void finish();

  /// Those that live, and those that ended since the last `forget`. In order of first sight.
  [[nodiscard]] std::deque<Track>& tracks() { return tracks_; }
  [[nodiscard]] const std::deque<Track>& tracks() const { return tracks_; }
  /// What was one track is two: it ends before `at`, and what was seen from then on is a new track, confirmed like it.
  /// @returns the new one, which may be without samples
  Track& split(Track& track, base::Timestamp at);
  /// It is gone: what is seen there from now on is something else.
  void close(Track& track);
  /// Drops ended tracks last seen before `before`, and samples of the others before it.
  void forget(base::Timestamp before);

  [[nodiscard]] const Motion& motion_of(const std::string& type) const;
  /// In picture widths.
  [[nodiscard]] double distance(Place a, Place b) const;

 private:
  [[nodiscard]] Place expected(const Track& track, base::Timestamp at) const;
  void settle(std::vector<std::tuple<double, std::size_t, std::size_t>>& pairs, const Look& look) const;
  void match(const Look& look, std::vector<Track*>& owners, bool same_label);
  void end(Track& track);

  TrackerOptions options_;
  std::deque<Track> tracks_;
  int next_ = 1;
};

}  // namespace reelgraph::chunker::tracking
