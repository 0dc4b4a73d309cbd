// Visits from episodes: when goods came to a place, what was done there, and when they went, told or inferred.
#include <algorithm>
#include <unordered_map>

#include "query/report/operations_log.h"

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kJitter = 3 * base::kSecond;  // times of one instant, told by different events, may differ by so much
constexpr int kOvertaken = 8;                          // visits that came later and have gone: who came before has gone as well
constexpr double kUsuallyWorked = 0.6;                 // share of a place's visits with work, from which missing work is inferred

struct Building {
  Visit visit;
  base::Timestamp latest = -1;      ///< end of the last state
  base::Timestamp travel_off = -1;  ///< start of the travel away from it
  bool stays = true;                ///< nothing yet tells that it went
};

/// Follows one piece of goods. Episodes come by start; those of one instant in any order, and with jitter a little out of order.
class GoodsFollower {
 public:
  GoodsFollower(OperationsLog& log, std::vector<VisitState>& states) : log_(log), states_(states) {}

  void follow(const std::vector<const Episode*>& episodes) {
    current_ = previous_ = -1;
    coming_to_ = -1;
    for (const Episode* e : episodes) take(*e);
    if (current_ >= 0) finish(current_, /*moved_on=*/false);
  }
  std::vector<Building>& built() { return built_; }

 private:
  Building& at(int index) { return built_[static_cast<std::size_t>(index)]; }

  int open(const Episode& e, int place, base::Timestamp arrival, bool seen) {
    if (current_ >= 0) finish(current_, /*moved_on=*/true);
    Building b;
    b.visit.goods = e.goods;
    b.visit.place = place;
    b.visit.video = e.video;
    b.visit.arrival = arrival;
    b.visit.arrival_seen = seen;
    b.visit.event = e.event;
    b.latest = arrival;
    if (!seen && coming_to_ == place) b.visit.arrival = std::min(arrival, coming_at_);
    coming_to_ = -1;
    built_.push_back(b);
    previous_ = current_;
    current_ = static_cast<int>(built_.size()) - 1;
    return current_;
  }

  void finish(int index, bool moved_on) {
    Building& b = at(index);
    if (!b.stays) return;
    if (b.travel_off >= 0) {
      b.visit.departure = std::max(b.visit.arrival, b.travel_off);
    } else if (moved_on) {
      b.visit.departure = std::max(b.visit.arrival, b.latest);
    } else {
      b.visit.open = true;
      return;
    }
    b.stays = false;
  }

  void leave(int index, base::Timestamp when, bool seen) {
    Building& b = at(index);
    if (when < b.visit.arrival) {
      if (b.visit.arrival - when > kJitter) ++log_.tally.disordered;
      when = b.visit.arrival;
    }
    b.visit.departure = when;
    b.visit.departure_seen = seen;
    b.stays = false;
  }

  void travel(const Episode& e) {
    if (e.source >= 0) {
      if (current_ < 0 || at(current_).visit.place != e.source) {
        if (previous_ < 0 || at(previous_).visit.place != e.source || at(previous_).travel_off >= 0) {
          // Nothing of its stay was seen but that it came and went.
          const bool known = coming_to_ == e.source;
          open(e, e.source, known ? std::min(coming_at_, e.span.start) : e.span.start, false);
        } else {
          at(previous_).travel_off = e.span.start;
        }
      }
      if (at(current_).visit.place == e.source) {
        at(current_).travel_off = e.span.start;
        finish(current_, true);
      }
    }
    if (e.destination >= 0) {
      coming_to_ = e.destination;
      coming_at_ = e.span.end;
    }
  }

