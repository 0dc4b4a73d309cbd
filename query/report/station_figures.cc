#include "query/report/station_figures.h"

#include <algorithm>
#include <map>
#include <set>

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kTimesOverlap = 2 * base::kSecond;  // work of one server after the other may overlap so much by jitter

double of_whole(base::Duration part, double whole) { return whole > 0 ? static_cast<double>(part) / whole : 0; }

bool counts_in(const base::SpanSet& window, base::Timestamp t) {
  if (window.contains(t)) return true;
  return !window.empty() && t == window.spans().back().end;  // what ends with the log is in it
}

base::Duration seen_of(const base::SpanSet& window, base::TimeSpan span) {
  const auto& spans = window.spans();
  auto at = std::partition_point(spans.begin(), spans.end(), [&](const base::TimeSpan& w) { return w.end <= span.start; });
  base::Duration seen = 0;
  for (; at != spans.end() && at->start < span.end; ++at) seen += at->intersection(span).length();
  return seen;
}

/// Observed time in which a place can have been seen: that of the videos it occurs in.
std::vector<base::SpanSet> windows_of(const OperationsLog& log, const base::SpanSet& window) {
  std::vector<std::set<int>> seen(log.actors.size());
  for (const Visit& v : log.visits) seen[static_cast<std::size_t>(v.place)].insert(v.video);
  std::map<std::set<int>, base::SpanSet> known;
  std::vector<base::SpanSet> result(log.actors.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].empty()) continue;
    const auto [at, fresh] = known.try_emplace(seen[i]);
    if (fresh) {
      base::SpanSet all;
      for (const int video : seen[i]) all.add(log.videos[static_cast<std::size_t>(video)].observed);
      at->second = all.intersection(window);
    }
    result[i] = at->second;
  }
  return result;
}

struct PlaceCurves {
  StepCurve queue, present, working, blocked;
};

/// Walks all curves of a place at once, for what depends on two of them.
void share_idle_time(StationFigures& f, const PlaceCurves& c, const base::SpanSet& window) {
  std::vector<std::pair<base::Timestamp, std::pair<int, int>>> changes;  // time, (queue, servers in use)
  for (const auto& s : c.queue.steps()) {
    changes.push_back({s.span.start, {s.level, 0}});
    changes.push_back({s.span.end, {-s.level, 0}});
  }
  for (const StepCurve* curve : {&c.working, &c.blocked}) {
    for (const auto& s : curve->steps()) {
      changes.push_back({s.span.start, {0, s.level}});
      changes.push_back({s.span.end, {0, -s.level}});
    }
  }
  std::sort(changes.begin(), changes.end());
  base::Duration starved = 0, unattended = 0;
  const auto account = [&](base::TimeSpan span, int queue, int used) {
    if (span.empty()) return;
    (queue > 0 ? unattended : starved) += seen_of(window, span) * std::max(0, f.servers - used);
  };
  base::Timestamp at = window.empty() ? 0 : window.spans().front().start;
  int queue = 0, used = 0;
  for (const auto& [time, change] : changes) {
    if (time > at) {
      account({at, time}, queue, used);
      at = time;
    }
    queue += change.first;
    used += change.second;
  }
  if (!window.empty() && window.spans().back().end > at) account({at, window.spans().back().end}, queue, used);
  const double whole = static_cast<double>(window.total()) * f.servers;
  f.starved = of_whole(starved, whole);
  f.unattended = of_whole(unattended, whole);
}

}  // namespace

