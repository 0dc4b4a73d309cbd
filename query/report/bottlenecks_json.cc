// The report's JSON document.
#include <cmath>

#include "query/report/bottlenecks_parts.h"

namespace reelgraph::query::report {
namespace {

using OrderedJson = nlohmann::ordered_json;

double tidy(double x) { return std::round(x * 1e6) / 1e6; }

/// Of no cases nothing is known: null, never 0.
OrderedJson spread_json(const Spread& s) {
  if (s.count == 0) return {{"mean", nullptr}, {"median", nullptr}, {"p95", nullptr}, {"max", nullptr}, {"count", 0}};
  return {{"mean", tidy(s.mean)}, {"median", tidy(s.median)}, {"p95", tidy(s.p95)}, {"max", tidy(s.most)}, {"count", s.count}};
}

OrderedJson span_json(const OperationsLog& log, base::TimeSpan span) {
  return {{"start", base::to_seconds(span.start)},
          {"end", base::to_seconds(span.end)},
          {"from", clock_of(log, span.start)},
          {"to", clock_of(log, span.end)}};
}

OrderedJson moment_document(const ReportMoment& m) {
  OrderedJson j{{"video", m.video}, {"start", base::to_seconds(m.span.start)}, {"end", base::to_seconds(m.span.end)}, {"text", m.text}};
  j["frame"] = m.frame ? OrderedJson(*m.frame) : OrderedJson();
  j["event"] = m.event != 0 ? OrderedJson(m.event) : OrderedJson();
  if (!m.clip.empty()) j["clip"] = m.clip;
  return j;
}

OrderedJson station_json(const StationFigures& s, bool lower_bounds) {
  OrderedJson j{{"name", s.name}, {"type", s.type}, {"dwell", spread_json(s.dwell)}, {"throughput_per_h", tidy(s.throughput_per_h)}};
  j["queue"] = {{"mean", tidy(s.queue.mean)}, {"p95", s.queue.p95}, {"longest", s.queue.most}};
  j["wait"] = spread_json(s.wait);
  j["utilisation"] = s.utilisation ? OrderedJson(tidy(*s.utilisation)) : OrderedJson();
  j["process"] = spread_json(s.process);
  j["arrivals"] = s.arrivals;
  j["departures"] = s.departures;
  j["there_at_end"] = s.there_at_end;
  j["arrivals_per_h"] = tidy(s.arrivals_per_h);
  j["present"] = {{"mean", tidy(s.present.mean)}, {"p95", s.present.p95}, {"most", s.present.most}};
  j["servers"] = s.servers > 0 ? OrderedJson(s.servers) : OrderedJson();
  if (s.servers > 0)
    j["shares"] = {{"busy", tidy(s.busy)},
                   {"down", tidy(s.down)},
                   {"blocked", tidy(s.blocked)},
                   {"starved", tidy(s.starved)},
                   {"unattended", tidy(s.unattended)}};
  j["littles_law"] = {{"l", tidy(s.little_l)}, {"lambda_w", tidy(s.little_lambda_w)}};
  j["observed_hours"] = tidy(s.hours);
  j["lower_bound"] = lower_bounds;
  return j;
}

OrderedJson log_json(const BottleneckReport& report) {
  const LogTally& t = report.log.tally;
  OrderedJson others = OrderedJson::object();
  for (const auto& [type, n] : t.other_types) others[type] = n;
  return {{"events", t.events},
          {"used", t.used},
          {"outside", t.outside},
          {"cut", t.cut},
          {"without_place", t.placeless},
          {"overlapping", t.overlapping},
          {"disordered", t.disordered},
          {"inferred",
           {{"arrivals", t.inferred_arrivals}, {"departures", t.inferred_departures}, {"processes", t.inferred_process}, {"lost", t.lost}}},
          {"other_types", others}};
}

OrderedJson coverage_json(const BottleneckReport& report) {
  auto described = OrderedJson::array(), gaps = OrderedJson::array();
  for (const OperationsVideo& v : report.log.videos) {
    const auto list = [&](OrderedJson& to, const base::SpanSet& spans) {
      for (const base::TimeSpan& s : spans.spans())
        to.push_back(OrderedJson::array({v.record.id, base::to_seconds(s.start - v.offset), base::to_seconds(s.end - v.offset)}));
    };
    list(described, v.observed);
    list(gaps, v.observed.complement(v.axis.intersection(report.log.whole)));
  }
  return {{"share", tidy(report.coverage)},
          {"inferred_share", tidy(report.missing)},
          {"lower_bounds", report.lower_bounds},
          {"described", described},
          {"not_described", gaps}};
}

}  // namespace

OrderedJson bottlenecks_json(const BottleneckReport& report) {
  const OperationsLog& log = report.log;
  OrderedJson j;
  j["stations"] = OrderedJson::array();
  for (const StationFigures& s : report.stations) j["stations"].push_back(station_json(s, report.lower_bounds));
  j["ranking"] = OrderedJson::array();
  for (const RankedBottleneck& b : report.ranking) {
    OrderedJson r{{"name", b.name}, {"score", tidy(b.score)}, {"confidence", tidy(b.confidence)}, {"reasons", b.reasons}};
    r["gain_per_h"] = b.gain_per_h ? OrderedJson(tidy(*b.gain_per_h)) : OrderedJson();
    r["sooner"] = b.sooner ? OrderedJson(tidy(*b.sooner)) : OrderedJson();
    r["active"] = tidy(b.active);
    r["momentary"] = {{"share", tidy(b.momentary)}, {"sole", tidy(b.sole)}};
    r["moments"] = OrderedJson::array();
    for (const ReportMoment& m : b.moments) r["moments"].push_back(moment_document(m));
    j["ranking"].push_back(std::move(r));
  }
  j["littles_law"] = {{"l", tidy(report.flow.l)}, {"lambda_w", tidy(report.flow.lambda_w)}};
  j["coverage"] = coverage_json(report);
  j["method"] = report.method;
  j["shifts"] = OrderedJson::array();
  for (const MomentaryBottleneck& m : report.active.over_time) {
    OrderedJson s = span_json(log, m.span);
    s["name"] = name_of(log, report.active.candidates[static_cast<std::size_t>(m.candidate)].actor);
    j["shifts"].push_back(std::move(s));
  }
  j["resources"] = OrderedJson::array();
  for (const ResourceFigures& r : report.resources)
    j["resources"].push_back({{"name", r.name},
                              {"type", r.type},
                              {"busy", tidy(r.busy)},
                              {"travel_loaded", tidy(r.travel_loaded)},
                              {"travel_empty", tidy(r.travel_empty)},
                              {"idle", tidy(r.idle)},
                              {"down", tidy(r.down)},
                              {"unknown", tidy(r.unknown)},
                              {"longest_idle", tidy(r.longest_idle)},
                              {"jobs", r.jobs}});
  j["routes"] = OrderedJson::array();
  for (const RouteFigures& r : report.routes)
    j["routes"].push_back({{"source", r.from}, {"destination", r.to}, {"loaded", r.loaded}, {"transit", spread_json(r.transit)}});
  auto variants = OrderedJson::array();
  for (const auto& [way, n] : report.flow.variants) variants.push_back({{"places", way}, {"goods", n}});
  j["flow"] = {{"goods", report.flow.goods},
               {"finished", report.flow.finished},
               {"throughput_per_h", tidy(report.flow.per_hour)},
               {"cycle", spread_json(report.flow.cycle)},
               {"variant_count", report.flow.variant_count},
               {"variants", variants},
               {"rehandled", report.flow.rehandled}};
  j["anomalies"] = OrderedJson::array();
  for (const OperationsAnomaly& a : report.anomalies) {
    OrderedJson m = moment_document(a.moment);
    m["text"] = a.text;
    OrderedJson k{{"kind", a.kind}};
    k.update(m);
    j["anomalies"].push_back(std::move(k));
  }
  j["what_if"] = OrderedJson::array();
  for (const WhatIf& w : report.what_if) {
    const auto wait = [](const std::optional<double>& x) { return x ? OrderedJson(tidy(*x)) : OrderedJson(); };
    j["what_if"].push_back({{"name", w.name},
                            {"servers", w.servers},
                            {"load", tidy(w.load)},
                            {"load_with_one_more", tidy(w.load_with_more)},
                            {"wait", wait(w.wait)},
                            {"wait_with_one_more", wait(w.wait_with_more)},
                            {"text", w.text}});
  }
  if (report.comparison) {
    OrderedJson first = OrderedJson::array(), second = OrderedJson::array();
    for (const StationFigures& s : report.comparison->in_first) first.push_back(station_json(s, report.lower_bounds));
    for (const StationFigures& s : report.comparison->in_second) second.push_back(station_json(s, report.lower_bounds));
    j["comparison"] = {{"first", span_json(log, report.comparison->first)},
                       {"second", span_json(log, report.comparison->second)},
                       {"first_stations", first},
                       {"second_stations", second},
                       {"sentences", report.comparison->sentences}};
  }
  const EventLogFigures exported = event_log_figures(log);
  j["event_log"] = {{"cases", exported.cases},
                    {"events", exported.events},
                    {"variants", exported.variants},
                    {"mean_case_seconds", tidy(exported.mean_seconds)}};
  j["events"] = log_json(report);
  j["notes"] = report.notes;
  return j;
}

}  // namespace reelgraph::query::report