  void take(const Episode& e) {
    if (e.activity == Activity::kTravel) return travel(e);
    if (e.place < 0) return;
    const bool comes = e.activity == Activity::kArrive || e.activity == Activity::kEnter || e.activity == Activity::kDrop;
    const base::Timestamp time = e.activity == Activity::kDrop ? e.span.end : e.span.start;
    int index = -1;
    if (current_ >= 0 && at(current_).visit.place == e.place) {
      const Building& b = at(current_);
      const bool again =
          (comes && b.visit.arrival_seen && time > b.visit.arrival + kJitter && (!b.stays || e.activity != Activity::kDrop)) ||
          (!b.stays && time > b.visit.departure + kJitter);
      if (!again) index = current_;
    } else if (previous_ >= 0 && at(previous_).visit.place == e.place && !comes && !at(previous_).stays &&
               time <= at(previous_).visit.departure + kJitter) {
      index = previous_;
    }
    if (index < 0) {
      if (current_ >= 0 && at(current_).stays && at(current_).latest > time + kJitter) ++log_.tally.overlapping;
      index = open(e, e.place, time, comes);
    } else if (comes && !at(index).visit.arrival_seen) {
      at(index).visit.arrival = time;
      at(index).visit.arrival_seen = true;
    }
    note(index, e);
  }

  void note(int index, const Episode& e) {
    Building& b = at(index);
    switch (e.activity) {
      case Activity::kLeave: leave(index, e.span.start, true); return;
      case Activity::kPickUp: leave(index, e.span.end, true); return;
      case Activity::kWait:
      case Activity::kBlock:
      case Activity::kProcess: states_.push_back({e.span, index, e.resource, e.activity, e.event}); break;
      default: break;
    }
    b.latest = std::max(b.latest, e.span.end);
    if (e.activity == Activity::kOther) b.visit.departure = b.latest;
  }

  OperationsLog& log_;
  std::vector<VisitState>& states_;
  std::vector<Building> built_;
  int current_ = -1, previous_ = -1;
  int coming_to_ = -1;
  base::Timestamp coming_at_ = 0;
};

