#include "cli/pipeline/video_ingest.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/time.h"
#include "chunker/chunker.h"
#include "cli/pipeline/settings.h"
#include "cli/pipeline/video_reading.h"

namespace reelgraph::pipeline {
namespace {

/// Tries of one chunk whose failure may pass. A captioner's own retries (with their waiting) come on top.
constexpr int kTries = 3;

base::TimeSpan requested(const Sampling& sampling, base::Duration duration) {
  const base::Timestamp from = std::min(sampling.from.value_or(0), duration);
  return {from, std::max(from, std::min(sampling.to.value_or(duration), duration))};
}

base::SpanSet coverage_of(const std::vector<graph::CoverageSpan>& coverage, graph::CoverageStatus status) {
  std::vector<base::TimeSpan> spans;
  for (const graph::CoverageSpan& part : coverage) {
    if (part.status == status) spans.push_back(part.span);
  }
  return base::SpanSet(std::move(spans));
}

void add(base::Usage& sum, const base::Usage& more) {
  sum.prompt_tokens += more.prompt_tokens;
  sum.completion_tokens += more.completion_tokens;
  sum.cost_usd += more.cost_usd;
}

std::string join(const std::string& a, const std::string& b) { return a.empty() ? b : b.empty() ? a : a + "; " + b; }

std::string count_of(std::int64_t n, const std::string& thing) { return std::to_string(n) + " " + thing + (n == 1 ? "" : "s"); }

}  // namespace

double spent_seconds(const graph::VideoRecord& video) {
  const auto found = video.media.is_object() ? video.media.find("spent_seconds") : video.media.end();
  return video.media.is_object() && found != video.media.end() && found->is_number() ? found->get<double>() : 0;
}

bool is_finished(const graph::VideoRecord& video, const std::vector<graph::ChunkRecord>& chunks,
                 const std::vector<graph::CoverageSpan>& coverage, const Sampling& sampling) {
  if (video.state != graph::VideoState::kDone && video.state != graph::VideoState::kPartial) return false;
  const base::SpanSet described = coverage_of(coverage, graph::CoverageStatus::kDescribed);
  // A failed chunk of an earlier run whose part was described since is no loss.
  const auto failed = [&](const graph::ChunkRecord& chunk) {
    return chunk.state != graph::ChunkState::kDone && !described.contains(chunk.own);
  };
  if (std::any_of(chunks.begin(), chunks.end(), failed)) return false;
  base::SpanSet settled;
  for (const graph::CoverageSpan& part : coverage) {
    if (part.reason != kOutsideReason) settled.add(part.span);
  }
  const base::TimeSpan wanted = requested(sampling, video.duration);
  return wanted.empty() || settled.contains(wanted);
}

VideoIngest::VideoIngest(const IngestRequest& request, Admission admission, base::Captioner& captioner, MediaSource& source, Writer& writer,
                         Budget& budget, ProgressSink& progress, base::LogSink log, std::stop_token stop)
    : request_(request),
      admission_(std::move(admission)),
      captioner_(captioner),
      source_(source),
      writer_(writer),
      budget_(budget),
      progress_(progress),
      log_(std::move(log)),
      stop_(std::move(stop)) {
  outcome_.id = admission_.id;
  outcome_.path = admission_.path.string();
  settings_ = settings_json(request_.sampling, captioner_.identity(), admission_.sidecar);
  if (admission_.known) video_ = *admission_.known;
  video_.id = admission_.id;
  video_.path = outcome_.path;
  video_.content_id = admission_.content_id;
}

VideoOutcome VideoIngest::run() {
  try {
    plan_reading();
    if (const std::string spent = budget_.reason(); !spent.empty()) {
      outcome_.status = Status::kInterrupted;
      outcome_.reason = spent;
      outcome_.duration = video_.duration;
      return outcome_;
    }
    ingest::ReaderOptions options;
    if (read_from_ > 0) options.from = read_from_;
    options.to = request_.sampling.to;
    options.keyframes_only = request_.sampling.fast;
    options.threads = request_.sampling.decoder_threads;
    std::unique_ptr<ingest::MediaReader> reader = source_.open(admission_.path, options);
    const base::MediaInfo info = reader->info();

    const base::Duration claimed = info.claimed_duration.value_or(0);
    video_.duration = std::max(video_.duration, claimed);
    if (video_.title.empty()) video_.title = info.title;
    if (info.wall_start) video_.wall_start = info.wall_start;
    video_.state = graph::VideoState::kIngesting;
    video_.reason.clear();
    const double spent = video_.media.is_object() ? video_.media.value("spent_seconds", 0.0) : 0.0;
    video_.media = media_json(info);
    video_.media["settings"] = settings_;
    if (spent > 0) video_.media["spent_seconds"] = spent;
    video_.row = writer_.with_store([&](graph::Store& store) { return store.put_video(video_); });
    const base::Timestamp read_to = request_.sampling.to.value_or(claimed);
    const bool by_chunks = !captioner_.has_memory() && !request_.sampling.chunking.by_shots && read_to > read_from_;
    const base::TimeSpan wanted{read_from_, read_to};
    progress_.opened(admission_.file, admission_.id, read_from_, read_to,
                     by_chunks ? model_work_of_film(wanted, request_.sampling.chunking) : 0);

    chunker::ChunkerOptions chunking = request_.sampling.chunking;
    chunking.start = read_from_;
    Reading reading(std::move(reader), captioner_.open(admission_.id, info), chunking, admission_.sidecar, source_);
    bool whole = false;
    try {
      whole = read(reading);
      if (whole) {
        close(reading);
        whole = !out_of_budget_;
      }
    } catch (const base::Error& error) {
      // What was sent before the server was given up, or the film broke, is paid for.
      if (error.code() != base::ErrorCode::kArchive && error.code() != base::ErrorCode::kInternal) drain(reading);
      throw;
    }
    if (!whole) {
      outcome_.status = Status::kInterrupted;
      outcome_.reason = out_of_budget_ ? budget_.reason() : "interrupted; run the same command again to go on";
      outcome_.duration = video_.duration;
    }
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::kArchive || error.code() == base::ErrorCode::kInternal) throw error.within(outcome_.path);
    if (error.code() == base::ErrorCode::kInterrupted) {
      outcome_.status = Status::kInterrupted;
      outcome_.reason = "interrupted; run the same command again to go on";
    } else {
      outcome_.model_failure = error.code() == base::ErrorCode::kModel;
      fail(error.cure().empty() ? error.message() : error.message() + " (" + error.cure() + ")");
    }
  }
  return outcome_;
}

