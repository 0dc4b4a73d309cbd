// Imports: many lines in one transaction; and what an export reads.
#include <map>

#include "base/error.h"
#include "graph/hashing.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {
namespace {

CoverageStatus status_of(const std::string& name) {
  if (name == "failed") return CoverageStatus::kFailed;
  if (name == "not_sampled") return CoverageStatus::kNotSampled;
  if (name == "limited") return CoverageStatus::kLimited;
  return CoverageStatus::kDescribed;
}

}  // namespace

class SqliteBulk final : public Bulk {
 public:
  explicit SqliteBulk(SqliteStore& store) : store_(store), use_(store.use_), transaction_(*store.database_) {}
  ~SqliteBulk() override {
    if (!committed_) store_.writer_.forget();
  }

  void put_video(const base::VideoLine& line) override {
    std::optional<VideoRecord> known;
    if (store_.video_row(line.id)) known = store_.find_video(line.id);
    VideoRecord v = known.value_or(VideoRecord{});
    const bool ours = !known || known->state == VideoState::kImported;  // else ingested: the film itself knows better
    const auto fill = [&](std::string& field, const std::string& value) {
      if (!value.empty() && (ours || field.empty())) field = value;
    };
    v.id = line.id;
    if (!known) v.state = VideoState::kImported;
    fill(v.title, line.title);
    fill(v.path, line.path);
    fill(v.content_id, line.content_id);
    if (line.wall_start && (ours || !v.wall_start)) v.wall_start = line.wall_start;
    if (ours && !line.media.empty()) v.media = line.media;
    if (ours && !line.state.empty()) {
      v.state = line.state == "failed" ? VideoState::kFailed : VideoState::kPartial;
      v.reason = line.reason;
    }
    if (line.duration) {
      claimed_[v.id] = std::max(claimed_[v.id], *line.duration);
      v.duration = std::max(v.duration, *line.duration);
    }
    Video& video = videos_[v.id];
    video.duration = v.duration = std::max(v.duration, video.duration);
    video.row = store_.store_video(v);
  }

  bool add(const base::Observation& o) override {
    const std::string hash = hash_bytes(base::to_json_line(o));
    Statement& find = use_[sql::kFindHash];
    find.reset();
    find.bind_blob(0, hash);
    const bool known = find.step();
    find.reset();
    if (known) return false;
    Video& video = reach(o.video, o.span.end);
    for (const base::Event& event : o.events) reach(video, event.span.end);
    for (const base::EntityMention& m : o.entities) reach(video, m.span ? m.span->end : 0);
    for (const base::Relation& r : o.relations) reach(video, r.span ? r.span->end : 0);
    store_.writer_.write(video.row, o, hash, std::nullopt);
    return true;
  }

  bool add(const base::CoverageLine& line) override {
    Video& video = reach(line.video, line.span.end);
    const auto status = static_cast<std::int64_t>(status_of(line.status));
    Statement& find = use_[sql::kFindCoverage].with(video.row, line.span.start, line.span.end, status, line.reason);
    const bool known = find.step();
    find.reset();
    if (known) return false;
    use_[sql::kInsertCoverage].with(video.row, line.span.start, line.span.end, status, line.reason, std::optional<std::int64_t>()).run();
    return true;
  }

  bool add(const base::IdentityLine& line) override {
    // What we can carry out waits until the end of the transaction; anything else is kept as it is.
    const auto is_object = [&](const char* key) { return line.body.contains(key) && line.body[key].is_object(); };
    const bool decision =
        (line.action == "merge" || line.action == "distinct" || line.action == "split") && is_object("a") && is_object("b");
    const auto reason = line.body.find("reason");
    const std::string hash = decision_hash(line.action, line.body), details = line.body.dump();
    const std::string why = reason != line.body.end() && reason->is_string() ? reason->get<std::string>() : "";
    Statement& insert =
        use_["INSERT INTO identity_log(action, details, hash, pending, reason) VALUES(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"];
    insert.with(line.action, details);
    insert.bind_blob(2, hash).bind(3, decision ? 1 : 0).bind(4, why).run();
    return store_.database_->changes() > 0;
  }

  bool add(const base::SummaryLine& line) override {
    Video& video = reach(line.video, line.span.end);
    store_.store_summary(video.row, line);
    return store_.database_->changes() > 0;
  }

  [[nodiscard]] std::vector<std::pair<std::string, base::Duration>> grown() const override {
    std::vector<std::pair<std::string, base::Duration>> result;
    for (const auto& [id, claimed] : claimed_) {
      const auto it = videos_.find(id);
      if (it != videos_.end() && it->second.duration > claimed) result.emplace_back(id, it->second.duration);
    }
    return result;
  }

  void commit() override {
    for (auto& [id, video] : videos_) {
      if (video.grew) use_[sql::kGrowVideo].with(video.duration, video.row).run();
    }
    store_.finish();
    transaction_.commit();
    committed_ = true;
  }

 private:
  struct Video {
    RowId row = 0;
    base::Duration duration = 0;
    bool grew = false;
  };

  static void reach(Video& video, base::Timestamp end) {
    if (end <= video.duration) return;
    video.duration = end;
    video.grew = true;
  }

  Video& reach(const std::string& id, base::Timestamp end) {
    const auto it = videos_.find(id);
    if (it != videos_.end()) {
      reach(it->second, end);
      return it->second;
    }
    Video video;
    if (store_.video_row(id)) {
      const std::optional<VideoRecord> known = store_.find_video(id);
      video = {known->row, known->duration, false};
      if (known->duration > 0) claimed_[id] = known->duration;
    } else {
      VideoRecord fresh;
      fresh.id = id;
      fresh.state = VideoState::kImported;
      video.row = store_.store_video(fresh);
    }
    reach(video, end);
    return videos_[id] = video;
  }

  SqliteStore& store_;
  StatementCache& use_;
  Transaction transaction_;
  std::map<std::string, Video> videos_;
  std::map<std::string, base::Duration> claimed_;
  bool committed_ = false;
};

std::unique_ptr<Bulk> SqliteStore::begin_bulk() {
  require_writable();
  return std::make_unique<SqliteBulk>(*this);
}

void SqliteStore::each_observation(const std::string& video, const std::function<void(const base::Observation&)>& visit) const {
  const std::optional<RowId> row = video_row(video);
  if (!row) return;
  Statement rows(*database_, "SELECT id FROM observation WHERE video = ? AND live = 1 ORDER BY start, id");
  rows.bind(0, *row);
  while (rows.step()) {
    if (const auto o = read_observation(rows.integer(0), nullptr)) visit(*o);
  }
}

void SqliteStore::each_summary(const std::string& video, const std::function<void(const base::SummaryLine&)>& visit) const {
  const std::optional<RowId> row = video_row(video);
  if (!row) return;
  Statement rows(*database_, "SELECT start, \"end\", level, text, covers FROM summary WHERE video = ? ORDER BY start, id");
  rows.bind(0, *row);
  while (rows.step()) {
    visit({video, {rows.integer(0), rows.integer(1)}, rows.integer(2), rows.text(3), stored_json(rows.view(4))});
  }
}

void SqliteStore::each_identity(const std::function<void(const base::IdentityLine&)>& visit) const {
  // What was decided and holds; the rest of the log follows from it and from the observations.
  Statement rows(*database_, "SELECT action, details FROM identity_log WHERE automatic = 0 AND undone = 0 ORDER BY action, details");
  while (rows.step()) visit({rows.text(0), stored_json(rows.view(1))});
}

}  // namespace reelgraph::graph::sqlite
