#include <map>
#include <ostream>

#include "base/markup.h"
#include "base/observation_json.h"
#include "graph/transfer/export.h"

namespace reelgraph::graph {
namespace {

constexpr char kHead[] = R"xml(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="kind" for="node" attr.name="kind" attr.type="string"/>
  <key id="label" for="node" attr.name="label" attr.type="string"/>
  <key id="type" for="node" attr.name="type" attr.type="string"/>
  <key id="start" for="node" attr.name="start" attr.type="double"/>
  <key id="end" for="node" attr.name="end" attr.type="double"/>
  <key id="stable_id" for="node" attr.name="stable_id" attr.type="string"/>
  <key id="source" for="node" attr.name="source" attr.type="string"/>
  <key id="attributes" for="node" attr.name="attributes" attr.type="string"/>
  <key id="relation" for="edge" attr.name="relation" attr.type="string"/>
  <key id="video" for="edge" attr.name="video" attr.type="string"/>
  <key id="from" for="edge" attr.name="from" attr.type="double"/>
  <key id="until" for="edge" attr.name="until" attr.type="double"/>
  <graph id="reel" edgedefault="directed">
)xml";

class Writer {
 public:
  explicit Writer(std::ostream& out) : out_(out) {}

  void data(const char* key, std::string_view value) {
    if (!value.empty()) out_ << "<data key=\"" << key << "\">" << base::xml_text(value) << "</data>";
  }
  void span(const char* start, const char* end, const base::TimeSpan& s) {
    data(start, base::seconds_text(s.start));
    data(end, base::seconds_text(s.end));
  }
  void node(const std::string& id, const char* kind) {
    out_ << "    <node id=\"" << id << "\">";
    data("kind", kind);
  }
  void edge(const std::string& source, const std::string& target, std::string_view relation) {
    out_ << "    <edge source=\"" << source << "\" target=\"" << target << "\">";
    data("relation", relation);
  }
  void end_node() { out_ << "</node>\n"; }
  void end_edge() { out_ << "</edge>\n"; }

 private:
  std::ostream& out_;
};

std::string attributes_text(const nlohmann::json& attributes) { return attributes.empty() ? std::string() : attributes.dump(); }

}  // namespace

void export_graphml(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos) {
  out << kHead;
  Writer w(out);
  std::map<std::string, std::string> video_nodes;
  std::vector<std::string> ids;
  for (const VideoRecord& video : videos) {
    const std::string& node = video_nodes[video.id] = std::string("v").append(std::to_string(video_nodes.size()));
    ids.push_back(video.id);
    w.node(node, "video");
    w.data("label", video.title.empty() ? video.id : video.title);
    w.data("stable_id", video.id);
    w.span("start", "end", {0, video.duration});
    w.end_node();
  }
  std::map<RowId, std::string> entity_nodes;
  std::vector<RowId> entities;
  if (!ids.empty()) {
    for (const EntityRecord& entity : store.entities("", ids, 0)) {
      const std::string& node = entity_nodes[entity.row] = std::string("n").append(std::to_string(entity_nodes.size()));
      entities.push_back(entity.row);
      w.node(node, "entity");
      w.data("label", entity.name);
      w.data("type", entity.type);
      w.data("stable_id", entity.stable_id);
      w.data("source", entity.source);
      w.data("attributes", attributes_text(entity.attributes));
      w.end_node();
    }
  }
  std::size_t events = 0;
  for (const VideoRecord& video : videos) {
    EventFilter filter;
    filter.videos = {video.id};
    for (const EventRecord& event : store.events(filter)) {
      const std::string node = std::string("e").append(std::to_string(events++));
      w.node(node, "event");
      w.data("label", event.description.empty() ? event.type : event.description);
      w.data("type", event.type);
      w.span("start", "end", event.span);
      w.data("attributes", attributes_text(event.attributes));
      w.end_node();
      w.edge(node, video_nodes[video.id], "in");
      w.end_edge();
      for (const ParticipantRecord& p : event.participants) {
        const auto entity = entity_nodes.find(p.entity);
        if (entity == entity_nodes.end()) continue;
        w.edge(node, entity->second, p.role.empty() ? "participant" : p.role);
        w.end_edge();
      }
    }
  }
  for (const RowId entity : entities) {
    for (const RelationRecord& r : store.relations(entity, 0)) {
      const auto target = entity_nodes.find(r.target);
      if (r.source != entity || target == entity_nodes.end() || !video_nodes.contains(r.video)) continue;
      w.edge(entity_nodes[entity], target->second, r.type);
      w.data("video", r.video);
      w.span("from", "until", r.span);
      w.end_edge();
    }
  }
  out << "  </graph>\n</graphml>\n";
}

}  // namespace reelgraph::graph
