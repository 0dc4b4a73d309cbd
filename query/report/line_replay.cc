#include "query/report/line_replay.h"

#include <algorithm>
#include <deque>
#include <map>
#include <queue>

#include "query/report/station_figures.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kFewestJobs = 30;
constexpr double kFewestInOrder = 0.9;

/// Draws that depend on nothing but their number (splitmix64).
std::uint64_t scrambled(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

/// Places by how much earlier in the goods' ways they come; empty if they come in no one order. @param share of moves that go forward
std::vector<int> order_of(const OperationsLog& log, const std::vector<std::vector<int>>& ways, double& share) {
  std::map<std::pair<int, int>, std::int64_t> moves;
  std::map<int, std::int64_t> visits;
  for (const auto& way : ways) {
    for (std::size_t i = 0; i < way.size(); ++i) {
      const int place = log.visits[static_cast<std::size_t>(way[i])].place;
      ++visits[place];
      if (i > 0) ++moves[{log.visits[static_cast<std::size_t>(way[i - 1])].place, place}];
    }
  }
  std::vector<int> places;
  for (const auto& [place, n] : visits) {
    if (n * 5 >= static_cast<std::int64_t>(ways.size())) places.push_back(place);
  }
  // Each place's rank: how many of the others it usually precedes.
  std::map<int, int> before;
  const auto count = [&](int a, int b) {
    const auto found = moves.find({a, b});
    return found == moves.end() ? std::int64_t{0} : found->second;
  };
  std::map<std::pair<int, int>, std::int64_t> precedes;
  for (const auto& way : ways) {
    for (std::size_t i = 0; i < way.size() && way.size() <= 64; ++i) {
      for (std::size_t k = i + 1; k < way.size(); ++k)
        ++precedes[{log.visits[static_cast<std::size_t>(way[i])].place, log.visits[static_cast<std::size_t>(way[k])].place}];
    }
  }
  for (const int a : places) {
    for (const int b : places) {
      if (a != b && precedes[{a, b}] > precedes[{b, a}]) ++before[a];
    }
  }
  std::sort(places.begin(), places.end(), [&](int a, int b) { return std::pair(-before[a], a) < std::pair(-before[b], b); });
  std::int64_t all = 0, forward = 0;
  for (const auto& [move, n] : moves) all += n;
  for (std::size_t i = 0; i + 1 < places.size(); ++i) {
    // A place between that was not seen is no other order.
    for (std::size_t k = i + 1; k < places.size() && k <= i + 2; ++k) forward += count(places[i], places[k]);
  }
  share = all > 0 ? static_cast<double>(forward) / static_cast<double>(all) : 0;
  return places;
}

/// The most goods that were at a place or on the way to it while the place before was blocked: the level that lasted longest.
int room_of(const std::vector<base::TimeSpan>& inside, const std::vector<base::TimeSpan>& blocks) {
  if (blocks.empty()) return 0;
  StepCurve curve;
  for (const base::TimeSpan& s : inside) curve.add(s);
  std::map<int, base::Duration> at_level;
  const base::SpanSet blocked{std::vector<base::TimeSpan>(blocks)};
  auto from = blocked.spans().begin();
  for (const auto& step : curve.steps()) {
    while (from != blocked.spans().end() && from->end <= step.span.start) ++from;
    for (auto b = from; b != blocked.spans().end() && b->start < step.span.end; ++b)
      at_level[step.level] += b->intersection(step.span).length();
  }
  int room = 0;
  base::Duration longest = 0;
  for (const auto& [level, time] : at_level) {
    if (time > longest) {
      longest = time;
      room = level;
    }
  }
  return room;
}

class Replayer {
 public:
  Replayer(const ReplayLine& line, std::size_t faster_station, double faster)
      : line_(line), faster_station_(faster_station), faster_(faster), stations_(line.stations.size()) {
    for (std::size_t s = 0; s < stations_.size(); ++s) stations_[s].idle = line.stations[s].servers;
  }

  struct Outcome {
    double per_hour = 0;
    double left = 0;  ///< mean time of leaving, in seconds of the axis
  };
  Outcome play() {
    for (std::size_t j = 0; j < line_.entry.size(); ++j)
      due_.push({line_.entry[j], next_++, Kind::kCome, static_cast<std::size_t>(line_.first[j]), j});
    while (!due_.empty() && due_.top().at <= line_.end) {
      const Due d = due_.top();
      due_.pop();
      now_ = d.at;
      if (d.kind == Kind::kCome) {
        State& s = stations_[d.station];
        s.coming -= d.station > static_cast<std::size_t>(line_.first[d.job]) ? 1 : 0;
        s.queue.push_back(d.job);
        serve(d.station);
      } else {
        stations_[d.station].done.push_back(d.job);
        release(d.station);
      }
    }
    const auto jobs = static_cast<double>(line_.entry.size());
    left_ += (jobs - static_cast<double>(gone_)) * line_.end;
    return {static_cast<double>(finished_) * 3600 / (line_.end - line_.begin), left_ / std::max(1.0, jobs)};
  }

 private:
  enum class Kind : std::uint8_t { kCome, kDone };
  struct Due {
    double at;
    std::uint64_t number;
    Kind kind;
    std::size_t station, job;
    bool operator<(const Due& other) const { return std::pair(at, number) > std::pair(other.at, other.number); }
  };
  struct State {
    int idle = 0, coming = 0;
    std::deque<std::size_t> queue, done;  ///< waiting; done and still on their server, in that order
  };

  void serve(std::size_t s) {
    State& state = stations_[s];
    const ReplayStation& station = line_.stations[s];
    while (state.idle > 0 && !state.queue.empty()) {
      const std::size_t job = state.queue.front();
      state.queue.pop_front();
      --state.idle;
      const double work = station.work[job] * (s == faster_station_ ? faster_ : 1);
      due_.push({now_ + work + station.stop[job], next_++, Kind::kDone, s, job});
    }
  }

  [[nodiscard]] bool has_room(std::size_t s) const {
    if (s >= stations_.size() || line_.stations[s].room <= 0) return true;
    const State& state = stations_[s];
    return static_cast<int>(state.queue.size()) + state.coming + line_.stations[s].servers - state.idle < line_.stations[s].room;
  }

  void release(std::size_t from) {
    // What leaves may make room for what is done before it, and so on upstream.
    for (std::size_t s = from;; --s) {
      State& state = stations_[s];
      bool any = false;
      while (!state.done.empty() && has_room(s + 1)) {
        const std::size_t job = state.done.front();
        state.done.pop_front();
        ++state.idle;
        any = true;
        if (s + 1 < stations_.size()) {
          ++stations_[s + 1].coming;
          due_.push({now_ + line_.stations[s].transit[job], next_++, Kind::kCome, s + 1, job});
        } else {
          ++gone_;
          finished_ += now_ >= line_.begin ? 1 : 0;
          left_ += now_;
        }
        serve(s);
      }
      if (!any || s == 0) return;
    }
  }

  const ReplayLine& line_;
  const std::size_t faster_station_;
  const double faster_;
  std::vector<State> stations_;
  std::priority_queue<Due> due_;
  std::uint64_t next_ = 0;
  double now_ = 0, left_ = 0;
  std::int64_t finished_ = 0, gone_ = 0;  ///< from `begin` on; ever
};

/// Fills what is missing (negative) with draws from what is known, the same for each replay. @returns how many were known
std::size_t fill(std::vector<double>& values, std::vector<double>* with, std::uint64_t purpose) {
  std::vector<std::size_t> known;
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (values[j] >= 0) known.push_back(j);
  }
  if (known.empty()) return 0;
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (values[j] >= 0) continue;
    const std::size_t from = known[scrambled(purpose << 40U | j) % known.size()];
    values[j] = values[from];
    if (with != nullptr) (*with)[j] = (*with)[from];
  }
  return known.size();
}

}  // namespace

