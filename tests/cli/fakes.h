#pragma once
// A film that exists only as numbers, a captioner that does as it is told, and a store in memory: what the pipeline is tested with.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/captioner.h"
#include "base/error.h"
#include "cli/pipeline/types.h"
#include "graph/store.h"
#include "tests/support/frames.h"

namespace reelgraph::test {

/// Stands for SIGKILL: nothing in the pipeline catches it.
struct Killed {};

/// Grey pictures, ten a second, each brighter than the last and starting again, so that no two neighbours are alike.
struct FakeFilm {
  base::Duration duration = 10 * base::kSecond;
  base::Duration frame = 100 * base::kMillisecond;
  std::string content;          ///< stands for the bytes; its hash is the content id
  std::string open_failure;     ///< opening throws this
  std::vector<base::Gap> gaps;  ///< no frames there
  std::string partial_reason;
  std::optional<base::Timestamp> breaks_at;  ///< reading throws there
  std::vector<base::Cue> cues, sidecar;
  bool pictures = true;
};

class FakeReader final : public ingest::MediaReader {
 public:
  FakeReader(const FakeFilm& film, const ingest::ReaderOptions& options) : film_(film), options_(options) {
    info_.container = "fake";
    info_.claimed_duration = film.duration;
    if (film.pictures) {
      info_.video_stream = 0;
      info_.display_size = {32, 18};
      info_.frame_rate = 10;
      info_.streams = {{0, base::StreamKind::kVideo, "fake", "", ""}};
    }
    end_ = std::min(film.duration, options.to.value_or(film.duration));
    at_ = options.from.value_or(0);
  }

  const base::MediaInfo& info() const override { return info_; }

  std::optional<ingest::MediaEvent> next() override {
    if (film_.breaks_at && at_ >= *film_.breaks_at) throw base::Error(base::ErrorCode::kBadInput, "the disk was pulled out", "fake");
    if (next_cue_ < film_.cues.size() && film_.cues[next_cue_].span.start <= at_) return film_.cues[next_cue_++];
    const auto in_gap = [&] {
      return std::any_of(film_.gaps.begin(), film_.gaps.end(), [&](const base::Gap& gap) { return gap.span.contains(at_); });
    };
    while (at_ < end_ && (in_gap() || !film_.pictures)) at_ += film_.frame;
    if (at_ >= end_) return std::nullopt;
    const auto grey = static_cast<std::uint8_t>((at_ / film_.frame * 7) % 256);
    frame_ = std::make_unique<StillFrame>(at_, film_.frame, plain_picture(32, 18, grey, static_cast<std::uint8_t>(255 - grey), 128));
    at_ += film_.frame;
    ++frames_;
    return frame_.get();
  }

  base::MediaSummary summary() const override {
    base::MediaSummary summary;
    summary.duration = at_;
    summary.frames = frames_;
    for (const base::Gap& gap : film_.gaps) {
      if (gap.span.end <= at_) summary.gaps.push_back(gap);
    }
    summary.partial_reason = film_.partial_reason;
    return summary;
  }

 private:
  const FakeFilm film_;
  const ingest::ReaderOptions options_;
  base::MediaInfo info_;
  base::Timestamp at_ = 0, end_ = 0;
  std::size_t next_cue_ = 0;
  std::int64_t frames_ = 0;
  std::unique_ptr<StillFrame> frame_;
};

/// Opens the films it was given; its answers may be asked for from several threads, like those of the real one.
class FakeSource final : public pipeline::MediaSource {
 public:
  std::map<std::string, FakeFilm> films;  ///< by path
  std::vector<base::Timestamp> opened_from;

