#pragma once
// What the signals captioner says about a whole film, gathered for tests.

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "base/span_set.h"
#include "captioner/factory.h"
#include "chunker/chunker.h"
#include "ingest/media_reader.h"

namespace reelgraph::test {

/// A thing that moves: all mentions of one id together.
struct Mover {
  std::string id;
  base::SpanSet seen;
  std::string colour, direction;
  bool appeared = false, left = false;

  [[nodiscard]] double start() const { return base::to_seconds(seen.spans().front().start); }
  [[nodiscard]] double end() const { return base::to_seconds(seen.spans().back().end); }
};

struct Watched {
  std::vector<base::Observation> observations;
  std::vector<base::Event> events;
  std::vector<base::CoverageNote> notes;
  base::Duration duration = 0;

  [[nodiscard]] std::vector<base::Event> of(const std::string& type) const {
    std::vector<base::Event> result;
    for (const auto& e : events) {
      if (e.type == type) result.push_back(e);
    }
    return result;
  }

  /// By start.
  [[nodiscard]] std::vector<Mover> movers() const {
    std::map<std::string, Mover> by_id;
    for (const auto& o : observations) {
      std::map<std::string, std::string> ids;
      for (const auto& m : o.entities) {
        ids[m.ref] = m.stable_id.value_or("");
        if (m.type != "moving_thing") continue;
        Mover& mover = by_id[ids[m.ref]];
        mover.id = ids[m.ref];
        if (m.span) mover.seen.add(*m.span);
        mover.colour = m.attributes.value("colour", mover.colour);
        mover.direction = m.attributes.value("direction", mover.direction);
      }
      for (const auto& e : o.events) {
        for (const auto& p : e.participants) {
          if (p.role != "agent" || !by_id.contains(ids[p.ref])) continue;
          if (e.type == "appear") by_id[ids[p.ref]].appeared = true;
          if (e.type == "leave") by_id[ids[p.ref]].left = true;
        }
      }
    }
    std::vector<Mover> result;
    for (auto& [id, mover] : by_id) {
      if (!mover.seen.empty()) result.push_back(std::move(mover));
    }
    std::sort(result.begin(), result.end(), [](const Mover& a, const Mover& b) { return a.start() < b.start(); });
    return result;
  }

  void add(std::vector<base::CaptionResult> results) {
    for (auto& result : results) {
      if (!result.observation) throw std::runtime_error("a chunk was not described: " + result.failure);
      events.insert(events.end(), result.observation->events.begin(), result.observation->events.end());
      notes.insert(notes.end(), result.notes.begin(), result.notes.end());
      observations.push_back(std::move(*result.observation));
    }
  }
};

/// Reads a film as `ingest` does. @param batch chunks that are described at once
inline Watched watch_film(const std::filesystem::path& path, const captioner::CaptionerOptions& options = {}, std::size_t batch = 1,
                          const chunker::ChunkerOptions& chunking = {}) {
  const auto reader = ingest::MediaReader::open(path, {});
  const auto captioner = captioner::make_captioner(options);
  const auto session = captioner->open("film", reader->info());
  chunker::Chunker chunker(chunking);
  Watched watched;
  std::vector<base::Chunk> pending;
  const auto describe = [&](std::size_t least) {
    for (auto& chunk : chunker.take()) pending.push_back(std::move(chunk));
    if (pending.size() < least) return;
    watched.add(session->describe(pending));
    pending.clear();
  };
  while (auto event = reader->next()) {
    if (const auto* frame = std::get_if<const base::Frame*>(&*event)) {
      const bool boundary = chunker.add(**frame);
      session->watch(**frame, boundary);
    } else if (const auto* sound = std::get_if<base::AudioBlock>(&*event)) {
      chunker.add(*sound);
    } else {
      chunker.add(std::get<base::Cue>(*event));
    }
    describe(batch);
  }
  watched.duration = reader->summary().duration;
  chunker.finish(watched.duration);
  describe(1);
  return watched;
}

}  // namespace reelgraph::test
