#include "chunker/tracking/ball_events.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace reelgraph::chunker::tracking {
namespace {

constexpr double kCentreSpot = 1.2, kCornerArc = 1.5, kSideLine = 1.0, kGoalArea = 3.5, kMouth = 0.75,
                 kBorder = 0.5;     ///< metres around them
constexpr double kKeeper = 4;       ///< metres from the goal's middle in which its keeper is looked for
constexpr double kForget = 0.9;     ///< of what was seen of keepers, a second
constexpr double kTackle = 2.6;     ///< metres between two players of whom one takes the ball from the other
constexpr double kInTheWay = 1.3;   ///< metres from the way to the goal in which a shot is blocked
constexpr double kNearGoal = 0.25;  ///< of the field's length: from so far off what an opponent in the way stops was a shot
constexpr base::Duration kTeeTime = 900 * base::kMillisecond;  ///< that the ball lies on the centre spot, at least
constexpr base::Duration kCatch = base::kSecond;               ///< that a keeper holds it longer than others let it lie

TrackerOptions options_of(const BallRules& rules) {
  TrackerOptions options;
  options.aspect = 1;
  options.lead = 1;
  options.slack = 1.5;
  for (const std::string& type : rules.players)
    options.motions[type] = {.speed = rules.speed, .lost_after = 6 * base::kSecond, .most = 5 * rules.speed};
  return options;
}

const base::Zone& checked_field(const BallRules& rules, const std::vector<base::Zone>& zones, const std::string& where) {
  check_zones(rules, zones, where);
  return zone_named(zones, rules.field, "field", where);
}

const char* name_of(int restart) {
  static constexpr std::array kNames{"pass", "kick_off", "throw_in", "corner_kick", "goal_kick", "free_kick"};
  return kNames[static_cast<std::size_t>(restart)];
}

const PlayerAt* nearest(const std::vector<PlayerAt>& players, Place place, const std::string& other_side = {}, double penalty = 0) {
  const PlayerAt* best = nullptr;
  double least = 0;
  for (const PlayerAt& player : players) {
    const double far = metres(player.place, place) + (!other_side.empty() && player.side != other_side ? penalty : 0);
    if (best == nullptr || far < least) {
      best = &player;
      least = far;
    }
  }
  return best;
}

/// Metres from `place` to the straight way from `a` to `b`.
double off_the_way(Place place, Place a, Place b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double share = std::clamp(((place.x - a.x) * dx + (place.y - a.y) * dy) / std::max(1e-9, dx * dx + dy * dy), 0.0, 1.0);
  return metres(place, {a.x + share * dx, a.y + share * dy});
}

}  // namespace

BallReader::BallReader(BallRules rules, const std::vector<base::Zone>& zones, const std::string& where)
    : rules_(std::move(rules)), ground_(checked_field(rules_, zones, where), rules_.field_size, where), tracker_(options_of(rules_)) {
  if (rules_.shot_from <= 0) rules_.shot_from = 0.36 * rules_.field_size[0];
  for (std::size_t g = 0; g < 2; ++g) {
    double x = 0;
    for (const auto& [px, py] : zone_named(zones, rules_.goals[g], "goals", where).polygon) {
      mouths_[g].push_back(ground_.to_ground({px, py}));
      x += mouths_[g].back().x;
    }
    if (goal_near({x / static_cast<double>(mouths_[g].size()), 0}) != g) {
      throw base::Error(
          base::ErrorCode::kBadInput, "the goal \"" + rules_.goals[g] + "\" lies at the other end of the field", where,
          "the first side of the field runs from the first of tracking.goals to the second: swap the names, or begin the field's polygon "
          "at another corner");
    }
  }
}

std::optional<Place> BallReader::ball_of(const Look& look) {
  std::optional<Place> best;
  for (const Sighting& thing : look.things) {
    if (thing.type != rules_.ball) continue;
    const Place place = ground_.to_ground(thing.place);
    if (!best || (ball_ && metres(place, *ball_) < metres(*best, *ball_))) best = place;
  }
  return best;
}

void BallReader::add(const Look& look) {
  Look on_ground{look.at, {}};
  for (const Sighting& thing : look.things) {
    if (thing.type == rules_.ball) continue;
    on_ground.things.push_back(thing);
    on_ground.things.back().place = ground_.to_ground(thing.place);
  }
  tracker_.add(on_ground);
  BallFrame frame{look.at, ball_of(look), {}, false};
  for (const Track& track : tracker_.tracks()) {
    const bool plays = std::find(rules_.players.begin(), rules_.players.end(), track.type) != rules_.players.end();
    if (plays && !track.ended && !track.samples.empty())
      frame.players.push_back({track.number, track.label(), track.samples.back().place, look.at - track.last_seen});
  }
  frames_.push_back(std::move(frame));
  if (frames_.back().ball) {
    mark_rest(look.at, *frames_.back().ball);
  } else if (rest_ && off_field(rest_->place)) {
    mark_rest(look.at, rest_->place);  // who fetches it stands before it
  }
  while (!frames_.empty() && frames_.front().at <= look.at - kLag) read_first();
  tracker_.forget(look.at - std::max(2 * kLag, base::kMinute));
}

