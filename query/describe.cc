#include "query/describe.h"

#include <charconv>

#include "base/error.h"
#include "graph/identity.h"
#include "query/evidence.h"
#include "query/timeline.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

using Json = nlohmann::ordered_json;

std::optional<graph::RowId> parse_id(std::string_view text) {
  graph::RowId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || id < 1) return std::nullopt;
  return id;
}

std::string line(const std::string& label, const std::string& value) {
  return value.empty() ? std::string() : "  " + label + ": " + value + "\n";
}

std::string side(const graph::Identified& i) { return i.entity == 0 ? "(gone)" : i.name; }

/// How it came to be one: decisions by evidence and by hand, and what earlier descriptions said.
void add_history(const graph::Store& store, graph::RowId entity, int most, Json& json, Description& out) {
  json["history"] = Json::array();
  std::string lines;
  int listed = 0;
  for (const graph::IdentityDecision& d : graph::identity_log(store, entity)) {
    if (++listed > most) break;
    json["history"].push_back({{"n", d.number},
                               {"action", d.action},
                               {"a", d.a.name},
                               {"b", d.b.name},
                               {"automatic", d.automatic},
                               {"undone", d.undone},
                               {"holds", d.holds},
                               {"score", d.score},
                               {"reason", d.reason}});
    lines += "    " + std::to_string(d.number) + ": " + d.action + " of " + side(d.a) + " and " + side(d.b) +
             (d.automatic ? " by evidence" : " by hand") +
             (d.undone  ? ", undone"
              : d.holds ? ""
                        : ", without effect") +
             (d.reason.empty() ? "" : ": " + d.reason) + "\n";
  }
  if (!lines.empty()) out.text += "  identity history\n" + lines;
  json["earlier"] = Json::array();
  const auto earlier = graph::earlier_mentions(store, entity, most);
  if (!earlier.empty()) out.text += "  described earlier\n";
  for (const graph::EarlierMention& m : earlier) {
    json["earlier"].push_back({{"video", m.video},
                               {"start", base::to_seconds(m.span.start)},
                               {"end", base::to_seconds(m.span.end)},
                               {"observation", m.observation},
                               {"superseded_by", m.superseded_by == 0 ? Json(nullptr) : Json(m.superseded_by)},
                               {"name", m.name},
                               {"captioner", m.captioner}});
    out.text += "    " + when_where(m.video, m.span) + ": " + m.name + ", by " + m.captioner + ", superseded" +
                (m.superseded_by == 0 ? "" : " by observation:" + std::to_string(m.superseded_by)) + "\n";
  }
}

void add_entity(const graph::Store& store, const graph::EntityRecord& e, int most, Description& out) {
  std::string aliases;
  for (const std::string& a : e.aliases) aliases += (aliases.empty() ? "" : ", ") + a;
  out.text += e.name + " (" + readable(e.type) + ", entity:" + std::to_string(e.row) + ")\n" + line("also called", aliases) +
              line("description", e.description);
  if (!e.stable_id.empty()) out.text += line("identity", e.stable_id + " of " + e.source);
  if (e.attributes.is_object() && !e.attributes.empty()) out.text += line("attributes", e.attributes.dump());
  Json json = {{"kind", "entity"}, {"id", e.row},          {"name", e.name},
               {"type", e.type},   {"aliases", e.aliases}, {"description", e.description}};
  json["identity"] = e.stable_id.empty() ? Json(nullptr) : Json{{"id", e.stable_id}, {"source", e.source}};
  json["attributes"] = e.attributes;
  json["mention_count"] = e.mentions;
  json["mentions"] = Json::array();
  out.text += "  mentioned " + plural(e.mentions, "time") + "\n";
  const auto ids = graph::mention_ids(store, e.row, most);
  std::size_t place = 0;
  for (const graph::MentionRecord& m : store.mentions(e.row, most)) {
    const std::string id = place < ids.size() ? std::to_string(ids[place].first) + ":" + std::to_string(ids[place].second) : "";
    ++place;
    json["mentions"].push_back({{"id", id},
                                {"video", m.video},
                                {"start", base::to_seconds(m.span.start)},
                                {"end", base::to_seconds(m.span.end)},
                                {"observation", m.observation},
                                {"description", m.description}});
    out.text += "    " + when_where(m.video, m.span) + (m.description.empty() ? "" : ": " + m.description) + "  (" + id + ")\n";
  }
  add_history(store, e.row, most, json, out);
  graph::EventFilter filter;
  filter.entities = {e.row};
  json["event_count"] = store.count_events(filter);
  filter.limit = most;
  const auto events = store.events(filter);
  json["events"] = timeline_json(events)["events"];
  if (!events.empty()) out.text += "  takes part in " + plural(json["event_count"].get<std::int64_t>(), "event") + "\n";
  for (const graph::EventRecord& event : events) out.text += "    " + when_where(event.video, event.span) + ": " + event_text(event) + "\n";
  json["relations"] = Json::array();
  for (const graph::RelationRecord& r : store.relations(e.row, most)) {
    json["relations"].push_back(
        {{"source", r.source_name}, {"type", r.type}, {"target", r.target_name}, {"video", r.video}, {"observation", r.observation}});
    out.text += "    " + r.source_name + " " + readable(r.type) + " " + r.target_name + "\n";
  }
  out.json["found"].push_back(std::move(json));
}

