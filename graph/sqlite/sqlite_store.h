#pragma once
// The store of an archive on SQLite. The class is written in several files: writing, reading, events, entities, search, bulk.

#include <memory>

#include "base/log.h"
#include "graph/sqlite/identity_resolver.h"
#include "graph/sqlite/observation_writer.h"
#include "graph/sqlite/text_index.h"
#include "graph/store.h"

namespace reelgraph::graph::sqlite {

class SqliteStore final : public Store {
 public:
  /// Takes over an open database whose schema is today's.
  SqliteStore(std::unique_ptr<Database> database, bool writable);

  RowId put_video(const VideoRecord& video) override;
  void remove_video(const std::string& id) override;
  void commit_chunk(const ChunkCommit& commit) override;
  void put_gaps(const std::string& video, const std::vector<CoverageSpan>& gaps) override;

  [[nodiscard]] std::vector<VideoRecord> videos() const override;
  [[nodiscard]] std::optional<VideoRecord> find_video(const std::string& text) const override;
  [[nodiscard]] std::optional<VideoRecord> find_content(const std::string& content_id) const override;
  [[nodiscard]] std::vector<ChunkRecord> chunks(const std::string& video) const override;
  [[nodiscard]] std::vector<CoverageSpan> coverage(const std::string& video) const override;
  [[nodiscard]] Counts counts() const override;
  [[nodiscard]] std::vector<std::string> captioners() const override;

  [[nodiscard]] std::vector<EventRecord> events(const EventFilter& filter) const override;
  [[nodiscard]] std::int64_t count_events(const EventFilter& filter) const override;
  [[nodiscard]] std::optional<EventRecord> event(RowId row) const override;
  [[nodiscard]] std::vector<std::string> event_types() const override;
  [[nodiscard]] std::vector<std::string> entity_types() const override;
  [[nodiscard]] std::vector<std::string> roles() const override;
  [[nodiscard]] std::vector<std::string> relation_types() const override;
  [[nodiscard]] std::optional<ObservationRecord> observation(RowId row) const override;
  [[nodiscard]] std::vector<ObservationRecord> observations(const std::string& video, base::TimeSpan span, int limit) const override;
  [[nodiscard]] std::optional<EntityRecord> entity(RowId row) const override;
  [[nodiscard]] std::vector<EntityRecord> find_entities(const std::string& name, bool whole_name, int limit) const override;
  [[nodiscard]] std::vector<EntityRecord> entities(const std::string& type, const std::vector<std::string>& videos,
                                                   int limit) const override;
  [[nodiscard]] std::vector<MentionRecord> mentions(RowId entity, int limit) const override;
  [[nodiscard]] std::vector<RelationRecord> relations(RowId entity, int limit) const override;
  [[nodiscard]] std::vector<Passage> search(const SearchRequest& request) const override;
  [[nodiscard]] bool knows_word(const std::string& word) const override;
  [[nodiscard]] std::int64_t observations_with(const std::string& word, std::int64_t most) const override;
  [[nodiscard]] std::optional<StoredFrame> frame_near(const std::string& video, base::TimeSpan span, base::Timestamp at,
                                                      base::Duration slack) const override;

  [[nodiscard]] std::unique_ptr<Bulk> begin_bulk() override;
  void each_observation(const std::string& video, const std::function<void(const base::Observation&)>& visit) const override;
  void put_summaries(const std::string& video, const std::string& maker, const std::vector<base::SummaryLine>& lines) override;
  void each_summary(const std::string& video, const std::function<void(const base::SummaryLine&)>& visit) const override;
  void each_identity(const std::function<void(const base::IdentityLine&)>& visit) const override;
  [[nodiscard]] std::vector<CoverageSpan> stored_coverage(const std::string& video) const override;

  [[nodiscard]] Database& database() const { return *database_; }

  [[nodiscard]] IdentityResolver& identities() { return resolver_; }
  [[nodiscard]] StatementCache& statements() const { return use_; }

  /// Runs `work` in a transaction and writes the pending counts; after an exception nothing stays, in memory neither.
  template <typename Work>
  void change(const Work& work) {
    require_writable();
    try {
      Transaction transaction(*database_);
      work();
      finish();
      transaction.commit();
    } catch (...) {
      writer_.forget();
      throw;
    }
  }
  void require_writable() const;

 private:
  friend class SqliteBulk;

  /// Pending counts, and who is who among what was written. Call before a transaction commits.
  void finish();
  RowId store_video(const VideoRecord& video);
  void store_summary(RowId video, const base::SummaryLine& line);
  void store_chunk(RowId video, const ChunkCommit& commit);
  void supersede_covered(RowId video, std::int64_t chunk, std::int64_t observation, base::TimeSpan own);

  [[nodiscard]] std::optional<RowId> video_row(const std::string& id) const;
  [[nodiscard]] RowId require_video(const std::string& id) const;
  [[nodiscard]] std::vector<std::string> tallied(const char* kind) const;
  [[nodiscard]] std::int64_t tallied(const char* kind, const std::string& word) const;
  [[nodiscard]] EventRecord read_event(const Statement& row) const;  ///< without its participants
  void read_participants(std::vector<EventRecord>& events) const;
  [[nodiscard]] std::vector<EntityRecord> read_entities(Statement& rows) const;
  [[nodiscard]] std::optional<base::Observation> read_observation(RowId row, bool* live) const;

  std::unique_ptr<Database> database_;
  mutable StatementCache use_;
  TextIndex text_;
  ObservationWriter writer_;
  IdentityResolver resolver_;
  bool writable_;
};

/// The database behind a store, for what is derived from it. @throws base::Error kInternal: the store has none
[[nodiscard]] Database& database_of(const Store& store);

/// What people call an entity: its name, else its description, else "person 12".
[[nodiscard]] std::string display_name(const std::string& name, const std::string& description, const std::string& type, RowId row);

/// JSON that we stored; an empty object if a damaged archive holds something else.
[[nodiscard]] nlohmann::json stored_json(std::string_view text);

}  // namespace reelgraph::graph::sqlite