  std::string content_id(const std::filesystem::path& file, std::stop_token) override {
    const FakeFilm& film = at(file);
    return film.content.empty() ? file.string() : film.content;
  }
  std::unique_ptr<ingest::MediaReader> open(const std::filesystem::path& file, const ingest::ReaderOptions& options) override {
    const FakeFilm& film = at(file);
    if (!film.open_failure.empty()) throw base::Error(base::ErrorCode::kBadInput, film.open_failure, file.string(), "get a whole copy");
    {
      const std::lock_guard lock(mutex_);
      opened_from.push_back(options.from.value_or(0));
    }
    return std::make_unique<FakeReader>(film, options);
  }
  std::vector<base::Cue> sidecar_cues(const std::filesystem::path& file, const base::LogSink&) override { return at(file).sidecar; }
  std::string encode(const base::Image& image) override { return "JPEG" + std::string(image.pixels.begin(), image.pixels.begin() + 3); }

 private:
  const FakeFilm& at(const std::filesystem::path& file) const {
    const auto found = films.find(file.string());
    if (found == films.end()) throw base::Error(base::ErrorCode::kBadInput, "no such file", file.string());
    return found->second;
  }
  std::mutex mutex_;  ///< guards opened_from: a batch opens films from several threads
};

/// Describes a chunk by its times and cues; with memory also by how many frames it has seen, which only a reading from the start gets
/// right.
class FakeCaptioner final : public base::Captioner {
 public:
  bool memory = false;
  int batch = 1;
  std::string version = "1";
  /// What to answer instead of a description; by start of the chunk, each used up once a try.
  std::map<base::Timestamp, std::vector<base::CaptionResult>> instead;
  std::optional<base::Timestamp> model_dies_at;
  std::function<void(const base::Chunk&)> on_describe;
  std::vector<base::Timestamp> described;  ///< starts of chunks, in order
  std::vector<std::size_t> batches;        ///< how many chunks each call got

  base::CaptionerIdentity identity() const override { return {"fake", "fake", version, "p1"}; }
  bool has_memory() const override { return memory; }
  int batch_size() const override { return batch; }

  std::unique_ptr<base::CaptionSession> open(const std::string&, const base::MediaInfo&) override {
    return std::make_unique<Session>(*this);
  }

 private:
  class Session final : public base::CaptionSession {
   public:
    explicit Session(FakeCaptioner& owner) : owner_(owner) {}
    void watch(const base::Frame&, bool) override { ++frames_; }
    std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override {
      std::vector<base::CaptionResult> results;
      {
        const std::lock_guard lock(owner_.mutex_);
        owner_.batches.push_back(chunks.size());
      }
      for (const base::Chunk& chunk : chunks) {
        if (owner_.model_dies_at && chunk.span.start >= *owner_.model_dies_at)
          throw base::Error(base::ErrorCode::kModel, "the server is gone", "http://x");
        if (owner_.on_describe) owner_.on_describe(chunk);
        const std::lock_guard lock(owner_.mutex_);
        owner_.described.push_back(chunk.span.start);
        auto& instead = owner_.instead[chunk.span.start];
        if (!instead.empty()) {
          results.push_back(instead.front());
          instead.erase(instead.begin());
          continue;
        }
        base::Observation observation;
        observation.span = chunk.span;
        observation.caption = "from " + std::to_string(chunk.span.start) + " to " + std::to_string(chunk.span.end);
        if (owner_.memory) observation.caption += " after " + std::to_string(frames_) + " frames";
        for (const base::Cue& cue : chunk.cues) observation.transcript += cue.text + "\n";
        observation.provenance = {"vlm", "fake", owner_.version};
        base::Event event;
        event.type = "tick";
        event.span = {chunk.own.start, chunk.own.end};
        event.show_at = chunk.own.start + (chunk.own.end - chunk.own.start) / 2;
        observation.events.push_back(event);
        base::CaptionResult result;
        result.observation = observation;
        results.push_back(result);
      }
      return results;
    }

