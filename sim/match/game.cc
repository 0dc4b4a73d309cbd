#include "sim/match/game.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "sim/match/pitch.h"
#include "sim/random.h"

namespace reelgraph::sim {
namespace {

constexpr double kStep = 0.25;                                              ///< seconds between looks at where everybody runs
constexpr double kRun = 4.2, kJog = 2.6, kBallSpeed = 11, kShotSpeed = 17;  ///< metres a second
constexpr double kApart = 0.9;                                              ///< metres between two players

const std::array<const char*, 40> kSurnames{"Abrel",   "Bantor", "Corvin",  "Delmar", "Estow",   "Fenwick", "Gralle",  "Hostan",
                                            "Ibsley",  "Jorvik", "Kestner", "Lomax",  "Marlow",  "Nessim",  "Orwald",  "Pelgar",
                                            "Quillon", "Rastin", "Sorvey",  "Tambor", "Ulrand",  "Varnik",  "Wexford", "Yarrow",
                                            "Zeller",  "Ashdon", "Brisco",  "Calder", "Dunmore", "Elford",  "Farrin",  "Gosling",
                                            "Harlan",  "Ingram", "Jessop",  "Kirwan", "Landor",  "Mostyn",  "Norden",  "Ostrey"};

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

struct Player {
  int mover = -1, actor = -1, side = 0, place = 0;  ///< place 0: the keeper
  Point at;
  double heading = 0;
  bool on = true, leaving = false;
};

class Game {
 public:
  explicit Game(const GameSettings& settings) : settings_(settings), random_(Random(settings.seed).fork(52)) {
    world_.floor = draw_pitch();
    World& w = world_;
    w.history.title = settings.teams[0] + " v " + settings.teams[1];
    w.history.seconds = settings.seconds;
    Random names = Random(settings.seed).fork(53);
    std::vector<const char*> surnames(kSurnames.begin(), kSurnames.end());
    for (std::size_t i = surnames.size(); i > 1; --i)
      std::swap(surnames[i - 1], surnames[static_cast<std::size_t>(names.integer(0, static_cast<int>(i) - 1))]);
    const auto squad = static_cast<std::size_t>(settings.players + settings.substitutions);
    w.movers.reserve(2 * squad + 1);
    for (int side = 0; side < 2; ++side) {
      const std::string& team = settings.teams[static_cast<std::size_t>(side)];
      teams_[side] = w.history.actor("team:" + team, team, "team");
      for (std::size_t i = 0; i < squad; ++i) {
        const std::string colour = colour_name(settings.kits[static_cast<std::size_t>(side)]);
        const int number = static_cast<int>(i) + 1;
        Mover mover;
        mover.thing = {.id = "player:" + colour + ":" + std::to_string(number),
                       .kind = Kind::kPlayer,
                       .colour = settings.kits[static_cast<std::size_t>(side)],
                       .number = number};
        const int actor = w.history.actor(mover.thing.id, surnames[static_cast<std::size_t>(side) * squad + i], "player");
        w.history.actors[static_cast<std::size_t>(actor)].attributes = {{"team", team}, {"shirt_number", number}, {"colour", colour}};
        const bool plays = i < static_cast<std::size_t>(settings.players);
        if (!plays) mover.shown.emplace_back(-1e18, false);
        Player p{static_cast<int>(w.movers.size()), actor, side, static_cast<int>(i)};
        p.on = plays;
        w.movers.push_back(std::move(mover));
        players_.push_back(p);
      }
    }
    Mover ball;
    ball.thing = {.id = "ball", .kind = Kind::kBall};
    w.history.actor("ball", "ball", "ball");
    w.movers.push_back(std::move(ball));
    for (Player& p : players_) p.at = home(p);
  }

  World play() {
    world_.scores.emplace_back(-1e18, score());
    kick_off(0, 0);
    for (now_ = 0; now_ < settings_.seconds; now_ += kStep) {
      if (half_ == 1 && now_ >= settings_.seconds / 2) {
        half_ = 2;
        for (Player& p : players_) p.at = home(p);  // the interval is not filmed
        kick_off(1, now_);
      }
      if (now_ >= due_) decide();
      move();
      record();
    }
    std::erase_if(world_.history.events, [&](const Happening& e) { return e.end > settings_.seconds; });
    world_.history.close(0, settings_.seconds);
    return std::move(world_);
  }

