#pragma once
// What an ingest is asked to do, what it tells while it works, and what came of it: plain values and small interfaces.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/endpoint.h"
#include "base/local_model.h"
#include "base/log.h"
#include "base/profile.h"
#include "chunker/chunker.h"
#include "ingest/media_reader.h"

namespace reelgraph::pipeline {

/// How a video is read and cut.
struct Sampling {
  chunker::ChunkerOptions chunking;  ///< `start` is filled from `from`
  std::optional<base::Timestamp> from, to;
  bool fast = false;         ///< key pictures only
  int decoder_threads = 0;   ///< 0: one per core
  bool skip_static = false;  ///< chunks that look like the one before on a still camera are not described again
};

/// What may be spent on the films of a request, over all runs; 0: no limit.
struct Limits {
  double usd = 0;
  std::int64_t tokens = 0;
  double seconds = 0;
};

/// One run over many files.
struct IngestRequest {
  std::vector<std::filesystem::path> files;
  std::string id;  ///< REQUIRES: empty unless there is one file
  Sampling sampling;
  std::string captioner = "signals";  ///< as on the command line
  base::EndpointSettings endpoint;    ///< of a captioner "endpoint:URL"
  base::LocalSettings local;          ///< of a captioner "local:FOLDER"
  std::string ocr_language;           ///< of on-screen text, as Tesseract names it; empty: not read
  Limits limits;
  base::Profile profile;
  bool recaption = false;  ///< describe again what was described with other settings
  int jobs = 1;            ///< files at once, >= 1
};

/// What a model does for one chunk, in pictures: those it is shown, and as many again as reading the prompt and writing the reply take
/// (two, by the times of SmolVLM2-256M on a CPU; for larger models and servers a rough figure).
[[nodiscard]] std::int64_t model_work(base::TimeSpan chunk, const chunker::ChunkerOptions& options);

/// The same for all the chunks that [from, to) is cut into, if no shot boundary shortens them.
[[nodiscard]] std::int64_t model_work_of_film(base::TimeSpan film, const chunker::ChunkerOptions& options);

enum class Status { kDone, kPartial, kFailed, kUnchanged, kInterrupted };
[[nodiscard]] std::string status_name(Status status);

struct VideoOutcome {
  std::string id;  ///< empty if the file never got one
  std::string path;
  Status status = Status::kFailed;
  base::Duration duration = 0;
  int chunks_done = 0;         ///< described by this run
  int chunks_failed = 0;       ///< could not be described by this run; the next run tries again
  int chunks_skipped = 0;      ///< were there already
  std::int64_t frames = 0;     ///< pictures kept by this run
  base::Usage usage;           ///< of a model server, by this run
  std::string reason;          ///< empty only when done
  bool model_failure = false;  ///< failed because of a model or its server, not because of the file
};

/// What a dry run expects of one file. Nothing is written or described.
struct VideoPlan {
  std::string id;  ///< of the known copy; empty for new content
  std::string path;
  std::string status;  ///< "planned", "unchanged", "failed"
  base::Duration duration = 0;
  std::int64_t chunks = 0;
  std::int64_t frames = 0;  ///< most that are kept
  std::int64_t bytes = 0;   ///< on disk, a rough estimate
  base::Usage usage;        ///< expected of a model server
  std::int64_t sent = 0;    ///< chunks that it will be shown (the others look like one before)
  double seconds = 0;       ///< of work, a rough estimate
  std::string reason;
};

/// Watches an ingest. Called from the threads that do the work.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// `file` counts from 0 in the order of the request. `from` is where reading starts, `to` where it is expected to end (0: unknown).
  /// @param work that a model will do for the film, as far as is known (`model_work`); 0: the work goes by the length of the film
  virtual void opened(int file, const std::string& id, base::Timestamp from, base::Timestamp to, std::int64_t work) = 0;
  /// @param work that is settled since the last call
  virtual void reached(int file, base::Timestamp at, std::int64_t work) = 0;
  virtual void finished(int file, const VideoOutcome& outcome) = 0;
};

/// Where media come from. Thread-safe.
class MediaSource {
 public:
  virtual ~MediaSource() = default;
  /// @throws base::Error kBadInput
  [[nodiscard]] virtual std::string content_id(const std::filesystem::path& file, std::stop_token stop) = 0;
  [[nodiscard]] virtual std::unique_ptr<ingest::MediaReader> open(const std::filesystem::path& file,
                                                                  const ingest::ReaderOptions& options) = 0;
  /// Cues of subtitle files beside a film, by start; one that cannot be read is logged and left out.
  [[nodiscard]] virtual std::vector<base::Cue> sidecar_cues(const std::filesystem::path& film, const base::LogSink& log) = 0;
  /// JPEG bytes.
  [[nodiscard]] virtual std::string encode(const base::Image& image) = 0;
};

/// Where kept pictures go.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// @returns the path relative to the archive. Idempotent; durable before it returns.
  virtual std::string add_frame(const std::string& jpeg, const std::string& content_hash) = 0;
};

}  // namespace reelgraph::pipeline
