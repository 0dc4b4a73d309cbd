#include "query/report/step_curve.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::query::report {
namespace {

double rank_of(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - std::floor(at));
}

}  // namespace

void StepCurve::add(base::TimeSpan span) {
  if (span.empty()) return;
  changes_.emplace_back(span.start, 1);
  changes_.emplace_back(span.end, -1);
  ready_ = false;
}

const std::vector<StepCurve::Step>& StepCurve::steps() const {
  if (ready_) return steps_;
  std::vector<std::pair<base::Timestamp, int>> sorted = changes_;
  std::sort(sorted.begin(), sorted.end());
  steps_.clear();
  int level = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    level += sorted[i].second;
    if (i + 1 == sorted.size() || sorted[i + 1].first == sorted[i].first) continue;
    steps_.push_back({{sorted[i].first, sorted[i + 1].first}, level});
  }
  ready_ = true;
  return steps_;
}

CurveFigures StepCurve::figures(const base::SpanSet& window) const {
  CurveFigures f;
  const base::Duration total = window.total();
  if (total == 0) return f;
  std::map<int, base::Duration> at_level;
  base::Duration told = 0;
  auto span = window.spans().begin();
  for (const Step& step : steps()) {
    while (span != window.spans().end() && span->end <= step.span.start) ++span;
    for (auto s = span; s != window.spans().end() && s->start < step.span.end; ++s) {
      const base::TimeSpan part = step.span.intersection(*s);
      if (part.empty()) continue;
      at_level[step.level] += part.length();
      told += part.length();
      if (step.level > f.most) {
        f.most = step.level;
        f.most_at = part.start;
      }
    }
  }
  at_level[0] += total - told;
  double sum = 0;
  base::Duration below = 0;
  bool found = false;
  for (const auto& [level, time] : at_level) {
    sum += static_cast<double>(level) * static_cast<double>(time);
    below += time;
    if (!found && static_cast<double>(below) >= 0.95 * static_cast<double>(total)) {
      f.p95 = level;
      found = true;
    }
  }
  f.mean = sum / static_cast<double>(total);
  return f;
}

std::vector<double> StepCurve::bins(base::TimeSpan within, int count) const {
  std::vector<double> result(static_cast<std::size_t>(count), 0);
  if (within.empty()) return result;
  const double width = static_cast<double>(within.length()) / count;
  for (const Step& step : steps()) {
    const base::TimeSpan part = step.span.intersection(within);
    if (part.empty() || step.level == 0) continue;
    const double from = static_cast<double>(part.start - within.start) / width, to = static_cast<double>(part.end - within.start) / width;
    for (int b = static_cast<int>(from); b < count && b < to; ++b)
      result[static_cast<std::size_t>(b)] += step.level * (std::min(to, b + 1.0) - std::max(from, static_cast<double>(b)));
  }
  return result;
}

Spread spread_of(std::vector<double> values) {
  Spread s;
  if (values.empty()) return s;
  std::sort(values.begin(), values.end());
  s.count = static_cast<std::int64_t>(values.size());
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  s.mean = sum / static_cast<double>(values.size());
  for (const double v : values) squares += (v - s.mean) * (v - s.mean);
  s.median = rank_of(values, 0.5);
  s.p95 = rank_of(values, 0.95);
  s.most = values.back();
  if (s.mean > 0) s.variation2 = squares / static_cast<double>(values.size()) / (s.mean * s.mean);
  return s;
}

}  // namespace reelgraph::query::report
