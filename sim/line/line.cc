#include "sim/line/line.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "sim/agenda.h"
#include "sim/random.h"

namespace reelgraph::sim {
namespace {

constexpr double kShortestOfLine = 1;  ///< seconds: a shorter wait or block is none
constexpr double kFasterLine = 0.8;    ///< factor of a what-if's durations
constexpr int kMostStations = 64;
constexpr double kBusy = 1.35;  ///< pallets that come at a usual hour, to what the slowest station can take

const nlohmann::json kNoAttributes = nlohmann::json::object();

class Line {
 public:
  Line(const LineSettings& settings, bool record)
      : settings_(settings), record_(record), root_(Random(settings.seed).fork(41)), yard_(root_.fork(1)), agenda_(0) {
    stations_.resize(settings.stations.size());
    for (std::size_t s = 0; s < stations_.size(); ++s) {
      const std::string name = "station " + std::to_string(s + 1);
      stations_[s].actor = world_.history.actor("zone:" + name, name, "station");
      for (int k = 0; k < settings.stations[s].servers; ++k) {
        const std::string server =
            "operator " + std::to_string(s + 1) + (settings.stations[s].servers > 1 ? std::string(1, static_cast<char>('a' + k)) : "");
        stations_[s].servers.push_back({world_.history.actor("worker:" + server, server, "worker")});
      }
    }
    double slowest = 0;
    for (const LineStation& s : settings.stations) slowest = std::max(slowest, s.service / s.servers);
    rate_ = settings.arrivals_per_hour > 0 ? settings.arrivals_per_hour : kBusy * 3600 / slowest;
  }

  void run() {
    arrivals();
    agenda_.run(settings_.seconds);
  }
  [[nodiscard]] int finished() const { return finished_; }
  [[nodiscard]] World take() {
    // What goes on at the end of the film.
    for (std::size_t s = 0; s < stations_.size(); ++s) {
      for (const Waiting& w : stations_[s].queue) tell_wait(s, w, settings_.seconds);
      for (const Server& server : stations_[s].servers) {
        if (server.job > 0 && server.done) tell_block(s, server, settings_.seconds);
      }
    }
    world_.history.close(0, settings_.seconds);
    return std::move(world_);
  }

 private:
  struct Waiting {
    int job;
    double since;
  };
  struct Server {
    int actor;
    int job = 0;  ///< 0: none
    bool done = false;
    double done_at = 0;
  };
  struct Station {
    int actor = -1;
    std::vector<Server> servers;
    std::deque<Waiting> queue;
    int coming = 0;  ///< on the way to it; they have a place
  };

  [[nodiscard]] Random stream(std::size_t station, int job) const {
    return root_.fork((static_cast<std::uint64_t>(station) + 2) << 40U | static_cast<std::uint64_t>(job));
  }
  int pallet(int job) {
    const std::string number = std::to_string(job);
    return world_.history.actor("pallet:" + number, "pallet " + number, "pallet");
  }
  void tell(const char* type, double from, double to, std::vector<std::pair<int, std::string>> parts) {
    if (record_) world_.history.events.push_back({type, from, to, std::move(parts), kNoAttributes});
  }
  void tell_wait(std::size_t s, const Waiting& w, double until) {
    if (record_ && until - w.since >= kShortestOfLine)
      tell("wait", w.since, until, {{pallet(w.job), "agent"}, {stations_[s].actor, "station"}});
  }
  void tell_block(std::size_t s, const Server& server, double until) {
    if (record_ && until - server.done_at >= kShortestOfLine)
      tell("block", server.done_at, until, {{server.actor, "agent"}, {pallet(server.job), "object"}, {stations_[s].actor, "station"}});
  }

  void arrivals() {
    constexpr double kHighest = 1.5;
    const double next = agenda_.now() + yard_.exponential(3600 / (rate_ * kHighest));
    const bool comes = yard_.uniform() * kHighest < demand_at(settings_.start_clock + next);
    agenda_.at(next, [this, comes] {
      arrivals();
      if (!comes) return;
      come(0, ++jobs_);
    });
  }

  void come(std::size_t s, int job) {
    const double now = agenda_.now();
    if (record_) tell("arrive", now, now, {{pallet(job), "agent"}, {stations_[s].actor, "station"}});
    stations_[s].queue.push_back({job, now});
    serve(s);
  }

  void serve(std::size_t s) {
    Station& station = stations_[s];
    for (std::size_t k = 0; k < station.servers.size() && !station.queue.empty(); ++k) {
      Server& server = station.servers[k];
      if (server.job > 0) continue;
      const Waiting next = station.queue.front();
      station.queue.pop_front();
      const double now = agenda_.now();
      tell_wait(s, next, now);
      server.job = next.job;
      server.done = false;
      const LineStation& kind = settings_.stations[s];
      Random luck = stream(s, next.job);
      const double work = kind.factor * luck.lognormal(kind.service, kind.variation);
      double stop = 0;
      if (kind.fails_every > 0 && luck.uniform() < 1 - std::exp(-work / kind.fails_every)) {
        const double from = now + work * luck.uniform();
        stop = luck.lognormal(kind.repair, 0.6);
        tell("breakdown", from, from + stop, {{server.actor, "agent"}, {station.actor, "station"}});
      }
      const double end = now + work + stop;
      if (record_) tell("process", now, end, {{server.actor, "agent"}, {pallet(next.job), "object"}, {station.actor, "station"}});
      agenda_.at(end, [this, s, k] {
        stations_[s].servers[k].done = true;
        stations_[s].servers[k].done_at = agenda_.now();
        release(s);
      });
      if (s > 0) release(s - 1);  // a place before this station is free
    }
  }

