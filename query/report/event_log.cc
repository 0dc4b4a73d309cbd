// The event log for process-mining tools: XES (IEEE 1849) and CSV. A case is a piece of goods, an activity is what was done where.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>

#include "base/error.h"
#include "base/markup.h"
#include "query/report/bottlenecks_parts.h"

namespace reelgraph::query::report {
namespace {

struct LoggedEvent {
  base::TimeSpan span;
  std::string activity, place, resource;
  graph::RowId event = 0;
  int video = 0;
};

std::string iso_time(std::int64_t epoch, base::Timestamp t) {
  const std::int64_t at = epoch + t;
  const std::time_t seconds = static_cast<std::time_t>(at / base::kSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(at % base::kSecond));
  return text;
}

using Cases = std::map<std::pair<int, int>, std::vector<LoggedEvent>>;  // by (video if there is no wall time, goods)

Cases cases_of(const OperationsLog& log) {
  Cases cases;
  const auto name = [&](int actor) { return actor < 0 ? std::string() : name_of(log, actor); };
  for (const Episode& e : log.episodes) {
    if (e.goods < 0) continue;
    LoggedEvent out;
    out.span = e.span;
    out.resource = name(e.resource);
    out.event = e.event;
    out.video = e.video;
    out.activity = std::string(name_of(e.activity));
    if (e.activity == Activity::kTravel) {
      out.place = name(e.source) + (e.destination >= 0 ? " to " + name(e.destination) : "");
    } else {
      out.place = name(e.place);
    }
    if (!out.place.empty()) out.activity += " " + out.place;
    cases[{log.wall_clock ? 0 : e.video, e.goods}].push_back(std::move(out));
  }
  return cases;
}

std::string case_name(const OperationsLog& log, const std::pair<int, int>& key) {
  const std::string name = name_of(log, key.second);
  return log.wall_clock || log.videos.size() == 1 ? name : log.videos[static_cast<std::size_t>(key.first)].record.id + ": " + name;
}

/// Names that two pieces of goods share get the entity's number.
std::map<std::pair<int, int>, std::string> case_names(const OperationsLog& log, const Cases& cases) {
  std::map<std::string, int> used;
  for (const auto& [key, events] : cases) ++used[case_name(log, key)];
  std::map<std::pair<int, int>, std::string> names;
  for (const auto& [key, events] : cases) {
    std::string name = case_name(log, key);
    if (used[name] > 1) name += " #" + std::to_string(log.actors[static_cast<std::size_t>(key.second)].row);
    names[key] = std::move(name);
  }
  return names;
}

struct Transition {
  base::Timestamp time;
  bool starts;  ///< else it completes; an instant completes
  const LoggedEvent* event;
};

/// Starts and ends in the order of time; at one instant what ended comes before what begins.
std::vector<Transition> transitions_of(const std::vector<LoggedEvent>& events) {
  std::vector<std::pair<std::pair<base::Timestamp, int>, Transition>> ordered;
  for (const LoggedEvent& e : events) {
    if (!e.span.empty()) ordered.push_back({{e.span.start, 1}, {e.span.start, true, &e}});
    ordered.push_back({{e.span.end, e.span.empty() ? 1 : 0}, {e.span.end, false, &e}});
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Transition> result;
  for (const auto& [key, transition] : ordered) result.push_back(transition);
  return result;
}

void write_xes_event(std::string& out, const LoggedEvent& e, const char* transition, const std::string& time, const std::string& video) {
  out += "    <event>\n      <string key=\"concept:name\" value=\"" + base::xml_text(e.activity) +
         "\"/>\n      <string key=\"lifecycle:transition\" value=\"" + transition + "\"/>\n      <date key=\"time:timestamp\" value=\"" +
         time + "\"/>\n";
  if (!e.resource.empty()) out += "      <string key=\"org:resource\" value=\"" + base::xml_text(e.resource) + "\"/>\n";
  if (!e.place.empty()) out += "      <string key=\"place\" value=\"" + base::xml_text(e.place) + "\"/>\n";
  out += "      <string key=\"video\" value=\"" + base::xml_text(video) + "\"/>\n      <int key=\"event\" value=\"" +
         std::to_string(e.event) + "\"/>\n    </event>\n";
}

}  // namespace

EventLogFigures event_log_figures(const OperationsLog& log) {
  EventLogFigures f;
  std::set<std::string> variants;
  double seconds = 0;
  for (const auto& [key, events] : cases_of(log)) {
    const std::vector<Transition> transitions = transitions_of(events);
    if (transitions.empty()) continue;
    ++f.cases;
    f.events += static_cast<std::int64_t>(transitions.size());
    std::string variant;
    for (const Transition& t : transitions) variant += t.event->activity + "\n";
    variants.insert(std::move(variant));
    seconds += base::to_seconds(transitions.back().time - transitions.front().time);
  }
  f.variants = static_cast<std::int64_t>(variants.size());
  if (f.cases > 0) f.mean_seconds = seconds / static_cast<double>(f.cases);
  return f;
}

std::string event_log(const OperationsLog& log, const std::string& format) {
  if (format != "xes" && format != "csv")
    throw base::Error(base::ErrorCode::kInvalidArgument, "an event log is not written as " + format, "--log", "give xes or csv");
  const Cases cases = cases_of(log);
  const auto names = case_names(log, cases);
  const std::int64_t epoch = log.wall_epoch;
  const auto video_of = [&](const LoggedEvent& e) -> const std::string& { return log.videos[static_cast<std::size_t>(e.video)].record.id; };
  std::string out;
  if (format == "csv") {
    out = "case:concept:name,concept:name,start_timestamp,time:timestamp,org:resource,place,video,event\n";
    for (const auto& [key, events] : cases) {
      for (const LoggedEvent& e : events)
        out += base::csv_field(names.at(key)) + "," + base::csv_field(e.activity) + "," + iso_time(epoch, e.span.start) + "," +
               iso_time(epoch, e.span.end) + "," + base::csv_field(e.resource) + "," + base::csv_field(e.place) + "," +
               base::csv_field(video_of(e)) + "," + std::to_string(e.event) + "\n";
    }
    return out;
  }
  out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1849-2016\" xes.features=\"nested-attributes\" "
      "xmlns=\"http://www.xes-standard.org/\">\n"
      "  <extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n"
      "  <extension name=\"Time\" prefix=\"time\" uri=\"http://www.xes-standard.org/time.xesext\"/>\n"
      "  <extension name=\"Lifecycle\" prefix=\"lifecycle\" uri=\"http://www.xes-standard.org/lifecycle.xesext\"/>\n"
      "  <extension name=\"Organizational\" prefix=\"org\" uri=\"http://www.xes-standard.org/org.xesext\"/>\n"
      "  <global scope=\"trace\">\n    <string key=\"concept:name\" value=\"\"/>\n  </global>\n"
      "  <global scope=\"event\">\n    <string key=\"concept:name\" value=\"\"/>\n    <string key=\"lifecycle:transition\" "
      "value=\"complete\"/>\n"
      "    <date key=\"time:timestamp\" value=\"1970-01-01T00:00:00.000Z\"/>\n  </global>\n"
      "  <classifier name=\"Activity\" keys=\"concept:name\"/>\n  <string key=\"lifecycle:model\" value=\"standard\"/>\n";
  if (!log.wall_clock)
    out += "  <string key=\"clock\" value=\"no wall time is known: times count from the start of the video, as 1970-01-01T00:00:00Z\"/>\n";
  for (const auto& [key, events] : cases) {
    out += "  <trace>\n    <string key=\"concept:name\" value=\"" + base::xml_text(names.at(key)) + "\"/>\n";
    for (const Transition& t : transitions_of(events))
      write_xes_event(out, *t.event, t.starts ? "start" : "complete", iso_time(epoch, t.time), video_of(*t.event));
    out += "  </trace>\n";
  }
  return out + "</log>\n";
}

}  // namespace reelgraph::query::report