 private:
  enum class Next : std::uint8_t { kDecide, kKickOff, kThrowIn, kCorner, kGoalKick, kFreeKick };

  [[nodiscard]] double goal_x(int side) const {  // that the side attacks
    const bool right = (side == 0) == (half_ == 1);
    return right ? world_.floor.width - 0.5 : 0.5;
  }
  [[nodiscard]] double own_x(int side) const { return world_.floor.width - goal_x(side); }
  [[nodiscard]] Point goal(int side) const { return {goal_x(side), world_.floor.depth / 2}; }

  /// Where a player would be with the ball in the middle.
  [[nodiscard]] Point home(const Player& p) const {
    const double w = world_.floor.width, d = world_.floor.depth, sign = goal_x(p.side) > own_x(p.side) ? 1 : -1;
    if (p.place == 0 || p.place >= settings_.players) {
      if (p.place == 0) return {own_x(p.side) + 1.0 * sign, d / 2};
    }
    const int n = settings_.players - 1, i = (p.place - 1) % n;
    const int backs = n / 2;
    const bool back = i < backs;
    const int in_row = back ? backs : n - backs, k = back ? i : i - backs;
    return {own_x(p.side) + sign * (back ? 0.27 : 0.45) * w, d * (k + 1.0) / (in_row + 1)};
  }

  [[nodiscard]] std::string score() const { return std::to_string(goals_[0]) + " - " + std::to_string(goals_[1]); }
  [[nodiscard]] Player& player(int i) { return players_[static_cast<std::size_t>(i)]; }

  [[nodiscard]] std::vector<int> on_pitch(int side, bool keeper) const {
    std::vector<int> result;
    for (int i = 0; i < static_cast<int>(players_.size()); ++i) {
      const Player& p = players_[static_cast<std::size_t>(i)];
      if (p.side == side && p.on && !p.leaving && (keeper || p.place != 0)) result.push_back(i);
    }
    return result;
  }
  [[nodiscard]] int keeper(int side) const { return side * (settings_.players + settings_.substitutions); }
  [[nodiscard]] int nearest(int side, Point at, bool keeper_too, int but = -1) const {
    int best = -1;
    for (const int i : on_pitch(side, keeper_too)) {
      if (i != but &&
          (best < 0 || distance(players_[static_cast<std::size_t>(i)].at, at) < distance(players_[static_cast<std::size_t>(best)].at, at)))
        best = i;
    }
    return best;
  }

  void tell(const char* type, double from, double to, int agent, int other, const char* role, nlohmann::json attributes,
            const std::string& text) {
    const Player& p = player(agent);
    std::vector<std::pair<int, std::string>> parts{{p.actor, "agent"}};
    if (other >= 0) parts.emplace_back(player(other).actor, role);
    parts.emplace_back(teams_[p.side], "team");
    attributes["half"] = half_;
    world_.history.events.push_back({type, from, to, std::move(parts), std::move(attributes), text});
  }
  [[nodiscard]] std::string name(int i) { return world_.history.actors[static_cast<std::size_t>(player(i).actor)].name; }
  [[nodiscard]] std::string full(int i) { return name(i) + " (" + settings_.teams[static_cast<std::size_t>(player(i).side)] + ")"; }

  void kick_off(int side, double at) {
    const Point middle{world_.floor.width / 2, world_.floor.depth / 2};
    holder_ = nearest(side, middle, false);
    if (at <= now_) player(holder_).at = {middle.x - (goal_x(side) > middle.x ? 0.4 : -0.4), middle.y};  // a half begins
    ball_ = middle;
    next_ = Next::kKickOff;
    due_ = std::max(at + 1.5, now_ + distance(player(holder_).at, middle) / kRun + 0.5);
    flying_ = false;
  }