void add_event(const graph::EventRecord& e, Description& out) {
  Json json = timeline_json({e})["events"][0];
  json["kind"] = "event";
  json["observation"] = e.observation;
  out.json["found"].push_back(std::move(json));
  out.text += readable(e.type) + " (event:" + std::to_string(e.row) + ")\n" + line("when", when_where(e.video, e.span)) +
              line("description", e.description);
  for (const graph::ParticipantRecord& p : e.participants)
    out.text += line(readable(p.role), p.name + " (entity:" + std::to_string(p.entity) + ")");
  out.text += line("seen in", "observation:" + std::to_string(e.observation));
}

void add_observation(const graph::Store& store, const graph::ObservationRecord& o, Description& out) {
  const base::Observation& b = o.observation;
  const graph::RowId successor = o.superseded ? graph::superseded_by(store, o.row).value_or(0) : 0;
  out.json["found"].push_back(
      {{"kind", "observation"},
       {"id", o.row},
       {"video", b.video},
       {"start", base::to_seconds(b.span.start)},
       {"end", base::to_seconds(b.span.end)},
       {"caption", b.caption},
       {"transcript", b.transcript},
       {"ocr", b.ocr},
       {"superseded", o.superseded},
       {"superseded_by", successor != 0 ? Json(successor) : Json(nullptr)},
       {"provenance", {{"kind", b.provenance.kind}, {"name", b.provenance.name}, {"version", b.provenance.version}}}});
  out.text += "observation:" + std::to_string(o.row) +
              (!o.superseded    ? ""
               : successor != 0 ? " (superseded by observation:" + std::to_string(successor) + ")"
                                : " (superseded)") +
              "\n" + line("when", when_where(b.video, b.span)) + line("caption", b.caption) + line("transcript", b.transcript) +
              line("from", b.provenance.kind + " " + b.provenance.name + " " + b.provenance.version);
  for (const std::string& text : b.ocr) out.text += line("on screen", text);
}

void add_video(const graph::Store& store, const graph::VideoRecord& v, Description& out) {
  graph::EventFilter filter;
  filter.videos = {v.id};
  const auto events = store.count_events(filter);
  out.json["found"].push_back({{"kind", "video"},
                               {"id", v.id},
                               {"title", v.title},
                               {"path", v.path},
                               {"duration", base::to_seconds(v.duration)},
                               {"events", events}});
  out.text += v.id + " (video)\n" + line("title", v.title) + line("file", v.path) + line("length", base::format_time(v.duration)) +
              line("events", std::to_string(events)) + line("incomplete", v.reason);
}

}  // namespace

std::optional<Description> describe(const graph::Store& store, const std::string& id_or_name, int most) {
  Description out;
  out.json["found"] = Json::array();
  const std::size_t colon = id_or_name.find(':');
  const std::string kind = colon == std::string::npos ? "" : id_or_name.substr(0, colon);
  const auto id = parse_id(colon == std::string::npos ? std::string_view(id_or_name) : std::string_view(id_or_name).substr(colon + 1));
  if (id && kind == "event") {
    if (const auto e = store.event(*id)) add_event(*e, out);
  } else if (id && kind == "observation") {
    if (const auto o = store.observation(*id)) add_observation(store, *o, out);
  } else if (id && (kind == "entity" || kind.empty())) {
    if (const auto e = store.entity(*id)) add_entity(store, *e, most, out);
  }
  if (out.json["found"].empty()) {
    if (const auto v = store.find_video(id_or_name)) add_video(store, *v, out);
    auto entities = store.find_entities(id_or_name, true, 20);
    if (entities.empty() && out.json["found"].empty()) entities = store.find_entities(id_or_name, false, 20);
    for (const graph::EntityRecord& e : entities) add_entity(store, e, most, out);
  }
  if (out.json["found"].empty()) return std::nullopt;
  return out;
}

}  // namespace reelgraph::query
