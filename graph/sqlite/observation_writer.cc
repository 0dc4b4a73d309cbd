#include "graph/sqlite/observation_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "graph/folding.h"
#include "graph/hashing.h"
#include "graph/identity/matching.h"
#include "graph/sqlite/sql.h"

namespace reelgraph::graph::sqlite {
namespace {

constexpr std::size_t kRemembered = 200'000;  ///< descriptors kept in memory, about 20 MB
constexpr char kUnit = '\x1F';                ///< separates parts of a key; canonical texts hold no control characters

/// Identity of a mention as text; empty for a thing without id and name.
std::string identity_key(std::int64_t video, const std::string& source, const base::EntityMention& m, const std::string& mark) {
  std::string key;
  if (m.stable_id) {
    key = 'i';
    key += source;
    key += kUnit;
    key += *m.stable_id;
  } else if (m.name) {
    key = 'n';
    key += std::to_string(video);
    key += kUnit;
    key += source;
    key += kUnit;
    key += m.type;
    key += kUnit;
    key += *m.name;
    if (!mark.empty()) {
      key += kUnit;
      key += mark;
    }
  }
  return key;
}

/// The smaller of two texts, where an empty one says nothing.
void keep_smaller(std::string& kept, const std::string& other) {
  if (!other.empty() && (kept.empty() || other < kept)) kept = other;
}

nlohmann::json parse_object(std::string_view text) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  return value.is_object() ? value : nlohmann::json::object();
}

/// Union of two attribute objects; a key that both have keeps the value whose JSON text is smaller.
void unite_attributes(nlohmann::json& kept, const nlohmann::json& other) {
  for (const auto& [key, value] : other.items()) {
    const auto it = kept.find(key);
    if (it == kept.end()) {
      kept[key] = value;
    } else if (*it != value && value.dump() < it->dump()) {
      *it = value;
    }
  }
}

}  // namespace