   private:
    FakeCaptioner& owner_;
    int frames_ = 0;
  };
  std::mutex mutex_;  ///< guards described and instead: sessions of several films live at once
};

/// Only what the pipeline uses. Every change is whole or not at all.
class FakeStore final : public graph::Store {
 public:
  std::map<std::string, graph::VideoRecord> rows;
  std::map<std::string, graph::ChunkCommit> commits;  ///< by key
  std::map<std::string, std::vector<graph::CoverageSpan>> gaps;
  std::function<void(bool before)> on_commit;  ///< may throw
  int commits_made = 0;

  graph::RowId put_video(const graph::VideoRecord& video) override {
    graph::VideoRecord& row = rows[video.id];
    const graph::RowId number = row.row != 0 ? row.row : static_cast<graph::RowId>(rows.size());
    row = video;
    row.row = number;
    return number;
  }
  void remove_video(const std::string& id) override { rows.erase(id); }
  void commit_chunk(const graph::ChunkCommit& commit) override {
    if (on_commit) on_commit(true);
    graph::ChunkCommit& slot = commits[commit.chunk.key];
    if (slot.chunk.key.empty() || slot.chunk.state != graph::ChunkState::kDone) slot = commit;
    ++commits_made;
    if (on_commit) on_commit(false);
  }
  void put_gaps(const std::string& video, const std::vector<graph::CoverageSpan>& spans) override { gaps[video] = spans; }
  void put_summaries(const std::string&, const std::string&, const std::vector<base::SummaryLine>&) override {}

  std::vector<graph::VideoRecord> videos() const override {
    std::vector<graph::VideoRecord> all;
    for (const auto& [id, row] : rows) all.push_back(row);
    return all;
  }
  std::optional<graph::VideoRecord> find_video(const std::string& text) const override {
    const auto found = rows.find(text);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<graph::VideoRecord> find_content(const std::string& content_id) const override {
    for (const auto& [id, row] : rows) {
      if (row.content_id == content_id) return row;
    }
    return std::nullopt;
  }
  std::vector<graph::ChunkRecord> chunks(const std::string& video) const override {
    std::vector<graph::ChunkRecord> found;
    for (const auto& [key, commit] : commits) {
      if (commit.chunk.video == rows.at(video).row) found.push_back(commit.chunk);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.span.start < b.span.start; });
    return found;
  }
  std::vector<graph::CoverageSpan> coverage(const std::string& video) const override {
    std::vector<graph::CoverageSpan> found;
    if (const auto own = gaps.find(video); own != gaps.end()) found = own->second;
    for (const auto& [key, commit] : commits) {
      if (commit.chunk.video == rows.at(video).row) found.insert(found.end(), commit.coverage.begin(), commit.coverage.end());
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.span < b.span; });
    return found;
  }

  /// All that must be equal between an undisturbed run and one that was killed: everything but tries.
  std::string dump() const {
    std::string text;
    for (const auto& [id, row] : rows) {
      text += id + " " + row.content_id + " " + std::to_string(row.duration) + " state " + std::to_string(static_cast<int>(row.state)) +
              " " + row.reason + " " + row.media.dump() + "\n";
      for (const graph::ChunkRecord& chunk : chunks(id)) {
        const graph::ChunkCommit& commit = commits.at(chunk.key);
        text += "  " + chunk.key + " " + std::to_string(chunk.span.start) + "-" + std::to_string(chunk.span.end) + " own " +
                std::to_string(chunk.own.start) + "-" + std::to_string(chunk.own.end) + " " +
                (commit.observation ? commit.observation->caption + "|" + commit.observation->transcript : chunk.failure);
        for (const graph::StoredFrame& frame : commit.frames) text += " " + std::to_string(frame.at) + "=" + frame.file;
        text += "\n";
      }
      for (const graph::CoverageSpan& part : coverage(id)) {
        text += "  coverage " + std::to_string(part.span.start) + "-" + std::to_string(part.span.end) + " " +
                std::to_string(static_cast<int>(part.status)) + " " + part.reason + "\n";
      }
    }
    return text;
  }

