#include "graph/sqlite/identity_resolver.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "base/observation_json.h"
#include "graph/folding.h"
#include "graph/hashing.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {
namespace {

using identity::Atom;
using identity::AtomFacts;
using identity::Link;
using nlohmann::json;

constexpr std::size_t kMostBearers = 2000;  ///< a name that more bear tells nothing

}  // namespace

std::string decision_hash(const std::string& action, const json& details) {
  return hash_bytes(base::to_json_line(base::IdentityLine{action, details}));
}

// --- evidence ---

/// Could anybody bear two rows? Where one source gives ids to all, nobody can.
bool IdentityResolver::has_namesakes() const {
  return query_integer(database_, "SELECT EXISTS (SELECT 1 FROM entity WHERE stable_id IS NULL AND called <> '')") != 0 ||
         query_integer(database_,
                       "SELECT (SELECT min(source) FROM entity WHERE stable_id IS NOT NULL) <> (SELECT max(source) FROM entity WHERE "
                       "stable_id IS NOT NULL)") != 0;
}

void IdentityResolver::resolve(const ObservationWriter::Touched& touched) {
  std::set<std::int64_t> changed;
  std::set<std::string> names;
  settle_pending(changed);
  if (!touched.videos.empty()) {
    const bool namesakes = has_namesakes();
    const bool known = query_integer(database_, "SELECT EXISTS (SELECT 1 FROM identity_handle WHERE key = '')") != 0;
    if (namesakes && !known) {
      Statement videos(database_, "SELECT id FROM video");
      while (videos.step()) match(videos.integer(0), changed, names);
      database_.execute("INSERT INTO identity_handle VALUES('', '', '', 0, 0)");
    } else {
      for (const auto& [video, unsure] : touched.videos) {
        if (namesakes || unsure) match(video, changed, names);
      }
    }
    for (const std::string& name : names) match_name(name, changed);
  }
  // Whoever is joined, or could be, and was mentioned anew: what is seen together may have changed.
  Statement& linked = use_
      ["SELECT EXISTS (SELECT 1 FROM member WHERE entity = ?1) OR EXISTS (SELECT 1 FROM identity_link WHERE a = ?1) OR EXISTS "
       "(SELECT 1 FROM identity_link WHERE b = ?1)"];
  for (const std::int64_t entity : touched.entities) {
    linked.with(entity).step();
    const bool any = linked.integer(0) != 0;
    linked.reset();
    if (any) changed.insert(entity);
  }
  if (!changed.empty()) recluster(std::move(changed));
}

void IdentityResolver::resolve_all() {
  ObservationWriter::Touched all;
  Statement videos(database_, "SELECT id FROM video");
  while (videos.step()) all.videos[videos.integer(0)] = true;
  videos.reset();
  resolve(all);
}

void IdentityResolver::resolve_nameless() {
  ObservationWriter::Touched described;
  Statement videos(database_,
                   "SELECT DISTINCT o.video FROM descriptor d JOIN mention m ON m.descriptor = d.id JOIN observation o ON o.id = "
                   "m.observation WHERE d.name = '' AND d.stable_id IS NULL AND d.description <> ''");
  while (videos.step()) described.videos[videos.integer(0)] = true;
  videos.reset();
  resolve(described);
}

void IdentityResolver::match(std::int64_t video, std::set<std::int64_t>& changed, std::set<std::string>& names) {
  identity::VideoIdentity found = identity::match_video(atoms_in(video));
  store_links(video, "", std::move(found.links), changed);
  std::set<identity::Handle> now(found.handles.begin(), found.handles.end()), before;
  Statement& rows = use_["SELECT key, team, number, atom FROM identity_handle WHERE video = ? AND key <> ''"].with(video);
  while (rows.step()) before.insert({rows.text(0), rows.text(1), rows.text(2), rows.integer(3)});
  rows.reset();
  for (const identity::Handle& h : before) {
    if (now.contains(h)) continue;
    use_["DELETE FROM identity_handle WHERE key = ? AND team = ? AND number = ? AND atom = ? AND video = ?"]
        .with(h.key, h.team, h.number, h.atom, video)
        .run();
    names.insert(h.key);
  }
  for (const identity::Handle& h : now) {
    if (before.contains(h)) continue;
    use_["INSERT INTO identity_handle(key, team, number, atom, video) VALUES(?, ?, ?, ?, ?)"]
        .with(h.key, h.team, h.number, h.atom, video)
        .run();
    names.insert(h.key);
  }
}

