// Reading: videos, coverage, counts, observations, frames.
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {

Database& database_of(const Store& store) {
  const auto* const stored = dynamic_cast<const SqliteStore*>(&store);
  if (stored == nullptr) throw base::Error(base::ErrorCode::kInternal, "this store has no database of its own");
  return stored->database();
}
namespace {

VideoRecord read_video(const Statement& row) {
  VideoRecord v;
  v.row = row.integer(0);
  v.id = row.text(1);
  v.title = row.text(2);
  v.path = row.text(3);
  v.content_id = row.text(4);
  v.duration = row.integer(5);
  if (!row.is_null(6)) v.wall_start = row.text(6);
  v.state = static_cast<VideoState>(row.integer(7));
  v.reason = row.text(8);
  v.media = stored_json(row.view(9));
  return v;
}

std::string video_query(const char* rest) { return std::string("SELECT ") + sql::kVideoColumns + " FROM video " + rest; }

std::optional<VideoRecord> one_video(Statement& rows) {
  if (!rows.step()) return std::nullopt;
  return read_video(rows);
}

}  // namespace

std::string display_name(const std::string& name, const std::string& description, const std::string& type, RowId row) {
  if (!name.empty()) return name;
  if (!description.empty()) return description;
  return (type.empty() ? "entity" : type) + " " + std::to_string(row);
}

nlohmann::json stored_json(std::string_view text) {
  if (text == "{}") return nlohmann::json::object();
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  return value.is_object() ? value : nlohmann::json::object();
}

SqliteStore::SqliteStore(std::unique_ptr<Database> database, bool writable)
    : database_(std::move(database)),
      use_(*database_),
      text_(*database_),
      writer_(*database_, use_),
      resolver_(*database_, use_, writer_),
      writable_(writable) {}

std::optional<RowId> SqliteStore::video_row(const std::string& id) const {
  Statement& find = use_[sql::kVideoRow].with(id);
  if (!find.step()) return std::nullopt;
  const RowId row = find.integer(0);
  find.reset();
  return row;
}

RowId SqliteStore::require_video(const std::string& id) const {
  const std::optional<RowId> row = video_row(id);
  if (!row)
    throw base::Error(base::ErrorCode::kInvalidArgument, "there is no video \"" + id + "\" in the archive", {}, "`info` lists the videos");
  return *row;
}

std::vector<VideoRecord> SqliteStore::videos() const {
  Statement rows(*database_, video_query("ORDER BY name"));
  std::vector<VideoRecord> result;
  while (rows.step()) result.push_back(read_video(rows));
  return result;
}

std::optional<VideoRecord> SqliteStore::find_video(const std::string& text) const {
  if (text.empty()) return std::nullopt;
  Statement by_id(*database_, video_query("WHERE name = ?"));
  by_id.bind(0, text);
  if (auto video = one_video(by_id)) return video;
  const auto only = [&](std::vector<VideoRecord> found, const char* what) -> std::optional<VideoRecord> {
    if (found.empty()) return std::nullopt;
    if (found.size() == 1) return std::move(found.front());
    std::string names;
    for (std::size_t i = 0; i < found.size() && i < 10; ++i) names += (i > 0 ? ", " : "") + found[i].id;
    if (found.size() > 10) names += ", ...";
    throw base::Error(base::ErrorCode::kInvalidArgument, "several videos have this " + std::string(what) + ": " + names, text,
                      "name one by its id");
  };
  std::vector<VideoRecord> found;
  Statement by_title(*database_, video_query("WHERE title = ? AND title <> '' ORDER BY name"));
  by_title.bind(0, text);
  while (by_title.step()) found.push_back(read_video(by_title));
  if (!found.empty()) return only(std::move(found), "title");
  std::error_code ignored;
  const std::string absolute = std::filesystem::absolute(text, ignored).lexically_normal().string();
  Statement by_path(*database_,
                    video_query("WHERE path <> '' AND (path = ?1 OR path = ?2 OR substr(path, -length(?3)) = ?3) ORDER BY name"));
  const std::string ending = "/" + text;
  by_path.bind(0, text).bind(1, absolute).bind(2, ending);
  while (by_path.step()) found.push_back(read_video(by_path));
  return only(std::move(found), "file name");
}

std::optional<VideoRecord> SqliteStore::find_content(const std::string& content_id) const {
  if (content_id.empty()) return std::nullopt;
  Statement rows(*database_, video_query("WHERE content_id = ? AND content_id <> '' ORDER BY id LIMIT 1"));
  rows.bind(0, content_id);
  return one_video(rows);
}

std::vector<ChunkRecord> SqliteStore::chunks(const std::string& video) const {
  const std::optional<RowId> row = video_row(video);
  if (!row) return {};
  std::vector<ChunkRecord> result;
  Statement& rows = use_[sql::kChunksOfVideo].with(*row);
  while (rows.step()) {
    ChunkRecord c;
    c.key = rows.text(0);
    c.video = *row;
    c.span = {rows.integer(1), rows.integer(2)};
    c.own = {rows.integer(3), rows.integer(4)};
    c.state = static_cast<ChunkState>(rows.integer(5));
    c.attempts = static_cast<int>(rows.integer(6));
    c.failure = rows.text(7);
    c.usage = {rows.integer(8), rows.integer(9), rows.real(10)};
    result.push_back(std::move(c));
  }
  rows.reset();
  return result;
}

std::vector<CoverageSpan> SqliteStore::stored_coverage(const std::string& video) const {
  const std::optional<RowId> row = video_row(video);
  if (!row) return {};
  std::vector<CoverageSpan> result;
  base::SpanSet described;
  std::vector<bool> of_failed_chunk;
  Statement& rows = use_[sql::kCoverage].with(*row);
  while (rows.step()) {
    CoverageSpan c{{rows.integer(0), rows.integer(1)}, static_cast<CoverageStatus>(rows.integer(2)), rows.text(3)};
    if (c.status == CoverageStatus::kDescribed) described.add(c.span);
    of_failed_chunk.push_back(c.status == CoverageStatus::kFailed && !rows.is_null(4));
    result.push_back(std::move(c));
  }
  rows.reset();
  std::vector<CoverageSpan> left;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!of_failed_chunk[i]) {
      left.push_back(std::move(result[i]));
      continue;
    }
    const base::SpanSet rest = described.complement(result[i].span);
    for (const base::TimeSpan& span : rest.spans()) left.push_back({span, result[i].status, result[i].reason});
  }
  return left;
}

