#pragma once
// The interface between the ingest pipeline and whatever looks at pictures.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/chunk.h"
#include "base/media.h"
#include "base/observation.h"

namespace reelgraph::base {

/// Names what produced an observation. All of it is part of a chunk's key: another value means another description.
struct CaptionerIdentity {
  std::string kind;            ///< "signals", "local", "endpoint"
  std::string model;           ///< model name or folder hash; equals `kind` where there is none
  std::string version;         ///< of the captioner's code
  std::string prompt_version;  ///< hash of prompt, schema and profile
};

struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  double cost_usd = 0;
};

/// A part of a chunk about which less was said, and why ("camera_moves", "too_dark", "too_short").
struct CoverageNote {
  TimeSpan span;
  std::string reason;
};

/// Outcome of looking at one chunk: an observation, or the reason why there is none.
struct CaptionResult {
  std::optional<Observation> observation;  ///< spans on the video's clock; `video` is filled by the caller
  std::string failure;                     ///< why `observation` is empty; one sentence
  bool retryable = false;                  ///< the failure may pass (a busy server)
  Usage usage;
  std::vector<CoverageNote> notes;
  int attempts = 1;  ///< tries that the captioner itself made
};

/// What describing a chunk will take, told before it is asked for.
struct Estimate {
  Usage expected;
  Usage worst;         ///< what it may take at most, repairs included
  double seconds = 0;  ///< of waiting, if it is the only one asked for; 0: unknown
};

/// Outcome of a chunk that was begun.
struct Finished {
  int chunk = 0;  ///< its index
  CaptionResult result;
};

/// One captioner's work on one video. Sessions of different videos may run on different threads.
class CaptionSession {
 public:
  virtual ~CaptionSession() = default;

  /// Called for each decoded frame in time order, before the chunk that holds it is described. `boundary`: a shot begins with this frame.
  virtual void watch(const Frame& frame, bool boundary) = 0;

  /// Describes chunks in time order; one result a chunk, in the same order.
  /// Throws Error kModel only when no further chunk can be described; a chunk's own failure is a result.
  [[nodiscard]] virtual std::vector<CaptionResult> describe(std::span<const Chunk> chunks) = 0;

  // --- captioners that describe several chunks at once in the background (`is_concurrent`) are used by these instead of `describe` ---

  /// What `chunk` would take; empty if that is nothing worth counting.
  [[nodiscard]] virtual std::optional<Estimate> estimate(const Chunk& /*chunk*/) { return std::nullopt; }
  /// False: as many chunks are under way as should be; wait for one to finish before the next is begun.
  [[nodiscard]] virtual bool has_room() const { return true; }
  /// Begins to describe a chunk and returns at once; the chunk is not needed any more then.
  /// @throws Error kModel when nothing more can be described (the server is given up); what was begun before still finishes
  virtual void begin(const Chunk& /*chunk*/) {}
  /// Results that are there, in any order. @param wait: until there is at least one, if any chunk is under way
  [[nodiscard]] virtual std::vector<Finished> finished(bool /*wait*/) { return {}; }
};

/// Thread-safe factory of sessions.
class Captioner {
 public:
  virtual ~Captioner() = default;
  [[nodiscard]] virtual CaptionerIdentity identity() const = 0;
  /// True if a session carries state from chunk to chunk (tracks, backgrounds): a resumed ingest then reads the video from the start,
  /// and what was stored before is passed over, so that an interrupted run gives the same graph as an undisturbed one.
  [[nodiscard]] virtual bool has_memory() const = 0;
  /// True if chunks are described in the background, by `begin` and `finished`. Such a captioner has no memory.
  [[nodiscard]] virtual bool is_concurrent() const { return false; }
  /// True if `Chunk::before` should be filled in: chunks of one video are then described one after another.
  [[nodiscard]] virtual bool wants_previous() const { return false; }
  /// How many chunks `describe` likes to get at once.
  [[nodiscard]] virtual int batch_size() const = 0;
  [[nodiscard]] virtual std::unique_ptr<CaptionSession> open(const std::string& video, const MediaInfo& media) = 0;
  /// For a dry run: a session whose `estimate` is as good as it can be without describing anything; nothing else of it may be used.
  /// Null: chunks take nothing worth counting. @param basis gets what the estimates rest on, one clause for people
  [[nodiscard]] virtual std::unique_ptr<CaptionSession> rehearse(std::string& /*basis*/) { return nullptr; }
};

}  // namespace reelgraph::base
