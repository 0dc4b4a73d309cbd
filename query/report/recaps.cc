#include "query/report/recaps.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::query::report {
namespace {

constexpr std::int64_t kInWords = 12;
constexpr base::Duration kSettled = 3 * base::kMinute;  // before what just happened is worth a look back

/// Happenings of several families since a time, in order.
std::vector<Seen> counted(const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  std::vector<Seen> all;
  for (const std::string& family : recap.families) {
    const std::vector<Seen>& seen = record.of(family);
    const auto first = std::find_if(seen.begin(), seen.end(), [&](const Seen& s) { return s.at >= since; });
    all.insert(all.end(), first, seen.end());
  }
  std::stable_sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) { return a.known < b.known; });
  return all;
}

std::vector<graph::RowId> rows(const std::vector<Seen>& seen, graph::RowId side) {
  std::vector<graph::RowId> result;
  for (const Seen& s : seen) {
    if (side == 0 || s.side == side) result.push_back(s.event);
  }
  return result;
}

/// {side} with {n} and {other} with {m}, the larger first.
bool put_sides(FactSheet& sheet, const Record& record, const std::vector<Seen>& seen) {
  if (record.sides().size() != 2) return false;
  graph::RowId a = record.sides()[0], b = record.sides()[1];
  std::vector<graph::RowId> of_a = rows(seen, a), of_b = rows(seen, b);
  if (of_a.size() < of_b.size()) {
    std::swap(a, b);
    std::swap(of_a, of_b);
  }
  const auto n = static_cast<std::int64_t>(of_a.size()), m = static_cast<std::int64_t>(of_b.size());
  std::vector<graph::RowId> all = rows(seen, 0);
  Record::put(sheet, "side", record.names(), {a}, of_a);
  Record::put(sheet, "other", record.names(), {b}, all);
  const bool digits = n > kInWords;  // "35 to 15", not "35 to fifteen"
  record.put_number(sheet, "n", n, std::move(of_a), digits);
  record.put_number(sheet, "m", m, of_b.empty() ? all : std::move(of_b), digits);
  record.put_number(sheet, "total", n + m, all);
  record.put_number(sheet, "ahead_by", n - m, all);
  if (n == m) sheet.flags.insert("even");
  if (m == 0) sheet.flags.insert("only");
  if (m > 0 && n >= 2 * m) sheet.flags.insert("twice");
  if (record.has_score() && record.score_of(a) < record.score_of(b)) sheet.flags.insert("behind");
  if (record.has_score() && record.score_of(a) > record.score_of(b)) sheet.flags.insert("in_front");
  sheet.events = std::move(all);
  return true;
}

std::int64_t minutes_between(base::Timestamp a, base::Timestamp b) { return (b - a) / base::kMinute; }

bool compare(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const std::vector<Seen> seen = counted(recap, record, since);
  if (!put_sides(sheet, record, seen)) return false;
  return sheet.numbers["n"] >= recap.at_least;
}

bool share(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const std::vector<Seen> seen = counted(recap, record, since);
  if (!put_sides(sheet, record, seen) || sheet.numbers["total"] < recap.at_least) return false;
  const auto percent = static_cast<std::int64_t>(std::lround(100 * sheet.numbers["n"] / sheet.numbers["total"]));
  record.put_number(sheet, "percent", percent, rows(seen, 0), true);
  if (percent <= 55) sheet.flags.insert("even");
  return true;
}

bool leader(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const std::vector<Seen> seen = counted(recap, record, since);
  std::map<graph::RowId, std::vector<Seen>> by_agent;
  for (const Seen& s : seen) {
    if (s.agent != 0) by_agent[s.agent].push_back(s);
  }
  const std::vector<Seen>* best = nullptr;
  std::size_t second = 0;
  for (const auto& [agent, list] : by_agent) {
    if (best == nullptr || list.size() > best->size()) {
      second = best == nullptr ? 0 : best->size();
      best = &list;
    } else {
      second = std::max(second, list.size());
    }
  }
  if (best == nullptr || best->size() == second || static_cast<double>(best->size()) < recap.at_least) return false;
  sheet.events = rows(*best, 0);
  Record::put(sheet, "agent", record.names(), {best->front().agent}, sheet.events);
  // All are compared, so all bear it.
  std::vector<graph::RowId> all = rows(seen, 0);
  record.put_number(sheet, "total", static_cast<std::int64_t>(all.size()), all);
  record.put_number(sheet, "n", static_cast<std::int64_t>(best->size()), sheet.events);
  if (best->front().side != 0) Record::put(sheet, "side", record.names(), {best->front().side}, sheet.events);
  return true;
}

bool latest(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record) {
  const std::vector<Seen> seen = counted(recap, record, 0);
  if (seen.empty() || seen.back().agent == 0) return false;
  const Seen& last = seen.back();
  sheet.events = {last.event};
  Record::put(sheet, "agent", record.names(), {last.agent}, sheet.events);
  if (last.side != 0) Record::put(sheet, "side", record.names(), {last.side}, sheet.events);
  std::vector<graph::RowId> of_agent;
  for (const Seen& s : record.scored()) {
    if (s.event == last.event && s.for_other) sheet.flags.insert("own");
    if (s.agent == last.agent && !s.for_other) of_agent.push_back(s.event);
  }
  if (of_agent.empty()) {
    for (const Seen& s : seen) {
      if (s.agent == last.agent) of_agent.push_back(s.event);
    }
  }
  const auto n = static_cast<std::int64_t>(of_agent.size());
  record.put_number(sheet, "n", n, std::move(of_agent));
  std::vector<graph::RowId> tries;
  for (const Seen& s : record.of(recap.mark)) {
    if (s.agent == last.agent) tries.push_back(s.event);
  }
  record.put_nth(sheet, "try_nth", static_cast<std::int64_t>(tries.size()), tries);
  sheet.numbers["tries"] = static_cast<double>(tries.size());
  return true;
}