void IdentityResolver::match_name(const std::string& name, std::set<std::int64_t>& changed) {
  std::vector<identity::Bearer> bearers;
  Statement& rows = use_["SELECT atom, team, number, video FROM identity_handle WHERE key = ? LIMIT 2001"].with(name);
  while (rows.step()) bearers.push_back({rows.integer(0), "", rows.text(1), rows.text(2), "", "", rows.integer(3)});
  rows.reset();
  if (bearers.size() > kMostBearers) bearers.clear();
  for (identity::Bearer& b : bearers) {
    AtomFacts f = facts(b.atom);
    b.key = f.key;
    b.source = f.source;
    b.stable_id = f.stable_id;
  }
  store_links(0, name, identity::match_bearers(std::move(bearers)), changed);
}

bool IdentityResolver::store_links(std::int64_t scope, const std::string& key, std::vector<Link> links, std::set<std::int64_t>& changed) {
  const auto order = [](const Link& x, const Link& y) {
    return std::tie(x.a, x.b, x.score, x.reason) < std::tie(y.a, y.b, y.score, y.reason);
  };
  for (Link& link : links) {
    if (link.a > link.b) std::swap(link.a, link.b);
  }
  std::sort(links.begin(), links.end(), order);
  links.erase(std::unique(links.begin(), links.end(), [](const Link& x, const Link& y) { return x.a == y.a && x.b == y.b; }), links.end());
  std::vector<Link> before, gone, fresh;
  Statement& rows = use_["SELECT a, b, score, reason FROM identity_link WHERE scope = ? AND key = ? ORDER BY a, b"].with(scope, key);
  while (rows.step()) before.push_back({rows.integer(0), rows.integer(1), rows.real(2), rows.text(3)});
  rows.reset();
  std::set_difference(before.begin(), before.end(), links.begin(), links.end(), std::back_inserter(gone), order);
  std::set_difference(links.begin(), links.end(), before.begin(), before.end(), std::back_inserter(fresh), order);
  for (const Link& link : gone) {
    use_["DELETE FROM identity_link WHERE scope = ? AND key = ? AND a = ? AND b = ?"].with(scope, key, link.a, link.b).run();
    changed.insert({link.a, link.b});
  }
  for (const Link& link : fresh) {
    use_["INSERT INTO identity_link(scope, key, a, b, score, reason) VALUES(?, ?, ?, ?, ?, ?)"]
        .with(scope, key, link.a, link.b, link.score, link.reason)
        .run();
    changed.insert({link.a, link.b});
  }
  return !gone.empty() || !fresh.empty();
}

// --- clusters ---

void IdentityResolver::recluster(std::set<std::int64_t> atoms) {
  // All that evidence, decisions or today's entities connect with the change.
  std::vector<std::int64_t> unvisited(atoms.begin(), atoms.end());
  std::set<Link, bool (*)(const Link&, const Link&)> links(
      [](const Link& x, const Link& y) { return std::tie(x.a, x.b, x.score, x.reason) < std::tie(y.a, y.b, y.score, y.reason); });
  struct Hand {
    std::string action;
    std::int64_t a, b;
  };
  std::map<std::int64_t, Hand> hands;
  const auto reach = [&](std::int64_t atom) {
    if (atoms.insert(atom).second) unvisited.push_back(atom);
  };
  while (!unvisited.empty()) {
    const std::int64_t atom = unvisited.back();
    unvisited.pop_back();
    const std::int64_t entity = entity_of(atom);
    reach(entity);
    for (const std::int64_t other : atoms_of(entity)) reach(other);
    for (const char* query :
         {"SELECT a, b, score, reason FROM identity_link WHERE a = ?", "SELECT a, b, score, reason FROM identity_link WHERE b = ?"}) {
      Statement& rows = use_[query];
      rows.with(atom);
      while (rows.step()) {
        links.insert({rows.integer(0), rows.integer(1), rows.real(2), rows.text(3)});
        reach(rows.integer(0));
        reach(rows.integer(1));
      }
      rows.reset();
    }
    Statement& rows = use_
        ["SELECT id, action, a, b FROM identity_log WHERE automatic = 0 AND undone = 0 AND pending = 0 AND a IS NOT NULL AND b IS NOT "
         "NULL AND (a = ?1 OR b = ?1)"];
    rows.with(atom);
    while (rows.step()) {
      hands.insert({rows.integer(0), {rows.text(1), rows.integer(2), rows.integer(3)}});
      reach(rows.integer(2));
      reach(rows.integer(3));
    }
    rows.reset();
  }
  std::map<std::int64_t, AtomFacts> known;
  for (const std::int64_t atom : atoms) known.emplace(atom, facts(atom));
  identity::Decisions decisions;
  for (const auto& [n, hand] : hands) {
    if (hand.action == "merge") decisions.together.emplace_back(hand.a, hand.b);
    if (hand.action == "distinct" || hand.action == "split") decisions.apart.emplace_back(hand.a, hand.b);
    if (hand.action == "split") decisions.alone.insert(hand.a);
  }
  const identity::Clusters clusters = identity::cluster(known, decisions, {links.begin(), links.end()});
  apply(clusters);
  write_log(known, clusters.effective);
  keep_alive(known, clusters);
}