std::vector<int> servers_of(const OperationsLog& log) {
  struct Duty {
    base::TimeSpan hull;
    std::vector<base::TimeSpan> work;
  };
  std::map<std::pair<int, int>, Duty> duties;  // (place, resource)
  std::map<int, std::set<int>> places_of;
  std::map<int, std::vector<base::TimeSpan>> nobody;
  for (const VisitState& s : log.states) {
    if (s.activity != Activity::kProcess) continue;
    const int place = log.visits[static_cast<std::size_t>(s.visit)].place;
    if (s.resource < 0) {
      // Nobody is named: as many as work at once.
      if (s.event != 0) nobody[place].push_back({s.span.start, s.span.end - std::min(kTimesOverlap, s.span.length() / 4)});
      continue;
    }
    Duty& duty = duties[{place, s.resource}];
    duty.hull = duty.work.empty() ? s.span : base::TimeSpan{std::min(duty.hull.start, s.span.start), std::max(duty.hull.end, s.span.end)};
    duty.work.push_back(s.span);
    places_of[s.resource].insert(place);
  }
  std::map<int, StepCurve> on_duty, at_work;
  for (const auto& [place, spans] : nobody) {
    for (const base::TimeSpan& s : spans) at_work[place].add(s);
  }
  for (const auto& [key, duty] : duties) {
    const auto [place, resource] = key;
    if (places_of[resource].size() == 1) on_duty[place].add(duty.hull);
    for (const base::TimeSpan& w : duty.work) {
      const base::Duration off = std::min(kTimesOverlap, w.length() / 4);
      at_work[place].add({w.start, w.end - off});
    }
  }
  std::vector<int> result(log.actors.size(), 0);
  const base::SpanSet all{log.whole};
  for (const auto& [place, curve] : at_work) {
    const auto duty = on_duty.find(place);
    const int side_by_side = duty == on_duty.end() ? 0 : static_cast<int>(duty->second.figures(all).p95);
    result[static_cast<std::size_t>(place)] = std::max({1, side_by_side, side_by_side > 0 ? 0 : curve.figures(all).most});
  }
  return result;
}

std::vector<StationFigures> station_figures(const OperationsLog& log, const base::SpanSet& window) {
  const std::vector<base::SpanSet> windows = windows_of(log, window);
  const std::vector<int> servers = servers_of(log);
  std::vector<StationFigures> result;
  std::vector<int> index(log.actors.size(), -1);
  std::vector<PlaceCurves> curves;
  std::vector<std::vector<double>> dwell, wait, process, arrivals;
  std::vector<double> stayed;  // seconds within the window, of all that were there in it
  std::vector<std::int64_t> present;
  for (const Visit& v : log.visits) {
    int& i = index[static_cast<std::size_t>(v.place)];
    if (i < 0) {
      i = static_cast<int>(result.size());
      StationFigures f;
      f.place = v.place;
      f.name = log.actors[static_cast<std::size_t>(v.place)].name;
      f.type = log.actors[static_cast<std::size_t>(v.place)].type;
      f.servers = servers[static_cast<std::size_t>(v.place)];
      result.push_back(std::move(f));
    }
  }
  curves.resize(result.size());
  stayed.resize(result.size());
  present.resize(result.size());
  for (auto* lists : {&dwell, &wait, &process, &arrivals}) lists->resize(result.size());
  for (const Visit& v : log.visits) {
    const auto i = static_cast<std::size_t>(index[static_cast<std::size_t>(v.place)]);
    const base::SpanSet& w = windows[static_cast<std::size_t>(v.place)];
    StationFigures& f = result[i];
    curves[i].present.add({v.arrival, v.departure});
    const base::Duration part = seen_of(w, {v.arrival, v.departure});
    stayed[i] += base::to_seconds(part);
    present[i] += part > 0 ? 1 : 0;
    if (counts_in(w, v.arrival)) {
      ++f.arrivals;
      arrivals[i].push_back(base::to_seconds(v.arrival));
    }
    if (v.open) {
      ++f.there_at_end;
    } else if (counts_in(w, v.departure)) {
      ++f.departures;
      if (v.lost) continue;  // when it went is a guess
      dwell[i].push_back(base::to_seconds(v.dwell()));
      wait[i].push_back(base::to_seconds(v.waited));
      if (v.processed > 0 && !v.process_inferred) process[i].push_back(base::to_seconds(v.processed));
    }
  }
  for (const VisitState& s : log.states) {
    const auto i = static_cast<std::size_t>(index[static_cast<std::size_t>(log.visits[static_cast<std::size_t>(s.visit)].place)]);
    (s.activity == Activity::kWait ? curves[i].queue : s.activity == Activity::kBlock ? curves[i].blocked : curves[i].working).add(s.span);
  }
  std::vector<base::Duration> down(result.size(), 0);
  for (const Episode& e : log.episodes) {
    if (e.activity != Activity::kBreakdown || e.place < 0 || index[static_cast<std::size_t>(e.place)] < 0) continue;
    down[static_cast<std::size_t>(index[static_cast<std::size_t>(e.place)])] += seen_of(windows[static_cast<std::size_t>(e.place)], e.span);
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    StationFigures& f = result[i];
    const base::SpanSet& w = windows[static_cast<std::size_t>(f.place)];
    const double total = static_cast<double>(w.total());
    f.hours = total / static_cast<double>(base::kHour);
    f.arrivals_per_h = f.hours > 0 ? static_cast<double>(f.arrivals) / f.hours : 0;
    f.throughput_per_h = f.hours > 0 ? static_cast<double>(f.departures) / f.hours : 0;
    f.dwell = spread_of(std::move(dwell[i]));
    f.wait = spread_of(std::move(wait[i]));
    f.process = spread_of(std::move(process[i]));
    f.queue = curves[i].queue.figures(w);
    f.present = curves[i].present.figures(w);
    std::vector<double> gaps;
    for (std::size_t k = 1; k < arrivals[i].size(); ++k) gaps.push_back(arrivals[i][k] - arrivals[i][k - 1]);
    f.interarrival_variation2 = spread_of(std::move(gaps)).variation2;
    if (f.servers > 0 && total > 0) {
      const double working = curves[i].working.figures(w).mean / f.servers;
      f.down = std::min(working, of_whole(down[i], total * f.servers));
      f.busy = std::min(1.0, working) - f.down;
      f.blocked = curves[i].blocked.figures(w).mean / f.servers;
      share_idle_time(f, curves[i], w);
      f.utilisation = std::clamp(f.busy, 0.0, 1.0);
    }
    // Little (2011): over a finite time, L = lambda W holds for the time that everything there spent within it.
    f.little_l = f.present.mean;
    if (present[i] > 0 && total > 0) {
      const double lambda = static_cast<double>(present[i]) / (total / 1e6);  // a second
      f.little_lambda_w = lambda * (stayed[i] / static_cast<double>(present[i]));
    }
  }
  return result;
}