bool since_last(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp now) {
  const std::vector<Seen> seen = counted(recap, record, 0);
  if (seen.empty()) return false;
  const Seen& last = seen.back();
  if (last.at < record.stage_start()) return false;  // the interval lay between
  const std::int64_t gone = minutes_between(last.known, now);
  if (static_cast<double>(gone) < std::max(1.0, recap.minutes)) return false;
  sheet.events = {last.event};
  record.put_number(sheet, "minutes", gone, sheet.events);
  if (last.agent != 0) Record::put(sheet, "agent", record.names(), {last.agent}, sheet.events);
  if (last.side != 0) Record::put(sheet, "side", record.names(), {last.side}, sheet.events);
  return true;
}

bool streak(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const std::vector<Seen> seen = counted(recap, record, since);
  if (seen.empty() || seen.back().side == 0 || record.sides().size() != 2) return false;
  std::vector<graph::RowId> events;
  for (auto it = seen.rbegin(); it != seen.rend() && it->side == seen.back().side; ++it) events.insert(events.begin(), it->event);
  if (static_cast<double>(events.size()) < recap.at_least) return false;
  record.put_number(sheet, "n", static_cast<std::int64_t>(events.size()), events);
  Record::put(sheet, "side", record.names(), {seen.back().side}, events);
  Record::put(sheet, "other", record.names(), {record.other(seen.back().side)}, events);
  sheet.events = std::move(events);
  return true;
}

bool after_mark(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp now) {
  const std::vector<Seen>& marks = record.of(recap.mark);
  if (marks.empty()) return false;
  const Seen& mark = marks.back();
  if (now - mark.known < kSettled) return false;
  const std::vector<Seen> seen = counted(recap, record, mark.known);
  if (!put_sides(sheet, record, seen) || sheet.numbers["total"] < recap.at_least) return false;
  const auto scored = std::find_if(record.scored().begin(), record.scored().end(), [&](const Seen& s) { return s.event == mark.event; });
  const bool own = scored != record.scored().end() && scored->side != mark.side;
  if (mark.agent != 0 && !own) Record::put(sheet, "agent", record.names(), {mark.agent}, {mark.event});
  if (mark.side != 0) Record::put(sheet, "marked", record.names(), {mark.side}, {mark.event});
  if (mark.at >= record.stage_start()) record.put_number(sheet, "minutes", minutes_between(mark.known, now), {mark.event});
  sheet.events.insert(sheet.events.begin(), mark.event);
  return true;
}

bool score(FactSheet& sheet, const Record& record, base::Timestamp now) {
  const auto it = sheet.facts.find("score");
  if (it == sheet.facts.end() || it->second.events.empty()) return false;
  sheet.events = it->second.events;
  if (record.scored().empty()) return true;
  const Seen& last = record.scored().back();
  if (last.agent != 0 && !last.for_other) Record::put(sheet, "agent", record.names(), {last.agent}, {last.event});
  Record::put(sheet, "gained_by", record.names(), {last.side}, {last.event});
  if (last.at >= record.stage_start() && minutes_between(last.known, now) >= 2)
    record.put_number(sheet, "minutes", minutes_between(last.known, now), {last.event});
  return true;
}

}  // namespace

std::optional<FactSheet> look_back(const base::CommentaryRecap& recap, const Record& record, base::Timestamp now) {
  FactSheet sheet;
  record.describe(sheet, now);
  const auto window = static_cast<base::Duration>(recap.minutes * static_cast<double>(base::kMinute));
  const base::Timestamp since = window > 0 ? now - window : 0;
  if (window > 0 && recap.kind != "since") {
    if (since < record.stage_start()) return std::nullopt;  // a window over the interval says nothing
    record.put_number(sheet, "minutes", static_cast<std::int64_t>(recap.minutes), {});
  }
  bool worth = false;
  if (recap.kind == "compare") worth = compare(sheet, recap, record, since);
  if (recap.kind == "share") worth = share(sheet, recap, record, since);
  if (recap.kind == "leader") worth = leader(sheet, recap, record, since);
  if (recap.kind == "latest") worth = latest(sheet, recap, record);
  if (recap.kind == "since") worth = since_last(sheet, recap, record, now);
  if (recap.kind == "streak") worth = streak(sheet, recap, record, since);
  if (recap.kind == "after") worth = after_mark(sheet, recap, record, now);
  if (recap.kind == "score") worth = score(sheet, record, now);
  if (!worth || sheet.events.empty()) return std::nullopt;
  if (window > 0 && recap.kind != "since") sheet.facts["minutes"].events = sheet.events;
  return sheet;
}

}  // namespace reelgraph::query::report
