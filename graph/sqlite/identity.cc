// Decisions about identity by hand, and the log.
#include "graph/identity.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "graph/hashing.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph {
namespace {

using sqlite::IdentityResolver;
using sqlite::SqliteStore;
using sqlite::Statement;

const SqliteStore& stored(const Store& store) {
  const auto* const result = dynamic_cast<const SqliteStore*>(&store);
  if (result == nullptr) throw base::Error(base::ErrorCode::kInternal, "this store keeps no identity log");
  return *result;
}
SqliteStore& stored(Store& store) { return const_cast<SqliteStore&>(stored(std::as_const(store))); }

[[noreturn]] void refuse_decision(const std::string& message, const std::string& cure) {
  throw base::Error(base::ErrorCode::kInvalidArgument, message, {}, cure);
}

std::string number_text(std::int64_t n) { return "decision " + std::to_string(n); }

constexpr char kLog[] =
    "SELECT l.id, l.action, l.a, l.b, l.automatic, l.undone, l.score, l.reason, coalesce((SELECT d.name FROM descriptor d WHERE "
    "d.entity = l.a AND d.name <> '' ORDER BY d.id LIMIT 1), x.name), x.description, x.type, coalesce((SELECT d.name FROM descriptor d "
    "WHERE "
    "d.entity = l.b AND d.name <> '' ORDER BY d.id LIMIT 1), y.name), y.description, y.type, "
    "coalesce(p.entity, l.a), coalesce(q.entity, l.b) FROM identity_log l LEFT JOIN entity x ON x.id = l.a LEFT JOIN entity y ON y.id = "
    "l.b "
    "LEFT JOIN member p ON p.atom = l.a LEFT JOIN member q ON q.atom = l.b ";

IdentityDecision read_decision(const Statement& row) {
  IdentityDecision d;
  d.number = row.integer(0);
  d.action = row.text(1);
  const auto side = [&](int atom, int name, int entity) {
    if (row.is_null(atom)) return Identified{};
    return Identified{row.integer(entity), sqlite::display_name(row.text(name), row.text(name + 1), row.text(name + 2), row.integer(atom))};
  };
  d.a = side(2, 8, 14);
  d.b = side(3, 11, 15);
  d.automatic = row.integer(4) != 0;
  d.undone = row.integer(5) != 0;
  const bool apart = d.a.entity != d.b.entity;
  d.holds = !d.undone && d.a.entity != 0 && d.b.entity != 0 && apart == (d.action != "merge");
  d.score = row.real(6);
  d.reason = row.text(7);
  return d;
}

IdentityDecision decision(const SqliteStore& store, std::int64_t number) {
  Statement row(store.database(), std::string(kLog) + "WHERE l.id = ?");
  row.bind(0, number);
  if (!row.step()) refuse_decision("there is no " + number_text(number), "`identity log` lists the decisions");
  return read_decision(row);
}

/// Who stands for an entity in the log: one with a stable id, else one with a name, and of these the first by key.
std::int64_t representative(IdentityResolver& identities, const std::vector<std::int64_t>& atoms) {
  std::pair<std::string, std::int64_t> best;
  for (const std::int64_t atom : atoms) {
    const identity::AtomFacts f = identities.facts(atom);
    // "i|", then "n|", then "m|"; what is live before what is not.
    const char rank = f.key.starts_with("i|") ? '0' : f.key.starts_with("n|") ? '1' : '2';
    std::pair<std::string, std::int64_t> one{std::string(f.observations.empty() ? "1" : "0") + rank + f.key, atom};
    if (best.second == 0 || one < best) best = std::move(one);
  }
  return best.second;
}

/// Decisions by hand that hold and name an atom of the first set and one of the second.
std::vector<std::int64_t> between(SqliteStore& store, const char* action, const std::vector<std::int64_t>& left,
                                  const std::vector<std::int64_t>& right) {
  std::vector<std::int64_t> found;
  Statement rows(
      store.database(),
      "SELECT id, a, b FROM identity_log WHERE automatic = 0 AND undone = 0 AND pending = 0 AND action = ? AND (a = ? OR b = ?)");
  const auto holds = [](const std::vector<std::int64_t>& atoms, std::int64_t atom) {
    return std::find(atoms.begin(), atoms.end(), atom) != atoms.end();
  };
  for (const std::int64_t atom : left) {
    rows.with(action, atom, atom);
    while (rows.step()) {
      if (holds(right, rows.integer(1) == atom ? rows.integer(2) : rows.integer(1))) found.push_back(rows.integer(0));
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// Was this atom made for a mention that had belonged to another?
bool was_split_off(sqlite::Database& database, std::int64_t atom) {
  Statement row(database,
                "SELECT 1 FROM entity n JOIN descriptor d ON d.entity = n.id WHERE n.id = ? AND n.mark LIKE '@%' AND (d.name <> '' OR "
                "d.stable_id IS NOT NULL)");
  return row.with(atom).step();
}

}  // namespace

Identity::Identity(Store& store) : store_(store) { static_cast<void>(stored(store)); }

void Identity::require_entity(RowId row) const {
  const auto entity = store_.entity(row);
  if (!entity) refuse_decision("there is no entity " + std::to_string(row), "`entities` lists them");
}

IdentityDecision Identity::decide(const std::string& action, RowId a, RowId b, const std::string& reason, const std::string& mark) {
  SqliteStore& store = stored(store_);
  IdentityResolver& identities = store.identities();
  nlohmann::json details = {{"a", identities.reference(a)}, {"b", identities.reference(b)}};
  if (!reason.empty()) details["reason"] = base::clean_line(reason, 1000);
  if (!mark.empty()) details["mark"] = mark;
  const std::string hash = sqlite::decision_hash(action, details), text = details.dump();
  Statement known(store.database(), "SELECT id FROM identity_log WHERE hash = ?");
  known.bind_blob(0, hash);
  if (known.step()) refuse_decision(number_text(known.integer(0)) + " says so already", "`identity log` tells what holds");
  const std::string why = details.value("reason", "");
  Statement insert(store.database(), "INSERT INTO identity_log(action, details, hash, a, b, reason) VALUES(?, ?, ?, ?, ?, ?)");
  insert.bind(0, action).bind(1, text).bind_blob(2, hash).bind(3, a).bind(4, b).bind(5, why).run();
  const std::int64_t number = store.database().last_insert_rowid();
  identities.recluster({a, b});
  if ((action == "merge") != (identities.entity_of(a) == identities.entity_of(b))) {
    refuse_decision("that contradicts other decisions about the two", "`identity log` lists them");
  }
  return decision(store, number);
}

IdentityDecision Identity::merge(RowId a, RowId b, const std::string& reason) {
  require_entity(a);
  require_entity(b);
  SqliteStore& store = stored(store_);
  IdentityResolver& identities = store.identities();
  const std::int64_t left = identities.entity_of(a), right = identities.entity_of(b);
  const std::string both = std::to_string(a) + " and " + std::to_string(b);
  if (left == right) refuse_decision("entities " + both + " are one already", "`show` tells its history");
  const std::vector<std::int64_t> x = identities.atoms_of(left), y = identities.atoms_of(right);
  for (const char* action : {"distinct", "split"}) {
    if (const auto apart = between(store, action, x, y); !apart.empty()) {
      refuse_decision("entities " + both + (action[0] == 'd' ? " were declared distinct: " : " were split: ") + number_text(apart.front()),
                      "`identity undo " + std::to_string(apart.front()) + "` first");
    }
  }
  for (const std::int64_t p : x) {
    const identity::AtomFacts f = identities.facts(p);
    for (const std::int64_t q : f.stable_id.empty() ? std::vector<std::int64_t>{} : y) {
      const identity::AtomFacts g = identities.facts(q);
      if (g.stable_id.empty() || g.source != f.source || g.stable_id == f.stable_id) continue;
      refuse_decision("entities " + both + " have two ids of the source " + f.source + ": " + f.stable_id + " and " + g.stable_id,
                      "two ids of one source are never merged; correct the source and import it again");
    }
  }
  IdentityDecision done;
  store.change([&] { done = decide("merge", representative(identities, x), representative(identities, y), reason); });
  return done;
}

IdentityDecision Identity::distinct(RowId a, RowId b, const std::string& reason) {
  require_entity(a);
  require_entity(b);
  SqliteStore& store = stored(store_);
  IdentityResolver& identities = store.identities();
  const std::int64_t left = identities.entity_of(a), right = identities.entity_of(b);
  const std::string both = std::to_string(a) + " and " + std::to_string(b);
  if (left == right) {
    refuse_decision("entities " + both + " are one", "undo the merge that joined them (`identity log`), or `identity split` a mention off");
  }
  const std::vector<std::int64_t> x = identities.atoms_of(left), y = identities.atoms_of(right);
  if (const auto known = between(store, "distinct", x, y); !known.empty()) {
    refuse_decision("entities " + both + " were declared distinct already: " + number_text(known.front()), "there is nothing to do");
  }
  IdentityDecision done;
  store.change([&] { done = decide("distinct", representative(identities, x), representative(identities, y), reason); });
  return done;
}

IdentityDecision Identity::split(RowId observation, std::int64_t seq, const std::string& reason) {
  SqliteStore& store = stored(store_);
  IdentityResolver& identities = store.identities();
  const std::string id = std::to_string(observation) + ":" + std::to_string(seq);
  Statement row(store.database(),
                "SELECT m.entity, d.entity FROM mention m JOIN descriptor d ON d.id = m.descriptor WHERE m.observation = ? AND m.seq = ?");
  if (!row.with(observation, seq).step()) {
    refuse_decision("there is no mention " + id, "a mention is OBSERVATION:PLACE, as `show` lists them below an entity");
  }
  const std::int64_t entity = row.integer(0), own = row.integer(1);
  row.reset();
  Statement others(store.database(), "SELECT count(*) FROM (SELECT 1 FROM mention WHERE entity = ? LIMIT 2)");
  others.with(entity).step();
  if (others.integer(0) < 2)
    refuse_decision("mention " + id + " is alone: entity " + std::to_string(entity) + " has no other", "there is nothing to split");
  others.reset();
  const std::vector<std::int64_t> atoms = identities.atoms_of(entity);
  IdentityDecision done;
  store.change([&] {
    const IdentityResolver::Split made = identities.split_off(observation, seq);
    if (made.atom == made.original) {
      // It is an atom already, joined to others: by evidence, which the decision outweighs, or by hand, which must be undone.
      Statement hand(store.database(),
                     "SELECT id FROM identity_log WHERE automatic = 0 AND undone = 0 AND action = 'merge' AND (a = ?1 OR b = ?1)");
      if (hand.with(made.atom).step()) {
        refuse_decision("mention " + id + " was merged by hand: " + number_text(hand.integer(0)),
                        "`identity undo " + std::to_string(hand.integer(0)) + "`");
      }
    }
    std::int64_t rest = made.original;
    if (rest == made.atom || rest == 0) {
      std::vector<std::int64_t> left;
      std::copy_if(atoms.begin(), atoms.end(), std::back_inserter(left),
                   [&](std::int64_t other) { return other != made.atom && (made.original != 0 || other != own); });
      rest = representative(identities, left);
    }
    done = decide("split", made.atom, rest, reason, made.mark.starts_with('@') ? "" : made.mark);
  });
  return done;
}

IdentityDecision Identity::undo(std::int64_t number) {
  SqliteStore& store = stored(store_);
  IdentityResolver& identities = store.identities();
  sqlite::Database& database = store.database();
  Statement row(database, "SELECT action, details, a, b, automatic, undone, hash, pending FROM identity_log WHERE id = ?");
  if (!row.with(number).step()) refuse_decision("there is no " + number_text(number), "`identity log` lists the decisions");
  const std::string action = row.text(0), hash = row.text(6);
  const nlohmann::json details = sqlite::stored_json(row.view(1));
  const std::int64_t a = row.integer(2), b = row.integer(3);
  const bool automatic = row.integer(4) != 0, undone = row.integer(5) != 0;
  row.reset();
  if (undone) refuse_decision(number_text(number) + " was undone already", "`identity log` tells what holds");
  IdentityDecision done;
  if (automatic) {
    store.change([&] {
      Statement(database, "UPDATE identity_log SET undone = 1 WHERE id = ?").with(number).run();
      done = decide("distinct", a, b, "automatic merge undone");
    });
    return done;
  }
  store.change([&] {
    const std::string freed = hash_bytes(hash + std::to_string(number));
    Statement mark(database, "UPDATE identity_log SET undone = 1, pending = 0, hash = ? WHERE id = ?");
    mark.bind_blob(0, freed).bind(1, number).run();
    std::set<std::int64_t> changed;
    if (a != 0) changed.insert(a);
    if (b != 0) changed.insert(b);
    if (action == "split" && a != 0 && was_split_off(database, a)) {
      Statement later(database,
                      "SELECT id FROM identity_log WHERE automatic = 0 AND undone = 0 AND (a = ?1 OR b = ?1) ORDER BY id LIMIT 1");
      if (later.with(a).step()) {
        refuse_decision(number_text(later.integer(0)) + " is about what " + number_text(number) + " split off",
                        "`identity undo " + std::to_string(later.integer(0)) + "` first");
      }
      changed.insert(identities.put_back(a, details.value("mark", "")));
      changed.erase(a);
    }
    if (!changed.empty()) identities.recluster(changed);
    done = decision(store, number);
  });
  return done;
}

void identify_by_descriptions(Store& store) {
  SqliteStore& sqlite = stored(store);
  sqlite.change([&] { sqlite.identities().resolve_nameless(); });
}

std::vector<IdentityDecision> identity_log(const Store& store, RowId entity) {
  std::string text = kLog;
  if (entity != 0) {
    text +=
        "WHERE l.id IN (SELECT id FROM identity_log WHERE a IN (SELECT ?1 UNION ALL SELECT atom FROM member WHERE entity = ?1) UNION "
        "SELECT id "
        "FROM identity_log WHERE b IN (SELECT ?1 UNION ALL SELECT atom FROM member WHERE entity = ?1)) ";
  }
  Statement rows(stored(store).database(), text + "ORDER BY l.id");
  if (entity != 0) rows.bind(0, current_entity(store, entity));
  std::vector<IdentityDecision> log;
  while (rows.step()) log.push_back(read_decision(rows));
  return log;
}

std::vector<EarlierMention> earlier_mentions(const Store& store, RowId entity, int limit) {
  Statement rows(
      stored(store).database(),
      "SELECT v.name, coalesce(m.start, o.start), coalesce(m.\"end\", o.\"end\"), o.id, coalesce(o.superseded_by, 0), CASE WHEN d.name = "
      "'' "
      "THEN d.description ELSE d.name END, s.name FROM mention m JOIN observation o ON o.id = m.observation JOIN video v ON v.id = "
      "o.video JOIN descriptor d ON d.id = m.descriptor JOIN source s ON s.id = o.source WHERE m.entity = ? AND o.live = 0 ORDER BY "
      "1, 2, 3, o.id LIMIT ?");
  rows.bind(0, entity).bind(1, limit > 0 ? limit : -1);
  std::vector<EarlierMention> found;
  while (rows.step()) {
    found.push_back({rows.text(0), {rows.integer(1), rows.integer(2)}, rows.integer(3), rows.integer(4), rows.text(5), rows.text(6)});
  }
  return found;
}

std::optional<RowId> superseded_by(const Store& store, RowId observation) {
  Statement row(stored(store).database(), "SELECT superseded_by FROM observation WHERE id = ? AND superseded_by IS NOT NULL");
  if (!row.with(observation).step()) return std::nullopt;
  return row.integer(0);
}

std::vector<std::pair<RowId, std::int64_t>> mention_ids(const Store& store, RowId entity, int limit) {
  Statement rows(
      stored(store).database(),
      "SELECT o.id, m.seq FROM mention m JOIN observation o ON o.id = m.observation JOIN video v ON v.id = o.video WHERE m.entity = ? "
      "AND o.live = 1 ORDER BY v.name, coalesce(m.start, o.start), coalesce(m.\"end\", o.\"end\"), o.id, m.seq LIMIT ?");
  rows.bind(0, entity).bind(1, limit > 0 ? limit : -1);
  std::vector<std::pair<RowId, std::int64_t>> found;
  while (rows.step()) found.emplace_back(rows.integer(0), rows.integer(1));
  return found;
}

std::vector<std::string> namesakes(const Store& store, const std::vector<RowId>& entities) {
  struct Bearer {
    EntityRecord entity;
    identity::Marks marks;
    std::set<std::int64_t> videos;
  };
  constexpr std::size_t kMost = 20;
  std::vector<Bearer> bearers;
  Statement videos(stored(store).database(),
                   "SELECT DISTINCT o.video FROM mention m JOIN observation o ON o.id = m.observation WHERE m.entity = ?");
  for (const RowId row : entities) {
    const auto entity = store.entity(row);
    if (!entity || bearers.size() == kMost) continue;
    if (!identity::read_name(entity->name, entity->type).proper) return {};  // a kind of thing: "person 3" of several films
    Bearer b{*entity, identity::marks_of(entity->attributes), {}};
    videos.with(entity->row);
    while (videos.step()) b.videos.insert(videos.integer(0));
    bearers.push_back(std::move(b));
  }
  const auto different = [](const Bearer& a, const Bearer& b) {
    if (a.entity.row == b.entity.row || a.entity.type != b.entity.type) return false;
    if (!a.entity.stable_id.empty() && !b.entity.stable_id.empty() && a.entity.source == b.entity.source) return true;
    if (identity::clash(a.marks, b.marks)) return true;
    return std::any_of(a.videos.begin(), a.videos.end(), [&](std::int64_t video) { return b.videos.contains(video); });
  };
  std::vector<std::string> found;
  for (const Bearer& a : bearers) {
    if (std::none_of(bearers.begin(), bearers.end(), [&](const Bearer& b) { return different(a, b); })) continue;
    std::string text = a.entity.name + " (";
    if (const auto team = a.entity.attributes.find("team"); team != a.entity.attributes.end() && team->is_string())
      text += team->get<std::string>() + ", ";
    found.push_back(text + "entity:" + std::to_string(a.entity.row) + ")");
  }
  return found;
}

RowId current_entity(const Store& store, RowId entity) {
  Statement row(stored(store).database(), sqlite::sql::kEntityOfAtom);
  return row.with(entity).step() ? row.integer(0) : entity;
}

}  // namespace reelgraph::graph
