// Writing: videos, chunks, coverage.
#include "base/error.h"
#include "base/observation_json.h"
#include "base/utf8.h"
#include "graph/hashing.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {

void SqliteStore::require_writable() const {
  if (!writable_) {
    throw base::Error(base::ErrorCode::kArchive, "is open for reading only", database_->file().string(), "open the archive for writing");
  }
}

void SqliteStore::finish() {
  const ObservationWriter::Touched touched = writer_.take_touched();
  writer_.flush();
  resolver_.resolve(touched);
  writer_.flush();
}

RowId SqliteStore::store_video(const VideoRecord& v) {
  const std::string id = base::clean_line(v.id, 1000);
  if (id.empty()) throw base::Error(base::ErrorCode::kInvalidArgument, "a video needs an id");
  if (v.duration < 0 || v.duration > base::kMaxTimestamp) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "the duration of a video must be finite and not negative", id);
  }
  const std::string title = base::clean_line(v.title, 1000), path = base::clean_line(v.path, 8192);
  const std::string reason = base::clean_text(v.reason, 10'000), content = base::clean_line(v.content_id, 1000);
  const std::string media = v.media.is_object() ? v.media.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) : "{}";
  const auto state = static_cast<std::int64_t>(v.state);
  std::optional<std::string> wall_start = v.wall_start;
  if (wall_start) wall_start = base::clean_line(*wall_start, 1000);
  if (wall_start && wall_start->empty()) wall_start.reset();
  if (const std::optional<RowId> row = video_row(id)) {
    use_[sql::kUpdateVideo].with(id, title, path, content, v.duration, wall_start, state, reason, media).run();
    return *row;
  }
  use_[sql::kInsertVideo].with(id, title, path, content, v.duration, wall_start, state, reason, media).run();
  writer_.tally().add("videos", "", 1);
  return database_->last_insert_rowid();
}

RowId SqliteStore::put_video(const VideoRecord& video) {
  RowId row = 0;
  change([&] { row = store_video(video); });
  return row;
}

void SqliteStore::remove_video(const std::string& id) {
  const std::optional<RowId> row = video_row(id);
  if (!row) return;
  change([&] {
    resolver_.forget(*row, writer_.remove_observations(*row));
    Statement chunks(*database_, "SELECT count(*) FROM chunk WHERE video = ?"),
        frames(*database_, "SELECT count(*) FROM frame WHERE video = ?");
    if (chunks.with(*row).step()) writer_.tally().add("chunks", "", -chunks.integer(0));
    if (frames.with(*row).step()) writer_.tally().add("frames", "", -frames.integer(0));
    chunks.reset();
    frames.reset();
    writer_.tally().add("videos", "", -1);
    use_[sql::kDeleteVideo].with(*row).run();
  });
}

void SqliteStore::commit_chunk(const ChunkCommit& commit) {
  change([&] {
    Statement& name = use_[sql::kVideoName].with(commit.chunk.video);
    const bool known = name.step();
    name.reset();
    if (!known) throw base::Error(base::ErrorCode::kInvalidArgument, "a chunk of a video that the archive does not hold", commit.chunk.key);
    store_chunk(commit.chunk.video, commit);
  });
}

void SqliteStore::store_chunk(RowId video, const ChunkCommit& commit) {
  const ChunkRecord& chunk = commit.chunk;
  int attempts = chunk.attempts;
  Statement& old = use_[sql::kChunkByKey].with(chunk.key);
  if (old.step()) {
    const std::int64_t row = old.integer(0);
    const bool done = old.integer(1) == static_cast<std::int64_t>(ChunkState::kDone);
    attempts += static_cast<int>(old.integer(2));
    old.reset();
    if (done) return;
    use_[sql::kDeleteChunk].with(row).run();  // its coverage goes with it; the new row is the latest commit
    writer_.tally().add("chunks", "", -1);
  }
  const std::string failure = base::clean_text(chunk.failure, 10'000);
  use_[sql::kInsertChunk]
      .with(video, chunk.key, chunk.span.start, chunk.span.end, chunk.own.start, chunk.own.end, static_cast<std::int64_t>(chunk.state),
            attempts, failure, chunk.usage.prompt_tokens, chunk.usage.completion_tokens, chunk.usage.cost_usd)
      .run();
  const std::int64_t row = database_->last_insert_rowid();
  writer_.tally().add("chunks", "", 1);

  for (const StoredFrame& frame : commit.frames) {
    use_[sql::kInsertFrame].with(video, frame.at, frame.file).run();
    writer_.tally().add("frames", "", database_->changes());
  }
  for (const CoverageSpan& c : commit.coverage) {
    use_[sql::kInsertCoverage]
        .with(video, c.span.start, c.span.end, static_cast<std::int64_t>(c.status), base::clean_text(c.reason, 10'000), row)
        .run();
  }
  if (!commit.observation) return;
  base::Observation observation = *commit.observation;
  Statement& name = use_[sql::kVideoName].with(video);
  if (name.step()) observation.video = name.text(0);
  name.reset();
  base::make_canonical(observation);
  const std::int64_t written = writer_.write(video, observation, hash_bytes(base::to_json_line(observation)), row);
  supersede_covered(video, row, written, chunk.own);
}

/// Retires what earlier runs said about a part that later chunks have now described in full. Until they have, the earlier description
/// stands, so that an interrupted re-caption leaves no hole.
void SqliteStore::supersede_covered(RowId video, std::int64_t chunk, std::int64_t observation, base::TimeSpan own) {
  struct Old {
    std::int64_t observation, chunk;
    base::TimeSpan own;
  };
  std::vector<Old> under;
  Statement& older = use_[sql::kChunksUnder].with(video, own.start, own.end, chunk);
  while (older.step()) under.push_back({older.integer(0), older.integer(1), {older.integer(2), older.integer(3)}});
  older.reset();
  for (const Old& old : under) {
    base::SpanSet covered;
    Statement& newer = use_[sql::kChunksOver].with(video, old.own.start, old.own.end, old.chunk);
    while (newer.step()) covered.add(base::TimeSpan{newer.integer(0), newer.integer(1)});
    newer.reset();
    if (!covered.contains(old.own)) continue;
    writer_.supersede(old.observation, observation);
    use_[sql::kDeleteChunkCoverage].with(old.chunk).run();
  }
}

void SqliteStore::put_gaps(const std::string& video, const std::vector<CoverageSpan>& gaps) {
  const RowId row = require_video(video);
  change([&] {
    use_[sql::kDeleteGaps].with(row).run();
    for (const CoverageSpan& gap : gaps) {
      use_[sql::kInsertCoverage]
          .with(row, gap.span.start, gap.span.end, static_cast<std::int64_t>(gap.status), base::clean_text(gap.reason, 10'000),
                std::optional<std::int64_t>())
          .run();
    }
  });
}

void SqliteStore::store_summary(RowId video, const base::SummaryLine& line) {
  const std::string hash = hash_bytes(base::to_json_line(line));
  Statement& insert = use_[sql::kInsertSummary];
  const std::string body = line.body.dump();
  insert.with(video, line.level, line.span.start, line.span.end, line.text, body);
  insert.bind_blob(6, hash).run();
}

void SqliteStore::put_summaries(const std::string& video, const std::string& maker, const std::vector<base::SummaryLine>& lines) {
  const RowId row = require_video(video);
  change([&] {
    use_[sql::kDeleteSummaries].with(row, maker).run();
    for (const base::SummaryLine& line : lines) store_summary(row, line);
  });
}

}  // namespace reelgraph::graph::sqlite
