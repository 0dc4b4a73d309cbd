#pragma once
// A match from the places of its players and its ball: who has it, where it lies, and what follows. Definitions are in docs/tracking.md.

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chunker/tracking/ball_rules.h"
#include "chunker/tracking/ground.h"
#include "chunker/tracking/possession.h"
#include "chunker/tracking/reader.h"
#include "chunker/tracking/tracker.h"

namespace reelgraph::chunker::tracking {

/// Follows one match. Players of one side are told apart only by being followed: who is lost and found again has a new number.
class BallReader final : public Reader {
 public:
  static constexpr base::Duration kLag = 12 * base::kSecond;  ///< that frames are read after they came

  /// @throws base::Error kBadInput if field or goals are not among the zones
  BallReader(BallRules rules, const std::vector<base::Zone>& zones, const std::string& where);

  void add(const Look& look) override;
  void finish(base::Timestamp end) override;
  [[nodiscard]] std::vector<TrackedEvent> take() override;
  [[nodiscard]] std::vector<Presence> present(base::TimeSpan span) const override;

 private:
  enum class Restart : std::uint8_t { kNone, kKickOff, kThrowIn, kCorner, kGoalKick, kFreeKick };

  /// From when to when somebody has the ball.
  struct Touch {
    PlayerAt who;  ///< where he is when he lets it go
    base::Timestamp first = 0, last = 0;
    Place ball;                         ///< last seen with him
    Restart restart = Restart::kNone;   ///< how he came to it
    std::optional<PlayerAt> passed_by;  ///< of his own side
  };
  /// The ball lies and is out of play.
  struct Stoppage {
    Place place;
    base::Timestamp first = 0, last = 0;
    std::vector<PlayerAt> players;  ///< when it was last seen to lie
  };

  [[nodiscard]] std::optional<Place> ball_of(const Look& look);
  void mark_rest(base::Timestamp at, Place ball);
  void read_first();
  void vote(const BallFrame& frame);
  void play_on(const BallFrame& frame, int holder);
  void restart();
  void touched(const PlayerAt& who, const BallFrame& frame);
  void stopped(Restart restart, const Stoppage& stoppage, const std::string& side);

  [[nodiscard]] Restart kind_of(const Stoppage& stoppage) const;
  [[nodiscard]] std::optional<PlayerAt> taker_of(Restart restart, const Stoppage& stoppage) const;
  [[nodiscard]] Place goal(std::size_t g) const { return {g == 0 ? 0 : rules_.field_size[0], rules_.field_size[1] / 2}; }
  [[nodiscard]] Place centre() const { return {rules_.field_size[0] / 2, rules_.field_size[1] / 2}; }
  [[nodiscard]] std::size_t goal_near(Place place) const { return place.x < rules_.field_size[0] / 2 ? 0 : 1; }
  [[nodiscard]] std::string defender_of(std::size_t g) const;  ///< empty: not known
  [[nodiscard]] bool is_keeper(const PlayerAt& who, const std::vector<PlayerAt>& players) const;
  /// The goal that `touch` may have shot at.
  [[nodiscard]] std::optional<std::size_t> shot_at(const Touch& touch) const;
  [[nodiscard]] bool off_field(Place place) const;
  [[nodiscard]] bool in_goal(Place place) const;

  [[nodiscard]] Party party(const PlayerAt& who) const;
  [[nodiscard]] Party side_party(const std::string& side) const;
  void tell(const std::string& type, base::Timestamp start, base::Timestamp end, const PlayerAt& agent,
            const std::optional<PlayerAt>& other, const std::string& role, nlohmann::json attributes, const std::string& words);
  void tell_pass(const Touch& from, base::Timestamp end, Place to, const std::optional<PlayerAt>& receiver, const std::string& outcome);
  void tell_shot(const Touch& from, base::Timestamp end, const std::string& outcome);

  BallRules rules_;
  Ground ground_;
  std::array<std::vector<Place>, 2> mouths_;  ///< goals, on the ground
  Tracker tracker_;
  std::deque<BallFrame> frames_;  ///< not read yet
  std::optional<Place> ball_;     ///< last seen
  std::optional<Stoppage> rest_;  ///< where it may lie since when; `players` is not used
  bool rest_counts_ = false, rested_in_goal_ = false;
  std::map<std::string, double> keeps_[2];  ///< by goal and side: how often lately its player was the nearest to it
  int holder_ = kNobody;
  std::optional<Touch> touch_;
  std::optional<Stoppage> stoppage_;
  std::optional<std::string> conceded_;  ///< who kicks off next
  int half_ = 0;
  std::vector<TrackedEvent> told_;
};

}  // namespace reelgraph::chunker::tracking
