#include "cli/pipeline/batch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/utf8.h"
#include "cli/pipeline/budget.h"
#include "cli/pipeline/settings.h"
#include "cli/pipeline/video_ingest.h"

namespace reelgraph::pipeline {
namespace {

constexpr std::size_t kLongestId = 200;  // bytes

std::string stem_of(const std::filesystem::path& path) {
  const std::string stem = base::sanitize_utf8(path.stem().string(), kLongestId);
  return stem.empty() ? "video" : stem;
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || (std::filesystem::equivalent(a, b, error) && !error);
}

VideoOutcome outcome_of(const std::filesystem::path& path, Status status, std::string reason) {
  VideoOutcome outcome;
  outcome.path = path.string();
  outcome.status = status;
  outcome.reason = std::move(reason);
  return outcome;
}

std::string reason_of(const base::Error& error) {
  return error.cure().empty() ? error.message() : error.message() + " (" + error.cure() + ")";
}

/// Hands out files in order and decides, one at a time, what each is: so ids do not depend on which thread was faster.
class Admissions {
 public:
  Admissions(const IngestRequest& request, const base::CaptionerIdentity& identity, MediaSource& source, Writer& writer,
             const base::LogSink& log, std::stop_token stop)
      : request_(request), identity_(identity), source_(source), writer_(writer), log_(log), stop_(std::move(stop)) {
    writer_.with_store([&](graph::Store& store) {
      for (const graph::VideoRecord& video : store.videos()) ids_[video.id] = {video.path, video.content_id, video.state};
      return 0;
    });
  }

  struct Next {
    int file = 0;
    std::optional<VideoOutcome> outcome;  ///< nothing is left to do
    std::optional<int> copy_of;           ///< a file of this run with the same content: what comes of that one counts
    Admission admission;
  };

  /// Empty when no file is left.
  std::optional<Next> next() {
    const std::lock_guard lock(mutex_);
    if (next_ >= request_.files.size()) return std::nullopt;
    Next next;
    next.file = static_cast<int>(next_);
    const std::filesystem::path& path = request_.files[next_++];
    if (stop_.stop_requested()) {
      next.outcome = outcome_of(path, Status::kInterrupted, "interrupted before it began");
      return next;
    }
    try {
      admit(path, next);
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::kArchive || error.code() == base::ErrorCode::kInternal) throw;
      const bool stopped = error.code() == base::ErrorCode::kInterrupted || stop_.stop_requested();
      next.outcome = outcome_of(path, stopped ? Status::kInterrupted : Status::kFailed, reason_of(error));
    }
    return next;
  }

 private:
  struct Known {
    std::string path, content;
    graph::VideoState state = graph::VideoState::kIngesting;
  };

  void admit(const std::filesystem::path& path, Next& next) {
    Admission& admission = next.admission;
    admission.file = next.file;
    admission.path = path;
    admission.content_id = source_.content_id(path, stop_);
    if (const auto working = in_hand_.find(admission.content_id); working != in_hand_.end()) {
      next.copy_of = working->second;
      return;
    }
    admission.sidecar = source_.sidecar_cues(path, log_);
    admission.known = writer_.with_store([&](graph::Store& store) { return store.find_content(admission.content_id); });
    if (admission.known) {
      admission.id = admission.known->id;
      next.outcome = known_outcome(admission);
    } else {
      admission.id = new_id(admission);
      // Only an import's id can be taken: its row is the known one.
      admission.known = writer_.with_store([&](graph::Store& store) { return store.find_video(admission.id); });
      if (admission.known && admission.known->id != admission.id) admission.known.reset();  // found by title or path
    }
    if (!next.outcome) in_hand_[admission.content_id] = next.file;
  }

  /// Is there anything to do for content that the archive has? Empty if so.
  std::optional<VideoOutcome> known_outcome(Admission& admission) {
    graph::VideoRecord& video = *admission.known;
    const std::string path = admission.path.string();
    const bool copy = !same_file(video.path, path);
    if (!request_.id.empty() && request_.id != video.id) {
      base::log(log_, base::LogLevel::kWarning,
                path + ": the archive knows this content as " + video.id + "; --id " + request_.id + " is not used");
    }
    const auto [chunks, coverage] =
        writer_.with_store([&](graph::Store& store) { return std::pair(store.chunks(video.id), store.coverage(video.id)); });
    if (!is_finished(video, chunks, coverage, request_.sampling)) return std::nullopt;
    const nlohmann::json wanted = settings_json(request_.sampling, identity_, admission.sidecar);
    const nlohmann::json had = video.media.is_object() ? video.media.value("settings", nlohmann::json()) : nlohmann::json();
    std::string reason = copy ? "same content as " + video.id : "already ingested";
    if (had != wanted) {
      if (request_.recaption) return std::nullopt;
      reason += " with other settings (" + settings_words(had) + "); --recaption describes it again";
    }
    if (copy && !std::filesystem::exists(video.path)) {
      // The film was moved: `clip` and `frame` need to know where it is now.
      video.path = path;
      writer_.with_store([&](graph::Store& store) { return store.put_video(video); });
    }
    VideoOutcome outcome = outcome_of(path, Status::kUnchanged, reason);
    outcome.id = video.id;
    outcome.duration = video.duration;
    outcome.chunks_skipped = static_cast<int>(chunks.size());
    return outcome;
  }