std::size_t ref_index(const std::string& ref) {
  std::size_t index = 0;
  std::from_chars(ref.data() + 1, ref.data() + ref.size(), index);
  return index;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

void Tally::flush(StatementCache& statements) {
  for (const auto& [key, n] : changes_) {
    if (n == 0) continue;
    statements[sql::kTally].with(key.first, key.second, n).run();
    if (n < 0) statements[sql::kTallyClean].with(key.first, key.second).run();
  }
  changes_.clear();
}

std::int64_t ObservationWriter::source_row(const base::Provenance& p) {
  const std::string key = p.kind + kUnit + p.name + kUnit + p.version;
  if (const auto it = sources_.find(key); it != sources_.end()) return it->second;
  Statement& find = use_[sql::kFindSource].with(p.kind, p.name, p.version);
  std::int64_t row = 0;
  if (find.step()) {
    row = find.integer(0);
    find.reset();
  } else {
    use_[sql::kInsertSource].with(p.kind, p.name, p.version).run();
    row = database_.last_insert_rowid();
  }
  return sources_[key] = row;
}

std::int64_t ObservationWriter::write(std::int64_t video, const base::Observation& o, const std::string& hash,
                                      std::optional<std::int64_t> chunk) {
  const std::string ocr = join_lines(o.ocr);
  const std::string attributes = o.attributes.dump();
  const std::int64_t source = source_row(o.provenance);
  Statement& insert = use_[sql::kInsertObservation].with(video, o.span.start, o.span.end, source, chunk);
  insert.bind_blob(5, hash).bind(6, o.caption).bind(7, o.transcript).bind(8, ocr).bind(9, attributes);
  insert.run();
  const std::int64_t row = database_.last_insert_rowid();
  tally_.add("observations", "", 1);
  tally_.add("source", std::to_string(source), 1);
  use_[sql::kIndexSpan].with(2 * row, base::to_seconds(o.span.start), base::to_seconds(o.span.end), video).run();

  std::string entity_text;
  mentioned_.clear();
  const std::vector<std::string> marks = marks_of_mentions(o, hash);
  bool& unsure = touched_.videos[video];
  for (std::size_t seq = 0; seq < o.entities.size(); ++seq) {
    const base::EntityMention& m = o.entities[seq];
    const std::string& mark = marks[seq];
    unsure = unsure || !m.stable_id;
    const Known known = describe(video, o.provenance.name, m, mark, mark.starts_with('@'));
    mentioned_.push_back(known);
    Statement& mention = use_[sql::kInsertMention].with(row, static_cast<std::int64_t>(seq), known.entity, known.descriptor);
    if (m.span) {
      mention.bind(4, m.span->start).bind(5, m.span->end);
    } else {
      mention.bind_null(4).bind_null(5);
    }
    if (m.box) {
      mention.bind(6, m.box->x0).bind(7, m.box->y0).bind(8, m.box->x1).bind(9, m.box->y1);
    } else {
      mention.bind_null(6).bind_null(7).bind_null(8).bind_null(9);
    }
    mention.run();
    ++mention_changes_[known.entity];
    // As the view observation_text has it.
    if (seq > 0) entity_text += '\n';
    entity_text += m.type + ' ' + m.name.value_or("") + ' ' + join_lines(m.aliases) + ' ' + m.description;
  }
  tally_.add("mentions", "", static_cast<std::int64_t>(o.entities.size()));

  std::string event_text;
  for (std::size_t seq = 0; seq < o.events.size(); ++seq) {
    write_event(video, row, seq, o.events[seq]);
    if (seq > 0) event_text += '\n';
    event_text += o.events[seq].type + ' ' + o.events[seq].description;
  }

  for (std::size_t seq = 0; seq < o.relations.size(); ++seq) {
    const base::Relation& r = o.relations[seq];
    const std::size_t from = ref_index(r.source), to = ref_index(r.target);
    Statement& relation =
        use_[sql::kInsertRelation].with(row, static_cast<std::int64_t>(seq), mentioned_[from].entity, r.type, mentioned_[to].entity);
    if (r.span) {
      relation.bind(5, r.span->start).bind(6, r.span->end);
    } else {
      relation.bind_null(5).bind_null(6);
    }
    relation.bind(7, static_cast<std::int64_t>(from)).bind(8, static_cast<std::int64_t>(to)).run();
    tally_.add("relations", "", 1);
    tally_.add("relation_type", r.type, 1);
  }
  use_[sql::kIndexText].with(row, o.caption, o.transcript, ocr, event_text, entity_text).run();
  return row;
}

void ObservationWriter::write_event(std::int64_t video, std::int64_t observation, std::size_t seq, const base::Event& event) {
  const std::string attributes = event.attributes.dump();
  use_[sql::kInsertEvent]
      .with(observation, static_cast<std::int64_t>(seq), video, event.span.start, event.span.end, event.type, event.show_at,
            event.description, attributes)
      .run();
  const std::int64_t row = database_.last_insert_rowid();
  tally_.add("events", "", 1);
  tally_.add("event_type", event.type, 1);
  use_[sql::kIndexSpan].with(2 * row + 1, base::to_seconds(event.span.start), base::to_seconds(event.span.end), video).run();
  for (std::size_t i = 0; i < event.participants.size(); ++i) {
    const base::Participant& p = event.participants[i];
    const std::size_t mention = ref_index(p.ref);
    use_[sql::kInsertParticipant]
        .with(row, static_cast<std::int64_t>(i), mentioned_[mention].entity, p.role, static_cast<std::int64_t>(mention))
        .run();
    tally_.add("role", p.role, 1);
  }
}

ObservationWriter::Known ObservationWriter::describe(std::int64_t video, const std::string& source, const base::EntityMention& m,
                                                     const std::string& mark, bool own) {
  const std::string attributes = m.attributes.dump();
  const std::string aliases = join_lines(m.aliases);
  std::string key = own ? 'u' + mark : identity_key(video, source, m, mark);
  key += '\x1E';
  for (const std::string_view part : {std::string_view(m.type), m.name ? std::string_view(*m.name) : std::string_view(),
                                      std::string_view(aliases), std::string_view(m.description), std::string_view(attributes)}) {
    key += part;
    key += kUnit;
  }
  std::string hash = hash_bytes(key);
  if (!own) {
    if (const auto it = descriptors_.find(hash); it != descriptors_.end()) return it->second;
  }
  Statement& find = use_[sql::kFindDescriptor];
  find.reset();
  find.bind_blob(0, hash);
  if (find.step()) {
    const Known known{find.integer(0), find.integer(1)};
    find.reset();
    if (!own) descriptors_.emplace(std::move(hash), known);
    return known;
  }
  Known known;
  bool added = false;
  const std::int64_t atom = find_or_add_atom(video, source, m, mark, added);
  known.entity = atom;
  if (!added) {
    Statement& joined = use_[sql::kEntityOfAtom].with(atom);
    if (joined.step()) known.entity = joined.integer(0);
    joined.reset();
  }
  // One that is joined to another is described by that one's row, which is made anew when the transaction ends.
  if (known.entity == atom) {
    if (!added) unite(atom, m);
    add_aliases(atom, m);
  }
  Statement& insert = use_[sql::kInsertDescriptor].with(atom);
  insert.bind_blob(1, hash).bind(2, m.type).bind(3, m.name ? std::string_view(*m.name) : std::string_view());
  insert.bind(4, m.stable_id).bind(5, aliases).bind(6, m.description).bind(7, attributes).run();
  known.descriptor = database_.last_insert_rowid();
  if (!own) {
    if (descriptors_.size() >= kRemembered) descriptors_.clear();
    descriptors_.emplace(std::move(hash), known);
  }
  return known;
}

std::int64_t ObservationWriter::find_or_add_atom(std::int64_t video, const std::string& source, const base::EntityMention& m,
                                                 const std::string& mark, bool& added) {
  Statement* find = nullptr;
  if (m.stable_id && !mark.starts_with('@')) {
    find = &use_[sql::kEntityByStableId].with(source, *m.stable_id);
  } else if (m.name) {
    find = &use_[sql::kEntityByName].with(video, source, m.type, *m.name, mark);
  }
  if (find && find->step()) {
    const std::int64_t row = find->integer(0);
    find->reset();
    return row;
  }
  added = true;
  const std::string attributes = m.attributes.dump();
  const std::optional<std::string> stable_id = mark.starts_with('@') ? std::nullopt : m.stable_id;
  Statement& insert = use_[sql::kInsertEntity].with(source, stable_id);
  if (stable_id) {
    insert.bind_null(2);
  } else {
    insert.bind(2, video);
  }
  insert.bind(3, m.type).bind(4, m.name ? std::string_view(*m.name) : std::string_view()).bind(5, m.description).bind(6, attributes);
  insert.bind(7, mark).run();
  return database_.last_insert_rowid();
}

void ObservationWriter::unite(std::int64_t entity, const base::EntityMention& m) {
  Statement& facts = use_[sql::kEntityFacts].with(entity);
  if (!facts.step()) return;
  std::string type = facts.text(0), name = facts.text(1), description = facts.text(2);
  const std::string old_type = type, old_attributes = facts.text(3);
  const std::int64_t counted = facts.integer(4);
  facts.reset();
  nlohmann::json attributes = parse_object(old_attributes);
  keep_smaller(type, m.type);
  if (m.name) keep_smaller(name, *m.name);
  keep_smaller(description, m.description);
  unite_attributes(attributes, m.attributes);
  use_[sql::kUpdateEntity].with(type, name, description, attributes.dump(), entity).run();
  if (type != old_type && counted > 0) {
    tally_.add("entity_type", old_type, -1);
    tally_.add("entity_type", type, 1);
  }
}

void ObservationWriter::add_aliases(std::int64_t entity, const base::EntityMention& m) {
  const auto add = [&](const std::string& text, bool is_name) {
    const std::string folded = fold_name(text);
    use_[sql::kInsertAlias].with(folded, entity, text, is_name ? 1 : 0).run();
    for (const std::string& word : folded_words(folded)) use_[sql::kInsertAliasWord].with(word, entity).run();
  };
  if (m.name) add(*m.name, true);
  for (const std::string& alias : m.aliases) add(alias, false);
}

void ObservationWriter::supersede(std::int64_t observation, std::int64_t by) {
  Statement video(database_, "SELECT video FROM observation WHERE id = ?");
  if (video.with(observation).step()) touched_.videos[video.integer(0)] = true;
  video.reset();
  use_[sql::kUnindexText].with(observation).run();
  retire(observation);
  use_[sql::kSupersede].with(by, observation).run();
  use_[sql::kRetireEvents].with(observation).run();
  std::vector<std::int64_t> entities;
  {
    Statement mentions(database_, "SELECT DISTINCT entity FROM mention WHERE observation = ?");
    mentions.bind(0, observation);
    while (mentions.step()) entities.push_back(mentions.integer(0));
  }
  for (const std::int64_t entity : entities) rebuild_entity(entity);
}

/// Takes a live observation out of the span index and the counts.
void ObservationWriter::retire(std::int64_t observation) {
  use_[sql::kUnindexSpan].with(2 * observation).run();
  tally_.add("observations", "", -1);
  Statement source(database_, "SELECT source FROM observation WHERE id = ?");
  source.bind(0, observation);
  if (source.step()) tally_.add("source", source.text(0), -1);
  Statement events(database_, "SELECT id, type FROM event WHERE observation = ?");
  events.bind(0, observation);
  while (events.step()) {
    use_[sql::kUnindexSpan].with(2 * events.integer(0) + 1).run();
    tally_.add("events", "", -1);
    tally_.add("event_type", events.text(1), -1);
    Statement& participants = use_[sql::kParticipantsOfEvent].with(events.integer(0));
    while (participants.step()) tally_.add("role", participants.text(1), -1);
    participants.reset();
  }
  Statement relations(database_, "SELECT type FROM relation WHERE observation = ?");
  relations.bind(0, observation);
  while (relations.step()) {
    tally_.add("relations", "", -1);
    tally_.add("relation_type", relations.text(0), -1);
  }
  Statement mentions(database_, "SELECT entity FROM mention WHERE observation = ?");
  mentions.bind(0, observation);
  while (mentions.step()) {
    tally_.add("mentions", "", -1);
    --mention_changes_[mentions.integer(0)];
  }
}

std::set<std::int64_t> ObservationWriter::remove_observations(std::int64_t video) {
  std::vector<std::int64_t> live, all;
  std::set<std::int64_t> atoms, entities;
  {
    Statement rows(database_, "SELECT id, live FROM observation WHERE video = ?");
    rows.bind(0, video);
    while (rows.step()) {
      all.push_back(rows.integer(0));
      if (rows.integer(1)) live.push_back(rows.integer(0));
    }
    Statement touched(
        database_,
        "SELECT DISTINCT m.entity, d.entity FROM observation o JOIN mention m ON m.observation = o.id JOIN descriptor d ON d.id "
        "= m.descriptor WHERE o.video = ?");
    touched.bind(0, video);
    while (touched.step()) {
      entities.insert(touched.integer(0));
      atoms.insert(touched.integer(1));
    }
  }
  for (const std::int64_t row : live) {
    use_[sql::kUnindexText].with(row).run();
    retire(row);
  }
  flush();  // entities leave the counts before their rows go
  Statement erase(database_, "DELETE FROM observation WHERE id = ?");
  for (const std::int64_t row : all) erase.with(row).run();
  for (const std::int64_t atom : atoms) use_[sql::kDeleteUnusedDescriptors].with(atom).run();
  for (const std::int64_t entity : entities) rebuild_entity(entity);
  forget();  // descriptors may be gone
  return atoms;
}

void ObservationWriter::remove_atom(std::int64_t atom) { use_[sql::kDeleteEntity].with(atom).run(); }

/// Without a live description it stays as it was: nothing shows it.
void ObservationWriter::rebuild_entity(std::int64_t entity) {
  Statement& others = use_[sql::kAtomsOfEntity].with(entity);
  const bool joined = others.step();
  others.reset();
  std::vector<base::EntityMention> descriptions;
  std::map<std::string, std::int64_t> called;  // name -> mentions
  Statement& rows = use_[joined ? sql::kLiveDescriptors : sql::kLiveDescriptorsOfAtom].with(entity);
  while (rows.step()) {
    base::EntityMention m;
    m.type = rows.text(0);
    if (!rows.view(1).empty()) {
      m.name = rows.text(1);
      called[*m.name] += rows.integer(5);
    }
    m.aliases = split_lines(rows.view(2));
    m.description = rows.text(3);
    m.attributes = parse_object(rows.view(4));
    descriptions.push_back(std::move(m));
  }
  rows.reset();
  if (descriptions.empty()) return;
  use_[sql::kDeleteAliases].with(entity).run();
  use_[sql::kDeleteAliasWords].with(entity).run();
  base::EntityMention whole = descriptions.front();
  std::string name;
  for (const base::EntityMention& m : descriptions) {
    keep_smaller(whole.type, m.type);
    if (m.name) keep_smaller(name, *m.name);
    keep_smaller(whole.description, m.description);
    unite_attributes(whole.attributes, m.attributes);
    add_aliases(entity, m);
  }
  // Of several atoms, the name that most mentions use; ties by the smaller text.
  std::int64_t most = 0;
  for (const auto& [text, n] : called) {
    if (joined && n > most) {
      most = n;
      name = text;
    }
  }
  Statement& facts = use_[sql::kEntityMentions].with(entity);
  if (!facts.step()) return;
  const bool counted = facts.integer(0) > 0;
  const std::string old_type = facts.text(1);
  facts.reset();
  if (counted && old_type != whole.type) {
    tally_.add("entity_type", old_type, -1);
    tally_.add("entity_type", whole.type, 1);
  }
  use_[sql::kUpdateEntity].with(whole.type, name, whole.description, whole.attributes.dump(), entity).run();
}

void ObservationWriter::recount_mentions(std::int64_t entity) {
  Statement& count = use_["SELECT count(*) FROM mention m JOIN observation o ON o.id = m.observation WHERE m.entity = ? AND o.live = 1"];
  count.with(entity).step();
  const std::int64_t n = count.integer(0);
  count.reset();
  Statement& facts = use_[sql::kEntityMentions].with(entity);
  if (facts.step()) mention_changes_[entity] = n - facts.integer(0);
  facts.reset();
}

ObservationWriter::Touched ObservationWriter::take_touched() {
  for (const auto& [entity, change] : mention_changes_) touched_.entities.insert(entity);
  return std::exchange(touched_, {});
}

void ObservationWriter::flush() {
  for (const auto& [entity, change] : mention_changes_) {
    if (change == 0) continue;
    Statement& facts = use_[sql::kEntityMentions].with(entity);
    if (!facts.step()) continue;
    const std::int64_t before = facts.integer(0), after = before + change;
    const std::string type = facts.text(1);
    facts.reset();
    use_[sql::kSetMentions].with(after, entity).run();
    if ((before > 0) != (after > 0)) {
      tally_.add("entities", "", after > 0 ? 1 : -1);
      tally_.add("entity_type", type, after > 0 ? 1 : -1);
    }
  }
  mention_changes_.clear();
  tally_.flush(use_);
}

void ObservationWriter::forget() {
  sources_.clear();
  descriptors_.clear();
  mention_changes_.clear();
  touched_ = {};
  tally_.forget();
}

}  // namespace reelgraph::graph::sqlite
