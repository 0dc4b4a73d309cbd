#include "query/report/active_periods.h"

#include <algorithm>
#include <map>
#include <set>

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kNoBreak = 4 * base::kSecond;  // from one piece of goods to the next

struct Machine {
  std::vector<base::TimeSpan> active, blocked;
  std::set<int> places;  // where it works
};

std::map<int, Machine> machines_of(const OperationsLog& log) {
  std::map<int, Machine> machines;
  for (const Episode& e : log.episodes) {
    if (log.cameras) continue;
    // Work of nobody that is named is of the place: a dock's crew behind the door.
    if (e.resource < 0 && (e.place < 0 || (e.activity != Activity::kProcess && e.activity != Activity::kBlock))) continue;
    const int resource = e.resource >= 0 ? e.resource : -1 - e.place;
    switch (e.activity) {
      case Activity::kProcess:
        if (e.place >= 0) machines[resource].places.insert(e.place);
        [[fallthrough]];
      case Activity::kPickUp:
      case Activity::kDrop:
      case Activity::kTravel:
      case Activity::kBreakdown: machines[resource].active.push_back(e.span); break;
      case Activity::kBlock: machines[resource].blocked.push_back(e.span); break;
      default: break;
    }
  }
  return machines;
}

/// Active spans joined over what is no break.
std::vector<base::TimeSpan> periods_of(Machine& machine, const base::SpanSet& queued) {
  base::SpanSet active(std::move(machine.active));
  const base::SpanSet blocked(std::move(machine.blocked));
  std::vector<base::TimeSpan> periods;
  for (const base::TimeSpan& s : active.spans()) {
    if (!periods.empty()) {
      const base::TimeSpan gap{periods.back().end, s.start};
      const bool unseen =
          gap.length() <= kNoBreak || queued.contains(base::TimeSpan{std::min(gap.start + kNoBreak / 2, gap.end),
                                                                     std::max(gap.end - kNoBreak / 2, gap.start + kNoBreak / 2)});
      if (unseen && !blocked.overlaps(gap)) {
        periods.back().end = s.end;
        continue;
      }
    }
    periods.push_back(s);
  }
  return periods;
}

struct Running {
  base::Duration length;
  int candidate;
  base::TimeSpan span;
  bool operator<(const Running& o) const { return std::tie(length, candidate, span.start) < std::tie(o.length, o.candidate, o.span.start); }
};

/// At each instant the candidate with the longest period that is going on; shifting while the last one's and the next one's overlap.
void find_momentary(ActivePeriods& result, const base::SpanSet& window) {
  struct Change {
    base::Timestamp at;
    bool begins;
    Running period;
  };
  std::vector<Change> changes;
  for (std::size_t c = 0; c < result.candidates.size(); ++c) {
    for (const base::TimeSpan& p : result.candidates[c].periods) {
      const Running r{p.length(), static_cast<int>(c), p};
      changes.push_back({p.start, true, r});
      changes.push_back({p.end, false, r});
    }
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return std::tie(a.at, a.begins, a.period) < std::tie(b.at, b.begins, b.period); });
  std::multiset<Running> running;
  struct Reign {
    base::TimeSpan span, period;
    int candidate;
  };
  std::vector<Reign> reigns;
  base::Timestamp at = 0;
  for (const Change& c : changes) {
    if (c.at > at && !running.empty()) {
      const Running& longest = *running.rbegin();
      if (!reigns.empty() && reigns.back().span.end == at && reigns.back().candidate == longest.candidate &&
          reigns.back().period == longest.span) {
        reigns.back().span.end = c.at;
      } else {
        reigns.push_back({{at, c.at}, longest.span, longest.candidate});
      }
    }
    at = c.at;
    if (c.begins) {
      running.insert(c.period);
    } else if (const auto found = running.find(c.period); found != running.end()) {
      running.erase(found);
    }
  }
  const double total = static_cast<double>(window.total());
  for (std::size_t i = 0; i < reigns.size(); ++i) {
    const Reign& r = reigns[i];
    Candidate& c = result.candidates[static_cast<std::size_t>(r.candidate)];
    base::SpanSet own = base::SpanSet{r.span}.intersection(window);
    const base::Duration all = own.total();
    if (i > 0 && reigns[i - 1].candidate != r.candidate && reigns[i - 1].period.end > r.span.start)
      own.subtract(base::SpanSet{{r.span.start, reigns[i - 1].period.end}});
    if (i + 1 < reigns.size() && reigns[i + 1].candidate != r.candidate && reigns[i + 1].period.start < r.span.end)
      own.subtract(base::SpanSet{{reigns[i + 1].period.start, r.span.end}});
    if (total > 0) {
      c.momentary += static_cast<double>(all) / total;
      c.sole += static_cast<double>(own.total()) / total;
      c.shifting += static_cast<double>(all - own.total()) / total;
    }
    if (!result.over_time.empty() && result.over_time.back().candidate == r.candidate && result.over_time.back().span.end == r.span.start) {
      result.over_time.back().span.end = r.span.end;
    } else {
      result.over_time.push_back({r.span, r.candidate});
    }
  }
}

}  // namespace

ActivePeriods active_periods(const OperationsLog& log, const base::SpanSet& window) {
  ActivePeriods result;
  std::map<int, Machine> machines = machines_of(log);
  std::map<int, std::vector<base::TimeSpan>> waits;
  for (const VisitState& s : log.states) {
    if (s.activity == Activity::kWait) waits[log.visits[static_cast<std::size_t>(s.visit)].place].push_back(s.span);
  }
  std::map<int, base::SpanSet> queued;
  for (auto& [place, spans] : waits) queued[place] = base::SpanSet(std::move(spans));
  std::map<int, std::size_t> index;
  const double total = static_cast<double>(window.total());
  for (auto& [resource, machine] : machines) {
    if (machine.active.empty()) continue;
    const bool dedicated = machine.places.size() == 1 && (resource < 0 || !is_carrier(log.actors[static_cast<std::size_t>(resource)].type));
    const int actor = dedicated ? *machine.places.begin() : resource;
    const auto [at, fresh] = index.try_emplace(actor, result.candidates.size());
    if (fresh) {
      Candidate c;
      c.actor = actor;
      c.place = dedicated;
      result.candidates.push_back(c);
    }
    Candidate& c = result.candidates[at->second];
    ++c.machines;
    const base::SpanSet none;
    const auto waiting = dedicated ? queued.find(actor) : queued.end();
    for (const base::TimeSpan& p : periods_of(machine, waiting == queued.end() ? none : waiting->second)) c.periods.push_back(p);
  }
  for (Candidate& c : result.candidates) {
    std::sort(c.periods.begin(), c.periods.end());
    base::Duration sum = 0, seen = 0;
    for (const base::TimeSpan& p : c.periods) {
      sum += p.length();
      const base::Duration here = base::SpanSet{p}.intersection(window).total();
      seen += here;
      if (here > 0 && p.length() > c.longest.length()) c.longest = p;
    }
    if (!c.periods.empty()) c.mean_period = base::to_seconds(sum) / static_cast<double>(c.periods.size());
    if (total > 0) c.active = std::min(1.0, static_cast<double>(seen) / (total * c.machines));
  }
  find_momentary(result, window);
  return result;
}

}  // namespace reelgraph::query::report
