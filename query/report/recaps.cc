#include "query/report/recaps.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace reelgraph::query::report {
namespace {

constexpr std::int64_t kInWords = 12;
constexpr base::Duration kSettled = 3 * base::kMinute;  // before what just happened is worth a look back

/// {side} with {n} and {other} with {m}, the larger first.
bool put_sides(FactSheet& sheet, const Record& record, const SeenList& seen, base::Timestamp since) {
  if (record.sides().size() != 2) return false;
  graph::RowId a = record.sides()[0], b = record.sides()[1];
  Cited of_a = cite(since_time(seen.of_side(a), since)), of_b = cite(since_time(seen.of_side(b), since));
  if (of_a.counted < of_b.counted) {
    std::swap(a, b);
    std::swap(of_a, of_b);
  }
  const std::int64_t n = of_a.counted, m = of_b.counted;
  Cited all = cite(since_time(seen.all(), since));
  Record::put(sheet, "side", record.names(), {a}, of_a);
  Record::put(sheet, "other", record.names(), {b}, all);
  const bool digits = n > kInWords;  // "35 to 15", not "35 to fifteen"
  record.put_number(sheet, "n", n, std::move(of_a), digits);
  record.put_number(sheet, "m", m, m == 0 ? all : std::move(of_b), digits);
  record.put_number(sheet, "total", n + m, all);
  record.put_number(sheet, "ahead_by", n - m, all);
  if (n == m) sheet.flags.insert("even");
  if (m == 0) sheet.flags.insert("only");
  if (m > 0 && n >= 2 * m) sheet.flags.insert("twice");
  if (record.has_score() && record.score_of(a) < record.score_of(b)) sheet.flags.insert("behind");
  if (record.has_score() && record.score_of(a) > record.score_of(b)) sheet.flags.insert("in_front");
  sheet.events = std::move(all.events);
  return true;
}

std::int64_t minutes_between(base::Timestamp a, base::Timestamp b) { return (b - a) / base::kMinute; }

bool compare(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const SeenList& seen = record.of(recap.families);
  if (!put_sides(sheet, record, seen, since)) return false;
  return sheet.numbers["n"] >= recap.at_least;
}

bool share(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const SeenList& seen = record.of(recap.families);
  if (!put_sides(sheet, record, seen, since) || sheet.numbers["total"] < recap.at_least) return false;
  const auto percent = static_cast<std::int64_t>(std::lround(100 * sheet.numbers["n"] / sheet.numbers["total"]));
  record.put_number(sheet, "percent", percent, cite(since_time(seen.all(), since)), true);
  if (percent <= 55) sheet.flags.insert("even");
  return true;
}

bool leader(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp since) {
  const SeenList& list = record.of(recap.families);
  std::span<const Seen> best;
  std::size_t second = 0;
  for (const auto& [agent, seen] : list.by_agent()) {
    const std::span<const Seen> lately = since_time(seen, since);
    second = std::max(second, std::min(lately.size(), best.size()));
    if (lately.size() > best.size()) best = lately;
  }
  if (best.empty() || best.size() == second || static_cast<double>(best.size()) < recap.at_least) return false;
  const Cited of_best = cite(best), all = cite(since_time(list.all(), since));
  sheet.events = of_best.events;
  Record::put(sheet, "agent", record.names(), {best.front().agent}, of_best);
  // All are compared, so all bear it.
  record.put_number(sheet, "total", all.counted, all);
  record.put_number(sheet, "n", of_best.counted, of_best);
  if (best.front().side != 0) Record::put(sheet, "side", record.names(), {best.front().side}, of_best);
  return true;
}

bool latest(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record) {
  const SeenList& list = record.of(recap.families);
  const std::vector<Seen>& seen = list.all();
  if (seen.empty() || seen.back().agent == 0) return false;
  const Seen& last = seen.back();
  sheet.events = {last.event};
  Record::put(sheet, "agent", record.names(), {last.agent}, sheet.events);
  if (last.side != 0) Record::put(sheet, "side", record.names(), {last.side}, sheet.events);
  std::vector<Seen> scored;
  for (const Seen& s : record.scored()) {
    if (s.event == last.event && s.for_other) sheet.flags.insert("own");
    if (s.agent == last.agent && !s.for_other) scored.push_back(s);
  }
  Cited of_agent = cite(scored.empty() ? list.of_agent(last.agent) : scored);
  const std::int64_t n = of_agent.counted;
  record.put_number(sheet, "n", n, std::move(of_agent));
  Cited tries = cite(record.of(recap.mark).of_agent(last.agent));
  sheet.numbers["tries"] = static_cast<double>(tries.counted);
  const std::int64_t nth = tries.counted;
  record.put_nth(sheet, "try_nth", nth, std::move(tries));
  return true;
}

bool since_last(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp now) {
  const std::vector<Seen>& seen = record.of(recap.families).all();
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
  const std::span<const Seen> seen = since_time(record.of(recap.families).all(), since);
  if (seen.empty() || seen.back().side == 0 || record.sides().size() != 2) return false;
  const auto broken = std::find_if(seen.rbegin(), seen.rend(), [&](const Seen& s) { return s.side != seen.back().side; });
  const Cited events = cite(seen.last(static_cast<std::size_t>(broken - seen.rbegin())));
  if (static_cast<double>(events.counted) < recap.at_least) return false;
  record.put_number(sheet, "n", events.counted, events);
  Record::put(sheet, "side", record.names(), {seen.back().side}, events);
  Record::put(sheet, "other", record.names(), {record.other(seen.back().side)}, events);
  sheet.events = events.events;
  return true;
}

bool after_mark(FactSheet& sheet, const base::CommentaryRecap& recap, const Record& record, base::Timestamp now) {
  const std::vector<Seen>& marks = record.of(recap.mark).all();
  if (marks.empty()) return false;
  const Seen& mark = marks.back();
  if (now - mark.known < kSettled) return false;
  if (!put_sides(sheet, record, record.of(recap.families), mark.known) || sheet.numbers["total"] < recap.at_least) return false;
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