void IdentityResolver::apply(const identity::Clusters& clusters) {
  std::set<std::int64_t> entities;
  bool moved = false;
  for (const auto& [first, rows] : clusters.members) {
    // The oldest row that anything mentions stays the entity's, so that its number lasts.
    std::int64_t root = 0;
    for (const std::int64_t row : rows) {
      Statement& any = use_[sql::kAnyMention].with(row);
      if (root == 0 && any.step()) root = row;
      any.reset();
    }
    if (root == 0) root = first;
    for (const std::int64_t row : rows) {
      const std::int64_t before = entity_of(row);
      if (before == root) continue;
      if (!std::exchange(moved, true)) make_moved();
      Statement(database_,
                "INSERT INTO temp.moved SELECT m.observation, m.seq, ?2 FROM descriptor d JOIN mention m ON m.descriptor = d.id WHERE "
                "d.entity = ?1")
          .with(row, root)
          .run();
      entities.insert({before, root, row});
      if (row == root) {
        use_["DELETE FROM member WHERE atom = ?"].with(row).run();
      } else {
        use_["INSERT INTO member(atom, entity) VALUES(?, ?) ON CONFLICT DO UPDATE SET entity = excluded.entity"].with(row, root).run();
      }
    }
    if (rows.size() > 1) entities.insert(root);
  }
  if (moved) {
    move_marked();
    writer_.forget_descriptors();
  }
  for (const std::int64_t entity : entities) writer_.recount_mentions(entity);
  writer_.flush();
  Statement forget(database_, "DELETE FROM embedding WHERE kind = 'entity' AND owner = ?");
  for (const std::int64_t entity : entities) {
    if (entity_of(entity) == entity) writer_.rebuild_entity(entity);
    if (moved) forget.with(entity).run();
  }
}

