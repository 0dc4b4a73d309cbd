#pragma once
// Small videos, chunks and observations for tests of the graph.

#include <string>

#include "graph/store.h"

namespace reelgraph::test {

inline graph::VideoRecord video(const std::string& id, double seconds) {
  graph::VideoRecord v;
  v.id = id;
  v.duration = base::from_seconds(seconds);
  v.state = graph::VideoState::kDone;
  return v;
}

inline base::TimeSpan span(double start, double end) { return {base::from_seconds(start), base::from_seconds(end)}; }

/// Pedro scores for Chelsea between `start` and `end`.
inline base::Observation goal(const std::string& video, double start, double end) {
  base::Observation o;
  o.video = video;
  o.span = span(start, end);
  o.caption = "Pedro scores for Chelsea";
  o.provenance = {"import", "test", ""};
  base::EntityMention pedro;
  pedro.ref = "p1";
  pedro.stable_id = "player:1";
  pedro.name = "Pedro";
  pedro.type = "player";
  pedro.aliases = {"Pedro Eliezer Rodríguez"};
  base::EntityMention team;
  team.ref = "t1";
  team.stable_id = "team:1";
  team.name = "Chelsea";
  team.type = "team";
  o.entities = {pedro, team};
  base::Event e;
  e.type = "goal";
  e.span = span(start, end);
  e.description = "Pedro scores";
  e.participants = {{"p1", "agent"}};
  o.events = {e};
  o.relations = {{"p1", "plays_for", "t1", std::nullopt}};
  return o;
}

/// A done chunk whose own part is its span, described all over.
inline graph::ChunkCommit chunk(graph::RowId video, const std::string& key, double start, double end,
                                std::optional<base::Observation> observation) {
  graph::ChunkCommit c;
  c.chunk.key = key;
  c.chunk.video = video;
  c.chunk.span = c.chunk.own = span(start, end);
  c.observation = std::move(observation);
  c.coverage = {{c.chunk.span, graph::CoverageStatus::kDescribed, ""}};
  return c;
}

}  // namespace reelgraph::test