/// Finds the chunks that are done, and where reading must begin.
void VideoIngest::plan_reading() {
  const Sampling& sampling = request_.sampling;
  read_from_ = sampling.from.value_or(0);
  if (!admission_.known) return;
  base::Usage spent;
  for (const graph::ChunkRecord& chunk : writer_.with_store([&](graph::Store& store) { return store.chunks(admission_.id); })) {
    if (chunk.state == graph::ChunkState::kDone)
      done_keys_.insert(chunk.key);
    else
      earlier_usage_[chunk.key] = chunk.usage;
    add(spent, chunk.usage);
  }
  budget_.add_earlier(admission_.id, spent, spent_seconds(*admission_.known));
  // A captioner that remembers must see the film from its start; where shots end, and what looks like what, cannot be known without
  // looking.
  if (captioner_.has_memory() || sampling.chunking.by_shots || sampling.skip_static) return;
  const base::Duration step = sampling.chunking.length - sampling.chunking.overlap;
  for (base::Timestamp at = read_from_;; at += step) {
    const base::TimeSpan span{at, at + sampling.chunking.length};
    if (!done_keys_.contains(chunk_key(admission_.content_id, span, {at, at + step}, settings_))) {
      read_from_ = at;
      return;
    }
    ++outcome_.chunks_skipped;
  }
}