  // The pipeline must not need the rest.
  std::unique_ptr<graph::Bulk> begin_bulk() override { return none<std::unique_ptr<graph::Bulk>>(); }
  graph::Counts counts() const override { return none<graph::Counts>(); }
  std::vector<std::string> captioners() const override { return none<std::vector<std::string>>(); }
  std::vector<graph::EventRecord> events(const graph::EventFilter&) const override { return none<std::vector<graph::EventRecord>>(); }
  std::int64_t count_events(const graph::EventFilter&) const override { return none<std::int64_t>(); }
  std::optional<graph::EventRecord> event(graph::RowId) const override { return none<std::optional<graph::EventRecord>>(); }
  std::vector<std::string> event_types() const override { return none<std::vector<std::string>>(); }
  std::vector<std::string> entity_types() const override { return none<std::vector<std::string>>(); }
  std::vector<std::string> roles() const override { return none<std::vector<std::string>>(); }
  std::vector<std::string> relation_types() const override { return none<std::vector<std::string>>(); }
  std::optional<graph::ObservationRecord> observation(graph::RowId) const override {
    return none<std::optional<graph::ObservationRecord>>();
  }
  std::vector<graph::ObservationRecord> observations(const std::string&, base::TimeSpan, int) const override {
    return none<std::vector<graph::ObservationRecord>>();
  }
  std::optional<graph::EntityRecord> entity(graph::RowId) const override { return none<std::optional<graph::EntityRecord>>(); }
  std::vector<graph::EntityRecord> find_entities(const std::string&, bool, int) const override {
    return none<std::vector<graph::EntityRecord>>();
  }
  std::vector<graph::EntityRecord> entities(const std::string&, const std::vector<std::string>&, int) const override {
    return none<std::vector<graph::EntityRecord>>();
  }
  std::vector<graph::MentionRecord> mentions(graph::RowId, int) const override { return none<std::vector<graph::MentionRecord>>(); }
  std::vector<graph::RelationRecord> relations(graph::RowId, int) const override { return none<std::vector<graph::RelationRecord>>(); }
  std::vector<graph::Passage> search(const graph::SearchRequest&) const override { return none<std::vector<graph::Passage>>(); }
  bool knows_word(const std::string&) const override { return none<bool>(); }
  std::int64_t observations_with(const std::string&, std::int64_t) const override { return none<std::int64_t>(); }
  std::optional<graph::StoredFrame> frame_near(const std::string&, base::TimeSpan, base::Timestamp, base::Duration) const override {
    return none<std::optional<graph::StoredFrame>>();
  }
  void each_observation(const std::string&, const std::function<void(const base::Observation&)>&) const override { none<int>(); }
  void each_summary(const std::string&, const std::function<void(const base::SummaryLine&)>&) const override { none<int>(); }
  void each_identity(const std::function<void(const base::IdentityLine&)>&) const override { none<int>(); }
  std::vector<graph::CoverageSpan> stored_coverage(const std::string&) const override { return none<std::vector<graph::CoverageSpan>>(); }

 private:
  template <class T>
  static T none() {
    throw std::logic_error("the pipeline asked the store for something new");
  }
};

class FakeFrames final : public pipeline::FrameSink {
 public:
  std::set<std::string> kept;
  std::string add_frame(const std::string& jpeg, const std::string& content_hash) override {
    if (jpeg.empty()) throw std::logic_error("an empty picture");
    kept.insert(content_hash);
    return "frames/" + content_hash.substr(0, 2) + "/" + content_hash + ".jpg";
  }
};

class FakeProgress final : public pipeline::ProgressSink {
 public:
  std::atomic<int> opened_files = 0, finished_files = 0;
  void opened(int, const std::string&, base::Timestamp, base::Timestamp, std::int64_t) override { ++opened_files; }
  void reached(int, base::Timestamp, std::int64_t) override {}
  void finished(int, const pipeline::VideoOutcome&) override { ++finished_files; }
};

}  // namespace reelgraph::test
