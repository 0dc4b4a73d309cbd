// What an ingest would do, told from the headers of the files.

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "base/error.h"
#include "cli/pipeline/batch.h"
#include "cli/pipeline/settings.h"
#include "cli/pipeline/static_scene.h"
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

/// Windows of a film that are looked at to know what a chunk takes; a film with no more than that is looked at whole.
constexpr std::int64_t kWindowsSampled = 12;

/// What the given windows of a film take, by looking at some of them.
class Sampler {
 public:
  Sampler(const IngestRequest& request, const std::filesystem::path& path, MediaSource& source, base::CaptionSession& session)
      : request_(request), path_(path), source_(source), session_(session) {}

  void look(const std::vector<base::TimeSpan>& windows, VideoPlan& plan, const std::stop_token& stop) {
    const auto n = static_cast<std::int64_t>(windows.size());
    // Neighbours in pairs, so that it can be told how often a picture stands still.
    const std::int64_t runs = request_.sampling.skip_static ? kWindowsSampled / 2 : kWindowsSampled,
                       length = request_.sampling.skip_static ? 2 : 1;
    if (n <= kWindowsSampled) {
      run(windows, 0, n);
    } else {
      for (std::int64_t i = 0; i < runs && !stop.stop_requested(); ++i) run(windows, i * (n - length) / (runs - 1), length);
    }
    if (seen_ == 0) return;
    const auto share = [&](double sum) { return sum / static_cast<double>(seen_) * static_cast<double>(n); };
    plan.usage.prompt_tokens = std::llround(share(prompt_));
    plan.usage.completion_tokens = std::llround(share(completion_));
    plan.usage.cost_usd = share(cost_);
    plan.frames = std::llround(share(pictures_));
    plan.sent = std::llround(share(sent_));
    request_seconds = share(seconds_) / std::max(1, request_.endpoint.jobs);
  }

  double request_seconds = 0;

 private:
  void run(const std::vector<base::TimeSpan>& windows, std::int64_t first, std::int64_t count) {
    const Sampling& sampling = request_.sampling;
    ingest::ReaderOptions options;
    const base::TimeSpan part{windows[static_cast<std::size_t>(first)].start, windows[static_cast<std::size_t>(first + count - 1)].end};
    if (part.start > 0) options.from = part.start;
    options.to = part.end;
    options.keyframes_only = sampling.fast;
    options.threads = sampling.decoder_threads;
    chunker::ChunkerOptions chunking = sampling.chunking;
    chunking.start = part.start;
    chunker::Chunker chunker(chunking);
    const std::unique_ptr<ingest::MediaReader> reader = source_.open(path_, options);
    StaticScene scene;
    std::int64_t taken = 0;
    const auto count_chunks = [&] {
      for (const base::Chunk& chunk : chunker.take()) {
        const bool wanted =
            std::any_of(windows.begin(), windows.end(), [&](const base::TimeSpan& w) { return w.start == chunk.span.start; });
        const bool same = sampling.skip_static && scene.same_as(chunk).has_value();
        if (sampling.skip_static && !same) scene.set(chunk);
        if (!wanted || ++taken > count) continue;
        // The first of a pair is there for the second to be compared with.
        if (sampling.skip_static && first > 0 && taken == 1) continue;
        ++seen_;
        pictures_ += static_cast<double>(chunk.keyframes.size());
        if (same) continue;
        ++sent_;
        if (const auto estimate = session_.estimate(chunk)) {
          prompt_ += static_cast<double>(estimate->expected.prompt_tokens);
          completion_ += static_cast<double>(estimate->expected.completion_tokens);
          cost_ += estimate->expected.cost_usd;
          seconds_ += estimate->seconds;
        }
      }
    };
    base::Timestamp end = part.start;
    while (std::optional<ingest::MediaEvent> event = reader->next()) {
      if (const auto* frame = std::get_if<const base::Frame*>(&*event)) {
        end = std::max(end, (*frame)->at() + (*frame)->duration());
        static_cast<void>(chunker.add(**frame));
      } else if (const auto* cue = std::get_if<base::Cue>(&*event)) {
        chunker.add(*cue);
      } else {
        chunker.add(std::get<base::AudioBlock>(*event));
      }
      count_chunks();
    }
    chunker.finish(std::max(end, part.start + 1));
    count_chunks();
  }

  const IngestRequest& request_;
  const std::filesystem::path& path_;
  MediaSource& source_;
  base::CaptionSession& session_;
  std::int64_t seen_ = 0, sent_ = 0;
  double prompt_ = 0, completion_ = 0, cost_ = 0, seconds_ = 0, pictures_ = 0;
};