std::vector<CoverageSpan> SqliteStore::coverage(const std::string& video) const {
  std::vector<CoverageSpan> stored = stored_coverage(video);
  if (!stored.empty()) return stored;
  Statement whole(
      *database_,
      "SELECT duration FROM video v WHERE name = ? AND state = ? AND EXISTS (SELECT 1 FROM observation o WHERE o.video = v.id)");
  whole.bind(0, video).bind(1, static_cast<int>(VideoState::kImported));
  if (whole.step()) stored.push_back({{0, whole.integer(0)}, CoverageStatus::kDescribed, ""});
  return stored;
}

std::int64_t SqliteStore::tallied(const char* kind, const std::string& word) const {
  Statement& row = use_[sql::kTallied].with(kind, word);
  const std::int64_t n = row.step() ? row.integer(0) : 0;
  row.reset();
  return n;
}

std::vector<std::string> SqliteStore::tallied(const char* kind) const {
  std::vector<std::string> words;
  Statement& rows = use_[sql::kTalliedWords].with(kind);
  while (rows.step()) {
    if (!rows.view(0).empty()) words.push_back(rows.text(0));
  }
  rows.reset();
  return words;
}

Counts SqliteStore::counts() const {
  Counts c;
  c.videos = tallied("videos", "");
  c.chunks = tallied("chunks", "");
  c.observations = tallied("observations", "");
  c.entities = tallied("entities", "");
  c.mentions = tallied("mentions", "");
  c.events = tallied("events", "");
  c.relations = tallied("relations", "");
  c.frames = tallied("frames", "");
  return c;
}

std::vector<std::string> SqliteStore::event_types() const { return tallied("event_type"); }
std::vector<std::string> SqliteStore::entity_types() const { return tallied("entity_type"); }
std::vector<std::string> SqliteStore::roles() const { return tallied("role"); }
std::vector<std::string> SqliteStore::relation_types() const { return tallied("relation_type"); }

std::vector<std::string> SqliteStore::captioners() const {
  std::vector<std::string> result;
  Statement rows(*database_,
                 "SELECT s.kind, s.name, s.version FROM tally t JOIN source s ON s.id = CAST(t.word AS INTEGER) "
                 "WHERE t.kind = 'source' AND t.n > 0 ORDER BY s.name, s.version, s.kind");
  while (rows.step()) {
    std::string text = rows.text(1).empty() ? rows.text(0) : rows.text(1);
    if (!rows.view(2).empty()) text.append(" ").append(rows.view(2));
    if (std::find(result.begin(), result.end(), text) == result.end()) result.push_back(std::move(text));
  }
  return result;
}