void BallReader::finish(base::Timestamp /*end*/) {
  while (!frames_.empty()) read_first();
  tracker_.finish();
}

std::vector<TrackedEvent> BallReader::take() {
  std::stable_sort(told_.begin(), told_.end(), [](const TrackedEvent& a, const TrackedEvent& b) {
    return std::tie(a.event.span.start, a.event.span.end) < std::tie(b.event.span.start, b.event.span.end);
  });
  return std::exchange(told_, {});
}

std::vector<Presence> BallReader::present(base::TimeSpan span) const {
  std::vector<Presence> result;
  for (const Track& track : tracker_.tracks()) {
    const base::TimeSpan seen = base::TimeSpan{track.first, track.last_seen + 1}.intersection(span);
    if (!track.confirmed || seen.empty()) continue;
    Presence presence{party({track.number, track.label(), {}}), seen, track.way(span)};
    presence.party.type = track.type;
    for (auto& [at, place] : presence.way) place = ground_.to_picture(place);
    if (!presence.way.empty()) result.push_back(std::move(presence));
  }
  return result;
}

/// A ball that lies in the same place for long enough is out of play.
void BallReader::mark_rest(base::Timestamp at, Place ball) {
  if (!rest_ || metres(rest_->place, ball) > rules_.still) {
    rested_in_goal_ = rest_ && rest_counts_ && in_goal(rest_->place);
    rest_ = Stoppage{ball, at, at, {}};
    rest_counts_ = false;
  }
  rest_->last = at;
  ball_ = ball;
  const bool tee = metres(ball, centre()) <= kCentreSpot;
  const bool at_goal = metres(ball, goal(goal_near(ball))) <= kGoalArea;
  const base::Duration least = tee ? (rested_in_goal_ ? 0 : kTeeTime) : rules_.least_rest + (at_goal ? kCatch : 0);
  if (at - rest_->first < least) return;
  rest_counts_ = true;
  for (BallFrame& frame : frames_) frame.lies = frame.lies || frame.at >= rest_->first;
}

void BallReader::read_first() {
  const BallFrame& frame = frames_.front();
  vote(frame);
  holder_ = holder_of_first(frames_, holder_, rules_.reach, rules_.speed);
  if (!frame.lies) {
    if (stoppage_) restart();
    play_on(frame, holder_);
  } else {
    const Place place = frame.ball.value_or(stoppage_ ? stoppage_->place : ball_.value_or(Place{}));
    if (stoppage_ && metres(stoppage_->place, place) > rules_.still) restart();
    if (!stoppage_) stoppage_ = Stoppage{place, frame.at, frame.at, {}};
    stoppage_->last = frame.at;
    stoppage_->players = frame.players;
  }
  frames_.pop_front();
}

/// Who guards which goal: whose player is the nearest to it.
void BallReader::vote(const BallFrame& frame) {
  for (std::size_t g = 0; g < 2; ++g) {
    const double kept = frames_.size() > 1 ? std::pow(kForget, base::to_seconds(frames_[1].at - frame.at)) : kForget;
    for (auto& [side, votes] : keeps_[g]) votes *= kept;
    const PlayerAt* keeper = nearest(frame.players, goal(g));
    if (keeper != nullptr && metres(keeper->place, goal(g)) <= kKeeper) keeps_[g][keeper->side] += 1;
  }
}

