// The order of the bottlenecks, and why.
#include <algorithm>
#include <cmath>
#include <map>

#include "query/report/bottlenecks_parts.h"

namespace reelgraph::query::report {
namespace {

constexpr std::size_t kMostMoments = 3;
constexpr double kFaster = 0.8;
constexpr double kNoGain = 1.5;  // goods, over the whole time: less is none
constexpr std::size_t kMostNamedShifts = 3;

const StationFigures* station_of(const BottleneckReport& report, int actor) {
  for (const StationFigures& s : report.stations) {
    if (s.place == actor) return &s;
  }
  return nullptr;
}

/// Blocked before it and starved after it: Kuo, Lim and Meerkov's arrows, and the turning point of Li, Chang and Ni (2009).
double turning_of(const BottleneckReport& report, const std::vector<int>& order, std::size_t at) {
  const auto share = [&](std::size_t i, bool blocked) {
    const StationFigures* s = station_of(report, order[i]);
    return s == nullptr ? 0 : blocked ? s->blocked : s->starved;
  };
  double turning = -share(at, true) - share(at, false);
  if (at > 0) turning += share(at - 1, true);
  if (at + 1 < order.size()) turning += share(at + 1, false);
  return turning;
}

std::vector<int> order_of_places(const BottleneckReport& report) {
  std::vector<int> order;
  if (report.line) {
    for (const ReplayStation& s : report.line->stations) order.push_back(s.place);
  }
  return order;
}

void add_reasons(const BottleneckReport& report, const std::vector<int>& order, RankedBottleneck& b) {
  const StationFigures* s = station_of(report, b.actor);
  if (b.gain_per_h && report.replayed) {
    b.reasons.push_back("played again with a fifth less work here, the line brings out " +
                        short_number(report.replayed->per_hour + *b.gain_per_h) + " an hour instead of " +
                        short_number(report.replayed->per_hour) + " (" + (*b.gain_per_h >= 0 ? "+" : "") + short_number(*b.gain_per_h) +
                        ")");
    if (b.sooner && *b.sooner >= 1) b.reasons.back() += ", and goods leave " + in_words(*b.sooner) + " sooner on average";
  }
  if (s != nullptr && s->utilisation) {
    std::string text = "at work " + percent(*s->utilisation) + " of the time";
    if (s->servers > 1) text += " (" + std::to_string(s->servers) + " side by side)";
    if (s->down > 0.005) text += ", broken down " + percent(s->down);
    b.reasons.push_back(text);
  }
  for (const ResourceFigures& r : report.resources) {
    if (r.actor != b.actor) continue;
    std::string text = "working or under way " + percent(r.busy + r.travel_loaded + r.travel_empty) + " of the time (empty ways " +
                       percent(r.travel_empty) + ")";
    if (r.idle > 0.005) text += ", idle " + percent(r.idle);
    if (r.down > 0.005) text += ", broken down " + percent(r.down);
    b.reasons.push_back(text);
  }
  if (b.momentary > 0.005)
    b.reasons.push_back("it held up the others " + percent(b.momentary) + " of the time (longest active period), alone " + percent(b.sole));
  const auto at = std::find(order.begin(), order.end(), b.actor);
  if (at != order.end()) {
    if (at != order.begin()) {
      const StationFigures* before = station_of(report, *(at - 1));
      if (before != nullptr && before->blocked > 0.02)
        b.reasons.push_back(before->name + " before it is blocked " + percent(before->blocked) + " of the time");
    }
    if (at + 1 != order.end()) {
      const StationFigures* after = station_of(report, *(at + 1));
      if (after != nullptr && after->starved > 0.05)
        b.reasons.push_back(after->name + " after it has nothing to do " + percent(after->starved) + " of the time");
    }
  }
  if (s != nullptr && s->queue.most > 1) {
    b.reasons.push_back("on average " + short_number(s->queue.mean) + " wait before it, at worst " + std::to_string(s->queue.most) +
                        " (at " + clock_of(report.log, s->queue.most_at) + ")");
  }
  if (s != nullptr && s->blocked > 0.02)
    b.reasons.push_back("it is itself blocked " + percent(s->blocked) + " of the time: what holds it up lies after it");
}

/// The longest queue, the longest active period, the longest block before it.
void add_moments(const BottleneckReport& report, const graph::Store* store, const std::vector<int>& order, RankedBottleneck& b) {
  const OperationsLog& log = report.log;
  const StationFigures* s = station_of(report, b.actor);
  const auto video_at = [&](base::Timestamp t) {
    for (std::size_t i = 0; i < log.videos.size(); ++i) {
      if (log.videos[i].axis.contains(t)) return static_cast<int>(i);
    }
    return -1;
  };
  const VisitState* longest_wait = nullptr;
  const VisitState* longest_block = nullptr;
  const auto at = std::find(order.begin(), order.end(), b.actor);
  const int before = at == order.end() || at == order.begin() ? -1 : *(at - 1);
  for (const VisitState& state : log.states) {
    if (!log.whole.overlaps(state.span)) continue;
    const int place = log.visits[static_cast<std::size_t>(state.visit)].place;
    if (state.activity == Activity::kWait && place == b.actor &&
        (longest_wait == nullptr || state.span.length() > longest_wait->span.length()))
      longest_wait = &state;
    if (state.activity == Activity::kBlock && place == before &&
        (longest_block == nullptr || state.span.length() > longest_block->span.length()))
      longest_block = &state;
  }
  const auto add = [&](base::Timestamp when, base::TimeSpan span, const std::string& text, graph::RowId event) {
    const int video = video_at(when);
    if (video >= 0 && b.moments.size() < kMostMoments) b.moments.push_back(moment_of(log, store, video, span, text, event));
  };
  constexpr base::Duration around = 15 * base::kSecond;
  if (s != nullptr && s->queue.most > 1)
    add(s->queue.most_at, {std::max<base::Timestamp>(0, s->queue.most_at - around), s->queue.most_at + around},
        std::to_string(s->queue.most) + " wait before " + b.name, 0);
  if (longest_block != nullptr) {
    const Visit& v = log.visits[static_cast<std::size_t>(longest_block->visit)];
    add(longest_block->span.start, longest_block->span,
        name_of(log, v.goods) + " blocks " + name_of(log, v.place) + " for " + in_words(base::to_seconds(longest_block->span.length())),
        longest_block->event);
  }
  if (longest_wait != nullptr) {
    const Visit& v = log.visits[static_cast<std::size_t>(longest_wait->visit)];
    add(longest_wait->span.start, longest_wait->span,
        name_of(log, v.goods) + " waits " + in_words(base::to_seconds(longest_wait->span.length())) + " before " + b.name,
        longest_wait->event);
  }
  for (const Candidate& c : report.active.candidates) {
    if (c.actor == b.actor && !c.longest.empty())
      add(c.longest.start, c.longest, b.name + " works without a break for " + in_words(base::to_seconds(c.longest.length())), 0);
  }
}

}  // namespace

void rank_bottlenecks(BottleneckReport& report, const graph::Store* store) {
  const std::vector<int> order = order_of_places(report);
  std::map<int, RankedBottleneck> found;
  const auto entry = [&](int actor) -> RankedBottleneck& {
    RankedBottleneck& b = found[actor];
    b.actor = actor;
    b.name = name_of(report.log, actor);
    return b;
  };
  for (const Candidate& c : report.active.candidates) {
    RankedBottleneck& b = entry(c.actor);
    b.active = c.active;
    b.momentary = c.momentary;
    b.sole = c.sole;
  }
  for (std::size_t i = 0; i < order.size(); ++i) entry(order[i]).turning = turning_of(report, order, i);
  double most_gain = 0, most_sooner = 0;
  if (report.replayed) {
    for (const ReplayGain& g : report.replayed->gains) {
      RankedBottleneck& b = entry(g.place);
      b.gain_per_h = g.gain;
      b.sooner = g.sooner;
      most_gain = std::max(most_gain, g.gain);
      most_sooner = std::max(most_sooner, g.sooner);
    }
  }
  // A station that alone sets the pace gains 1 / 0.8 - 1 of the throughput.
  const double full = report.replayed ? std::max(1e-9, report.replayed->per_hour * (1 / kFaster - 1)) : 1;
  // Where all that comes gets through, nothing gains throughput; then it is who makes goods late.
  const bool keeps_up = report.replayed && most_gain * (report.line->end - report.line->begin) / 3600 < kNoGain && most_sooner > 0;
  const double slow = std::max({1.0, report.flow.cycle.mean, most_sooner});
  for (auto& [actor, b] : found) {
    const double gained = !b.gain_per_h ? 0 : keeps_up ? *b.sooner / slow : *b.gain_per_h / full;
    const double seen = 0.6 * b.momentary + 0.4 * b.active;
    b.score = report.replayed
                  ? (b.gain_per_h ? 0.98 * std::clamp(gained, 0.0, 1.0) + 0.01 * seen + 0.01 * std::clamp(b.turning, 0.0, 1.0) : 0)
                  : seen;
    report.ranking.push_back(b);
  }
  std::stable_sort(report.ranking.begin(), report.ranking.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  const double quality = report.coverage * (1 - report.missing);
  double goods = 0;
  for (const StationFigures& s : report.stations) goods = std::max(goods, static_cast<double>(s.departures));
  const double enough = std::min(1.0, std::sqrt(goods / 100));
  for (std::size_t i = 0; i < report.ranking.size(); ++i) {
    RankedBottleneck& b = report.ranking[i];
    const double other = i == 0 ? (report.ranking.size() > 1 ? report.ranking[1].score : 0) : report.ranking[0].score;
    const double apart = std::min(1.0, std::abs(b.score - other) / std::max(0.05, std::max(b.score, other)));
    b.confidence = std::clamp(quality * enough * (0.5 + 0.5 * apart), 0.0, 1.0);
    add_reasons(report, order, b);
    add_moments(report, store, order, b);
  }
  if (report.replayed) {
    report.method =
        "Goods pass the stations in one order, so the line was played again from its own times, with each station's work a fifth shorter "
        "in turn; "
        "what gains most throughput is first. Utilisation, active periods and blocking decide between equals.";
    if (keeps_up) report.method += " All that came got through, so none gains throughput: what lets goods leave soonest is first.";
  } else if (!report.ranking.empty()) {
    report.method =
        "Goods do not pass worked stations in one order, so the ranking rests on who is active longest without a break "
        "(shifting bottleneck, Roser et al. 2002) and on utilisation; no gain in throughput is claimed.";
  } else {
    report.method = "No work or carrying is told, so nothing can be ranked.";
  }
}

}  // namespace reelgraph::query::report