base::Duration median_of(std::vector<base::Duration>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Adds work, blocks and breakdowns of the states to their visits. Overlapping states of one kind count once.
void sum_states(OperationsLog& log) {
  std::stable_sort(log.states.begin(), log.states.end(),
                   [](const VisitState& a, const VisitState& b) { return std::tie(a.span, a.visit) < std::tie(b.span, b.visit); });
  std::unordered_map<int, std::vector<base::TimeSpan>> stops;
  for (const Episode& e : log.episodes) {
    if (e.activity == Activity::kBreakdown && e.resource >= 0) stops[e.resource].push_back(e.span);
  }
  std::vector<base::Timestamp> blocked_until(log.visits.size(), -1);
  for (VisitState& s : log.states) {
    Visit& v = log.visits[static_cast<std::size_t>(s.visit)];
    if (s.activity == Activity::kProcess) {
      if (v.process_start >= 0 && s.span.start < v.process_end - kJitter) ++log.tally.overlapping;
      const base::Timestamp from = std::max(s.span.start, v.process_end);
      if (v.process_start < 0) {
        v.process_start = s.span.start;
        v.resource = s.resource;
      }
      v.process_end = std::max(v.process_end, s.span.end);
      v.processed += std::max<base::Duration>(0, s.span.end - from);
      const auto stopped = stops.find(s.resource);
      if (stopped == stops.end()) continue;
      const std::vector<base::TimeSpan>& list = stopped->second;
      auto stop = std::partition_point(list.begin(), list.end(), [&](const base::TimeSpan& x) { return x.end <= s.span.start; });
      for (; stop != list.end() && stop->start < s.span.end; ++stop) {
        const base::Duration length = stop->intersection(s.span).length();
        v.stopped += length;
        v.processed -= std::min(v.processed, length);
      }
    } else if (s.activity == Activity::kBlock) {
      const base::Timestamp from = std::max(s.span.start, blocked_until[static_cast<std::size_t>(s.visit)]);
      if (v.block_start < 0) v.block_start = s.span.start;
      v.blocked += std::max<base::Duration>(0, s.span.end - from);
      blocked_until[static_cast<std::size_t>(s.visit)] = std::max(blocked_until[static_cast<std::size_t>(s.visit)], s.span.end);
    }
  }
}

/// A visit whose arrival or departure contradicts its states is widened to hold them.
void widen(OperationsLog& log) {
  for (const VisitState& s : log.states) {
    Visit& v = log.visits[static_cast<std::size_t>(s.visit)];
    if (s.span.start < v.arrival) {
      // Taken off a truck, then come in: the work before the arrival is no contradiction.
      const bool before = s.activity == Activity::kProcess && s.span.end <= v.arrival + kJitter;
      if (v.arrival - s.span.start > kJitter && !before) ++log.tally.disordered;
      v.arrival = s.span.start;
    }
    if (!v.open && s.span.end > v.departure) {
      if (s.span.end - v.departure > kJitter && v.departure_seen) ++log.tally.disordered;
      v.departure = s.span.end;
    }
  }
}

/// Who was overtaken by many has gone unseen: with its work's end if known, else when the next one that came after it went.
void close_lost(OperationsLog& log, const std::vector<std::vector<int>>& by_place) {
  for (const std::vector<int>& list : by_place) {
    int gone_after = 0;
    base::Timestamp next_departure = -1;
    for (auto i = list.rbegin(); i != list.rend(); ++i) {
      Visit& v = log.visits[static_cast<std::size_t>(*i)];
      if (!v.open) {
        ++gone_after;
        next_departure = v.departure;
        continue;
      }
      if (gone_after < kOvertaken) continue;
      v.open = false;
      v.lost = true;
      v.departure = std::max(v.arrival, v.process_end >= 0 ? v.process_end : next_departure);
      ++log.tally.lost;
    }
  }
}

/// Work that nobody saw, at a place where nearly all goods are worked on: it ended when the block began or the goods went, and began when
/// the wait ended; without a told wait it took the place's median.
void infer_process(OperationsLog& log, const std::vector<std::vector<int>>& by_place, const std::vector<base::Timestamp>& waited_until) {
  for (const std::vector<int>& list : by_place) {
    std::vector<base::Duration> times;
    std::size_t closed = 0;
    for (const int i : list) {
      const Visit& v = log.visits[static_cast<std::size_t>(i)];
      closed += v.open ? 0 : 1;
      if (!v.open && v.process_start >= 0) times.push_back(v.process_end - v.process_start);
    }
    if (times.empty() || static_cast<double>(times.size()) < kUsuallyWorked * static_cast<double>(closed)) continue;
    const base::Duration usual = median_of(times);
    for (const int i : list) {
      Visit& v = log.visits[static_cast<std::size_t>(i)];
      if (v.open || v.process_start >= 0) continue;
      v.process_end = v.block_start >= 0 ? std::max(v.arrival, v.block_start) : v.departure;
      const base::Timestamp waited = waited_until[static_cast<std::size_t>(i)];
      v.process_start = waited >= 0 ? std::min(waited, v.process_end) : std::max(v.arrival, v.process_end - usual);
      v.processed = v.process_end - v.process_start;
      v.process_inferred = true;
      ++log.tally.inferred_process;
      log.states.push_back({{v.process_start, v.process_end}, i, -1, Activity::kProcess, 0});
    }
  }
}

/// The wait before the work is all time from the arrival to it, told or not; later waits as they are told.
void settle_waits(OperationsLog& log) {
  std::vector<VisitState> kept;
  kept.reserve(log.states.size());
  std::vector<graph::RowId> told(log.visits.size(), 0);
  for (const VisitState& s : log.states) {
    if (s.activity != Activity::kWait) {
      kept.push_back(s);
      continue;
    }
    const Visit& v = log.visits[static_cast<std::size_t>(s.visit)];
    if (v.process_start >= 0 && s.span.start <= v.process_start) {
      if (told[static_cast<std::size_t>(s.visit)] == 0) told[static_cast<std::size_t>(s.visit)] = s.event;
    } else {
      kept.push_back(s);
    }
  }
  for (std::size_t i = 0; i < log.visits.size(); ++i) {
    const Visit& v = log.visits[i];
    if (v.process_start > v.arrival) kept.push_back({{v.arrival, v.process_start}, static_cast<int>(i), -1, Activity::kWait, told[i]});
  }
  std::sort(kept.begin(), kept.end(), [](const VisitState& a, const VisitState& b) {
    return std::tie(a.span, a.visit, a.activity, a.event) < std::tie(b.span, b.visit, b.activity, b.event);
  });
  std::vector<base::Timestamp> until(log.visits.size(), -1);
  for (VisitState& s : kept) {
    if (s.activity != Activity::kWait) continue;
    base::Timestamp& last = until[static_cast<std::size_t>(s.visit)];
    s.span.start = std::min(std::max(s.span.start, last), s.span.end);
    last = std::max(last, s.span.end);
    log.visits[static_cast<std::size_t>(s.visit)].waited += s.span.length();
  }
  log.states = std::move(kept);
}

}  // namespace