VideoPlan plan_one(const IngestRequest& request, const std::filesystem::path& path, base::Captioner& captioner, MediaSource& source,
                   const graph::Store* store, base::CaptionSession* session, const base::LogSink& log, const std::stop_token& stop) {
  VideoPlan plan;
  plan.path = path.string();
  const Sampling& sampling = request.sampling;
  const std::string content = source.content_id(path, stop);
  std::set<std::string> done;
  if (store != nullptr) {
    if (const std::optional<graph::VideoRecord> known = store->find_content(content)) {
      for (const graph::ChunkRecord& chunk : store->chunks(known->id)) {
        if (chunk.state == graph::ChunkState::kDone) done.insert(chunk.key);
      }
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
  plan.chunks = chunker::window_count(length, sampling.chunking);
  std::vector<base::TimeSpan> windows;
  if (session != nullptr) {
    const nlohmann::json settings = settings_json(sampling, captioner.identity(), source.sidecar_cues(path, log));
    for (std::int64_t i = 0; i < plan.chunks; ++i) {
      const base::TimeSpan span{from + i * step, from + i * step + window};
      if (!done.contains(chunk_key(content, span, {span.start, span.start + step}, settings))) windows.push_back(span);
    }
    plan.chunks = static_cast<std::int64_t>(windows.size());
  }
  plan.sent = session != nullptr ? plan.chunks : 0;
  if (info.display_size.width > 0) {
    const double rate = info.frame_rate > 0 ? info.frame_rate : 25;
    const double pixels = static_cast<double>(info.display_size.width) * info.display_size.height;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    plan.seconds = base::to_seconds(length) * rate * pixels / (kPixelsPerSecond * (sampling.fast ? kFastGain : 1)) / std::min(cores, 2U);
    const std::int64_t candidates = static_cast<std::int64_t>(std::ceil(base::to_seconds(length) * sampling.chunking.keyframe_fps));
    plan.frames = std::min(candidates, plan.chunks * sampling.chunking.keyframes_per_chunk);
    const base::Size kept = base::fit_within(info.display_size, sampling.chunking.keyframe_side);
    if (session != nullptr && !windows.empty()) {
      if (sampling.to) windows.back().end = std::min(windows.back().end, *sampling.to);
      Sampler sampler(request, path, source, *session);
      sampler.look(windows, plan, stop);
      plan.seconds = std::max(plan.seconds, sampler.request_seconds);
    }
    plan.bytes = static_cast<std::int64_t>(static_cast<double>(plan.frames) * kept.width * kept.height * kBytesPerPixel);
  } else {
    plan.seconds = base::to_seconds(length) / kSoundGain;
  }
  plan.bytes += plan.chunks * kBytesPerChunk;
  return plan;
}

}  // namespace

std::int64_t model_work(base::TimeSpan chunk, const chunker::ChunkerOptions& options) {
  constexpr std::int64_t kPromptAndReply = 2;
  const double candidates = std::ceil(base::to_seconds(chunk.length()) * options.keyframe_fps);
  return kPromptAndReply + static_cast<std::int64_t>(std::clamp(candidates, 1.0, static_cast<double>(options.keyframes_per_chunk)));
}

std::int64_t model_work_of_film(base::TimeSpan film, const chunker::ChunkerOptions& options) {
  const base::TimeSpan window{0, options.length};
  const std::int64_t whole = chunker::window_count(film.length(), options) - 1;
  const base::Timestamp last = film.start + whole * (options.length - options.overlap);
  return whole * model_work(window, options) + model_work({last, film.end}, options);
}

BatchPlan plan_batch(const IngestRequest& request, base::Captioner& captioner, MediaSource& source, const graph::Store* store,
                     const base::LogSink& log, std::stop_token stop) {
  BatchPlan batch;
  std::vector<VideoPlan>& plans = batch.videos;
  const std::unique_ptr<base::CaptionSession> session = captioner.rehearse(batch.basis);
  for (const std::filesystem::path& path : request.files) {
    try {
      plans.push_back(plan_one(request, path, captioner, source, store, session.get(), log, stop));
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::kBadInput) throw;
      VideoPlan plan;
      plan.path = path.string();
      plan.status = "failed";
      plan.reason = error.cure().empty() ? error.message() : error.message() + " (" + error.cure() + ")";
      plans.push_back(std::move(plan));
    }
  }
  return batch;
}

}  // namespace reelgraph::pipeline
