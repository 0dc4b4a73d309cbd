#pragma once
// The one truth of an archive: rows about videos, chunks, observations, entities, events, and what was looked at.
// `Store` is an interface so that a second store can be written; `graph/archive.h` opens the SQLite one.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/observation.h"
#include "base/observation_json.h"
#include "base/span_set.h"

namespace reelgraph::graph {

using RowId = std::int64_t;  ///< of one archive; never exported

enum class VideoState { kIngesting = 1, kDone = 2, kPartial = 3, kFailed = 4, kImported = 5 };

struct VideoRecord {
  RowId row = 0;
  std::string id;                         ///< what users call it; unique
  std::string title;                      ///< may be empty
  std::string path;                       ///< absolute path of the media when ingested, or as imported; may be empty
  std::string content_id;                 ///< empty for imports
  base::Duration duration = 0;            ///< measured, or claimed while ingesting
  std::optional<std::string> wall_start;  ///< ISO 8601
  VideoState state = VideoState::kIngesting;
  std::string reason;                               ///< of kPartial and kFailed
  nlohmann::json media = nlohmann::json::object();  ///< MediaInfo in short, sampling used
};

enum class ChunkState {
  kDone = 1,
  kFailed = 2,
  kUnderWay = 3  ///< was sent to be described; `usage` is what that may cost. Of a process that is gone: still to do
};

struct ChunkRecord {
  std::string key;  ///< hash(content id, span, sampling, captioner, model, prompt version)
  RowId video = 0;
  base::TimeSpan span;
  base::TimeSpan own;
  ChunkState state = ChunkState::kDone;
  int attempts = 1;
  std::string failure;  ///< reason of kFailed
  base::Usage usage;
};

enum class CoverageStatus { kDescribed = 1, kFailed = 2, kNotSampled = 3, kLimited = 4 };

struct CoverageSpan {
  base::TimeSpan span;
  CoverageStatus status = CoverageStatus::kDescribed;
  std::string reason;  ///< why failed or not sampled; for kLimited (described, but less was said) e.g. "camera_moves"
};

struct StoredFrame {
  base::Timestamp at = 0;
  std::string file;  ///< relative to the archive folder: "frames/ab/ab12....jpg"
};

/// Everything one finished chunk adds, committed in one transaction.
struct ChunkCommit {
  ChunkRecord chunk;
  std::optional<base::Observation> observation;
  std::vector<StoredFrame> frames;
  std::vector<CoverageSpan> coverage;
};

struct ParticipantRecord {
  RowId entity = 0;
  std::string name;  ///< display name: name, else description, else "TYPE N"
  std::string role;
};

struct EventRecord {
  RowId row = 0;
  std::string video;  ///< id
  std::string type;
  base::TimeSpan span;
  std::string description;
  nlohmann::json attributes;
  std::optional<base::Timestamp> show_at;
  RowId observation = 0;
  std::vector<ParticipantRecord> participants;
};

/// Which events. Empty lists and options do not restrict; within a list any matches, between fields all must.
struct EventFilter {
  std::vector<std::string> videos;              ///< ids
  std::optional<base::TimeSpan> within;         ///< events that overlap it
  std::optional<base::TimeSpan> starts_within;  ///< events whose start lies in it
  std::vector<std::string> types;
  std::vector<RowId> entities;                                     ///< taking part (all of them must)
  std::string role;                                                ///< with `entities`: in this role
  std::vector<std::pair<std::string, nlohmann::json>> attributes;  ///< equal to; a pair with an array: any of it
  bool newest_first = false;                                       ///< order by start descending (per video order by id ascending first)
  int limit = 0;                                                   ///< 0: all
};

struct EntityRecord {
  RowId row = 0;
  std::string name;  ///< display name
  std::string type;
  std::string stable_id;  ///< may be empty
  std::string source;     ///< provenance.name of the stable id
  std::vector<std::string> aliases;
  std::string description;
  nlohmann::json attributes;
  std::int64_t mentions = 0;
};

struct MentionRecord {
  std::string video;
  base::TimeSpan span;
  RowId observation = 0;
  std::string description;
  std::optional<base::Box> box;
};

struct ObservationRecord {
  RowId row = 0;
  base::Observation observation;
  bool superseded = false;
};

struct RelationRecord {
  RowId source = 0;
  std::string source_name;
  std::string type;
  RowId target = 0;
  std::string target_name;
  std::string video;
  base::TimeSpan span;
  RowId observation = 0;
};

/// A ranked piece of text of one observation or event.
struct Passage {
  std::string video;
  base::TimeSpan span;
  RowId observation = 0;
  std::optional<RowId> event;
  std::string text;
  double score = 0;  ///< larger is better; comparable within one result only
};

struct SearchRequest {
  std::vector<std::string> words;  ///< plain words; quoted by the store, so that no query syntax can slip in
  bool match_all = false;          ///< else any word, ranked by BM25
  std::vector<std::string> videos;
  std::optional<base::TimeSpan> within;
  int limit = 10;
};

struct Counts {
  std::int64_t videos = 0, chunks = 0, observations = 0, entities = 0, mentions = 0, events = 0, relations = 0, frames = 0;
};

/// One transaction over many lines of an import. Rolled back when destroyed without `commit`. While it lives, the store takes no other
/// change.
class Bulk {
 public:
  virtual ~Bulk() = default;
  /// Adds a video or fills in what the line knows: its duration never shrinks, and of a video that was ingested only what is empty changes.
  virtual void put_video(const base::VideoLine& line) = 0;
  /// @param o canonical (base::make_canonical or a read line with renumbered refs). A video nobody has announced is made.
  /// @returns false if the same observation is there already
  virtual bool add(const base::Observation& o) = 0;
  virtual bool add(const base::CoverageLine& line) = 0;
  virtual bool add(const base::IdentityLine& line) = 0;
  virtual bool add(const base::SummaryLine& line) = 0;
  /// Videos whose claimed duration was too short and what they grew to; names and durations.
  [[nodiscard]] virtual std::vector<std::pair<std::string, base::Duration>> grown() const = 0;
  virtual void commit() = 0;
};

/// Not for use from several threads; open one per thread. Every change is one transaction: on an exception nothing of it stays.
/// All functions throw base::Error kArchive when the database fails.
class Store {
 public:
  virtual ~Store() = default;