  void hold(int who, double seconds) {
    holder_ = who;
    flying_ = false;
    next_ = Next::kDecide;
    due_ = now_ + seconds;
  }

  /// The ball lies at `at`; a player of the side comes and plays it.
  void restart(Next kind, int side, Point at, double after) {
    ball_ = at;
    flying_ = false;
    next_ = kind;
    holder_ = kind == Next::kGoalKick ? keeper(side) : nearest(side, at, false);
    due_ = now_ + std::max(after, distance(player(holder_).at, at) / kRun + 0.5);
    substitute(side);
  }

  void substitute(int side) {
    auto& done = substituted_[side];
    if (half_ == 1 || done >= settings_.substitutions || !random_.chance(0.25)) return;
    std::vector<int> may = on_pitch(side, false);
    std::erase_if(may, [&](int i) { return i == holder_ || player(i).place >= settings_.players; });
    if (may.empty()) return;
    const int off = may[static_cast<std::size_t>(random_.integer(0, static_cast<int>(may.size()) - 1))];
    const int on = keeper(side) + settings_.players + done++;
    const double line = world_.floor.depth - 0.2;
    player(off).leaving = true;
    const double gone = now_ + distance(player(off).at, {player(off).at.x, line}) / kJog + 0.5;
    leaving_.push_back({off, on, gone});
    tell("substitution", gone, gone + 0.04, off, on, "replacement", nlohmann::json::object(), name(on) + " comes on for " + full(off));
  }

  void pass(const char* type, int from, bool far) {
    const int side = player(from).side;
    std::vector<int> mates = on_pitch(side, !far);
    std::erase(mates, from);
    // Forward and free ones rather.
    double sum = 0;
    std::vector<double> weights;
    for (const int i : mates) {
      const double ahead = (player(i).at.x - player(from).at.x) * (goal_x(side) > own_x(side) ? 1 : -1);
      const int foe = nearest(1 - side, player(i).at, true);
      const double room = distance(player(foe).at, player(i).at), way = distance(player(i).at, player(from).at);
      weights.push_back(std::max(0.05, 1 + 0.12 * ahead) * std::min(3.0, 0.3 + room) * (player(i).place == 0 ? 0.25 : 1) /
                        (1 + 0.05 * way));
      sum += weights.back();
    }
    double at = random_.uniform() * sum;
    std::size_t k = 0;
    while (k + 1 < mates.size() && at >= weights[k]) at -= weights[k++];
    const int to = mates[k];
    const double way = distance(ball_, player(to).at);
    const double fate = random_.uniform(), fails = std::clamp(0.08 + 0.012 * way, 0.0, 0.35);
    const double there = now_ + std::max(0.5, way / kBallSpeed);
    nlohmann::json attributes{{"length_m", std::round(way * 10) / 10}};
    Point target = player(to).at;
    int receiver = to;
    std::string outcome = "complete";
    if (fate < fails * 0.3) {
      outcome = "out";
      target.y = target.y > world_.floor.depth / 2 ? world_.floor.depth - 0.5 : 0.5;
    } else if (fate < fails) {
      outcome = "incomplete";
      receiver = nearest(1 - side, target, false);
      target = player(receiver).at;
    }
    attributes["outcome"] = outcome;
    const std::string what = std::string(type) == "pass"          ? " passes"
                             : std::string(type) == "kick_off"    ? ": kick off"
                             : std::string(type) == "corner_kick" ? ": corner kick"
                             : std::string(type) == "throw_in"    ? ": throw in"
                             : std::string(type) == "goal_kick"   ? ": goal kick"
                                                                  : ": free kick";
    tell(type, now_, there, from, outcome == "complete" ? to : -1, "recipient", std::move(attributes),
         full(from) + what +
             (outcome == "complete" ? " to " + name(to)
              : outcome == "out"    ? ", out of play"
                                    : ", which does not arrive"));
    passer_ = outcome == "complete" ? from : -1;
    fly(target, there);
    after_ = [this, outcome, receiver, side, target] {
      if (outcome == "out") {
        restart(Next::kThrowIn, 1 - side, target, 3);
        return;
      }
      if (outcome == "incomplete")
        tell("interception", now_, now_ + 0.04, receiver, -1, "", nlohmann::json::object(), full(receiver) + ": interception");
      hold(receiver, random_.uniform(0.8, 2.6));
    };
  }

