#pragma once
// From tracks and zones to what happened: geometry says it, nobody guesses. The definitions of the events are in docs/tracking.md.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/observation.h"
#include "base/profile.h"
#include "chunker/tracking/reader.h"
#include "chunker/tracking/rules.h"
#include "chunker/tracking/tracker.h"
#include "chunker/tracking/zones.h"

namespace reelgraph::chunker::tracking {

/// Follows one film. What happened is known some seconds after it did: `kLag` at most, but for what goes on.
class EventReader final : public Reader {
 public:
  static constexpr base::Duration kLag = 14 * base::kSecond;

  /// @param aspect height of the picture by its width
  EventReader(Rules rules, std::vector<base::Zone> zones, double aspect);

  void add(const Look& look) override;
  void finish(base::Timestamp end) override;
  [[nodiscard]] std::vector<TrackedEvent> take() override;
  [[nodiscard]] std::vector<Presence> present(base::TimeSpan span) const override;

 private:
  static constexpr base::Duration kSure = 4 * base::kSecond;  ///< after which what nobody set down or took has come or gone by itself
  static constexpr base::Duration kStart = base::kSecond;     ///< between setting off and being seen to have moved
  static constexpr base::Duration kEdgeOfFilm =
      2500 * base::kMillisecond;  ///< what is there so near to its start or end was or stays there

  /// A thing smoothed at one frame's time.
  struct State {
    Place place;
    std::string load;
    int zone = -1;
  };
  struct Stop {
    base::Timestamp end = 0;
    int zone = -1;
    Place place;
    std::string goods;  ///< key of what a carrier set down there
  };
  /// A carrier on one spot.
  struct Stand {
    base::TimeSpan span;
    Place place;
  };
  struct Departure {
    base::Timestamp at;
    std::string load;
  };
  enum class Goods { kCome, kGo };
  /// What is remembered of a track while its story is read.
  struct Story {
    Party party;
    std::optional<State> last;
    int zone = -1;                                      ///< confirmed
    std::deque<std::pair<base::Timestamp, Place>> way;  ///< the last frames
    base::Timestamp stands_since = 0;
    Place anchor;
    std::optional<Stop> stop;  ///< of carriers and walkers: where the way began
    base::Timestamp waits_since = -1;
    base::Timestamp works_since = -1, worked_until = -1, worked_to = -1;  ///< the last: end of the work that was told last
    base::Timestamp left_zone = -1;                                       ///< workers: when last
    std::optional<Place> rests_at;                                        ///< workers: where they stand without work
    Party work;
    int work_zone = -1;
    std::optional<Party> carried;
    base::Timestamp load_differs_since = -1;  ///< carriers: what is seen on them is not what they are known to carry
    std::string load_read;                    ///< what is seen on them then
    std::optional<Stand> left;                ///< carriers: where they stood last
    bool explained = false;                   ///< goods: its appearance is told or known
    bool gone = false;                        ///< goods: picked up, or its leaving is told
    bool away = false;                        ///< workers: has left the picture
  };

  void read_up_to(base::Timestamp last);
  void read(base::Timestamp at, base::Timestamp before);
  [[nodiscard]] std::optional<State> state(const Track& track, base::Timestamp at) const;
  [[nodiscard]] bool is(const std::vector<std::string>& types, const std::string& type) const;
  [[nodiscard]] Party party_of(int zone) const;
  [[nodiscard]] Party outside_party() const;
  Party new_goods(const std::string& type, const std::string& load);
  Story& story_of(Track& track);

  void read_zone(const Track& track, Story& story, const State& now, base::Timestamp at, base::Timestamp before);
  void read_stand(const Track& track, Story& story, const State& now, base::Timestamp at, base::Timestamp before);
  void stood(const Track& track, Story& story, base::Timestamp until);
  void read_load(const Track& track, Story& story, State& now, base::Timestamp at, base::Timestamp before);
  void read_short_way(const Track& track, Story& story, const State& now, base::TimeSpan seen);
  void end_load(const Track& track, Story& story, base::Timestamp last);
  void change_load(const Track& track, Story& story, const State& now, const Stand& stand, base::Timestamp changed);
  [[nodiscard]] std::optional<Departure> departure(const Track& track, const Story& story, base::Timestamp at) const;
  void split_moved_goods(base::TimeSpan meanwhile, Place place);
  [[nodiscard]] Track* goods_that(Goods change, base::TimeSpan span, Place place, const std::string& load);
  [[nodiscard]] bool at_a_carrier(Place place, bool loaded) const;
  void read_goods(Track& track, Story& story, base::Timestamp at);
  void read_work(const Track& track, Story& story, base::Timestamp at, base::Timestamp before);
  void read_absence(const Track& track, Story& story, base::Timestamp at);
  [[nodiscard]] const Track* works_on(const Track& worker, base::Timestamp at) const;
  void end_wait(Story& story, base::Timestamp until);
  void end_work(Story& story, base::Timestamp until);
  void rested(const Story& story, base::Timestamp until);
  void end_way(const Track& track, Story& story, base::Timestamp end);
  void travelled(Story& story, base::Timestamp until, int destination, const std::optional<Party>& object);
  void tell(const std::string& type, base::TimeSpan span, std::vector<std::pair<Party, std::string>> parties, std::string description,
            nlohmann::json attributes = nlohmann::json::object());

  Rules rules_;
  ZoneMap zones_;
  Tracker tracker_;
  std::deque<base::Timestamp> frames_;  ///< times not read yet
  base::Timestamp first_frame_ = -1, read_to_ = -1;
  std::map<int, Story> stories_;
  int next_goods_ = 1;
  std::vector<TrackedEvent> told_;
};

}  // namespace reelgraph::chunker::tracking