  // --- writing (REQUIRES: opened for writing) ---
  /// Adds the video or changes it (by id). @returns its row.
  virtual RowId put_video(const VideoRecord& video) = 0;
  /// Removes a video and all that hangs on it.
  virtual void remove_video(const std::string& id) = 0;
  /// Stores a chunk and all that was seen in it. A chunk with the same key replaces one that is not done; a done one is left as it is.
  /// An observation supersedes that of an earlier chunk with another key once the later chunks' own parts cover its own part.
  virtual void commit_chunk(const ChunkCommit& commit) = 0;
  /// Replaces all coverage of a video with status kNotSampled or kFailed whose reason is not a chunk's (gaps found at the end of a file).
  virtual void put_gaps(const std::string& video, const std::vector<CoverageSpan>& gaps) = 0;
  /// Replaces the summaries of a video that bear this maker (in their `body`) by `lines`.
  virtual void put_summaries(const std::string& video, const std::string& maker, const std::vector<base::SummaryLine>& lines) = 0;

  // --- videos and coverage ---
  [[nodiscard]] virtual std::vector<VideoRecord> videos() const = 0;
  /// By id, else by title, else by path or file name. More than one match by title: kInvalidArgument naming them.
  [[nodiscard]] virtual std::optional<VideoRecord> find_video(const std::string& text) const = 0;
  [[nodiscard]] virtual std::optional<VideoRecord> find_content(const std::string& content_id) const = 0;
  [[nodiscard]] virtual std::vector<ChunkRecord> chunks(const std::string& video) const = 0;
  /// By start. A failed chunk that another run has described is not failed. An imported video without coverage of its own counts as
  /// described over its whole length, because its source speaks of all of it.
  [[nodiscard]] virtual std::vector<CoverageSpan> coverage(const std::string& video) const = 0;
  [[nodiscard]] virtual Counts counts() const = 0;
  [[nodiscard]] virtual std::vector<std::string> captioners() const = 0;  ///< provenance names and versions in use