  void shoot(int who) {
    const int side = player(who).side;
    const Point mark = goal(side);
    const double way = distance(ball_, mark), there = now_ + std::max(0.35, way / kShotSpeed);
    const double fate = random_.uniform();
    const double scores = std::clamp(0.34 - 0.018 * way, 0.06, 0.3);
    const int foe = keeper(1 - side);
    Point target{mark.x, mark.y + random_.uniform(-1.2, 1.2)};
    std::string outcome = "goal";
    if (fate > scores) outcome = fate < scores + 0.38 ? "saved" : fate < scores + 0.55 ? "blocked" : "off t";
    if (outcome == "off t") target.y = mark.y + (random_.chance(0.5) ? 1 : -1) * random_.uniform(2.2, 4);
    int blocker = -1;
    if (outcome == "blocked") {
      blocker = nearest(1 - side, {(ball_.x + mark.x) / 2, (ball_.y + mark.y) / 2}, false);
      target = player(blocker).at;
    }
    if (outcome == "saved") target = player(foe).at;
    tell("shot", now_, there, who, -1, "", {{"outcome", outcome}}, full(who) + " shoots; result: " + outcome);
    if (outcome == "goal") {
      const bool assisted = passer_ >= 0 && passer_ != who && player(passer_).side == side;
      tell("goal", now_, there, who, assisted ? passer_ : -1, "assister", nlohmann::json::object(),
           name(who) + " scores for " + settings_.teams[static_cast<std::size_t>(side)] +
               (assisted ? ", assisted by " + name(passer_) : ""));
    }
    fly(target, there);
    after_ = [this, outcome, side, blocker, foe, target] {
      const Point corner{goal_x(side), target.y > world_.floor.depth / 2 ? world_.floor.depth - 0.6 : 0.6};
      if (outcome == "goal") {
        ++goals_[side];
        world_.scores.emplace_back(now_, score());
        kick_off(1 - side, now_ + 6);
        ball_ = target;
        celebrated_until_ = due_ - 1.5;
      } else if (outcome == "saved") {
        tell("save", now_, now_ + 0.04, foe, -1, "", nlohmann::json::object(), full(foe) + " saves");
        if (random_.chance(0.35))
          restart(Next::kCorner, side, corner, 4);
        else
          hold(foe, random_.uniform(1.5, 3));
      } else if (outcome == "blocked") {
        tell("block", now_, now_ + 0.04, blocker, -1, "", nlohmann::json::object(), full(blocker) + ": block");
        if (random_.chance(0.3))
          restart(Next::kCorner, side, corner, 4);
        else
          hold(blocker, random_.uniform(0.8, 2));
      } else {
        restart(Next::kGoalKick, 1 - side, {own_x(1 - side) + (own_x(1 - side) > goal_x(1 - side) ? -1.5 : 1.5), world_.floor.depth / 2},
                4);
      }
    };
  }

  void fly(Point to, double there) {
    flying_ = true;
    from_ = ball_;
    to_ = to;
    left_ = now_;
    due_ = there;
  }