/// Reads to the end. @returns false if it was stopped on request before.
bool VideoIngest::read(Reading& reading) {
  const std::size_t batch = static_cast<std::size_t>(std::max(1, captioner_.batch_size()));
  if (stop_.stop_requested()) return false;
  const auto add_sidecar = [&reading](base::Timestamp upto) {
    for (const base::Cue& cue : reading.cues.upto(upto)) reading.chunker.add(cue);
  };
  try {
    while (std::optional<ingest::MediaEvent> event = reading.reader->next()) {
      ++reading.events;
      if (const auto* frame = std::get_if<const base::Frame*>(&*event)) {
        add_sidecar((*frame)->at());
        reading.seen = std::max(reading.seen, (*frame)->at() + (*frame)->duration());
        const bool boundary = reading.chunker.add(**frame);
        reading.session->watch(**frame, boundary);
      } else if (const auto* sound = std::get_if<base::AudioBlock>(&*event)) {
        add_sidecar(sound->at);
        reading.seen = std::max(reading.seen, sound->at);
        reading.chunker.add(*sound);
      } else {
        const base::Cue& cue = std::get<base::Cue>(*event);
        add_sidecar(cue.span.start);
        if (reading.cues.accept(cue)) reading.chunker.add(cue);
      }
      for (base::Chunk& chunk : reading.chunker.take()) reading.pending.push_back(std::move(chunk));
      if (captioner_.has_memory() && reading.events % 64 == 0) progress_.reached(admission_.file, reading.seen, 0);
      const bool stopping = stop_.stop_requested();
      if (captioner_.is_concurrent()) {
        if (!stopping) flush(reading);
        if (stopping || out_of_budget_) {
          drain(reading);
          return false;
        }
        continue;
      }
      const bool first = !captioner_.has_memory() && outcome_.chunks_done + outcome_.chunks_failed == 0;
      if (reading.pending.size() < (stopping || first ? 1 : batch)) continue;
      flush(reading);
      if (stopping) return false;
    }
  } catch (const base::Error& error) {
    // What could be read of a file that breaks off is worth as much as that of one that ends.
    if (error.code() != base::ErrorCode::kBadInput || reading.events == 0) throw;
    reading.stopped = error.message() + " at " + base::format_time(reading.seen);
  }
  return true;
}

std::vector<base::CaptionResult> VideoIngest::describe(Reading& reading, const std::vector<base::Chunk>& chunks,
                                                       std::vector<int>& attempts) {
  attempts.assign(chunks.size(), 1);
  if (chunks.empty()) return {};
  const auto checked = [&](std::span<const base::Chunk> batch) {
    std::vector<base::CaptionResult> results = reading.session->describe(batch);
    if (results.size() != batch.size())
      throw base::Error(base::ErrorCode::kInternal,
                        "the captioner gave " + count_of(static_cast<std::int64_t>(results.size()), "result") + " for " +
                            count_of(static_cast<std::int64_t>(batch.size()), "chunk"),
                        captioner_.identity().kind);
    return results;
  };
  std::vector<base::CaptionResult> results = checked(chunks);
  if (captioner_.has_memory()) return results;  // it must not see a chunk twice
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    while (!results[i].observation && results[i].retryable && attempts[i] < kTries && !stop_.stop_requested()) {
      base::CaptionResult again = std::move(checked({&chunks[i], 1}).front());
      again.usage.prompt_tokens += results[i].usage.prompt_tokens;
      again.usage.completion_tokens += results[i].usage.completion_tokens;
      again.usage.cost_usd += results[i].usage.cost_usd;
      results[i] = std::move(again);
      ++attempts[i];
    }
  }
  return results;
}

bool VideoIngest::is_done(const base::Chunk& chunk) const {
  return done_keys_.contains(chunk_key(admission_.content_id, chunk.span, chunk.own, settings_));
}

/// Describes and commits the pending chunks, or begins to.
void VideoIngest::flush(Reading& reading) {
  if (captioner_.is_concurrent()) {
    for (base::Chunk& chunk : std::exchange(reading.pending, {})) {
      if (!out_of_budget_) begin(reading, std::move(chunk));
    }
    return collect(reading, false);
  }
  std::vector<base::Chunk> chunks;
  for (base::Chunk& chunk : reading.pending) {
    if (captioner_.has_memory() || !is_done(chunk))
      chunks.push_back(std::move(chunk));
    else {
      ++outcome_.chunks_skipped;
      advance({&chunk, 1});
    }
  }
  reading.pending.clear();
  // The first chunk goes alone, even if a short film gives several at once: how long the rest takes is known the sooner.
  const bool first = !captioner_.has_memory() && outcome_.chunks_done + outcome_.chunks_failed == 0;
  const std::size_t alone = std::min<std::size_t>(first ? 1 : chunks.size(), chunks.size());
  for (const auto& [begin, end] : {std::pair<std::size_t, std::size_t>{0, alone}, {alone, chunks.size()}}) {
    if (begin == end) continue;
    const std::vector<base::Chunk> batch(std::make_move_iterator(chunks.begin() + static_cast<std::ptrdiff_t>(begin)),
                                         std::make_move_iterator(chunks.begin() + static_cast<std::ptrdiff_t>(end)));
    std::vector<int> attempts;
    std::vector<base::CaptionResult> results = describe(reading, batch, attempts);
    advance(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) commit(reading, batch[i], std::move(results[i]), attempts[i]);
  }
}