std::string BallReader::defender_of(std::size_t g) const {
  const auto best = std::max_element(keeps_[g].begin(), keeps_[g].end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == keeps_[g].end() ? std::string() : best->first;
}

bool BallReader::is_keeper(const PlayerAt& who, const std::vector<PlayerAt>& players) const {
  const std::size_t g = goal_near(who.place);
  if (defender_of(g) != who.side || metres(who.place, goal(g)) > kKeeper) return false;
  return std::none_of(players.begin(), players.end(), [&](const PlayerAt& other) {
    return other.side == who.side && other.track != who.track && metres(other.place, goal(g)) < metres(who.place, goal(g));
  });
}

/// On the border or beyond, where nobody plays.
bool BallReader::off_field(Place place) const {
  const auto [length, width] = rules_.field_size;
  return std::min({place.x, length - place.x, place.y, width - place.y}) <= kBorder;
}

bool BallReader::in_goal(Place place) const {
  const std::vector<Place>& mouth = mouths_[goal_near(place)];
  double near = 1e9;
  for (std::size_t i = 0, j = mouth.size() - 1; i < mouth.size(); j = i++) near = std::min(near, off_the_way(place, mouth[i], mouth[j]));
  return near <= kMouth;
}

std::optional<std::size_t> BallReader::shot_at(const Touch& touch) const {
  const std::size_t g = goal_near(touch.ball);
  const std::string defender = defender_of(g);
  if (defender.empty() || defender == touch.who.side || metres(touch.ball, goal(g)) > rules_.shot_from) return std::nullopt;
  return g;
}

/// Somebody has the ball, or nobody, in a frame of play.
void BallReader::play_on(const BallFrame& frame, int holder) {
  if (holder == kNobody) return;
  const auto who = std::find_if(frame.players.begin(), frame.players.end(), [&](const PlayerAt& p) { return p.track == holder; });
  if (who == frame.players.end()) return;
  if (touch_ && touch_->who.track == holder) {
    touch_->last = frame.at;
    touch_->who = *who;
    touch_->ball = frame.ball.value_or(who->place);
    return;
  }
  touched(*who, frame);
}

/// From one player to another without a stop.
void BallReader::touched(const PlayerAt& who, const BallFrame& frame) {
  Touch next{who, frame.at, frame.at, frame.ball.value_or(who.place), Restart::kNone, std::nullopt};
  if (!touch_ && conceded_) {  // the kick-off after a goal fell between two frames, or was hidden
    if (who.side == *conceded_) next.restart = Restart::kKickOff;
    conceded_.reset();
  }
  if (touch_) {
    const Touch& from = *touch_;
    const double far = metres(from.who.place, who.place);
    const auto g = shot_at(from);
    if (from.who.side == who.side) {
      if (far < rules_.least_pass && from.restart == Restart::kNone) {
        next.passed_by = from.passed_by;  // more likely the same player under another number
      } else {
        tell_pass(from, next.first, next.ball, who, "complete");
        next.passed_by = from.who;
      }
    } else if (g && from.restart == Restart::kNone && is_keeper(who, frame.players)) {
      tell_shot(from, next.first, "saved");
      tell("save", next.first, next.first, who, std::nullopt, "", nlohmann::json::object(), party(who).name + " saves");
    } else if (g && from.restart == Restart::kNone && far > kTackle && metres(from.ball, goal(*g)) <= kNearGoal * rules_.field_size[0] &&
               off_the_way(who.place, from.ball, goal(*g)) <= kInTheWay) {
      tell_shot(from, next.first, "blocked");
      tell("block", next.first, next.first, who, std::nullopt, "", nlohmann::json::object(), party(who).name + " blocks it");
    } else if (far > kTackle || from.restart != Restart::kNone) {
      tell_pass(from, next.first, next.ball, std::nullopt, "incomplete");
      tell("interception", next.first, next.first, who, std::nullopt, "", nlohmann::json::object(), party(who).name + " intercepts");
    } else {
      tell("dispossessed", next.first, next.first, from.who, who, "opponent", nlohmann::json::object(),
           party(from.who).name + " loses the ball to " + party(who).name);
    }
  }
  touch_ = next;
}

BallReader::Restart BallReader::kind_of(const Stoppage& stoppage) const {
  const auto [length, width] = rules_.field_size;
  const double end = std::min(std::abs(stoppage.place.x), std::abs(length - stoppage.place.x));
  const double side = std::min(stoppage.place.y, width - stoppage.place.y);
  if (metres(stoppage.place, centre()) <= kCentreSpot) return Restart::kKickOff;
  if (end <= kCornerArc && side <= kCornerArc) return Restart::kCorner;
  if (side <= kSideLine) return Restart::kThrowIn;
  const std::size_t g = goal_near(stoppage.place);
  if (metres(stoppage.place, goal(g)) <= kGoalArea) {
    const PlayerAt* taker = nearest(stoppage.players, stoppage.place);
    if (taker != nullptr && taker->side == defender_of(g)) return Restart::kGoalKick;
  }
  return Restart::kFreeKick;
}

std::optional<PlayerAt> BallReader::taker_of(Restart restart, const Stoppage& stoppage) const {
  std::string side;
  double penalty = 0;
  const std::string defender = defender_of(goal_near(stoppage.place));
  const auto other_than = [&](const std::string& than) {
    const auto found = std::find_if(stoppage.players.begin(), stoppage.players.end(), [&](const PlayerAt& p) { return p.side != than; });
    return found == stoppage.players.end() ? std::string() : found->side;
  };
  if (restart == Restart::kKickOff && conceded_) {
    side = *conceded_;
    penalty = 20;
  } else if (restart == Restart::kThrowIn && touch_) {
    side = other_than(touch_->who.side);
    penalty = 3;
  } else if (restart == Restart::kCorner && !defender.empty()) {
    side = other_than(defender);
    penalty = 6;
  } else if (restart == Restart::kGoalKick) {
    side = defender;
    penalty = 6;
  }
  const PlayerAt* taker = nearest(stoppage.players, stoppage.place, side, penalty);
  return taker == nullptr ? std::nullopt : std::optional(*taker);
}

/// The ball lay and is played again.
void BallReader::restart() {
  const Stoppage stoppage = *std::exchange(stoppage_, std::nullopt);
  if (in_goal(stoppage.place) && touch_ && shot_at(*touch_)) {
    conceded_ = defender_of(*shot_at(*touch_));
    tell_shot(*touch_, stoppage.first, "goal");
    touch_.reset();
    return;
  }
  const Restart kind = kind_of(stoppage);
  if (kind == Restart::kKickOff && !conceded_) ++half_;
  half_ = std::max(half_, 1);
  const std::optional<PlayerAt> taker = taker_of(kind, stoppage);
  conceded_.reset();
  if (touch_ && taker) stopped(kind, stoppage, taker->side);
  touch_.reset();
  if (taker) touch_ = Touch{*taker, stoppage.last, stoppage.last, stoppage.place, kind, std::nullopt};
}

/// What became of the last touch, from who plays on and how.
void BallReader::stopped(Restart restart, const Stoppage& stoppage, const std::string& side) {
  const Touch& from = *touch_;
  const auto g = shot_at(from);
  const bool same_end = g && goal_near(stoppage.place) == *g;
  if (restart == Restart::kThrowIn && side != from.who.side) {
    tell_pass(from, stoppage.first, stoppage.place, std::nullopt, "out");
  } else if (restart == Restart::kCorner && same_end && side == from.who.side && from.restart == Restart::kNone) {
    tell_shot(from, stoppage.first, "saved");
    // Who gave the corner was not seen; more often it is the keeper than somebody else.
    const PlayerAt* keeper = nearest(stoppage.players, goal(*g), defender_of(*g), 1e3);
    if (keeper != nullptr && keeper->side != from.who.side)
      tell("save", stoppage.first, stoppage.first, *keeper, std::nullopt, "", {{"confidence", 0.7}},
           party(*keeper).name + " saves, for a corner");
  } else if (restart == Restart::kGoalKick && same_end && side != from.who.side && from.restart == Restart::kNone) {
    tell_shot(from, stoppage.first, "off t");
  }
}

Party BallReader::party(const PlayerAt& who) const {
  const std::string& type = rules_.players.front();
  const std::string number = std::to_string(who.track);
  return {type + ":" + number, type, (who.side.empty() ? "" : who.side + " ") + type + " " + number, who.side, {}};
}

Party BallReader::side_party(const std::string& side) const { return {rules_.team + ":" + side, rules_.team, side, side, {}}; }

void BallReader::tell(const std::string& type, base::Timestamp start, base::Timestamp end, const PlayerAt& agent,
                      const std::optional<PlayerAt>& other, const std::string& role, nlohmann::json attributes, const std::string& words) {
  TrackedEvent told;
  told.event.type = type;
  told.event.span = {start, std::max(start, end)};
  told.event.description = words;
  attributes["half"] = std::max(1, half_);
  told.event.attributes = std::move(attributes);
  told.parties.emplace_back(party(agent), "agent");
  if (other) told.parties.emplace_back(party(*other), role);
  if (!agent.side.empty()) told.parties.emplace_back(side_party(agent.side), "team");
  told_.push_back(std::move(told));
}

void BallReader::tell_pass(const Touch& from, base::Timestamp end, Place to, const std::optional<PlayerAt>& receiver,
                           const std::string& outcome) {
  const base::Timestamp start = from.last + std::min(base::kSecond / 2, (end - from.last) / 2);
  const std::string type = name_of(static_cast<int>(from.restart));
  std::string what = type == "pass" ? " passes" : ": " + type;
  std::replace(what.begin(), what.end(), '_', ' ');
  what += outcome == "complete" && receiver ? " to " + party(*receiver).name
          : outcome == "out"                ? ", out of play"
                                            : ", which does not arrive";
  tell(type, start, end, from.who, receiver, "recipient", {{"outcome", outcome}, {"length_m", std::round(metres(from.ball, to) * 10) / 10}},
       party(from.who).name + what);
}

void BallReader::tell_shot(const Touch& from, base::Timestamp end, const std::string& outcome) {
  const base::Timestamp start = from.last + std::min(base::kSecond / 2, (end - from.last) / 2);
  tell("shot", start, end, from.who, std::nullopt, "", {{"outcome", outcome}}, party(from.who).name + " shoots; result: " + outcome);
  if (outcome == "goal")
    tell("goal", start, end, from.who, from.passed_by, "assister", nlohmann::json::object(),
         party(from.who).name + " scores for " + from.who.side);
}

}  // namespace reelgraph::chunker::tracking
