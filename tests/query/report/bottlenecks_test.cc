#include "query/report/bottlenecks.h"

#include <algorithm>

#include "base/error.h"
#include "query/report/bottlenecks_parts.h"
#include "tests/query/report/hall_fixture.h"

namespace reelgraph::query::report {
namespace {

using test::HallLog;

bool notes_hold(const BottleneckReport& report, const std::string& text) {
  return std::any_of(report.notes.begin(), report.notes.end(), [&](const std::string& n) { return n.find(text) != std::string::npos; });
}

TEST_CASE("the figures of a station agree with those reckoned by hand", "[bottlenecks]") {
  HallLog log(100);
  log.visit("pallet 1", "packing", "Ann", 0, 0, 20);
  log.visit("pallet 2", "packing", "Ann", 10, 20, 50);
  const BottleneckReport r = log.report();
  REQUIRE(r.stations.size() == 1);
  const StationFigures& s = r.stations.front();
  CHECK(s.name == "packing");
  CHECK(s.arrivals == 2);
  CHECK(s.departures == 2);
  CHECK(s.throughput_per_h == Approx(72));
  CHECK(s.dwell.mean == Approx(30));  // 20 and 40
  CHECK(s.dwell.median == Approx(30));
  CHECK(s.dwell.p95 == Approx(39));    // between ranks, as numpy does
  CHECK(s.wait.mean == Approx(5));     // 0 and 10
  CHECK(s.queue.mean == Approx(0.1));  // one for 10 s of 100
  CHECK(s.queue.most == 1);
  CHECK(s.queue.p95 == 1);  // nobody waits for 90 s, which is less than 95 %
  CHECK(s.servers == 1);
  REQUIRE(s.utilisation);
  CHECK(*s.utilisation == Approx(0.5));
  CHECK(s.starved == Approx(0.5));
  CHECK(s.blocked == 0);
  CHECK(s.unattended == 0);
  CHECK(s.little_l == Approx(0.6));
  CHECK(s.little_lambda_w == Approx(0.6));
  CHECK_FALSE(r.lower_bounds);
}

TEST_CASE("what no event tells is inferred from what does, and counted", "[bottlenecks]") {
  HallLog log(200);
  // The first came by a way that ended at 10 and was worked on 20-40; of the second only arrival and leaving are told.
  log.travel("pallet 1", "dock", "packing", 0, 10);
  log.process("pallet 1", "packing", "Ann", 20, 40);
  log.travel("pallet 1", "packing", "storage", 45, 60);
  for (int i = 2; i <= 4; ++i) log.visit("pallet " + std::to_string(i), "packing", "Ann", 20.0 * i, 20.0 * i, 20.0 * i + 20);
  log.arrive("pallet 5", "packing", 150);
  log.leave("pallet 5", "packing", 180);
  const BottleneckReport r = log.report();
  const auto packing = std::find_if(r.log.visits.begin(), r.log.visits.end(), [&](const Visit& v) {
    return name_of(r.log, v.goods) == "pallet 1" && name_of(r.log, v.place) == "packing";
  });
  REQUIRE(packing != r.log.visits.end());
  CHECK(packing->arrival == 10 * base::kSecond);
  CHECK(packing->departure == 45 * base::kSecond);
  CHECK(packing->waited == 10 * base::kSecond);
  CHECK_FALSE(packing->arrival_seen);
  const Visit& last = r.log.visits.back();
  CHECK(last.process_inferred);
  CHECK(last.process_start == 160 * base::kSecond);  // the place's median, 20 s, before it left
  CHECK(last.process_end == 180 * base::kSecond);
  CHECK(r.log.tally.inferred_process == 1);
  CHECK(notes_hold(r, "arrivals were not told"));
}

TEST_CASE("work is told from its breakdown, and a block from work", "[bottlenecks]") {
  HallLog log(100);
  log.arrive("pallet 1", "packing", 0);
  log.process("pallet 1", "packing", "Ann", 0, 40);
  log.event("breakdown", 10, 20, {{"Ann", "worker", "agent"}, {"packing", "station", "station"}});
  log.event("block", 40, 60, {{"Ann", "worker", "agent"}, {"pallet 1", "pallet", "object"}, {"packing", "station", "station"}});
  log.leave("pallet 1", "packing", 60);
  const BottleneckReport r = log.report();
  REQUIRE(r.log.visits.size() == 1);
  CHECK(r.log.visits[0].processed == 30 * base::kSecond);
  CHECK(r.log.visits[0].stopped == 10 * base::kSecond);
  CHECK(r.log.visits[0].blocked == 20 * base::kSecond);
  CHECK(r.stations[0].busy == Approx(0.3));
  CHECK(r.stations[0].down == Approx(0.1));
  CHECK(r.stations[0].blocked == Approx(0.2));
  CHECK(r.stations[0].starved == Approx(0.4));
  REQUIRE_FALSE(r.anomalies.empty());
  CHECK(r.anomalies[0].kind == "breakdown");
}

TEST_CASE("the slowest station of a little line is ranked first, with its reasons", "[bottlenecks]") {
  HallLog log(2400);
  log.line(60, 30, {20, 36, 25});
  BottleneckOptions options;
  options.log.to = 1500 * base::kSecond;  // the last are still under way
  const BottleneckReport r = log.report(options);
  REQUIRE(r.line);
  REQUIRE(r.replayed);
  REQUIRE(r.ranking.size() == 3);
  CHECK(r.ranking[0].name == "station 2");
  REQUIRE(r.ranking[0].gain_per_h);
  CHECK(*r.ranking[0].gain_per_h > 5);
  CHECK(*r.ranking[1].gain_per_h < 2);
  CHECK(r.ranking[0].momentary > 0.8);
  CHECK(r.ranking[0].confidence > r.ranking[0].score * 0.5);
  CHECK(r.ranking[0].reasons.size() >= 3);
  REQUIRE_FALSE(r.ranking[0].moments.empty());
  CHECK(r.ranking[0].moments[0].video == "hall");
  // Played again without change it brings out what was brought out.
  CHECK(r.replayed->per_hour == Approx(r.flow.per_hour).epsilon(0.02));
  CHECK(std::abs(r.flow.l - r.flow.lambda_w) <= 0.03 * r.flow.l);
  for (const StationFigures& s : r.stations) CHECK(std::abs(s.little_l - s.little_lambda_w) <= 0.03 * s.little_l);
}

TEST_CASE("where all that comes gets through, who makes it late is first", "[bottlenecks]") {
  HallLog log(2400);
  log.line(60, 30, {20, 36, 25});
  const BottleneckReport r = log.report();
  REQUIRE(r.replayed);
  CHECK(r.ranking[0].name == "station 2");
  CHECK(*r.ranking[0].gain_per_h == Approx(0));
  CHECK(*r.ranking[0].sooner > 100);
  CHECK(r.ranking[0].score > 2 * r.ranking[1].score);
  CHECK(r.method.find("got through") != std::string::npos);
}

TEST_CASE("a line with full buffers is played again as it was", "[bottlenecks]") {
  // Station 2 (20 s) has one place before it, on the way included: station 1 (10 s) is blocked until 2 takes the next.
  ReplayLine line;
  line.begin = 0;
  line.end = 1000;
  line.stations.resize(2);
  for (ReplayStation& s : line.stations) {
    s.stop.assign(40, 0);
    s.transit.assign(40, 0);
  }
  line.stations[0].work.assign(40, 10);
  line.stations[1].work.assign(40, 20);
  line.stations[1].room = 2;
  line.entry.assign(40, 0);
  line.first.assign(40, 0);
  const ReplayResult r = replay(line, 0.5);
  CHECK(r.per_hour == Approx(40 * 3.6));  // all 40: the last goes at 10 + 40 * 20
  CHECK(r.gains[0].gain == Approx(0));
  line.end = 500;
  const ReplayResult half = replay(line, 0.5);
  CHECK(half.per_hour == Approx(24 * 7.2));           // 30, 50, ... 490
  CHECK(half.gains[1].per_hour == Approx(40 * 7.2));  // 10 s each: 20, 30, ... 410
}

TEST_CASE("a part of the day is reported as that part", "[bottlenecks]") {
  HallLog log(1500);
  log.line(60, 30, {20, 36, 25});
  BottleneckOptions options;
  options.log.from = 500 * base::kSecond;
  options.log.to = 1000 * base::kSecond;
  const BottleneckReport r = log.report(options);
  CHECK(r.log.observed.total() == 500 * base::kSecond);
  CHECK(r.stations[1].throughput_per_h == Approx(100).epsilon(0.08));  // one in 36 s
  REQUIRE(r.replayed);
  CHECK(r.replayed->per_hour == Approx(r.flow.per_hour).epsilon(0.08));
  CHECK(r.ranking[0].name == "station 2");
  for (const RankedBottleneck& b : r.ranking) {
    for (const ReportMoment& m : b.moments) CHECK(m.span.overlaps(r.log.whole));
  }
  for (const Candidate& c : r.active.candidates) CHECK(c.active <= 1);
}

TEST_CASE("expected waits agree with the textbook's", "[bottlenecks]") {
  CHECK(expected_wait(0.5, 1, 1, 1, 1).value() == Approx(1));      // M/M/1: rho / (mu - lambda)
  CHECK(expected_wait(0.5, 1, 1, 1, 0).value() == Approx(0.5));    // M/D/1: half of it
  CHECK(expected_wait(1, 1, 2, 1, 1).value() == Approx(1.0 / 3));  // M/M/2, Erlang C = 1/3
  CHECK_FALSE(expected_wait(2, 1, 2, 1, 1));
  CHECK_FALSE(expected_wait(1, 1, 0, 1, 1));
}

TEST_CASE("a log without events, or with one, makes no numbers up", "[bottlenecks]") {
  HallLog none(100);
  const BottleneckReport empty = none.report();
  CHECK(empty.empty());
  CHECK(notes_hold(empty, "there are no events"));
  CHECK(bottlenecks_json(empty)["ranking"].empty());
  CHECK(bottlenecks_html(empty).find("nothing to report") != std::string::npos);
  HallLog one(100);
  one.arrive("pallet 1", "packing", 5);
  const BottleneckReport r = one.report();
  REQUIRE(r.stations.size() == 1);
  CHECK(r.stations[0].dwell.count == 0);
  CHECK_FALSE(r.stations[0].utilisation);
  CHECK(r.ranking.empty());
  CHECK(notes_hold(r, "had not ended"));
  CHECK(bottlenecks_json(r)["stations"][0]["utilisation"].is_null());
  for (const char* key : {"dwell", "wait"}) CHECK(bottlenecks_json(r)["stations"][0][key]["mean"].is_null());
  CHECK(bottlenecks_json(r)["flow"]["cycle"]["mean"].is_null());
  CHECK(bottlenecks_html(r).find("0.0 s") == std::string::npos);
  CHECK(bottlenecks_text(r, "text").find("0.0 s") == std::string::npos);
  CHECK(bottlenecks_text(r, "csv").find(",,,,,,,") != std::string::npos);  // six figures of stays that are not known
}

TEST_CASE("impossible orders, overlaps and placeless events are told, not hidden", "[bottlenecks]") {
  HallLog log(300);
  log.process("pallet 1", "packing", "Ann", 50, 80);
  log.arrive("pallet 1", "packing", 60);  // after its work began
  log.leave("pallet 1", "packing", 70);   // before it ended
  log.process("pallet 2", "packing", "Ann", 100, 150);
  log.process("pallet 2", "labels", "Bob", 120, 160);  // at two places at once
  log.event("wait", 10, 20, {{"pallet 3", "pallet", "agent"}});
  const BottleneckReport r = log.report();
  CHECK(r.log.tally.disordered > 0);
  CHECK(r.log.tally.overlapping > 0);
  CHECK(r.log.tally.placeless == 1);
  CHECK(notes_hold(r, "impossible order"));
  CHECK(notes_hold(r, "overlap"));
  CHECK(notes_hold(r, "1 event names no place"));
  for (const Visit& v : r.log.visits) CHECK(v.arrival <= v.departure);
}

TEST_CASE("coverage gaps make lower bounds, and rates are of the described time", "[bottlenecks]") {
  HallLog log(200);
  log.visit("pallet 1", "packing", "Ann", 0, 0, 20);
  log.visit("pallet 2", "packing", "Ann", 20, 20, 40);
  log.coverage(0, 100, "described");
  log.coverage(100, 200, "not_sampled");
  const BottleneckReport r = log.report();
  CHECK(r.coverage == Approx(0.5));
  CHECK(r.lower_bounds);
  CHECK(r.stations[0].throughput_per_h == Approx(72));
  CHECK(*r.stations[0].utilisation == Approx(0.4));
  CHECK(bottlenecks_json(r)["stations"][0]["lower_bound"] == true);
  CHECK(notes_hold(r, "lower bounds"));
}

TEST_CASE("a period is compared with the rest, and one outside is refused", "[bottlenecks]") {
  HallLog log(2400);
  log.line(60, 30, {20, 36, 25});
  BottleneckOptions options;
  options.compare = true;
  const BottleneckReport r = log.report(options);
  REQUIRE(r.comparison);
  CHECK(r.comparison->in_first[0].departures + r.comparison->in_second[0].departures == r.stations[0].departures);
  CHECK(r.comparison->in_second[1].queue.mean > r.comparison->in_first[1].queue.mean);
  options.compare_with = base::TimeSpan{5000 * base::kSecond, 6000 * base::kSecond};
  CHECK_THROWS_AS(make_bottlenecks(log.archive().store(), options), base::Error);
}

TEST_CASE("without places each camera is one: stays, counts and overlaps are those of the spans", "[bottlenecks]") {
  HallLog log(100, "");
  log.event("person_sits_down", 10, 20, {{"Ann", "person", "agent"}});
  log.event("person_stands_up", 40, 50, {{"Ann", "person", "agent"}});
  log.event("vehicle_stops", 45, 60, {{"car", "vehicle", "agent"}, {"Ann", "person", "other"}});
  const BottleneckReport r = log.report();
  CHECK(r.log.cameras);
  REQUIRE(r.stations.size() == 1);
  CHECK(r.stations[0].name == "hall");
  CHECK(r.stations[0].dwell.count == 2);
  CHECK(r.stations[0].dwell.most == Approx(50));  // Ann, 10 to 60
  CHECK(r.stations[0].present.most == 2);
  CHECK(r.stations[0].present.mean == Approx(0.65));
}

TEST_CASE("the report's JSON follows the contract", "[bottlenecks]") {
  HallLog log(2400);
  log.line(60, 30, {20, 36, 25});
  const auto j = bottlenecks_json(log.report());
  for (const char* key : {"stations", "ranking", "littles_law", "coverage"}) CHECK(j.contains(key));
  const auto& s = j["stations"][0];
  for (const char* key : {"mean", "median", "p95"}) CHECK(s["dwell"][key].is_number());
  for (const char* key : {"mean", "p95", "longest"}) CHECK(s["queue"][key].is_number());
  for (const char* key : {"mean", "p95"}) CHECK(s["wait"][key].is_number());
  CHECK(s["throughput_per_h"].is_number());
  CHECK(s["utilisation"].is_number());
  CHECK(j["littles_law"]["l"].is_number());
  CHECK(j["littles_law"]["lambda_w"].is_number());
  const auto& first = j["ranking"][0];
  CHECK(first["name"].is_string());
  CHECK(first["score"].is_number());
  CHECK(first["reasons"].is_array());
}

/// Tags that open and close in order; entities only where XML has them.
void check_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    if (xml[i] == '&') {
      const std::size_t end = xml.find(';', i);
      REQUIRE(end != std::string::npos);
      REQUIRE(end - i < 7);
    }
    if (xml[i] != '<') continue;
    const std::size_t end = xml.find('>', i);
    REQUIRE(end != std::string::npos);
    const std::string tag = xml.substr(i + 1, end - i - 1);
    if (tag[0] == '/') {
      REQUIRE_FALSE(open.empty());
      REQUIRE(open.back() == tag.substr(1));
      open.pop_back();
    } else if (tag[0] != '?' && tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    i = end;
  }
  CHECK(open.empty());
}

TEST_CASE("the event log is well-formed XES with a case per piece of goods", "[bottlenecks]") {
  HallLog log(100);
  log.visit("pallet <1> & \"two\"", "packing", "Ann", 0, 5, 20);
  log.visit("pallet 2", "packing", "Ann", 10, 20, 50);
  const BottleneckReport r = log.report();
  const std::string xes = event_log(r.log, "xes");
  check_well_formed(xes);
  const auto count = [&](const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = xes.find(what); at != std::string::npos; at = xes.find(what, at + 1)) ++n;
    return n;
  };
  CHECK(count("<trace>") == 2);
  CHECK(count("value=\"start\"") == 2);
  CHECK(count("<event>") == 8);  // arrive, start, complete, leave
  CHECK(xes.find("2026-03-02T08:00:05.000000Z") != std::string::npos);
  CHECK(xes.find("process packing") != std::string::npos);
  const std::string csv = event_log(r.log, "csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
  CHECK(csv.find("\"pallet <1> & \"\"two\"\"\"") != std::string::npos);
  CHECK_THROWS_AS(event_log(r.log, "pdf"), base::Error);
}

TEST_CASE("a moment that was cut links to its clip, whatever the file is called", "[bottlenecks]") {
  HallLog log(2400);
  log.line(60, 30, {20, 36, 25});
  BottleneckReport r = log.report();
  REQUIRE_FALSE(r.ranking.front().moments.empty());
  CHECK(bottlenecks_html(r).find("<a href") == std::string::npos);
  r.ranking.front().moments.front().clip = R"(my clips/1 "a".mp4)";
  CHECK(bottlenecks_html(r).find(R"(<a href="my%20clips/1%20%22a%22.mp4">)") != std::string::npos);
  CHECK(bottlenecks_json(r)["ranking"][0]["moments"][0]["clip"] == R"(my clips/1 "a".mp4)");
}

TEST_CASE("the page escapes what it is told and asks nothing from outside", "[bottlenecks]") {
  HallLog log(2400);
  log.line(60, 30, {20, 36, 25});
  log.visit("<script>alert(1)</script>", "<b>evil</b>", "Ann", 0, 5, 20);
  const BottleneckReport r = log.report();
  const std::string page = bottlenecks_html(r);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("<b>evil") == std::string::npos);
  CHECK(page.find("http") == page.find("http-equiv"));
  CHECK(page.find("http", page.find("http-equiv") + 1) == std::string::npos);
  CHECK(page.find("holds up the flow") != std::string::npos);
  for (const char* format : {"text", "md", "csv"}) CHECK(bottlenecks_text(r, format).find("station 2") != std::string::npos);
  CHECK_THROWS_AS(bottlenecks_text(r, "pdf"), base::Error);
}

}  // namespace
}  // namespace reelgraph::query::report
