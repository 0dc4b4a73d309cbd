#pragma once
// The SQL that is prepared once: what the store writes, and what it reads often. Queries that a filter composes are in their own files.

namespace reelgraph::graph::sqlite::sql {

// --- videos ---
inline constexpr char kVideoColumns[] = "id, name, title, path, content_id, duration, wall_start, state, reason, media";
inline constexpr char kVideoRow[] = "SELECT id FROM video WHERE name = ?";
inline constexpr char kVideoName[] = "SELECT name FROM video WHERE id = ?";
inline constexpr char kInsertVideo[] =
    "INSERT INTO video(name, title, path, content_id, duration, wall_start, state, reason, media) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr char kUpdateVideo[] =
    "UPDATE video SET title = ?2, path = ?3, content_id = ?4, duration = ?5, wall_start = ?6, state = ?7, reason = ?8, media = ?9 "
    "WHERE name = ?1";
inline constexpr char kDeleteVideo[] = "DELETE FROM video WHERE id = ?";
inline constexpr char kGrowVideo[] = "UPDATE video SET duration = ? WHERE id = ?";

// --- chunks, frames, coverage ---
inline constexpr char kChunkByKey[] = "SELECT id, state, attempts FROM chunk WHERE key = ?";
inline constexpr char kDeleteChunk[] = "DELETE FROM chunk WHERE id = ?";
inline constexpr char kInsertChunk[] =
    "INSERT INTO chunk(video, key, start, \"end\", own_start, own_end, state, attempts, error, prompt_tokens, completion_tokens, cost_usd) "
    "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr char kChunksOfVideo[] =
    "SELECT key, start, \"end\", own_start, own_end, state, attempts, error, prompt_tokens, completion_tokens, cost_usd FROM chunk "
    "WHERE video = ? ORDER BY start, \"end\", id";
// Live observations of earlier chunks whose own part overlaps that of a new chunk: [?2, ?3) of video ?1, before chunk ?4.
inline constexpr char kChunksUnder[] =
    "SELECT o.id, c.id, c.own_start, c.own_end FROM chunk c CROSS JOIN observation o ON o.chunk = c.id "
    "WHERE c.video = ?1 AND c.start < ?3 AND c.own_start < ?3 AND c.own_end > ?2 AND c.id < ?4 AND o.live = 1";
// Own parts of done chunks that came after chunk ?4 and overlap [?2, ?3).
inline constexpr char kChunksOver[] =
    "SELECT own_start, own_end FROM chunk WHERE video = ?1 AND start < ?3 AND own_start < ?3 AND own_end > ?2 AND id > ?4 AND state = 1";
inline constexpr char kInsertFrame[] = "INSERT INTO frame(video, at, file) VALUES(?, ?, ?) ON CONFLICT DO NOTHING";
inline constexpr char kInsertCoverage[] = "INSERT INTO coverage(video, start, \"end\", status, reason, chunk) VALUES(?, ?, ?, ?, ?, ?)";
inline constexpr char kFindCoverage[] =
    "SELECT 1 FROM coverage WHERE video = ? AND start = ? AND \"end\" = ? AND status = ? AND reason = ?";
inline constexpr char kDeleteGaps[] = "DELETE FROM coverage WHERE video = ? AND chunk IS NULL AND status IN (2, 3)";
inline constexpr char kDeleteSummaries[] = "DELETE FROM summary WHERE video = ? AND json_extract(covers, '$.maker') = ?";
inline constexpr char kInsertSummary[] =
    "INSERT INTO summary(video, level, start, \"end\", text, covers, hash) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
inline constexpr char kDeleteChunkCoverage[] = "DELETE FROM coverage WHERE chunk = ?";
inline constexpr char kCoverage[] =
    "SELECT start, \"end\", status, reason, chunk FROM coverage WHERE video = ? ORDER BY start, \"end\", status, reason";

// --- observations ---
inline constexpr char kFindSource[] = "SELECT id FROM source WHERE kind = ? AND name = ? AND version = ?";
inline constexpr char kInsertSource[] = "INSERT INTO source(kind, name, version) VALUES(?, ?, ?)";
inline constexpr char kFindHash[] = "SELECT id FROM observation WHERE hash = ?";
inline constexpr char kInsertObservation[] =
    "INSERT INTO observation(video, start, \"end\", source, chunk, hash, caption, transcript, ocr, attributes) "
    "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr char kSupersede[] = "UPDATE observation SET live = 0, superseded_by = ? WHERE id = ?";
inline constexpr char kRetireEvents[] = "UPDATE event SET live = 0 WHERE observation = ?";
inline constexpr char kInsertEvent[] =
    "INSERT INTO event(observation, seq, video, start, \"end\", type, show_at, description, attributes) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr char kInsertParticipant[] = "INSERT INTO participant(event, seq, entity, role, mention) VALUES(?, ?, ?, ?, ?)";
inline constexpr char kInsertRelation[] =
    "INSERT INTO relation(observation, seq, source, type, target, start, \"end\", source_mention, target_mention) "
    "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr char kInsertMention[] =
    "INSERT INTO mention(observation, seq, entity, descriptor, start, \"end\", x0, y0, x1, y1) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

// --- entities ---
inline constexpr char kEntityByStableId[] = "SELECT id FROM entity WHERE source = ? AND stable_id = ?";
inline constexpr char kEntityByName[] =
    "SELECT id FROM entity WHERE video = ? AND source = ? AND kind = ? AND called = ? AND mark = ? AND stable_id IS NULL AND called <> ''";
inline constexpr char kInsertEntity[] =
    "INSERT INTO entity(source, stable_id, video, type, name, description, attributes, mark, kind, called) VALUES(?1, ?2, ?3, ?4, ?5, ?6, "
    "?7, ?8, iif(?2 IS NULL, ?4, ''), iif(?2 IS NULL, ?5, ''))";
inline constexpr char kEntityFacts[] = "SELECT type, name, description, attributes, mentions FROM entity WHERE id = ?";
inline constexpr char kUpdateEntity[] = "UPDATE entity SET type = ?, name = ?, description = ?, attributes = ? WHERE id = ?";
inline constexpr char kEntityMentions[] = "SELECT mentions, type FROM entity WHERE id = ?";
inline constexpr char kSetMentions[] = "UPDATE entity SET mentions = ? WHERE id = ?";
inline constexpr char kDeleteEntity[] = "DELETE FROM entity WHERE id = ?";
inline constexpr char kAnyMention[] = "SELECT 1 FROM descriptor d JOIN mention m ON m.descriptor = d.id WHERE d.entity = ? LIMIT 1";
inline constexpr char kInsertAlias[] =
    "INSERT INTO alias(folded, entity, text, is_name) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET is_name = max(is_name, "
    "excluded.is_name)";
inline constexpr char kInsertAliasWord[] = "INSERT INTO alias_word(word, entity) VALUES(?, ?) ON CONFLICT DO NOTHING";
inline constexpr char kDeleteAliases[] = "DELETE FROM alias WHERE entity = ?";
inline constexpr char kDeleteAliasWords[] = "DELETE FROM alias_word WHERE entity = ?";
inline constexpr char kFindDescriptor[] =
    "SELECT d.id, coalesce(b.entity, d.entity) FROM descriptor d LEFT JOIN member b ON b.atom = d.entity WHERE d.hash = ?";
inline constexpr char kEntityOfAtom[] = "SELECT entity FROM member WHERE atom = ?";
inline constexpr char kAtomsOfEntity[] = "SELECT atom FROM member WHERE entity = ?";
inline constexpr char kInsertDescriptor[] =
    "INSERT INTO descriptor(entity, hash, type, name, stable_id, aliases, description, attributes) VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
inline constexpr char kDeleteUnusedDescriptors[] =
    "DELETE FROM descriptor WHERE entity = ? AND NOT EXISTS (SELECT 1 FROM mention m WHERE m.descriptor = descriptor.id)";
inline constexpr char kLiveDescriptorsOfAtom[] =
    "SELECT d.type, d.name, d.aliases, d.description, d.attributes, 1 FROM descriptor d WHERE d.entity = ? AND EXISTS "
    "(SELECT 1 FROM mention m JOIN observation o ON o.id = m.observation WHERE m.descriptor = d.id AND o.live = 1)";
// Of all atoms of an entity, with how many live mentions each has.
inline constexpr char kLiveDescriptors[] =
    "SELECT d.type, d.name, d.aliases, d.description, d.attributes, (SELECT count(*) FROM mention m JOIN observation o ON o.id = "
    "m.observation WHERE m.descriptor = d.id AND o.live = 1) AS n FROM descriptor d WHERE d.entity IN (SELECT ?1 UNION ALL SELECT atom "
    "FROM "
    "member WHERE entity = ?1) AND n > 0";

// --- derived ---
inline constexpr char kIndexSpan[] = "INSERT INTO span_index(id, start, \"end\", video, video_end) VALUES(?1, ?2, ?3, ?4, ?4)";
inline constexpr char kUnindexSpan[] = "DELETE FROM span_index WHERE id = ?";
inline constexpr char kIndexText[] = "INSERT INTO text_index(rowid, caption, transcript, ocr, events, entities) VALUES(?, ?, ?, ?, ?, ?)";
inline constexpr char kUnindexText[] =
    "INSERT INTO text_index(text_index, rowid, caption, transcript, ocr, events, entities) "
    "SELECT 'delete', id, caption, transcript, ocr, events, entities FROM observation_text WHERE id = ?";
inline constexpr char kTally[] = "INSERT INTO tally(kind, word, n) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + excluded.n";
inline constexpr char kTallyClean[] = "DELETE FROM tally WHERE kind = ? AND word = ? AND n = 0";
inline constexpr char kTallied[] = "SELECT n FROM tally WHERE kind = ? AND word = ?";
inline constexpr char kTalliedWords[] = "SELECT word FROM tally WHERE kind = ? AND n > 0 ORDER BY word";

// --- reading one observation ---
inline constexpr char kObservation[] =
    "SELECT v.name, o.start, o.\"end\", o.live, s.kind, s.name, s.version, o.caption, o.transcript, o.ocr, o.attributes "
    "FROM observation o JOIN video v ON v.id = o.video JOIN source s ON s.id = o.source WHERE o.id = ?";
inline constexpr char kMentionsOfObservation[] =
    "SELECT d.type, d.name, d.stable_id, d.aliases, d.description, d.attributes, m.start, m.\"end\", m.x0, m.y0, m.x1, m.y1 "
    "FROM mention m JOIN descriptor d ON d.id = m.descriptor WHERE m.observation = ? ORDER BY m.seq";
inline constexpr char kEventsOfObservation[] =
    "SELECT id, type, start, \"end\", description, attributes, show_at FROM event WHERE observation = ? ORDER BY seq";
inline constexpr char kParticipantsOfEvent[] = "SELECT mention, role FROM participant WHERE event = ? ORDER BY seq";
inline constexpr char kRelationsOfObservation[] =
    "SELECT source_mention, type, target_mention, start, \"end\" FROM relation WHERE observation = ? ORDER BY seq";
inline constexpr char kRolesOfEvent[] = "SELECT event, entity, role FROM participant WHERE event = ? ORDER BY seq";
inline constexpr char kRolesBetween[] = "SELECT event, entity, role FROM participant WHERE event BETWEEN ? AND ? ORDER BY event, seq";
inline constexpr char kDisplayEntity[] = "SELECT name, description, type FROM entity WHERE id = ?";
inline constexpr char kAliasesOfEntity[] = "SELECT DISTINCT text FROM alias WHERE entity = ? AND text <> ? ORDER BY text";

}  // namespace reelgraph::graph::sqlite::sql
