#include "cli/pipeline/evidence.h"

#include <algorithm>

#include "ingest/media_files.h"

namespace reelgraph::pipeline {
namespace {

constexpr int kChunksRemembered = 4;
constexpr base::Duration kShownWithin = base::kSecond;

}  // namespace

void EvidenceKeeper::remember(const base::Chunk& chunk) {
  while (!remembered_.empty() && remembered_.front().chunk <= chunk.index - kChunksRemembered) remembered_.pop_front();
  const auto add = [&](const base::Keyframe& frame, bool kept) {
    if (frame.image.empty()) return;
    Writer::Picture picture{frame.at, source_.encode(frame.image), {}};
    picture.hash = ingest::content_id_of(picture.jpeg);
    remembered_.push_back({chunk.index, std::move(picture), kept});
  };
  for (const base::Keyframe& frame : chunk.keyframes) add(frame, true);
  for (const base::Keyframe& frame : chunk.candidates) {
    const auto same = [&](const base::Keyframe& keyframe) { return keyframe.at == frame.at; };
    if (std::none_of(chunk.keyframes.begin(), chunk.keyframes.end(), same)) add(frame, false);
  }
}

std::vector<Writer::Picture> EvidenceKeeper::choose(const base::Chunk& chunk, const base::Observation& observation) {
  remember(chunk);
  std::vector<Writer::Picture> chosen;
  const auto take = [&chosen](const Writer::Picture& picture) {
    const auto same = [&](const Writer::Picture& other) { return other.at == picture.at; };
    if (std::none_of(chosen.begin(), chosen.end(), same)) chosen.push_back(picture);
  };
  for (const Remembered& entry : remembered_) {
    if (entry.chunk == chunk.index && entry.kept) take(entry.picture);
  }
  const auto show = [&](base::Timestamp at) {
    Remembered* best = nullptr;
    for (Remembered& entry : remembered_) {
      if (entry.picture.at < at || entry.picture.at > at + kShownWithin) continue;
      // Of equals the one that is kept already, so that overlapping chunks do not store a moment twice.
      if (best == nullptr || entry.picture.at < best->picture.at || (entry.picture.at == best->picture.at && entry.kept && !best->kept)) {
        best = &entry;
      }
    }
    if (best == nullptr || best->kept) return;
    best->kept = true;
    take(best->picture);
  };
  for (const base::Event& event : observation.events) {
    show(event.show_at.value_or(event.span.start));
    // How it looks when it is over: the evidence for whoever asks when nothing of the kind happened.
    if (!event.span.empty()) show(event.span.end);
  }
  std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return chosen;
}

}  // namespace reelgraph::pipeline
