// Atoms of the identity resolver: what they are called without their rows, what is known of them, and single mentions split off.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "graph/embeddings.h"
#include "graph/folding.h"
#include "graph/hashing.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {
namespace {

using identity::Atom;
using identity::AtomFacts;
using nlohmann::json;

// Mentions go over to other entities, and what hangs on them with them.
constexpr char kMove[] =
    "UPDATE mention SET entity = (SELECT v.entity FROM temp.moved v WHERE v.observation = mention.observation AND v.seq = mention.seq) "
    "WHERE "
    "(observation, seq) IN (SELECT observation, seq FROM temp.moved);"
    "UPDATE participant SET entity = coalesce((SELECT v.entity FROM event e CROSS JOIN temp.moved v ON v.observation = e.observation AND "
    "v.seq = "
    "participant.mention WHERE e.id = participant.event), entity) WHERE event IN (SELECT e.id FROM (SELECT DISTINCT observation FROM "
    "temp.moved) v CROSS JOIN event e ON e.observation = v.observation);"
    "UPDATE relation SET source = coalesce((SELECT v.entity FROM temp.moved v WHERE v.observation = relation.observation AND v.seq = "
    "source_mention), source), target = coalesce((SELECT v.entity FROM temp.moved v WHERE v.observation = relation.observation AND v.seq = "
    "target_mention), target) WHERE observation IN (SELECT observation FROM temp.moved);"
    "DELETE FROM temp.moved";

/// "@HASH:SEQ" taken apart.
struct OneMention {
  std::string hash;  ///< hexadecimal
  std::int64_t seq = 0;
};
std::optional<OneMention> one_mention(std::string_view mark) {
  const std::size_t colon = mark.find(':');
  if (!mark.starts_with('@') || colon == std::string_view::npos) return std::nullopt;
  OneMention out{std::string(mark.substr(1, colon - 1)), 0};
  std::from_chars(mark.data() + colon + 1, mark.data() + mark.size(), out.seq);
  return out;
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

identity::Marks marks_in(std::string_view text) {
  identity::Marks marks;
  while (!text.empty() && !text.starts_with('@')) {
    const std::size_t end = text.find(';');
    const std::string_view one = text.substr(0, end);
    const std::size_t equals = one.find('=');
    if (equals != std::string_view::npos) marks.emplace(one.substr(0, equals), one.substr(equals + 1));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return marks;
}

/// Of several, the smaller value, whatever their order.
void unite(identity::Marks& marks, const identity::Marks& more) {
  for (const auto& [key, value] : more) {
    std::string& kept = marks.try_emplace(key, value).first->second;
    if (value < kept) kept = value;
  }
}

// Keys name atoms by what they are, not by their rows, so that they order them alike in every archive.
std::string id_key(const std::string& source, const std::string& id) { return "i|" + source + '|' + id; }
std::string named_key(const std::string& name, const std::string& type, const std::string& source, const std::string& mark,
                      const std::string& video) {
  if (mark.starts_with('@')) return "m|" + mark;
  return "n|" + name + '|' + type + '|' + source + '|' + mark + '|' + video;
}

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// type, name, stable_id, aliases, description, attributes from a column on.
base::EntityMention read_descriptor(const Statement& row, int column) {
  base::EntityMention m;
  m.type = row.text(column);
  if (!row.view(column + 1).empty()) m.name = row.text(column + 1);
  if (!row.is_null(column + 2)) m.stable_id = row.text(column + 2);
  m.aliases = split_lines(row.view(column + 3));
  m.description = row.text(column + 4);
  m.attributes = stored_json(row.view(column + 5));
  return m;
}

}  // namespace

json IdentityResolver::reference(std::int64_t atom) {
  Statement& row = use_
      ["SELECT n.source, n.stable_id, v.name, n.kind, n.called, n.mark FROM entity n LEFT JOIN video v ON v.id = n.video WHERE n.id = ?"];
  json out = json::object();
  if (!row.with(atom).step()) return out;
  if (!row.is_null(1)) {
    out = {{"source", row.text(0)}, {"id", row.text(1)}};
  } else if (const auto one = one_mention(row.view(5))) {
    out = {{"video", row.text(2)}, {"observation", one->hash}, {"mention", one->seq}};
  } else {
    out = {{"source", row.text(0)}, {"video", row.text(2)}, {"type", row.text(3)}, {"name", row.text(4)}};
    if (!row.view(5).empty()) out["mark"] = row.text(5);
  }
  row.reset();
  return out;
}

std::int64_t IdentityResolver::find(const json& r) {
  if (!r.is_object()) return 0;
  const auto one = [](Statement& row) {
    const std::int64_t found = row.step() ? row.integer(0) : 0;
    row.reset();
    return found;
  };
  if (r.contains("id")) return one(use_[sql::kEntityByStableId].with(text_of(r, "source"), text_of(r, "id")));
  if (r.contains("mention")) {
    const auto [observation, seq] = find_mention(r);
    return one(use_["SELECT d.entity FROM mention m JOIN descriptor d ON d.id = m.descriptor WHERE m.observation = ? AND m.seq = ?"].with(
        observation, seq));
  }
  const std::string video = text_of(r, "video"), source = text_of(r, "source"), type = text_of(r, "type"), name = text_of(r, "name");
  const std::string mark = text_of(r, "mark");
  const std::int64_t row = one(use_[sql::kVideoRow].with(video));
  return one(use_[sql::kEntityByName].with(row, source, type, name, mark));
}

std::pair<std::int64_t, std::int64_t> IdentityResolver::find_mention(const json& r) {
  const auto seq = r.is_object() ? r.find("mention") : r.end();
  if (seq == r.end() || !seq->is_number_integer()) return {0, 0};
  const std::string hash = bytes_of(text_of(r, "observation"));
  Statement& row = use_
      ["SELECT o.id, m.seq FROM observation o JOIN mention m ON m.observation = o.id AND m.seq = ?2 WHERE o.hash = ?1 ORDER BY o.live "
       "DESC, o.id "
       "LIMIT 1"];
  row.reset();
  row.bind_blob(0, hash).bind(1, seq->get<std::int64_t>());
  const std::pair<std::int64_t, std::int64_t> found =
      row.step() ? std::pair(row.integer(0), row.integer(1)) : std::pair<std::int64_t, std::int64_t>{0, 0};
  row.reset();
  return found;
}

AtomFacts IdentityResolver::facts(std::int64_t atom) {
  AtomFacts out;
  Statement& row = use_
      ["SELECT n.source, n.stable_id, iif(n.stable_id IS NULL, n.kind, n.type), n.called, n.mark, v.name FROM entity n LEFT JOIN video v "
       "ON v.id = n.video WHERE n.id = ?"];
  if (!row.with(atom).step()) return out;
  out.source = row.text(0);
  out.stable_id = row.text(1);
  out.type = row.text(2);
  if (!out.stable_id.empty()) {
    out.key = id_key(out.source, out.stable_id);
  } else {
    out.marks = marks_in(row.view(4));
    out.key = named_key(row.text(3), out.type, out.source, row.text(4), row.text(5));
  }
  row.reset();
  if (!out.stable_id.empty()) {
    Statement& said = use_["SELECT attributes FROM descriptor WHERE entity = ? AND attributes <> '{}'"].with(atom);
    while (said.step()) unite(out.marks, identity::marks_of(stored_json(said.view(0))));
    said.reset();
  }
  Statement& seen = use_
      ["SELECT DISTINCT m.observation FROM descriptor d JOIN mention m ON m.descriptor = d.id JOIN observation o ON o.id = "
       "m.observation WHERE d.entity = ? AND o.live = 1 ORDER BY 1"];
  seen.with(atom);
  while (seen.step()) out.observations.push_back(seen.integer(0));
  seen.reset();
  return out;
}

std::int64_t IdentityResolver::entity_of(std::int64_t atom) {
  Statement& row = use_[sql::kEntityOfAtom].with(atom);
  const std::int64_t entity = row.step() ? row.integer(0) : atom;
  row.reset();
  return entity;
}

std::vector<std::int64_t> IdentityResolver::atoms_of(std::int64_t entity) {
  std::vector<std::int64_t> atoms{entity};
  Statement& rows = use_[sql::kAtomsOfEntity].with(entity);
  while (rows.step()) atoms.push_back(rows.integer(0));
  rows.reset();
  return atoms;
}

std::vector<Atom> IdentityResolver::atoms_in(std::int64_t video) {
  Statement rows(
      database_,
      "SELECT d.entity, d.id, o.id, o.live, coalesce(m.start, o.start), coalesce(m.\"end\", o.\"end\"), m.x0, m.y0, m.x1, m.y1 FROM "
      "observation o CROSS JOIN mention m ON m.observation = o.id CROSS JOIN descriptor d ON d.id = m.descriptor WHERE o.video = ? "
      "ORDER BY o.id, m.seq");
  rows.bind(0, video);
  std::map<std::int64_t, Atom> atoms;
  std::map<std::int64_t, std::vector<identity::Sighting>> earlier;  // in superseded observations
  std::map<std::int64_t, std::set<std::int64_t>> descriptors, old_descriptors;
  while (rows.step()) {
    identity::Sighting s{rows.integer(2), {rows.integer(4), rows.integer(5)}, std::nullopt};
    if (!rows.is_null(6)) s.box = base::Box{rows.real(6), rows.real(7), rows.real(8), rows.real(9)};
    const bool live = rows.integer(3) != 0;
    Atom& atom = atoms[rows.integer(0)];
    (live ? atom.seen : earlier[rows.integer(0)]).push_back(s);
    (live ? descriptors : old_descriptors)[rows.integer(0)].insert(rows.integer(1));
  }
  std::vector<Atom> result;
  for (auto& [row, atom] : atoms) {
    atom.row = row;
    atom.live = !atom.seen.empty();
    if (!atom.live) atom.seen = std::move(earlier[row]);
    Statement& head = use_
        ["SELECT n.source, n.stable_id, iif(n.stable_id IS NULL, n.kind, n.type), n.called, n.mark, v.name FROM entity n LEFT JOIN video v "
         "ON v.id = n.video WHERE n.id = ?"];
    if (!head.with(row).step()) continue;
    atom.source = head.text(0);
    atom.stable_id = head.text(1);
    atom.type = head.text(2);
    const std::string mark = head.text(4);
    const bool named = !head.view(3).empty();
    if (!atom.stable_id.empty()) {
      atom.key = id_key(atom.source, atom.stable_id);
    } else {
      atom.key = named_key(head.text(3), atom.type, atom.source, mark, head.text(5));
      atom.alone = named && mark.starts_with('@');
      atom.marks = marks_in(mark);
    }
    head.reset();
    std::set<std::string> names, aliases;
    for (const std::int64_t descriptor : (atom.live ? descriptors : old_descriptors)[row]) {
      Statement& said = use_["SELECT name, aliases, description, attributes FROM descriptor WHERE id = ?"].with(descriptor);
      if (!said.step()) continue;
      if (!said.view(0).empty()) names.insert(said.text(0));
      for (std::string& alias : split_lines(said.view(1))) aliases.insert(std::move(alias));
      if (atom.description.text.empty()) {
        atom.description.text = fold_name(said.view(2));
        if (!named && atom.stable_id.empty()) atom.description.vector = vector_of(said.text(2));
      }
      const json attributes = stored_json(said.view(3));
      if (!atom.stable_id.empty()) unite(atom.marks, identity::marks_of(attributes));
      if (!named) atom.attributes = attributes;
      said.reset();
    }
    if (named || !atom.stable_id.empty()) {
      for (const std::string& name : names) atom.names.push_back(identity::read_name(name, atom.type));
      for (const std::string& alias : aliases) atom.aliases.push_back(identity::read_name(alias, atom.type));
    }
    result.push_back(std::move(atom));
  }
  return result;
}

/// Of the model that has any; of several, always the same one.
std::vector<float> IdentityResolver::vector_of(const std::string& description) {
  std::vector<float> vector;
  if (description.empty()) return vector;
  Statement& row = use_
      ["SELECT vector FROM embedding WHERE kind = 'descriptor' AND owner = ? AND model = (SELECT model FROM embedding WHERE kind = "
       "'descriptor' ORDER BY owner, model LIMIT 1)"];
  if (row.with(text_owner(description)).step()) vector = read_vector(row.view(0));
  row.reset();
  return vector;
}

void IdentityResolver::move_marked() { database_.execute(kMove); }

IdentityResolver::Split IdentityResolver::split_off(std::int64_t observation, std::int64_t seq) {
  Statement& row = use_
      ["SELECT d.entity, o.video, s.name, lower(hex(o.hash)), d.type, d.name, d.stable_id, d.aliases, d.description, d.attributes, n.mark "
       "FROM mention "
       "m JOIN descriptor d ON d.id = m.descriptor JOIN entity n ON n.id = d.entity JOIN observation o ON o.id = m.observation JOIN source "
       "s ON s.id = "
       "o.source WHERE m.observation = ? AND m.seq = ?"];
  Split out;
  if (!row.with(observation, seq).step()) return out;
  out.original = out.atom = row.integer(0);
  out.mark = row.text(10);
  const std::int64_t video = row.integer(1);
  const std::string source = row.text(2), own_mark = "@" + row.text(3) + ":" + std::to_string(seq);
  const base::EntityMention m = read_descriptor(row, 4);
  row.reset();
  if (out.mark.starts_with('@')) return out;
  const std::int64_t before = entity_of(out.atom);
  const ObservationWriter::Known own = writer_.describe(video, source, m, own_mark, true);
  move_mention(observation, seq, own);
  for (const std::int64_t entity : {before, own.entity}) writer_.recount_mentions(entity);
  writer_.flush();
  writer_.rebuild_entity(before);
  use_["DELETE FROM embedding WHERE kind = 'entity' AND owner = ?"].with(before).run();
  out.atom = own.entity;
  Statement& any = use_[sql::kAnyMention].with(out.original);
  if (!any.step()) out.original = 0;
  any.reset();
  return out;
}

void IdentityResolver::move_mention(std::int64_t observation, std::int64_t seq, const ObservationWriter::Known& to) {
  use_["UPDATE mention SET descriptor = ? WHERE observation = ? AND seq = ?"].with(to.descriptor, observation, seq).run();
  make_moved();
  use_["INSERT INTO temp.moved VALUES(?, ?, ?)"].with(observation, seq, to.entity).run();
  move_marked();
}

void IdentityResolver::make_moved() {
  database_.execute(
      "CREATE TEMP TABLE IF NOT EXISTS moved(observation INTEGER, seq INTEGER, entity INTEGER, PRIMARY KEY(observation, seq)) WITHOUT "
      "ROWID;"
      "DELETE FROM temp.moved");
}

std::int64_t IdentityResolver::put_back(std::int64_t atom, const std::string& mark) {
  struct Mention {
    std::int64_t observation, seq, video;
    std::string source;
    base::EntityMention said;
  };
  std::vector<Mention> mentions;
  Statement& rows = use_
      ["SELECT m.observation, m.seq, o.video, s.name, d.type, d.name, d.stable_id, d.aliases, d.description, d.attributes FROM descriptor "
       "d JOIN "
       "mention m ON m.descriptor = d.id JOIN observation o ON o.id = m.observation JOIN source s ON s.id = o.source WHERE d.entity = ?"];
  rows.with(atom);
  while (rows.step()) mentions.push_back({rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3), read_descriptor(rows, 4)});
  rows.reset();
  std::set<std::int64_t> entities;
  for (const Mention& m : mentions) {
    const ObservationWriter::Known known = writer_.describe(m.video, m.source, m.said, mark, false);
    move_mention(m.observation, m.seq, known);
    entities.insert(known.entity);
  }
  use_[sql::kDeleteUnusedDescriptors].with(atom).run();
  writer_.recount_mentions(atom);
  for (const std::int64_t entity : entities) writer_.recount_mentions(entity);
  writer_.flush();
  for (const std::int64_t entity : entities) writer_.rebuild_entity(entity);
  writer_.remove_atom(atom);
  writer_.forget_descriptors();
  use_["DELETE FROM embedding WHERE kind = 'entity' AND owner = ?"].with(atom).run();
  return entities.empty() ? 0 : *entities.begin();
}

}  // namespace reelgraph::graph::sqlite
