// Running counts: who is ahead when, and the events that changed it.
#include <algorithm>

#include "query/selection.h"

namespace reelgraph::query {
namespace {

using graph::EventRecord;
using graph::RowId;

constexpr int kSampledForSides = 300;  // events looked at for sides that have nothing counted yet

}  // namespace

bool bounds_count(const Selection& s, const Window& w) {
  if (!s.tally || w.kind != Window::Kind::kPeriod) return false;
  const std::string& state = s.tally->state;
  const bool lasts = state == "ahead" || state == "behind" || state == "level" || state == "stands";
  const std::string name = w.period.words.empty() ? "" : w.period.words.front();
  return !lasts || name.starts_with("at ") || name.starts_with("by ");
}

std::vector<Window> tally_windows(const Selection& s) {
  std::vector<Window> windows;
  for (Window w : s.windows) {
    if (w.kind == Window::Kind::kPhrase && s.tally && s.tally->state == "score") windows.push_back(w);
    if (w.kind != Window::Kind::kPeriod || (s.tally && !bounds_count(s, w))) continue;
    if (w.period.from_minute < 0) {  // around a period's begin: what was counted until then
      w.kind = Window::Kind::kNot;
      w.period.from_minute = 0;
      w.period.to_minute = 0;
    }
    windows.push_back(std::move(w));
  }
  return windows;
}

Selector::Score Selector::score(const base::Tally& tally, const Selection& s, const VideoScope& video) {
  Score score;
  Selection counted;
  counted.kinds = {{{tally.type}, {}}};
  counted.windows = tally_windows(s);
  counting_ = true;  // what happened before the time asked about counts, too
  score.events = run_in(counted, video, false);
  counting_ = false;
  const auto add = [&](const EventRecord& e) {
    for (const graph::ParticipantRecord& p : e.participants) {
      if (p.role != tally.side) continue;
      const bool known = std::any_of(score.sides.begin(), score.sides.end(), [&](const auto& x) { return x.first == p.entity; });
      if (!known) score.sides.emplace_back(p.entity, p.name);
    }
  };
  graph::EventFilter some;  // a side that has none yet takes part in other events
  some.videos = {video.video.id};
  some.role = tally.side;
  some.limit = kSampledForSides;
  for (const EventRecord& e : store_.events(some)) add(e);
  for (const EventRecord& e : score.events) add(e);
  std::sort(score.sides.begin(), score.sides.end());
  score.counts.assign(score.sides.size(), 0);
  return score;
}

std::vector<EventRecord> Selector::tally_events(const Selection& s, const VideoScope& video) {
  const TallyState& t = *s.tally;
  Score score = this->score(t.tally, s, video);
  const std::size_t n = score.sides.size();
  std::vector<EventRecord> result;
  if (n < 2) return result;
  std::vector<bool> mine(n, false);
  bool any_mine = false;
  for (std::size_t i = 0; i < n; ++i) any_mine = (mine[i] = std::ranges::find(t.side, score.sides[i].first) != t.side.end()) || any_mine;
  if (!t.side.empty() && !any_mine) return result;
  // For each side: by how many it leads the best of the others.
  const auto lead = [&](std::size_t i) {
    std::int64_t best = -1;
    for (std::size_t k = 0; k < n; ++k) {
      if (k != i) best = std::max(best, score.counts[k]);
    }
    return score.counts[i] - best;
  };
  const auto stands = [&](std::size_t i) {
    return n == 2 && t.counts.size() == 2 && score.counts[i] == t.counts[0] && score.counts[1 - i] == t.counts[1];
  };
  const auto holds = [&](const std::string& state) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!t.side.empty() && !mine[i]) continue;
      const std::int64_t d = lead(i);
      if (state == "ahead" && d > 0 && (t.margin == 0 || d >= t.margin)) return true;
      if (state == "behind" && d < 0 && (t.margin == 0 || -d >= t.margin)) return true;
      if (state == "level" && d == 0) return true;
      if (state == "stands" && stands(i)) return true;
    }
    return false;
  };
  const auto credited = [&](const EventRecord& e) -> std::size_t {
    const bool other = all_met(e.attributes, t.tally.other_side);
    for (const graph::ParticipantRecord& p : e.participants) {
      if (p.role != t.tally.side) continue;
      for (std::size_t i = 0; i < n; ++i) {
        if ((score.sides[i].first == p.entity) != other) return i;
      }
    }
    return n;
  };
  const base::Duration length = std::max<base::Duration>(video.video.duration, 1);
  EventRecord begin;  // a state that holds from the start has no event that began it
  begin.video = video.video.id;
  begin.span = {0, length};
  begin.type = t.tally.type;
  begin.description = t.tally.name + " at the start";
  const bool span_state = t.state == "ahead" || t.state == "behind" || t.state == "level" || t.state == "stands";
  std::optional<EventRecord> open;
  std::optional<EventRecord> lead_goal;
  if (span_state && holds(t.state)) open = begin;
  std::size_t number = 0;
  for (const EventRecord& e : score.events) {
    const std::size_t side = credited(e);
    if (side == n) continue;
    std::int64_t before = lead(side);
    ++score.counts[side];
    ++number;
    const bool ours = t.side.empty() || mine[side];
    const bool level = lead(side) == 0;
    // "City's opener" is the first of theirs.
    if (t.state == "first" && ours && number == 1) result.push_back(e);
    if (t.state == "opener" && ours && (t.side.empty() ? number == 1 : result.empty())) result.push_back(e);
    if (t.state == "equaliser" && level && before < 0 && ours) result.push_back(e);
    if (t.state == "pulls_back" && lead(side) < 0 && ours) result.push_back(e);
    if (t.state == "extends" && before > 0 && ours) result.push_back(e);
    if (lead(side) > 0 && before <= 0) lead_goal = e;
    if (level) lead_goal.reset();
    if (!span_state) continue;
    const bool now = holds(t.state);
    if (now && !open) {
      open = e;
      open->attributes = nlohmann::json::object();  // the state outlasts what its first event says of itself (its half)
    }
    if (!now && open) {
      open->span.end = std::max(e.span.start, open->span.start);
      result.push_back(*open);
      open.reset();
    }
  }
  if (open) {
    open->span.end = std::max(length, open->span.start);
    result.push_back(*open);
  }
  if (t.state == "winner" && lead_goal) {
    const std::size_t side = credited(*lead_goal);
    if (side < n && (t.side.empty() || mine[side])) result.push_back(*lead_goal);
  }
  EventRecord final_state = begin;
  if (!score.events.empty()) final_state = score.events.back();
  const bool decided = std::any_of(score.counts.begin(), score.counts.end(), [&](auto c) { return c != score.counts.front(); });
  bool best = false, worst = false;
  for (std::size_t i = 0; i < n; ++i) {
    if (!t.side.empty() && !mine[i]) continue;
    best = best || lead(i) > 0;
    worst = worst || lead(i) < 0;
  }
  if ((t.state == "won" && best) || (t.state == "lost" && worst) || (t.state == "drawn" && !decided) ||
      (t.state == "none" && score.events.empty()))
    result.push_back(final_state);
  return result;
}

}  // namespace reelgraph::query
