// Entities: by name, by type, with their mentions and relations.
#include <algorithm>

#include "graph/folding.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {
namespace {

constexpr char kEntityColumns[] = "n.id, n.name, n.description, n.type, n.stable_id, n.source, n.attributes, n.mentions";

/// Names that share a word are looked through up to this many; beyond it the word tells nothing.
constexpr int kMaxSharedWord = 20'000;

int sql_limit(int limit) { return limit > 0 ? limit : -1; }

}  // namespace

std::vector<EntityRecord> SqliteStore::read_entities(Statement& rows) const {
  std::vector<EntityRecord> result;
  while (rows.step()) {
    EntityRecord e;
    e.row = rows.integer(0);
    e.description = rows.text(2);
    e.type = rows.text(3);
    e.name = display_name(rows.text(1), e.description, e.type, e.row);
    e.stable_id = rows.text(4);
    e.source = rows.text(5);
    if (e.stable_id.empty()) {
      // Of another of its atoms.
      Statement& id = use_
          ["SELECT n.stable_id, n.source FROM member b JOIN entity n ON n.id = b.atom WHERE b.entity = ? AND n.stable_id IS NOT "
           "NULL ORDER BY n.source, n.stable_id LIMIT 1"];
      if (id.with(e.row).step()) {
        e.stable_id = id.text(0);
        e.source = id.text(1);
      }
      id.reset();
    }
    e.attributes = stored_json(rows.view(6));
    e.mentions = rows.integer(7);
    Statement& aliases = use_[sql::kAliasesOfEntity].with(e.row, rows.view(1));
    while (aliases.step()) e.aliases.push_back(aliases.text(0));
    aliases.reset();
    result.push_back(std::move(e));
  }
  return result;
}

