#include "graph/sqlite/schema.h"

#include "base/error.h"

namespace reelgraph::graph::sqlite {
namespace {

// Times are microseconds, spans half-open. `live` is 0 once an observation has been superseded; its events carry the same mark, so that the
// indexes that answer questions hold live events only.
constexpr char kTables[] = R"sql(
CREATE TABLE video(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  path TEXT NOT NULL,
  content_id TEXT NOT NULL,
  duration INTEGER NOT NULL CHECK(duration >= 0),
  wall_start TEXT,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  media TEXT NOT NULL
) STRICT;
CREATE INDEX video_by_content ON video(content_id) WHERE content_id <> '';
CREATE INDEX video_by_title ON video(title) WHERE title <> '';

-- A chunk that is done, has failed, or was sent to be described (3); what is none of these is still to do. Ids grow in the order of the commits.
CREATE TABLE chunk(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  video INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
  key TEXT NOT NULL UNIQUE,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  own_start INTEGER NOT NULL, own_end INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  CHECK(0 <= start AND start <= "end" AND own_start <= own_end)
) STRICT;
CREATE INDEX chunk_by_video ON chunk(video, start);

CREATE TABLE frame(
  id INTEGER PRIMARY KEY,
  video INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
  at INTEGER NOT NULL CHECK(at >= 0),
  file TEXT NOT NULL,
  UNIQUE(video, at, file)
) STRICT;

CREATE TABLE source(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  UNIQUE(kind, name, version)
) STRICT;

-- `hash` is of the canonical line: the same observation twice is one.
CREATE TABLE observation(
  id INTEGER PRIMARY KEY,
  video INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  live INTEGER NOT NULL DEFAULT 1,
  source INTEGER NOT NULL REFERENCES source,
  chunk INTEGER REFERENCES chunk ON DELETE SET NULL,
  superseded_by INTEGER REFERENCES observation ON DELETE SET NULL,
  hash BLOB NOT NULL,
  caption TEXT NOT NULL,
  transcript TEXT NOT NULL,
  ocr TEXT NOT NULL,
  attributes TEXT NOT NULL,
  CHECK(0 <= start AND start <= "end")
) STRICT;
CREATE INDEX observation_by_video ON observation(video, start);
CREATE INDEX observation_by_hash ON observation(hash);
CREATE INDEX observation_by_chunk ON observation(chunk) WHERE chunk IS NOT NULL;
CREATE INDEX observation_by_successor ON observation(superseded_by) WHERE superseded_by IS NOT NULL;

-- A view over mentions, but for its identity: (source, stable_id), or (video, source, kind, called, mark) of one without an id; a thing
-- without either has just one mention.
CREATE TABLE entity(
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  stable_id TEXT,
  video INTEGER,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  attributes TEXT NOT NULL,
  mentions INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX entity_by_stable_id ON entity(source, stable_id) WHERE stable_id IS NOT NULL;
CREATE UNIQUE INDEX entity_by_name ON entity(video, source, type, name) WHERE stable_id IS NULL AND name <> '';
CREATE INDEX entity_by_mentions ON entity(mentions DESC, id);
CREATE INDEX entity_by_type ON entity(type, mentions DESC, id);

-- How an entity is called, as it came and folded (case, accents, punctuation); and the words of it.
CREATE TABLE alias(
  folded TEXT NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  text TEXT NOT NULL,
  is_name INTEGER NOT NULL,
  PRIMARY KEY(folded, entity, text)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_by_entity ON alias(entity);
CREATE TABLE alias_word(
  word TEXT NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  PRIMARY KEY(word, entity)
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_word_by_entity ON alias_word(entity);

-- How one observation describes an entity. Many observations share one, so it is stored once; `hash` covers the identity too.
CREATE TABLE descriptor(
  id INTEGER PRIMARY KEY,
  entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  hash BLOB NOT NULL UNIQUE,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  stable_id TEXT,
  aliases TEXT NOT NULL,
  description TEXT NOT NULL,
  attributes TEXT NOT NULL
) STRICT;
CREATE INDEX descriptor_by_entity ON descriptor(entity);

CREATE TABLE mention(
  observation INTEGER NOT NULL REFERENCES observation ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  descriptor INTEGER NOT NULL REFERENCES descriptor ON DELETE CASCADE,
  start INTEGER, "end" INTEGER,
  x0 REAL, y0 REAL, x1 REAL, y1 REAL,
  PRIMARY KEY(observation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_by_entity ON mention(entity);
CREATE INDEX mention_by_descriptor ON mention(descriptor);

-- `video` is the observation's, repeated for the indexes.
CREATE TABLE event(
  id INTEGER PRIMARY KEY,
  observation INTEGER NOT NULL REFERENCES observation ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  video INTEGER NOT NULL,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  live INTEGER NOT NULL DEFAULT 1,
  type TEXT NOT NULL,
  show_at INTEGER,
  description TEXT NOT NULL,
  attributes TEXT NOT NULL,
  CHECK(0 <= start AND start <= "end")
) STRICT;
CREATE INDEX event_by_observation ON event(observation, seq);
CREATE INDEX event_by_start ON event(video, start) WHERE live = 1;
CREATE INDEX event_by_type ON event(type, video, start) WHERE live = 1;

CREATE TABLE participant(
  event INTEGER NOT NULL REFERENCES event ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  role TEXT NOT NULL,
  mention INTEGER NOT NULL,
  PRIMARY KEY(event, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX participant_by_entity ON participant(entity, role);

-- `observation` is the evidence; `source_mention` and `target_mention` are its mentions.
CREATE TABLE relation(
  observation INTEGER NOT NULL REFERENCES observation ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  source INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  type TEXT NOT NULL,
  target INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  start INTEGER, "end" INTEGER,
  source_mention INTEGER NOT NULL,
  target_mention INTEGER NOT NULL,
  PRIMARY KEY(observation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX relation_by_source ON relation(source);
CREATE INDEX relation_by_target ON relation(target);

CREATE TABLE coverage(
  id INTEGER PRIMARY KEY,
  video INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL,
  chunk INTEGER REFERENCES chunk ON DELETE CASCADE,
  CHECK(0 <= start AND start <= "end")
) STRICT;
CREATE INDEX coverage_by_video ON coverage(video, start);
CREATE INDEX coverage_by_chunk ON coverage(chunk) WHERE chunk IS NOT NULL;

-- Decisions about who is who, in order. `details` names entities by source and stable id, never by row.
CREATE TABLE identity_log(
  id INTEGER PRIMARY KEY,
  action TEXT NOT NULL,
  details TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE summary(
  id INTEGER PRIMARY KEY,
  video INTEGER NOT NULL REFERENCES video ON DELETE CASCADE,
  level INTEGER NOT NULL,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  text TEXT NOT NULL,
  covers TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX summary_by_video ON summary(video, start);

-- float32 little-endian rows; the index files beside the database are made from these.
CREATE TABLE embedding(
  kind TEXT NOT NULL,
  owner INTEGER NOT NULL,
  model TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY(kind, owner, model)
) STRICT, WITHOUT ROWID;

-- Derived: where observations (2 * id) and live events (2 * id + 1) lie. Seconds, rounded outwards.
CREATE VIRTUAL TABLE span_index USING rtree(id, start, "end", video, video_end);

-- Derived: the words of live observations. Contents come from this view, so that the index can be checked and rebuilt.
CREATE VIEW observation_text(id, caption, transcript, ocr, events, entities) AS
SELECT o.id, o.caption, o.transcript, o.ocr,
  coalesce((SELECT group_concat(type || ' ' || description, char(10))
            FROM (SELECT type, description FROM event WHERE observation = o.id ORDER BY seq)), ''),
  coalesce((SELECT group_concat(type || ' ' || name || ' ' || aliases || ' ' || description, char(10))
            FROM (SELECT d.type, d.name, d.aliases, d.description FROM mention m JOIN descriptor d ON d.id = m.descriptor
                  WHERE m.observation = o.id ORDER BY m.seq)), '')
FROM observation o WHERE o.live = 1;
CREATE VIRTUAL TABLE text_index USING fts5(caption, transcript, ocr, events, entities, content='observation_text', content_rowid='id',
  detail=column, tokenize='porter unicode61 remove_diacritics 2');
)sql";

// Version 2: how many there are of what, so that counting and listing types costs the same at any size.
constexpr char kTally[] = R"sql(
CREATE TABLE tally(
  kind TEXT NOT NULL,
  word TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY(kind, word)
) STRICT, WITHOUT ROWID;
)sql";

// Version 3: of which text a vector was made, so that only what is new is embedded. 0: not known.
constexpr char kTextHash[] = "ALTER TABLE embedding ADD COLUMN text_hash INTEGER NOT NULL DEFAULT 0";

// Version 4: when a vector was put, as a number that only grows, so that an index file knows what it lacks.
constexpr char kSequence[] = R"sql(
ALTER TABLE embedding ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX embedding_by_seq ON embedding(model, kind, seq);
)sql";

// Version 5: who is who. A row of `entity` is an atom, what exact identity joins; `member` joins atoms to entities, whose row is that of
// one of their atoms. `kind` and `called` are the type and name of an atom without an id, where `type` and `name` are the entity's; `mark`
// tells apart atoms of one name: "number=7;team=x", or "@HASH:SEQ" of the one mention that it is. A descriptor belongs to its atom;
// mentions, participants and relations to the entity. `member`, `identity_link`, `identity_handle` and automatic rows of the log are
// derived from live mentions and from the decisions made by hand.
constexpr char kIdentity[] = R"sql(
ALTER TABLE entity ADD COLUMN mark TEXT NOT NULL DEFAULT '';
ALTER TABLE entity ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE entity ADD COLUMN called TEXT NOT NULL DEFAULT '';
UPDATE entity SET kind = type, called = name WHERE stable_id IS NULL;
DROP INDEX entity_by_name;
CREATE UNIQUE INDEX entity_by_name ON entity(video, source, kind, called, mark) WHERE stable_id IS NULL AND called <> '';
CREATE TABLE member(
  atom INTEGER PRIMARY KEY REFERENCES entity ON DELETE CASCADE,
  entity INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE
) STRICT;
CREATE INDEX member_by_entity ON member(entity);

-- Evidence that two atoms are one: `scope` is the video, or 0 between videos, of the name `key`.
CREATE TABLE identity_link(
  scope INTEGER NOT NULL,
  key TEXT NOT NULL,
  a INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  b INTEGER NOT NULL REFERENCES entity ON DELETE CASCADE,
  score REAL NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY(scope, key, a, b)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_link_by_a ON identity_link(a);
CREATE INDEX identity_link_by_b ON identity_link(b);
-- By what names the persons of a video may be known in others. The row with an empty key says that every video was looked through.
CREATE TABLE identity_handle(
  key TEXT NOT NULL,
  team TEXT NOT NULL,
  number TEXT NOT NULL,
  atom INTEGER NOT NULL,
  video INTEGER NOT NULL,
  PRIMARY KEY(key, team, number, atom, video)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_handle_by_video ON identity_handle(video);

ALTER TABLE identity_log ADD COLUMN a INTEGER REFERENCES entity ON DELETE SET NULL;
ALTER TABLE identity_log ADD COLUMN b INTEGER REFERENCES entity ON DELETE SET NULL;
ALTER TABLE identity_log ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identity_log ADD COLUMN score REAL NOT NULL DEFAULT 1;
ALTER TABLE identity_log ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE identity_log ADD COLUMN undone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identity_log ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
CREATE INDEX identity_log_by_a ON identity_log(a) WHERE a IS NOT NULL;
CREATE INDEX identity_log_by_b ON identity_log(b) WHERE b IS NOT NULL;
CREATE INDEX identity_log_pending ON identity_log(id) WHERE pending = 1;
)sql";

constexpr char kTallyRows[] = R"sql(
SELECT 'videos' AS kind, '' AS word, count(*) AS n FROM video
UNION ALL SELECT 'chunks', '', count(*) FROM chunk
UNION ALL SELECT 'frames', '', count(*) FROM frame
UNION ALL SELECT 'observations', '', count(*) FROM observation WHERE live = 1
UNION ALL SELECT 'mentions', '', count(*) FROM mention m JOIN observation o ON o.id = m.observation WHERE o.live = 1
UNION ALL SELECT 'relations', '', count(*) FROM relation r JOIN observation o ON o.id = r.observation WHERE o.live = 1
UNION ALL SELECT 'entities', '', count(*) FROM entity WHERE mentions > 0
UNION ALL SELECT 'events', '', count(*) FROM event WHERE live = 1
UNION ALL SELECT 'event_type', type, count(*) FROM event WHERE live = 1 GROUP BY type
UNION ALL SELECT 'entity_type', type, count(*) FROM entity WHERE mentions > 0 GROUP BY type
UNION ALL SELECT 'role', role, count(*) FROM participant p JOIN event e ON e.id = p.event WHERE e.live = 1 GROUP BY role
UNION ALL SELECT 'relation_type', type, count(*) FROM relation r JOIN observation o ON o.id = r.observation WHERE o.live = 1 GROUP BY type
UNION ALL SELECT 'source', source, count(*) FROM observation WHERE live = 1 GROUP BY source
)sql";

void set_version(Database& database) {
  database.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
  database.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
}

}  // namespace

std::int64_t check_version(Database& database) {
  const std::int64_t version = query_integer(database, "PRAGMA user_version");
  const std::int64_t application = query_integer(database, "PRAGMA application_id");
  const std::string file = database.file().string();
  if (application == 0 && version == 0) {
    if (query_integer(database, "SELECT count(*) FROM sqlite_schema") == 0) return 0;
  }
  if (application != kApplicationId || version <= 0) {
    throw base::Error(base::ErrorCode::kArchive, "is a database of another program", file, "name another archive folder");
  }
  if (version > kSchemaVersion) {
    throw base::Error(base::ErrorCode::kArchive,
                      "was written by a newer reelgraph: schema version " + std::to_string(version) + ", this program knows up to " +
                          std::to_string(kSchemaVersion),
                      file, "update reelgraph");
  }
  return version;
}

void configure(Database& database, bool writing) {
  database.execute(
      "PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
      "PRAGMA cell_size_check = ON");
  if (!writing) return;
  // NORMAL: a kill of the process loses nothing; a power failure may lose the last commits, never the file. Those chunks are then ingested
  // again like any that was not reached.
  database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = OFF; PRAGMA journal_size_limit = 67108864");
}

void create_schema(Database& database) {
  Transaction transaction(database);
  database.execute(kTables);
  database.execute(kTally);
  database.execute(kTextHash);
  database.execute(kSequence);
  database.execute(kIdentity);
  set_version(database);
  transaction.commit();
}

void rebuild_tally(Database& database) {
  database.execute("DELETE FROM tally");
  database.execute(std::string("INSERT INTO tally SELECT kind, word, n FROM (") + kTallyRows + ") WHERE n > 0");
}

std::vector<std::string> recount(Database& database) {
  Statement rows(database, std::string("SELECT kind || ' ' || word || ': ' || n FROM (") + kTallyRows + ") WHERE n > 0");
  std::vector<std::string> lines;
  while (rows.step()) lines.push_back(rows.text(0));
  return lines;
}

std::filesystem::path migrate(Database& database, std::int64_t from) {
  const std::filesystem::path copy = database.file().string() + ".v" + std::to_string(from) + ".bak";
  database.backup_to(copy);
  Transaction transaction(database);
  if (from < 2) {
    database.execute(kTally);
    rebuild_tally(database);
  }
  if (from < 3) database.execute(kTextHash);
  if (from < 4) database.execute(kSequence);
  if (from < 5) database.execute(kIdentity);
  set_version(database);
  transaction.commit();
  return copy;
}

}  // namespace reelgraph::graph::sqlite