  std::string new_id(const Admission& admission) {
    const std::string path = admission.path.string();
    const std::string wanted = request_.id.empty() ? stem_of(admission.path) : request_.id;
    std::string id = wanted;
    for (int n = 2; !may_take(id, path); ++n) {
      if (!request_.id.empty()) {
        throw base::Error(base::ErrorCode::kInvalidArgument, "the id " + id + " belongs to another video (" + ids_[id].path + ")", path,
                          "choose another --id");
      }
      id = wanted + "-" + std::to_string(n);
    }
    ids_[id] = {path, admission.content_id, graph::VideoState::kIngesting};
    return id;
  }

  /// An id is free if nobody has it, if the same path failed under it before (the file was mended), or, when named by `--id`, if an import
  /// made it and the film comes now.
  bool may_take(const std::string& id, const std::string& path) {
    const auto found = ids_.find(id);
    if (found == ids_.end()) return true;
    const Known& known = found->second;
    if (known.state == graph::VideoState::kFailed && same_file(known.path, path)) {
      writer_.with_store([&](graph::Store& store) {
        store.remove_video(id);
        return 0;
      });
      return true;
    }
    return !request_.id.empty() && known.state == graph::VideoState::kImported && known.content.empty();
  }

  const IngestRequest& request_;
  const base::CaptionerIdentity identity_;
  MediaSource& source_;
  Writer& writer_;
  const base::LogSink& log_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::map<std::string, Known> ids_;    ///< by id: the archive's, and those given in this run
  std::map<std::string, int> in_hand_;  ///< content id -> file: begun in this run
};

}  // namespace

BatchResult ingest_batch(const IngestRequest& request, base::Captioner& captioner, MediaSource& source, graph::Store& store,
                         FrameSink& frames, ProgressSink& progress, const base::LogSink& log, std::stop_token stop) {
  Writer writer(store, frames);
  Budget budget(request.limits);
  for (const graph::VideoRecord& video : store.videos()) {
    const bool asked =
        std::any_of(request.files.begin(), request.files.end(), [&](const auto& file) { return same_file(video.path, file.string()); });
    if (!asked) continue;
    base::Usage spent;
    for (const graph::ChunkRecord& chunk : store.chunks(video.id)) {
      spent.prompt_tokens += chunk.usage.prompt_tokens;
      spent.completion_tokens += chunk.usage.completion_tokens;
      spent.cost_usd += chunk.usage.cost_usd;
    }
    budget.add_earlier(video.id, spent, spent_seconds(video));
  }
  Admissions admissions(request, captioner.identity(), source, writer, log, stop);
  BatchResult result;
  result.videos.resize(request.files.size());
  std::vector<std::pair<int, int>> copies;  // file, file of the same content
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<bool> broken = false;

  const auto work = [&] {
    try {
      while (!broken) {
        std::optional<Admissions::Next> next = admissions.next();
        if (!next) return;
        if (next->copy_of) {
          const std::lock_guard lock(mutex);
          copies.emplace_back(next->file, *next->copy_of);
          continue;
        }
        VideoOutcome outcome =
            next->outcome ? std::move(*next->outcome)
                          : VideoIngest(request, std::move(next->admission), captioner, source, writer, budget, progress, log, stop).run();
        progress.finished(next->file, outcome);
        const std::lock_guard lock(mutex);
        result.videos[static_cast<std::size_t>(next->file)] = std::move(outcome);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      broken = true;
    }
  };
  const std::size_t jobs = std::min(static_cast<std::size_t>(std::max(1, request.jobs)), std::max<std::size_t>(1, request.files.size()));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < jobs; ++i) threads.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  for (const auto& [file, first] : copies) {
    const VideoOutcome& original = result.videos[static_cast<std::size_t>(first)];
    VideoOutcome& copy = result.videos[static_cast<std::size_t>(file)];
    copy = outcome_of(request.files[static_cast<std::size_t>(file)], original.status, {});
    copy.id = original.id;
    copy.duration = original.duration;
    copy.reason = "same content as " + original.id;
    copy.model_failure = original.model_failure;
    if (original.status == Status::kDone || original.status == Status::kPartial) copy.status = Status::kUnchanged;
    if (!original.reason.empty()) copy.reason += ": " + original.reason;
    copy.chunks_skipped = original.chunks_done + original.chunks_skipped;
    progress.finished(file, copy);
  }
  for (const VideoOutcome& outcome : result.videos) result.interrupted |= outcome.status == Status::kInterrupted;
  return result;
}

}  // namespace reelgraph::pipeline