std::vector<ResourceFigures> resource_figures(const OperationsLog& log, const base::SpanSet& window) {
  struct Time {
    base::SpanSet busy, loaded, empty, idle, down;
    std::vector<base::TimeSpan> parts[5];
    std::int64_t jobs = 0;
  };
  std::map<int, Time> times;
  for (const Episode& e : log.episodes) {
    if (e.resource < 0) continue;
    int part = -1;
    Time& t = times[e.resource];
    switch (e.activity) {
      case Activity::kProcess:
      case Activity::kPickUp:
      case Activity::kDrop:
        part = 0;
        ++t.jobs;
        break;
      case Activity::kTravel: part = e.goods >= 0 ? 1 : 2; break;
      case Activity::kIdle:
      case Activity::kWait: part = 3; break;
      case Activity::kBreakdown: part = 4; break;
      default: break;
    }
    if (part >= 0) t.parts[part].push_back(e.span);
  }
  std::vector<ResourceFigures> result;
  const double total = static_cast<double>(window.total());
  for (auto& [actor, t] : times) {
    ResourceFigures f;
    f.actor = actor;
    f.name = log.actors[static_cast<std::size_t>(actor)].name;
    f.type = log.actors[static_cast<std::size_t>(actor)].type;
    f.jobs = t.jobs;
    // What overlaps counts once: a breakdown before all else, then work, then ways.
    base::SpanSet taken;
    const auto share = [&](int part) {
      base::SpanSet own(std::move(t.parts[part]));
      own = own.intersection(window);
      if (part == 3) {
        for (const base::TimeSpan& s : own.spans()) f.longest_idle = std::max(f.longest_idle, base::to_seconds(s.length()));
      }
      own.subtract(taken);
      taken.add(own);
      return of_whole(own.total(), total);
    };
    f.down = share(4);
    f.busy = share(0);
    f.travel_loaded = share(1);
    f.travel_empty = share(2);
    f.idle = share(3);
    f.unknown = std::max(0.0, 1 - f.down - f.busy - f.travel_loaded - f.travel_empty - f.idle);
    result.push_back(std::move(f));
  }
  return result;
}

std::vector<RouteFigures> route_figures(const OperationsLog& log, const base::SpanSet& window) {
  std::map<std::tuple<int, int, bool>, std::vector<double>> transits;
  for (const Episode& e : log.episodes) {
    if (e.activity != Activity::kTravel || e.source < 0 || e.destination < 0 || !counts_in(window, e.span.end)) continue;
    transits[{e.source, e.destination, e.goods >= 0}].push_back(base::to_seconds(e.span.length()));
  }
  std::vector<RouteFigures> result;
  for (auto& [key, values] : transits) {
    const auto [source, destination, loaded] = key;
    result.push_back({source, destination, log.actors[static_cast<std::size_t>(source)].name,
                      log.actors[static_cast<std::size_t>(destination)].name, loaded, spread_of(std::move(values))});
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.transit.count > b.transit.count; });
  return result;
}

}  // namespace reelgraph::query::report