/// What takes long is describing, not reading: progress is what has been described. (A captioner with memory works while it watches.)
void VideoIngest::advance(std::span<const base::Chunk> chunks) {
  if (captioner_.has_memory()) return;
  std::int64_t work = 0;
  for (const base::Chunk& chunk : chunks) {
    settled_ += chunk.own.length();
    work += model_work(chunk.span, request_.sampling.chunking);
  }
  progress_.reached(admission_.file, read_from_ + settled_, work);
}

void VideoIngest::settle(Reading& reading, const base::Chunk& chunk, base::CaptionResult result, int attempts) {
  advance({&chunk, 1});
  commit(reading, chunk, std::move(result), attempts);
}

/// Commits what came of one chunk, unless an earlier run did.
void VideoIngest::commit(Reading& reading, const base::Chunk& chunk, base::CaptionResult result, int attempts) {
  const std::string key = chunk_key(admission_.content_id, chunk.span, chunk.own, settings_);
  base::SpanSet gaps;
  std::vector<graph::CoverageSpan> coverage;
  for (const base::Gap& gap : reading.reader->summary().gaps) {
    const base::TimeSpan part = gap.span.intersection(chunk.own);
    if (part.empty()) continue;
    gaps.add(part);
    coverage.push_back({part, graph::CoverageStatus::kFailed, gap.reason});
  }
  reading.told.add(gaps);

  graph::ChunkCommit commit;
  std::vector<Writer::Picture> pictures;
  if (result.observation) {
    result.observation->video = admission_.id;
    // Chunks that come back in any order keep their own pictures only, so that the order decides nothing.
    EvidenceKeeper own(source_);
    pictures = (captioner_.is_concurrent() ? own : reading.evidence).choose(chunk, *result.observation);
    const base::SpanSet sound = gaps.complement(chunk.own);
    for (const base::TimeSpan& span : sound.spans()) coverage.push_back({span, graph::CoverageStatus::kDescribed, {}});
    for (const base::CoverageNote& note : result.notes) {
      // A captioner with memory may find out late that it could not tell.
      const base::TimeSpan part = note.span.intersection({captioner_.has_memory() ? 0 : chunk.own.start, chunk.own.end});
      if (!part.empty()) coverage.push_back({part, graph::CoverageStatus::kLimited, note.reason});
    }
  } else {
    coverage = {{chunk.own, graph::CoverageStatus::kFailed, result.failure}};
  }
  if (done_keys_.contains(key)) {
    ++outcome_.chunks_skipped;
    return;
  }
  add(outcome_.usage, result.usage);
  if (const auto earlier = earlier_usage_.find(key); earlier != earlier_usage_.end()) add(result.usage, earlier->second);
  earlier_usage_[key] = result.usage;
  commit.chunk = {
      key,      video_.row,     chunk.span,  chunk.own, result.observation ? graph::ChunkState::kDone : graph::ChunkState::kFailed,
      attempts, result.failure, result.usage};
  commit.observation = std::move(result.observation);
  commit.coverage = std::move(coverage);
  const bool described = commit.observation.has_value();
  const std::size_t kept = pictures.size();
  writer_.commit(std::move(commit), pictures);
  if (described) {
    ++outcome_.chunks_done;
    outcome_.frames += static_cast<std::int64_t>(kept);
    done_keys_.insert(key);
  } else {
    ++outcome_.chunks_failed;
    base::log(log_, base::LogLevel::kWarning,
              admission_.id + " at " + base::format_time(chunk.span.start) + ": chunk not described: " + result.failure);
  }
}

