-- An archive of schema version 1, as it was: never to be changed. It holds what tests/graph/archive_test.cc expects.
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

-- A chunk that is done or has failed; what is neither is still to do. Ids grow in the order of the commits.
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

-- A view over mentions, but for its identity: (source, stable_id), or (video, source, type, name) of one without an id; a thing without
-- either has just one mention.
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
INSERT INTO video VALUES(1, 'match-1', 'Home v Away', '', '', 120000000, NULL, 5, '', '{}');
INSERT INTO source VALUES(1, 'import', 'by hand', '');
INSERT INTO observation VALUES(1, 1, 11200000, 12500000, 1, 1, NULL, NULL, X'e3984e6e4475346ca43d356a88bba6ce', 'Pedro scores for Chelsea', '', 'CHE 1-0', '{}');
INSERT INTO observation VALUES(2, 1, 40000000, 45250000, 1, 1, NULL, NULL, X'164c140c6ddbfee93f658aa7349ceedc', 'The crowd sings', 'and it''s in!', '', '{}');
INSERT INTO entity VALUES(1, 'by hand', 'player:4447', NULL, 'player', 'Pedro', '', '{"shirt_number":17}', 1);
INSERT INTO entity VALUES(2, 'by hand', NULL, 1, 'team', 'Chelsea', '', '{}', 1);
INSERT INTO alias VALUES('chelsea', 2, 'Chelsea', 1);
INSERT INTO alias VALUES('pedro', 1, 'Pedro', 1);
INSERT INTO alias VALUES('pedro eliezer rodriguez ledesma', 1, 'Pedro Eliezer Rodríguez Ledesma', 0);
INSERT INTO alias_word VALUES('eliezer', 1);
INSERT INTO alias_word VALUES('ledesma', 1);
INSERT INTO alias_word VALUES('pedro', 1);
INSERT INTO alias_word VALUES('rodriguez', 1);
INSERT INTO alias_word VALUES('chelsea', 2);
INSERT INTO descriptor VALUES(1, 1, X'631866fda2571bc704f1be1e58d22e00', 'player', 'Pedro', 'player:4447', 'Pedro Eliezer Rodríguez Ledesma', '', '{"shirt_number":17}');
INSERT INTO descriptor VALUES(2, 2, X'77da926de8b68814081568a9a827ac65', 'team', 'Chelsea', NULL, '', '', '{}');
INSERT INTO mention VALUES(1, 0, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO mention VALUES(1, 1, 2, 2, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO event VALUES(1, 1, 0, 1, 11200000, 12500000, 1, 'goal', NULL, '', '{"half":1}');
INSERT INTO participant VALUES(1, 0, 1, 'agent', 0);
INSERT INTO relation VALUES(1, 0, 1, 'plays_for', 2, NULL, NULL, 0, 1);
INSERT INTO coverage VALUES(1, 1, 0, 120000000, 1, '', NULL);
INSERT INTO identity_log VALUES(1, 'cannot_link', '{"a":["by hand","player:4447"],"b":["by hand","player:1"],"reason":"seen together"}', X'a00a8f3941c1922ed196c3a01d069cce');
INSERT INTO summary VALUES(1, 1, 1, 0, 120000000, 'One goal', '{"covers":[[0,120]]}', X'a222f57c87fe5c51d3b66da54b9f0cd0');
INSERT INTO text_index(text_index) VALUES('rebuild');
INSERT INTO span_index SELECT 2 * id, start / 1e6, "end" / 1e6, video, video FROM observation;
INSERT INTO span_index SELECT 2 * id + 1, start / 1e6, "end" / 1e6, video, video FROM event;
PRAGMA application_id = 1382376812;
PRAGMA user_version = 1;
