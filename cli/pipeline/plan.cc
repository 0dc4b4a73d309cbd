// What an ingest would do, told from the headers of the files.

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/error.h"
#include "cli/pipeline/batch.h"
#include "cli/pipeline/settings.h"
#include "cli/pipeline/video_ingest.h"

namespace reelgraph::pipeline {
namespace {

/// Pixels that one core decodes and measures in a second, of common codecs: 600 pictures of 1280x720. Only ever called an estimate.
constexpr double kPixelsPerSecond = 600.0 * 1280 * 720;
/// Decoding key pictures only is at least so much faster.
constexpr double kFastGain = 6;
constexpr double kSoundGain = 500;  ///< times real time, sound alone
/// JPEG bytes for a pixel at the quality frames are kept with, and rows of the database for a chunk.
constexpr double kBytesPerPixel = 0.15;
constexpr std::int64_t kBytesPerChunk = 8 << 10;

VideoPlan plan_one(const IngestRequest& request, const std::filesystem::path& path, base::Captioner& captioner, MediaSource& source,
                   const graph::Store* store, const base::LogSink& log, const std::stop_token& stop) {
  VideoPlan plan;
  plan.path = path.string();
  const Sampling& sampling = request.sampling;
  const std::string content = source.content_id(path, stop);
  if (store != nullptr) {
    if (const std::optional<graph::VideoRecord> known = store->find_content(content)) {
      plan.id = known->id;
      const nlohmann::json wanted = settings_json(sampling, captioner.identity(), source.sidecar_cues(path, log));
      const bool same = known->media.is_object() && known->media.value("settings", nlohmann::json()) == wanted;
      if (is_finished(*known, store->chunks(known->id), store->coverage(known->id), sampling) && (same || !request.recaption)) {
        plan.status = "unchanged";
        plan.duration = known->duration;
        plan.reason = "already ingested";
        return plan;
      }
    }
  }
  const std::unique_ptr<ingest::MediaReader> reader = source.open(path, {});
  const base::MediaInfo& info = reader->info();
  plan.status = "planned";
  plan.duration = info.claimed_duration.value_or(0);
  if (!info.claimed_duration) plan.reason = "the file does not say how long it is";
  const base::Timestamp from = std::min(sampling.from.value_or(0), plan.duration);
  const base::Duration length = std::max(from, std::min(sampling.to.value_or(plan.duration), plan.duration)) - from;
  if (length == 0) return plan;
  const base::Duration window = sampling.chunking.length, step = window - sampling.chunking.overlap;
  plan.chunks = length <= window ? 1 : 1 + (length - window + step - 1) / step;
  if (info.display_size.width > 0) {
    const double rate = info.frame_rate > 0 ? info.frame_rate : 25;
    const double pixels = static_cast<double>(info.display_size.width) * info.display_size.height;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    plan.seconds = base::to_seconds(length) * rate * pixels / (kPixelsPerSecond * (sampling.fast ? kFastGain : 1)) / std::min(cores, 2U);
    const std::int64_t candidates = static_cast<std::int64_t>(std::ceil(base::to_seconds(length) * sampling.chunking.keyframe_fps));
    plan.frames = std::min(candidates, plan.chunks * sampling.chunking.keyframes_per_chunk);
    const base::Size kept = base::fit_within(info.display_size, sampling.chunking.keyframe_side);
    plan.bytes = static_cast<std::int64_t>(static_cast<double>(plan.frames) * kept.width * kept.height * kBytesPerPixel);
  } else {
    plan.seconds = base::to_seconds(length) / kSoundGain;
  }
  plan.bytes += plan.chunks * kBytesPerChunk;
  return plan;
}

}  // namespace

std::vector<VideoPlan> plan_batch(const IngestRequest& request, base::Captioner& captioner, MediaSource& source, const graph::Store* store,
                                  const base::LogSink& log, std::stop_token stop) {
  std::vector<VideoPlan> plans;
  for (const std::filesystem::path& path : request.files) {
    try {
      plans.push_back(plan_one(request, path, captioner, source, store, log, stop));
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::kBadInput) throw;
      VideoPlan plan;
      plan.path = path.string();
      plan.status = "failed";
      plan.reason = error.cure().empty() ? error.message() : error.message() + " (" + error.cure() + ")";
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

}  // namespace reelgraph::pipeline