std::optional<ReplayLine> find_line(const OperationsLog& log) {
  if (log.whole.empty() || log.cameras || (!log.wall_clock && log.videos.size() > 1)) return std::nullopt;
  std::map<int, std::vector<int>> way_of;  // by goods
  for (std::size_t i = 0; i < log.visits.size(); ++i) way_of[log.visits[i].goods].push_back(static_cast<int>(i));
  std::vector<std::vector<int>> ways;
  for (auto& [goods, way] : way_of) ways.push_back(std::move(way));
  if (ways.size() < kFewestJobs) return std::nullopt;
  ReplayLine line;
  const std::vector<int> places = order_of(log, ways, line.in_order);
  if (places.size() < 2 || line.in_order < kFewestInOrder) return std::nullopt;
  std::vector<int> rank(log.actors.size(), -1);
  for (std::size_t i = 0; i < places.size(); ++i) rank[static_cast<std::size_t>(places[i])] = static_cast<int>(i);
  const std::vector<int> servers = servers_of(log);
  std::size_t worked = 0;
  for (const int place : places) worked += servers[static_cast<std::size_t>(place)] > 0 ? 1 : 0;
  if (worked < places.size()) return std::nullopt;  // a place without work is no station; what holds goods there is not in the log

  std::sort(ways.begin(), ways.end(), [&](const auto& a, const auto& b) {
    return log.visits[static_cast<std::size_t>(a.front())].arrival < log.visits[static_cast<std::size_t>(b.front())].arrival;
  });
  std::map<std::pair<int, int>, base::TimeSpan> travel_of;  // (goods, source)
  for (const Episode& e : log.episodes) {
    if (e.activity == Activity::kTravel && e.goods >= 0 && e.source >= 0) travel_of[{e.goods, e.source}] = e.span;
  }
  line.begin = base::to_seconds(log.whole.start);
  line.end = base::to_seconds(log.whole.end);
  line.stations.resize(places.size());
  std::vector<std::vector<base::TimeSpan>> inside(places.size()), blocks(places.size());
  for (std::size_t s = 0; s < places.size(); ++s) {
    ReplayStation& station = line.stations[s];
    station.place = places[s];
    station.servers = servers[static_cast<std::size_t>(places[s])];
    station.work.assign(ways.size(), -1);
    station.stop.assign(ways.size(), 0);
    station.transit.assign(ways.size(), -1);
  }
  for (std::size_t j = 0; j < ways.size(); ++j) {
    int first = -1, last = -1;
    base::Timestamp left = -1;
    for (const int i : ways[j]) {
      const Visit& v = log.visits[static_cast<std::size_t>(i)];
      const int s = rank[static_cast<std::size_t>(v.place)];
      if (s <= last) continue;  // comes again: the first stay counts
      ReplayStation& station = line.stations[static_cast<std::size_t>(s)];
      if (first < 0) {
        first = s;
        line.entry.push_back(base::to_seconds(v.arrival));
        line.first.push_back(s);
      }
      if (v.process_start >= 0 && !v.process_inferred && v.processed > 0 && v.process_end < log.whole.end) {
        station.work[j] = base::to_seconds(v.processed);
        station.stop[j] = base::to_seconds(v.stopped);
      }
      if (last >= 0 && s == last + 1) {
        line.stations[static_cast<std::size_t>(last)].transit[j] = base::to_seconds(std::max<base::Duration>(0, v.arrival - left));
      }
      inside[static_cast<std::size_t>(s)].push_back({last >= 0 && s == last + 1 ? std::min(left, v.arrival) : v.arrival, v.departure});
      left = v.departure;
      last = s;
    }
    if (last >= 0 && last + 1 < static_cast<int>(places.size())) {
      // On the way when the log ends.
      const auto travel =
          travel_of.find({log.visits[static_cast<std::size_t>(ways[j].back())].goods, places[static_cast<std::size_t>(last)]});
      if (travel != travel_of.end() && travel->second.end >= log.whole.end)
        inside[static_cast<std::size_t>(last) + 1].push_back({travel->second.start, log.whole.end});
    }
    if (first < 0) {
      line.entry.push_back(line.end + 1);
      line.first.push_back(0);
    }
  }
  for (const VisitState& s : log.states) {
    if (s.activity != Activity::kBlock) continue;
    const int r = rank[static_cast<std::size_t>(log.visits[static_cast<std::size_t>(s.visit)].place)];
    if (r >= 0) blocks[static_cast<std::size_t>(r)].push_back(s.span);
  }
  std::size_t known = 0, works = 0;
  for (const Visit& v : log.visits) works += !v.open && rank[static_cast<std::size_t>(v.place)] >= 0 ? 1 : 0;
  for (std::size_t s = 0; s < places.size(); ++s) {
    ReplayStation& station = line.stations[s];
    const std::size_t told = fill(station.work, &station.stop, 2 * s);
    if (told == 0) return std::nullopt;
    known += told;
    if (fill(station.transit, nullptr, 2 * s + 1) == 0) std::fill(station.transit.begin(), station.transit.end(), 0.0);
    if (s > 0) {
      const int room = room_of(inside[s], blocks[s - 1]);
      if (room > 0) station.room = std::max(room, station.servers);
    }
  }
  line.known = std::min(1.0, static_cast<double>(known) / static_cast<double>(std::max<std::size_t>(1, works)));
  return line;
}

ReplayResult replay(const ReplayLine& line, double faster) {
  ReplayResult result;
  const auto as_it_was = Replayer(line, line.stations.size(), faster).play();
  result.per_hour = as_it_was.per_hour;
  for (std::size_t s = 0; s < line.stations.size(); ++s) {
    const auto outcome = Replayer(line, s, faster).play();
    result.gains.push_back(
        {line.stations[s].place, outcome.per_hour, outcome.per_hour - as_it_was.per_hour, as_it_was.left - outcome.left});
  }
  return result;
}

}  // namespace reelgraph::query::report