/// The file is read: describes what is left, and writes down how much of the video is known.
void VideoIngest::close(Reading& reading) {
  const Sampling& sampling = request_.sampling;
  const base::MediaSummary summary = reading.reader->summary();
  const base::Duration measured = std::max(summary.duration, reading.seen);
  if (reading.events == 0 && outcome_.chunks_skipped == 0) {
    const bool past = sampling.from && video_.duration > 0 && *sampling.from >= video_.duration;
    throw base::Error(base::ErrorCode::kBadInput,
                      past ? "--from is past the end of the film, which is " + base::format_time(video_.duration) + " long"
                      : summary.partial_reason.empty() ? "it holds no picture, sound or subtitle that can be read"
                                                       : summary.partial_reason,
                      outcome_.path);
  }
  base::Timestamp end = std::max(measured, read_from_);
  if (sampling.to) end = std::min(end, *sampling.to);
  for (const base::Cue& cue : reading.cues.upto(end)) reading.chunker.add(cue);
  reading.chunker.finish(end);
  for (base::Chunk& chunk : reading.chunker.take()) reading.pending.push_back(std::move(chunk));
  flush(reading);
  drain(reading);
  if (out_of_budget_) return;
  // Past `--to` nothing was measured, so the header's word stands there until the rest is read.
  video_.duration = sampling.to && measured >= *sampling.to ? std::max(measured, video_.duration) : measured;
  if (outcome_.chunks_failed > 0 && outcome_.chunks_done + outcome_.chunks_skipped == 0 && captioner_.is_concurrent())
    throw base::Error(base::ErrorCode::kModel, "no chunk could be described: " + reading.last_failure, {},
                      "run the same command again to retry");

  const std::vector<graph::CoverageSpan> stored = writer_.with_store([&](graph::Store& store) { return store.coverage(admission_.id); });
  const base::SpanSet described = coverage_of(stored, graph::CoverageStatus::kDescribed);
  std::vector<graph::CoverageSpan> gaps;
  const auto add_gap = [&gaps](const base::SpanSet& spans, graph::CoverageStatus status, const std::string& reason) {
    for (const base::TimeSpan& span : spans.spans()) gaps.push_back({span, status, reason});
  };
  const base::TimeSpan wanted = requested(sampling, video_.duration);
  base::SpanSet outside{{0, wanted.start}, {wanted.end, video_.duration}};
  outside.subtract(described);
  add_gap(outside, graph::CoverageStatus::kNotSampled, kOutsideReason);
  for (const base::Gap& gap : summary.gaps) {
    base::SpanSet untold{gap.span.intersection(wanted)};
    untold.subtract(reading.told);
    untold.subtract(described);
    add_gap(untold, graph::CoverageStatus::kFailed, gap.reason);
  }
  writer_.with_store([&](graph::Store& store) {
    store.put_gaps(admission_.id, gaps);
    return 0;
  });

  std::string reason = join(summary.partial_reason, reading.stopped);
  if (const int late = reading.chunker.late_cues(); late > 0) {
    reason = join(reason, count_of(late, "subtitle") +
                              " stood too far from its time in the file and was left out (put them beside the film as .srt)");
  }
  if (reason.empty()) {
    // Seen by an earlier run that was interrupted: its chunks hold what could not be read.
    for (const graph::CoverageSpan& part : stored) {
      if (part.status == graph::CoverageStatus::kFailed && outcome_.chunks_failed == 0)
        reason = part.reason + " at " + base::format_time(part.span.start);
    }
  }
  if (outcome_.chunks_failed > 0)
    reason = join(reason, count_of(outcome_.chunks_failed, "chunk") + " could not be described; ingest again to retry");
  video_.state = reason.empty() ? graph::VideoState::kDone : graph::VideoState::kPartial;
  video_.reason = reason;
  writer_.with_store([&](graph::Store& store) { return store.put_video(video_); });
  outcome_.status = reason.empty() ? Status::kDone : Status::kPartial;
  outcome_.reason = reason;
  outcome_.duration = video_.duration;
}

/// Nothing (more) can be had from this file now.
void VideoIngest::fail(const std::string& reason) {
  outcome_.status = Status::kFailed;
  outcome_.reason = reason;
  outcome_.duration = video_.duration;
  if (admission_.known && admission_.known->state != graph::VideoState::kIngesting &&
      admission_.known->state != graph::VideoState::kFailed) {
    // It was whole before; that this run failed takes nothing away.
    outcome_.duration = admission_.known->duration;
    writer_.with_store([&](graph::Store& store) { return store.put_video(*admission_.known); });
    return;
  }
  const bool something = outcome_.chunks_done + outcome_.chunks_skipped > 0;
  // Described chunks stay; the video counts as unfinished, so that the next run goes on from them.
  video_.state = something ? graph::VideoState::kIngesting : graph::VideoState::kFailed;
  if (!something && !outcome_.model_failure) video_.duration = outcome_.duration = 0;  // only the header spoke of one
  video_.reason = reason;
  writer_.with_store([&](graph::Store& store) { return store.put_video(video_); });
}

}  // namespace reelgraph::pipeline