  // --- what was seen ---
  [[nodiscard]] virtual std::vector<EventRecord> events(const EventFilter& filter) const = 0;
  [[nodiscard]] virtual std::int64_t count_events(const EventFilter& filter) const = 0;
  [[nodiscard]] virtual std::optional<EventRecord> event(RowId row) const = 0;
  [[nodiscard]] virtual std::vector<std::string> event_types() const = 0;  ///< in use, sorted; cheap whatever the size
  [[nodiscard]] virtual std::vector<std::string> entity_types() const = 0;
  [[nodiscard]] virtual std::vector<std::string> roles() const = 0;
  [[nodiscard]] virtual std::vector<std::string> relation_types() const = 0;
  [[nodiscard]] virtual std::optional<ObservationRecord> observation(RowId row) const = 0;
  /// Observations overlapping a span, by start.
  [[nodiscard]] virtual std::vector<ObservationRecord> observations(const std::string& video, base::TimeSpan span, int limit) const = 0;
  [[nodiscard]] virtual std::optional<EntityRecord> entity(RowId row) const = 0;
  /// Entities one of whose names or aliases equals `name` when case, accents and punctuation are folded; if there are none and not
  /// `whole_name`, those with a name that holds all its words. Most mentioned first.
  [[nodiscard]] virtual std::vector<EntityRecord> find_entities(const std::string& name, bool whole_name, int limit) const = 0;
  /// Most mentioned first; `type` empty: all.
  [[nodiscard]] virtual std::vector<EntityRecord> entities(const std::string& type, const std::vector<std::string>& videos,
                                                           int limit) const = 0;
  [[nodiscard]] virtual std::vector<MentionRecord> mentions(RowId entity, int limit) const = 0;
  [[nodiscard]] virtual std::vector<RelationRecord> relations(RowId entity, int limit) const = 0;
  [[nodiscard]] virtual std::vector<Passage> search(const SearchRequest& request) const = 0;
  /// Does this word occur in any text of the archive (stemmed)? For telling an unknown word from a rare one.
  [[nodiscard]] virtual bool knows_word(const std::string& word) const = 0;
  /// Live observations whose text holds the word (of several, all of them), counted up to `most`.
  [[nodiscard]] virtual std::int64_t observations_with(const std::string& word, std::int64_t most) const = 0;
  /// The kept frame that lies in `span`, nearest to `at`; else the nearest within `slack` of `at`.
  [[nodiscard]] virtual std::optional<StoredFrame> frame_near(const std::string& video, base::TimeSpan span, base::Timestamp at,
                                                              base::Duration slack) const = 0;

  // --- lines in bulk (`graph/transfer.h`) ---
  [[nodiscard]] virtual std::unique_ptr<Bulk> begin_bulk() = 0;
  /// Live observations of a video, canonical, by start.
  virtual void each_observation(const std::string& video, const std::function<void(const base::Observation&)>& visit) const = 0;
  virtual void each_summary(const std::string& video, const std::function<void(const base::SummaryLine&)>& visit) const = 0;
  virtual void each_identity(const std::function<void(const base::IdentityLine&)>& visit) const = 0;
  /// Coverage as it is stored; `coverage` also knows what an import without any stands for.
  [[nodiscard]] virtual std::vector<CoverageSpan> stored_coverage(const std::string& video) const = 0;
};

}  // namespace reelgraph::graph