std::optional<EntityRecord> SqliteStore::entity(RowId row) const {
  Statement rows(*database_, std::string("SELECT ") + kEntityColumns +
                                 " FROM entity n WHERE n.id = coalesce((SELECT entity FROM member WHERE atom = ?1), ?1)");
  rows.bind(0, row);
  std::vector<EntityRecord> found = read_entities(rows);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<EntityRecord> SqliteStore::find_entities(const std::string& name, bool whole_name, int limit) const {
  const std::string folded = fold_name(base::clean_line(name, 1000));
  if (folded.empty()) return {};
  Statement whole(*database_, std::string("SELECT ") + kEntityColumns +
                                  " FROM entity n WHERE n.id IN (SELECT entity FROM alias WHERE folded = ?) AND n.mentions > 0 "
                                  "ORDER BY n.mentions DESC, n.id LIMIT ?");
  whole.bind(0, folded).bind(1, sql_limit(limit));
  std::vector<EntityRecord> found = read_entities(whole);
  if (!found.empty() || whole_name) return found;

  // Begin with the rarest word, so that a common one costs one look-up a candidate.
  std::vector<std::pair<std::int64_t, std::string>> words;
  for (const std::string& word : folded_words(folded)) {
    Statement& count = use_["SELECT count(*) FROM (SELECT 1 FROM alias_word WHERE word = ? LIMIT 20000)"].with(word);
    const std::int64_t n = count.step() ? count.integer(0) : 0;
    count.reset();
    if (n == 0) return {};
    words.emplace_back(n, word);
  }
  std::sort(words.begin(), words.end());
  std::string text = std::string("SELECT ") + kEntityColumns + " FROM (SELECT entity FROM alias_word WHERE word = ? LIMIT " +
                     std::to_string(kMaxSharedWord) + ") w CROSS JOIN entity n ON n.id = w.entity WHERE n.mentions > 0";
  for (std::size_t i = 1; i < words.size(); ++i) text += " AND EXISTS (SELECT 1 FROM alias_word x WHERE x.word = ? AND x.entity = n.id)";
  // All words in one of its names, not spread over several.
  text += " AND EXISTS (SELECT 1 FROM alias a WHERE a.entity = n.id";
  for (std::size_t i = 0; i < words.size(); ++i) text += " AND instr(' ' || a.folded || ' ', ?) > 0";
  text += ") ORDER BY n.mentions DESC, n.id LIMIT " + std::to_string(sql_limit(limit));
  Statement rows(*database_, text);
  std::vector<std::string> padded;
  for (const auto& [n, word] : words) padded.push_back(" " + word + " ");
  int index = 0;
  for (const auto& [n, word] : words) rows.bind(index++, word);
  for (const std::string& word : padded) rows.bind(index++, word);
  return read_entities(rows);
}

std::vector<EntityRecord> SqliteStore::entities(const std::string& type, const std::vector<std::string>& videos, int limit) const {
  std::string text = std::string("SELECT ") + kEntityColumns;
  std::vector<RowId> rows_of_videos;
  if (!videos.empty()) {
    std::string marks;
    for (const std::string& id : videos) {
      if (const auto row = video_row(id)) {
        rows_of_videos.push_back(*row);
        marks += marks.empty() ? "?" : ",?";
      }
    }
    if (rows_of_videos.empty()) return {};
    // Counted within the videos asked about.
    text =
        "SELECT n.id, n.name, n.description, n.type, n.stable_id, n.source, n.attributes, c.k FROM (SELECT m.entity, count(*) AS k FROM "
        "observation o CROSS JOIN mention m ON m.observation = o.id WHERE o.live = 1 AND o.video IN (" +
        marks + ") GROUP BY m.entity) c JOIN entity n ON n.id = c.entity WHERE 1";
  } else {
    text += " FROM entity n WHERE n.mentions > 0";
  }
  if (!type.empty()) text += " AND n.type = ?";
  text += videos.empty() ? " ORDER BY n.mentions DESC, n.id" : " ORDER BY c.k DESC, n.id";
  text += " LIMIT " + std::to_string(sql_limit(limit));
  Statement rows(*database_, text);
  int index = 0;
  for (const RowId row : rows_of_videos) rows.bind(index++, row);
  if (!type.empty()) rows.bind(index++, type);
  return read_entities(rows);
}

std::vector<MentionRecord> SqliteStore::mentions(RowId entity, int limit) const {
  Statement rows(*database_,
                 "SELECT v.name, coalesce(m.start, o.start), coalesce(m.\"end\", o.\"end\"), o.id, d.description, m.x0, m.y0, m.x1, m.y1 "
                 "FROM mention m JOIN observation o ON o.id = m.observation JOIN video v ON v.id = o.video "
                 "JOIN descriptor d ON d.id = m.descriptor WHERE m.entity = ? AND o.live = 1 ORDER BY 1, 2, 3, o.id, m.seq LIMIT ?");
  rows.bind(0, entity).bind(1, sql_limit(limit));
  std::vector<MentionRecord> result;
  while (rows.step()) {
    MentionRecord m{rows.text(0), {rows.integer(1), rows.integer(2)}, rows.integer(3), rows.text(4), std::nullopt};
    if (!rows.is_null(5)) m.box = base::Box{rows.real(5), rows.real(6), rows.real(7), rows.real(8)};
    result.push_back(std::move(m));
  }
  return result;
}

std::vector<RelationRecord> SqliteStore::relations(RowId entity, int limit) const {
  Statement rows(*database_,
                 "SELECT r.source, a.name, a.description, a.type, r.type, r.target, b.name, b.description, b.type, v.name, "
                 "coalesce(r.start, o.start), coalesce(r.\"end\", o.\"end\"), o.id FROM (SELECT * FROM relation WHERE source = ?1 UNION "
                 "SELECT * FROM relation WHERE target = ?1) r JOIN observation o ON o.id = r.observation JOIN video v ON v.id = o.video "
                 "JOIN entity a ON a.id = r.source JOIN entity b ON b.id = r.target WHERE o.live = 1 ORDER BY v.name, 11, 12, o.id, r.seq "
                 "LIMIT ?2");
  rows.bind(0, entity).bind(1, sql_limit(limit));
  std::vector<RelationRecord> result;
  while (rows.step()) {
    RelationRecord r;
    r.source = rows.integer(0);
    r.source_name = display_name(rows.text(1), rows.text(2), rows.text(3), r.source);
    r.type = rows.text(4);
    r.target = rows.integer(5);
    r.target_name = display_name(rows.text(6), rows.text(7), rows.text(8), r.target);
    r.video = rows.text(9);
    r.span = {rows.integer(10), rows.integer(11)};
    r.observation = rows.integer(12);
    result.push_back(std::move(r));
  }
  return result;
}

}  // namespace reelgraph::graph::sqlite