void make_visits(OperationsLog& log) {
  log.visits.clear();
  log.states.clear();
  std::vector<const Episode*> flowing;
  for (const Episode& e : log.episodes) {
    const bool needs_place = e.activity != Activity::kTravel && e.activity != Activity::kNearMiss && e.activity != Activity::kBreakdown &&
                             e.activity != Activity::kIdle && e.activity != Activity::kOther;
    if (needs_place && e.place < 0 && e.goods >= 0) ++log.tally.placeless;
    if (e.goods >= 0) flowing.push_back(&e);
  }
  // Without wall time the order of videos means nothing: goods of two videos are two.
  const auto case_of = [&](const Episode* e) { return std::pair(log.wall_clock ? 0 : e->video, e->goods); };
  std::stable_sort(flowing.begin(), flowing.end(), [&](const Episode* a, const Episode* b) { return case_of(a) < case_of(b); });
  GoodsFollower follower(log, log.states);
  for (auto from = flowing.begin(); from != flowing.end();) {
    const auto to = std::find_if(from, flowing.end(), [&](const Episode* e) { return case_of(e) != case_of(*from); });
    follower.follow({from, to});
    from = to;
  }
  // By arrival, with the states' references renumbered.
  std::vector<Building>& built = follower.built();
  std::vector<int> order(built.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return built[static_cast<std::size_t>(a)].visit.arrival < built[static_cast<std::size_t>(b)].visit.arrival;
  });
  std::vector<int> place_of(built.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    Visit v = built[static_cast<std::size_t>(order[i])].visit;
    place_of[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
    if (log.cameras) {
      // Seen from the first to the last event: nothing else tells that somebody came or went.
      v.open = false;
      v.departure = built[static_cast<std::size_t>(order[i])].latest;
    } else if (v.open) {
      const OperationsVideo& video = log.videos[static_cast<std::size_t>(v.video)];
      v.departure = std::max(v.arrival, log.wall_clock ? log.whole.end : video.axis.end);
    }
    log.visits.push_back(v);
  }
  for (VisitState& s : log.states) s.visit = place_of[static_cast<std::size_t>(s.visit)];
  std::vector<std::vector<int>> by_place(log.actors.size());
  for (std::size_t i = 0; i < log.visits.size(); ++i)
    by_place[static_cast<std::size_t>(log.visits[i].place)].push_back(static_cast<int>(i));
  if (log.cameras) return;
  widen(log);
  sum_states(log);
  close_lost(log, by_place);
  std::vector<base::Timestamp> waited_until(log.visits.size(), -1);
  for (const VisitState& s : log.states) {
    if (s.activity == Activity::kWait) waited_until[static_cast<std::size_t>(s.visit)] = s.span.end;
  }
  infer_process(log, by_place, waited_until);
  settle_waits(log);
  for (const Visit& v : log.visits) {
    log.tally.inferred_arrivals += v.arrival_seen ? 0 : 1;
    log.tally.inferred_departures += v.departure_seen || v.open ? 0 : 1;
  }
}

}  // namespace reelgraph::query::report