  [[nodiscard]] bool has_place(std::size_t s) const {
    if (s >= stations_.size()) return true;
    const Station& station = stations_[s];
    const auto free = std::count_if(station.servers.begin(), station.servers.end(), [](const Server& x) { return x.job == 0; });
    return static_cast<int>(station.queue.size()) + station.coming < settings_.stations[s].buffer + static_cast<int>(free);
  }

  /// Lets go what is done at `s`, the longest waiting first.
  void release(std::size_t s) {
    for (;;) {
      Server* first = nullptr;
      for (Server& server : stations_[s].servers) {
        if (server.job > 0 && server.done && (first == nullptr || server.done_at < first->done_at)) first = &server;
      }
      if (first == nullptr || !has_place(s + 1)) return;
      const double now = agenda_.now();
      tell_block(s, *first, now);
      const int job = first->job;
      first->job = 0;
      if (record_) tell("leave", now, now, {{pallet(job), "agent"}, {stations_[s].actor, "station"}});
      if (s + 1 < stations_.size()) {
        ++stations_[s + 1].coming;
        const double there =
            now + root_.fork(7).fork(static_cast<std::uint64_t>(job) * kMostStations + s).lognormal(settings_.transit, 0.2);
        if (record_)
          tell("travel", now, there, {{pallet(job), "agent"}, {stations_[s].actor, "source"}, {stations_[s + 1].actor, "destination"}});
        agenda_.at(there, [this, s, job] {
          --stations_[s + 1].coming;
          come(s + 1, job);
        });
      } else {
        ++finished_;
      }
      serve(s);
    }
  }

  const LineSettings& settings_;
  const bool record_;
  const Random root_;
  Random yard_;
  World world_;
  Agenda agenda_;
  std::vector<Station> stations_;
  double rate_ = 0;
  int jobs_ = 0, finished_ = 0;
};

double per_hour(const LineSettings& settings) {
  Line line(settings, false);
  line.run();
  return line.finished() * 3600 / settings.seconds;
}

}  // namespace

LineSettings draw_line(std::uint64_t seed, int count, double seconds, double start_clock) {
  if (count != 0 && (count < 2 || count > kMostStations)) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "a line of " + std::to_string(count) + " stations cannot be played", "",
                      "give 2 to " + std::to_string(kMostStations));
  }
  if (!(seconds > 0 && seconds <= 31 * 86'400.0))
    throw base::Error(base::ErrorCode::kInvalidArgument, "a line's time is absurd", "", "give up to 44640 minutes");
  Random random = Random(seed).fork(42);
  LineSettings s{.seed = seed, .seconds = seconds, .start_clock = start_clock};
  s.stations.resize(static_cast<std::size_t>(count == 0 ? random.integer(3, 6) : count));
  s.transit = random.uniform(5, 20);
  const double pace = random.uniform(25, 90);  // seconds a pallet, of the slowest station
  const auto slowest = static_cast<std::size_t>(random.integer(0, static_cast<int>(s.stations.size()) - 1));
  for (std::size_t i = 0; i < s.stations.size(); ++i) {
    LineStation& station = s.stations[i];
    station.servers = random.integer(1, 3);
    station.buffer = random.integer(1, 6);
    station.variation = random.uniform(0.15, 0.8);
    station.service = pace * station.servers * (i == slowest ? 1 : random.uniform(0.45, 0.88));
    if (random.chance(0.5)) {
      station.fails_every = random.uniform(60, 200) * station.service;
      station.repair = random.uniform(2, 6) * station.service;
    }
  }
  return s;
}

World play_line(const LineSettings& settings) {
  Line line(settings, true);
  line.run();
  return line.take();
}

Limits find_limits(const LineSettings& settings) {
  Limits limits;
  limits.per_hour = per_hour(settings);
  for (std::size_t i = 0; i < settings.stations.size(); ++i) {
    LineSettings faster = settings;
    // Pallets come as before.
    double slowest = 0;
    for (const LineStation& s : settings.stations) slowest = std::max(slowest, s.service / s.servers);
    if (faster.arrivals_per_hour <= 0) faster.arrivals_per_hour = kBusy * 3600 / slowest;
    faster.stations[i].factor *= kFasterLine;
    limits.gains.push_back({"station " + std::to_string(i + 1), per_hour(faster)});
  }
  std::stable_sort(limits.gains.begin(), limits.gains.end(),
                   [](const LimitGain& a, const LimitGain& b) { return a.per_hour > b.per_hour; });
  return limits;
}

}  // namespace reelgraph::sim
