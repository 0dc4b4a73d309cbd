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
};

/// Thread-safe factory of sessions.
class Captioner {
 public:
  virtual ~Captioner() = default;
  [[nodiscard]] virtual CaptionerIdentity identity() const = 0;
  /// True if a session carries state from chunk to chunk (tracks, backgrounds): a resumed ingest then reads the video from the start,
  /// and what was stored before is passed over, so that an interrupted run gives the same graph as an undisturbed one.
  [[nodiscard]] virtual bool has_memory() const = 0;
  /// How many chunks `describe` likes to get at once.
  [[nodiscard]] virtual int batch_size() const = 0;
  [[nodiscard]] virtual std::unique_ptr<CaptionSession> open(const std::string& video, const MediaInfo& media) = 0;
};

}  // namespace reelgraph::base