  void decide() {
    if (flying_) {
      ball_ = to_;
      flying_ = false;
      const auto then = std::move(after_);
      then();
      return;
    }
    const int who = holder_, side = player(who).side;
    switch (next_) {
      case Next::kKickOff: pass("kick_off", who, false); return;
      case Next::kThrowIn: pass("throw_in", who, false); return;
      case Next::kCorner: pass("corner_kick", who, true); return;
      case Next::kGoalKick: pass("goal_kick", who, true); return;
      case Next::kFreeKick: pass("free_kick", who, false); return;
      case Next::kDecide: break;
    }
    const int foe = nearest(1 - side, player(who).at, false);
    if (player(who).place != 0 && distance(player(foe).at, player(who).at) < 1.6 && random_.chance(0.16)) {
      if (random_.chance(0.35)) {
        nlohmann::json attributes = nlohmann::json::object();
        const bool card = random_.chance(0.15);
        if (card) attributes["card"] = "yellow card";
        tell("foul", now_, now_ + 0.04, foe, -1, "", std::move(attributes),
             full(foe) + " commits a foul" + (card ? " and is shown a yellow card" : ""));
        restart(Next::kFreeKick, side, player(who).at, 3);
      } else {
        tell("dispossessed", now_, now_ + 0.04, who, -1, "", nlohmann::json::object(), full(who) + ": dispossessed");
        passer_ = -1;
        hold(foe, random_.uniform(0.8, 2));
      }
      return;
    }
    const double way = distance(player(who).at, goal(side));
    if (way < 10 && player(who).place != 0 && random_.chance(way < 6 ? 0.4 : 0.1)) {
      shoot(who);
    } else if (random_.chance(0.25) && player(who).place != 0) {
      hold(who, random_.uniform(0.7, 1.8));  // goes on with the ball
    } else {
      pass("pass", who, player(who).place == 0 && random_.chance(0.4));
    }
  }

  void move() {
    const double w = world_.floor.width, d = world_.floor.depth;
    const Point focus = flying_ ? to_ : ball_;
    const bool dead = !flying_ && next_ != Next::kDecide;
    for (int i = 0; i < static_cast<int>(players_.size()); ++i) {
      Player& p = player(i);
      if (!p.on) continue;
      Point target = home(p);
      double speed = kJog;
      const double sign = goal_x(p.side) > own_x(p.side) ? 1 : -1;
      if (p.leaving) {
        target = {p.at.x, d - 0.2};
      } else if (p.place == 0) {
        target.y += std::clamp((focus.y - d / 2) * 0.25, -1.2, 1.2);
      } else {
        const bool attacking = player(holder_).side == p.side;
        target.x += 0.55 * (focus.x - w / 2) + sign * (attacking ? 1.5 : -1.2);
        target.y += 0.35 * (focus.y - target.y);
        target.x += 1.2 * std::sin(now_ / 3.1 + i * 1.7);
        target.y += 1.2 * std::cos(now_ / 2.7 + i * 2.3);
      }
      if (i == holder_ && !flying_ && !p.leaving) {
        if (next_ == Next::kDecide && p.place != 0) target = {p.at.x + sign * 3, p.at.y + 0.25 * (d / 2 - p.at.y)};
        if (dead && now_ >= celebrated_until_) target = ball_;
        speed = kRun;
      } else if (!dead && !p.leaving && p.place != 0 && i == nearest(1 - player(holder_).side, focus, false)) {
        target = {focus.x - sign * 0.9, focus.y};
        speed = kRun;
      }
      target.x = std::clamp(target.x, 0.8, w - 0.8);
      target.y = p.leaving ? target.y : std::clamp(target.y, 0.8, d - 0.8);
      const double way = distance(target, p.at), step = std::min(way, speed * kStep);
      if (way > 0.15) {
        p.at = {p.at.x + (target.x - p.at.x) / way * step, p.at.y + (target.y - p.at.y) / way * step};
        const double to = std::atan2(target.y - p.at.y, target.x - p.at.x);
        p.heading += std::clamp(std::remainder(to - p.heading, 2 * std::numbers::pi), -1.2, 1.2);
      }
    }
    keep_apart();
    for (auto& [off, on, gone] : leaving_) {
      if (gone > now_ || off < 0) continue;
      Player &old = player(off), &fresh = player(on);
      old.on = false;
      fresh.on = true;
      fresh.at = old.at;
      fresh.place = old.place;
      world_.movers[static_cast<std::size_t>(old.mover)].shown = {{-1e18, true}, {now_, false}};
      world_.movers[static_cast<std::size_t>(fresh.mover)].shown.emplace_back(now_, true);
      off = -1;
    }
    if (flying_) {
      const double share = std::clamp((now_ + kStep - left_) / std::max(0.01, due_ - left_), 0.0, 1.0);
      ball_ = {from_.x + (to_.x - from_.x) * share, from_.y + (to_.y - from_.y) * share};
    } else if (next_ == Next::kDecide) {
      const Player& p = player(holder_);
      ball_ = {p.at.x + 0.55 * std::cos(p.heading), p.at.y + 0.55 * std::sin(p.heading)};
    } else if (next_ == Next::kKickOff && now_ >= celebrated_until_) {
      ball_ = {w / 2, d / 2};
    }
  }