std::optional<base::Observation> SqliteStore::read_observation(RowId row, bool* live) const {
  Statement& head = use_[sql::kObservation].with(row);
  if (!head.step()) return std::nullopt;
  base::Observation o;
  o.video = head.text(0);
  o.span = {head.integer(1), head.integer(2)};
  if (live) *live = head.integer(3) != 0;
  o.provenance = {head.text(4), head.text(5), head.text(6)};
  o.caption = head.text(7);
  o.transcript = head.text(8);
  o.ocr = split_lines(head.view(9));
  o.attributes = stored_json(head.view(10));
  head.reset();

  const auto ref = [](std::int64_t seq) {
    std::string text(1, 'e');
    text += std::to_string(seq);
    return text;
  };
  const auto span = [](const Statement& s, int column) {
    return s.is_null(column) ? std::nullopt : std::optional(base::TimeSpan{s.integer(column), s.integer(column + 1)});
  };
  Statement& mentions = use_[sql::kMentionsOfObservation].with(row);
  for (std::int64_t seq = 0; mentions.step(); ++seq) {
    base::EntityMention m;
    m.ref = ref(seq);
    m.type = mentions.text(0);
    if (!mentions.view(1).empty()) m.name = mentions.text(1);
    if (!mentions.is_null(2)) m.stable_id = mentions.text(2);
    m.aliases = split_lines(mentions.view(3));
    m.description = mentions.text(4);
    m.attributes = stored_json(mentions.view(5));
    m.span = span(mentions, 6);
    if (!mentions.is_null(8)) m.box = base::Box{mentions.real(8), mentions.real(9), mentions.real(10), mentions.real(11)};
    o.entities.push_back(std::move(m));
  }
  mentions.reset();
  Statement& events = use_[sql::kEventsOfObservation].with(row);
  while (events.step()) {
    base::Event e;
    e.type = events.text(1);
    e.span = {events.integer(2), events.integer(3)};
    e.description = events.text(4);
    e.attributes = stored_json(events.view(5));
    e.show_at = events.optional_integer(6);
    Statement& participants = use_[sql::kParticipantsOfEvent].with(events.integer(0));
    while (participants.step()) e.participants.push_back({ref(participants.integer(0)), participants.text(1)});
    participants.reset();
    o.events.push_back(std::move(e));
  }
  events.reset();
  Statement& relations = use_[sql::kRelationsOfObservation].with(row);
  while (relations.step()) {
    o.relations.push_back({ref(relations.integer(0)), relations.text(1), ref(relations.integer(2)), span(relations, 3)});
  }
  relations.reset();
  return o;
}

std::optional<ObservationRecord> SqliteStore::observation(RowId row) const {
  bool live = false;
  std::optional<base::Observation> o = read_observation(row, &live);
  if (!o) return std::nullopt;
  return ObservationRecord{row, std::move(*o), !live};
}

std::vector<ObservationRecord> SqliteStore::observations(const std::string& video, base::TimeSpan span, int limit) const {
  const std::optional<RowId> row = video_row(video);
  if (!row) return {};
  // An empty span is an instant; see TimeSpan::overlaps.
  const base::Timestamp end = span.empty() ? span.end + 1 : span.end;
  Statement rows(*database_,
                 "SELECT o.id FROM span_index s CROSS JOIN observation o ON o.id = s.id / 2 WHERE s.id % 2 = 0 AND s.video <= ?1 AND "
                 "s.video_end >= ?1 "
                 "AND s.start <= ?2 AND s.\"end\" >= ?3 AND o.live = 1 AND o.start < ?4 AND (o.\"end\" > ?5 OR o.start >= ?5) "
                 "ORDER BY o.start, o.\"end\", o.id LIMIT ?6");
  rows.bind(0, *row).bind(1, base::to_seconds(end)).bind(2, base::to_seconds(span.start)).bind(3, end).bind(4, span.start);
  rows.bind(5, limit > 0 ? limit : -1);
  std::vector<RowId> found;
  while (rows.step()) found.push_back(rows.integer(0));
  std::vector<ObservationRecord> result;
  for (const RowId id : found) {
    if (auto record = observation(id)) result.push_back(std::move(*record));
  }
  return result;
}

std::optional<StoredFrame> SqliteStore::frame_near(const std::string& video, base::TimeSpan span, base::Timestamp at,
                                                   base::Duration slack) const {
  const std::optional<RowId> row = video_row(video);
  if (!row) return std::nullopt;
  const auto nearest = [&](base::Timestamp from, base::Timestamp to) -> std::optional<StoredFrame> {
    // The nearest on each side by the index, then the nearer of the two; ties go to the earlier.
    std::optional<StoredFrame> best;
    for (const char* query :
         {"SELECT at, file FROM frame WHERE video = ? AND at >= ? AND at < ? AND at <= ? ORDER BY at DESC, file LIMIT 1",
          "SELECT at, file FROM frame WHERE video = ? AND at >= ? AND at < ? AND at > ? ORDER BY at, file LIMIT 1"}) {
      Statement& rows = use_[query].with(*row, from, to, at);
      if (rows.step()) {
        StoredFrame frame{rows.integer(0), rows.text(1)};
        if (!best || std::abs(frame.at - at) < std::abs(best->at - at)) best = std::move(frame);
      }
      rows.reset();
    }
    return best;
  };
  if (auto frame = nearest(span.start, span.empty() ? span.end + 1 : span.end)) return frame;
  if (slack < 0) return std::nullopt;
  return nearest(at - slack, at + slack + 1);
}

}  // namespace reelgraph::graph::sqlite