/// Automatic rows of the log: one for each link that holds.
void IdentityResolver::write_log(const std::map<std::int64_t, AtomFacts>& facts, const std::vector<Link>& effective) {
  std::map<std::pair<std::int64_t, std::int64_t>, const Link*> wanted;
  for (const Link& link : effective) wanted[std::minmax(link.a, link.b)] = &link;
  std::vector<std::int64_t> gone;
  for (const auto& [atom, fact] : facts) {
    Statement& rows = use_["SELECT id, a, b, undone, score, reason FROM identity_log WHERE automatic = 1 AND a = ?"].with(atom);
    std::vector<std::int64_t> again;
    while (rows.step()) {
      const auto it = wanted.find({rows.integer(1), rows.integer(2)});
      if (it == wanted.end()) {
        if (rows.integer(3) == 0) gone.push_back(rows.integer(0));
      } else if (it->second->score == rows.real(4) && it->second->reason == rows.view(5)) {
        if (rows.integer(3) != 0) again.push_back(rows.integer(0));
        wanted.erase(it);
      } else {
        gone.push_back(rows.integer(0));
      }
    }
    rows.reset();
    for (const std::int64_t row : again) use_["UPDATE identity_log SET undone = 0 WHERE id = ?"].with(row).run();
  }
  for (const std::int64_t row : gone) use_["DELETE FROM identity_log WHERE id = ?"].with(row).run();
  std::vector<std::pair<std::pair<std::string, std::string>, const Link*>> fresh;
  for (const auto& [pair, link] : wanted) fresh.push_back({std::minmax(facts.at(pair.first).key, facts.at(pair.second).key), link});
  std::sort(fresh.begin(), fresh.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  for (const auto& [keys, link] : fresh) {
    const auto [a, b] = std::minmax(link->a, link->b);
    Statement& insert = use_
        ["INSERT INTO identity_log(action, details, hash, a, b, automatic, score, reason) VALUES('merge', '{}', ?, ?, ?, 1, ?, ?) ON "
         "CONFLICT DO NOTHING"];
    const std::string hash = hash_bytes("automatic|" + keys.first + "|" + keys.second);
    insert.reset();
    insert.bind_blob(0, hash).bind(1, a).bind(2, b).bind(3, link->score).bind(4, link->reason).run();
  }
}

/// A decision about something that only superseded observations mention goes over to what replaced it, so that an export, which holds live
/// observations, still knows whom it is about.
void IdentityResolver::keep_alive(const std::map<std::int64_t, AtomFacts>& facts, const identity::Clusters& clusters) {
  struct Row {
    std::int64_t id;
    std::string action, details;
    std::int64_t a, b;
  };
  const auto alive = [&](std::int64_t atom) { return !facts.at(atom).observations.empty(); };
  for (const auto& [first, rows] : clusters.members) {
    if (rows.size() < 2) continue;
    for (const std::int64_t row : rows) {
      if (alive(row)) continue;
      // Its heirs: best what was recognised as the same, else whatever belongs to its entity.
      std::vector<std::int64_t> heirs;
      for (const Link& link : clusters.effective) {
        if (link.a == row && alive(link.b)) heirs.push_back(link.b);
        if (link.b == row && alive(link.a)) heirs.push_back(link.a);
      }
      if (heirs.empty()) std::copy_if(rows.begin(), rows.end(), std::back_inserter(heirs), alive);
      std::sort(heirs.begin(), heirs.end(), [&](std::int64_t x, std::int64_t y) { return facts.at(x).key < facts.at(y).key; });
      std::vector<Row> decided;
      Statement& log = use_
          ["SELECT id, action, details, a, b FROM identity_log WHERE automatic = 0 AND undone = 0 AND pending = 0 AND action IN "
           "('merge', 'distinct') AND (a = ?1 OR b = ?1)"];
      log.with(row);
      while (log.step()) decided.push_back({log.integer(0), log.text(1), log.text(2), log.integer(3), log.integer(4)});
      log.reset();
      for (const Row& d : decided) {
        const bool is_a = d.a == row;
        const auto heir = std::find_if(heirs.begin(), heirs.end(), [&](std::int64_t h) { return h != (is_a ? d.b : d.a); });
        if (heir == heirs.end()) continue;
        json details = stored_json(d.details);
        details[is_a ? "a" : "b"] = reference(*heir);
        const std::string text = details.dump(), hash = decision_hash(d.action, details);
        Statement& update = use_["UPDATE OR IGNORE identity_log SET a = ?2, b = ?3, details = ?4, hash = ?5 WHERE id = ?1"];
        update.reset();
        update.bind(0, d.id).bind(1, is_a ? *heir : d.a).bind(2, is_a ? d.b : *heir).bind(3, text).bind_blob(4, hash).run();
      }
    }
  }
}

// --- decisions that wait, and single mentions ---

void IdentityResolver::settle_pending(std::set<std::int64_t>& changed) {
  struct Row {
    std::int64_t id;
    std::string action;
    json details;
  };
  std::vector<Row> waiting;  // splits first: others may be about what they make
  Statement& rows = use_["SELECT id, action, details FROM identity_log WHERE pending = 1 ORDER BY action <> 'split', id"];
  rows.reset();
  while (rows.step()) waiting.push_back({rows.integer(0), rows.text(1), stored_json(rows.view(2))});
  rows.reset();
  for (const Row& row : waiting) {
    std::int64_t a = 0, b = 0;
    if (row.action == "split") {
      const auto [observation, seq] = find_mention(row.details.value("a", json()));
      if (observation == 0) continue;
      a = split_off(observation, seq).atom;
      b = find(row.details.value("b", json()));
      changed.insert(a);
      if (b == 0) continue;
    } else {
      a = find(row.details.value("a", json()));
      b = find(row.details.value("b", json()));
    }
    if (a == 0 || b == 0) continue;
    use_["UPDATE identity_log SET a = ?2, b = ?3, pending = 0 WHERE id = ?1"].with(row.id, a, b).run();
    changed.insert({a, b});
  }
}

void IdentityResolver::forget(std::int64_t video, const std::set<std::int64_t>& atoms) {
  std::set<std::int64_t> changed, gone;
  std::set<std::string> names;
  Statement& handles = use_["SELECT DISTINCT key FROM identity_handle WHERE video = ? AND key <> ''"].with(video);
  while (handles.step()) names.insert(handles.text(0));
  handles.reset();
  use_["DELETE FROM identity_handle WHERE video = ? AND key <> ''"].with(video).run();
  store_links(video, "", {}, changed);
  for (const std::int64_t atom : atoms) {
    Statement& any = use_[sql::kAnyMention].with(atom);
    if (!any.step()) gone.insert(atom);
    any.reset();
  }
  for (const std::string& name : names) match_name(name, changed);
  for (const std::int64_t atom : gone) {
    // Decisions about it wait until it comes back.
    use_["DELETE FROM identity_log WHERE automatic = 1 AND (a = ?1 OR b = ?1)"].with(atom).run();
    use_["UPDATE identity_log SET pending = 1 - undone, a = NULL, b = NULL WHERE a = ?1 OR b = ?1"].with(atom).run();
    use_["DELETE FROM identity_link WHERE a = ?1 OR b = ?1"].with(atom).run();
    changed.insert(atom);
  }
  if (!changed.empty()) recluster(std::move(changed));
  for (const std::int64_t atom : gone) writer_.remove_atom(atom);
}

}  // namespace reelgraph::graph::sqlite