  /// Nobody stands in another: who is too near is pushed aside, a little at each step.
  void keep_apart() {
    const double w = world_.floor.width, d = world_.floor.depth;
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < players_.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
          Player &a = players_[i], &b = players_[k];
          const double apart = distance(a.at, b.at);
          if (!a.on || !b.on || apart >= kApart) continue;
          const double x = apart > 0.01 ? (a.at.x - b.at.x) / apart : 0.8, y = apart > 0.01 ? (a.at.y - b.at.y) / apart : 0.6;
          const double by = std::min(0.3, (kApart - apart) / 2);
          a.at = {std::clamp(a.at.x + x * by, 0.6, w - 0.6), std::clamp(a.at.y + y * by, 0.2, d - 0.2)};
          b.at = {std::clamp(b.at.x - x * by, 0.6, w - 0.6), std::clamp(b.at.y - y * by, 0.2, d - 0.2)};
        }
      }
    }
  }

  void record() {
    for (const Player& p : players_) {
      if (p.on) world_.movers[static_cast<std::size_t>(p.mover)].add({now_ + kStep, p.at, p.heading});
    }
    world_.movers.back().add({now_ + kStep, ball_, 0});
  }

  struct Leaving {
    int off, on;
    double gone;
  };

  const GameSettings settings_;
  Random random_;
  World world_;
  std::vector<Player> players_;
  std::vector<Leaving> leaving_;
  int teams_[2] = {-1, -1}, goals_[2] = {0, 0}, substituted_[2] = {0, 0};
  int half_ = 1, holder_ = 0, passer_ = -1;
  double now_ = 0, due_ = 0, left_ = 0, celebrated_until_ = -1;
  bool flying_ = false;
  Next next_ = Next::kKickOff;
  Point ball_, from_, to_;
  std::function<void()> after_;
};

}  // namespace

GameSettings draw_game(GameSettings s) {
  const auto refuse = [](const std::string& message, const std::string& cure) {
    throw base::Error(base::ErrorCode::kInvalidArgument, message, "", cure);
  };
  if (s.players != 0 && (s.players < 5 || s.players > 7)) refuse(std::to_string(s.players) + " players a side do not fit", "give 5 to 7");
  if (s.substitutions < 0 || s.substitutions > 5) refuse("so many substitutions cannot be played", "give 0 to 5");
  if (!(s.seconds >= 10 && s.seconds <= 6 * 3600)) refuse("a match of this length is absurd", "give 0.2 to 360 minutes");
  Random random = Random(s.seed).fork(51);
  if (s.players == 0) s.players = random.integer(5, 7);
  const int first = random.integer(0, 5), second = (first + random.integer(1, 5)) % 6;
  s.kits = {static_cast<Colour>(first), static_cast<Colour>(second)};
  static constexpr std::array kNames{"Rovers", "Athletic", "United", "Rangers", "Wanderers", "City"};
  const int name = random.integer(0, 5), other = (name + random.integer(1, 5)) % 6;
  const auto title = [](Colour colour, const char* what) {
    std::string text = colour_name(colour);
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text + " " + what;
  };
  if (s.teams[0].empty()) s.teams[0] = title(s.kits[0], kNames[static_cast<std::size_t>(name)]);
  if (s.teams[1].empty()) s.teams[1] = title(s.kits[1], kNames[static_cast<std::size_t>(other)]);
  if (s.teams[0] == s.teams[1]) refuse("both teams are called " + s.teams[0], "give two names");
  return s;
}

World play_match(const GameSettings& settings) { return Game(settings).play(); }

}  // namespace reelgraph::sim
