// The part of one video's ingest that is described in the background, by a captioner that is paid for each chunk: begun within a budget,
// written down before it is sent, committed as it arrives.

#include <algorithm>

#include "base/error.h"
#include "base/time.h"
#include "cli/pipeline/settings.h"
#include "cli/pipeline/video_reading.h"

namespace reelgraph::pipeline {
namespace {

constexpr const char* kUnderWay = "was under way when the ingest ended";

}  // namespace

/// Begins one chunk, waiting until there is room for it. Does nothing once the budget is spent.
void VideoIngest::begin(Reading& reading, base::Chunk chunk) {
  const bool skip_static = request_.sampling.skip_static;
  const std::optional<StaticScene::Reference> same = skip_static ? reading.scene.same_as(chunk) : std::nullopt;
  if (skip_static && !same) reading.scene.set(chunk);
  if (is_done(chunk)) {
    ++outcome_.chunks_skipped;
    return;
  }
  if (same) {
    const auto reference = reading.under_way.find(same->index);
    if (reference == reading.under_way.end()) return carry(reading, std::move(chunk), same->span);
    chunk.candidates.clear();
    if (chunk.keyframes.size() > 1) chunk.keyframes.resize(1);
    reference->second.alike.push_back(std::move(chunk));
    return;
  }
  while (!reading.session->has_room() || (captioner_.wants_previous() && !reading.under_way.empty())) {
    if (reading.under_way.empty())
      budget_.wait();  // other videos have taken the room
    else
      collect(reading, true);
  }
  if (captioner_.wants_previous()) chunk.before = caption_before(chunk.span.start);
  const std::optional<base::Estimate> estimate = reading.session->estimate(chunk);
  if (estimate && !allowed(reading, *estimate)) return;

  // Written down before it is sent: if we are killed now, the next run counts what this may have cost.
  graph::ChunkCommit note;
  const std::string key = chunk_key(admission_.content_id, chunk.span, chunk.own, settings_);
  const base::Usage reserved = estimate ? estimate->worst : base::Usage{};
  base::Usage usage = earlier_usage_[key];
  usage.prompt_tokens += reserved.prompt_tokens;
  usage.completion_tokens += reserved.completion_tokens;
  usage.cost_usd += reserved.cost_usd;
  note.chunk = {key, video_.row, chunk.span, chunk.own, graph::ChunkState::kUnderWay, 0, kUnderWay, usage};
  writer_.commit(std::move(note), {});
  note_time();

  const int index = chunk.index;
  const Reading::UnderWay& entry = reading.under_way.emplace(index, Reading::UnderWay{std::move(chunk), reserved, {}}).first->second;
  try {
    reading.session->begin(entry.chunk);
  } catch (const base::Error& error) {
    base::CaptionResult result;
    result.failure = "not sent: " + error.message();
    result.attempts = 0;
    budget_.settle(reserved, {});
    settle(reading, entry.chunk, std::move(result), 0);
    reading.under_way.erase(index);
    drain(reading);
    throw;
  }
}

/// False once the budget is spent. While what is under way may leave room, it is waited for.
bool VideoIngest::allowed(Reading& reading, const base::Estimate& estimate) {
  while (true) {
    switch (budget_.reserve(estimate)) {
      case Budget::Verdict::kGranted: return true;
      case Budget::Verdict::kSpent: out_of_budget_ = true; return false;
      case Budget::Verdict::kBusy:
        if (reading.under_way.empty())
          budget_.wait();
        else
          collect(reading, true);
    }
  }
}

/// Commits what has arrived. @param wait: for at least one, if any is under way
void VideoIngest::collect(Reading& reading, bool wait) {
  if (reading.under_way.empty()) return;
  for (base::Finished& done : reading.session->finished(wait)) {
    auto node = reading.under_way.extract(done.chunk);
    if (node.empty()) throw base::Error(base::ErrorCode::kInternal, "a chunk came back that was never sent", captioner_.identity().kind);
    Reading::UnderWay& entry = node.mapped();
    const base::Usage used = done.result.usage;
    if (!done.result.observation) reading.last_failure = done.result.failure;
    const std::optional<base::Observation> said = done.result.observation;
    const int attempts = done.result.attempts;
    settle(reading, entry.chunk, std::move(done.result), attempts);
    budget_.settle(entry.reserved, used);
    for (base::Chunk& chunk : entry.alike) {
      base::CaptionResult result;
      if (said)
        result = carried_forward(*said, chunk);
      else
        result.failure = "looks like the chunk at " + base::format_time(entry.chunk.span.start) + ", which could not be described";
      settle(reading, chunk, std::move(result), 0);
    }
  }
}

/// Waits for all that is under way: it is paid for.
void VideoIngest::drain(Reading& reading) {
  while (!reading.under_way.empty()) collect(reading, true);
}

/// A chunk that looks like one that is described already, in this run or an earlier one.
void VideoIngest::carry(Reading& reading, base::Chunk chunk, const base::TimeSpan& reference) {
  base::CaptionResult result;
  if (const std::optional<base::Observation> said = stored_observation(reference))
    result = carried_forward(*said, chunk);
  else
    result.failure = "looks like the chunk at " + base::format_time(reference.start) + ", which could not be described";
  settle(reading, chunk, std::move(result), 0);
}

std::optional<base::Observation> VideoIngest::stored_observation(const base::TimeSpan& span) {
  const std::string name = captioner_.identity().model;
  for (graph::ObservationRecord& record :
       writer_.with_store([&](graph::Store& store) { return store.observations(admission_.id, span, 1000); })) {
    if (!record.superseded && record.observation.span == span && record.observation.provenance.name == name)
      return std::move(record.observation);
  }
  return std::nullopt;
}

std::string VideoIngest::caption_before(base::Timestamp at) {
  if (at == 0) return {};
  std::string caption;
  for (const graph::ObservationRecord& record : writer_.with_store([&](graph::Store& store) {
         return store.observations(admission_.id, {at - 1, at}, 100);
       })) {
    if (!record.superseded && record.observation.span.start < at && record.observation.provenance.kind == "vlm")
      caption = record.observation.caption;
  }
  return caption;
}

/// Keeps the time that was spent, so that a budget of time holds over kills.
void VideoIngest::note_time() {
  if (!budget_.counts_time()) return;
  video_.media["spent_seconds"] = video_.media.value("spent_seconds", 0.0) + budget_.lap();
  writer_.with_store([&](graph::Store& store) { return store.put_video(video_); });
}

}  // namespace reelgraph::pipeline
