// Events by filter. The query is composed of fixed pieces; values are always bound.
#include <algorithm>
#include <unordered_map>
#include <variant>

#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {
namespace {

using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

constexpr char kEventColumns[] = "e.id, v.name, e.type, e.start, e.\"end\", e.description, e.attributes, e.show_at, e.observation";

/// A span is looked up in the R*Tree when it is short; a long one holds so much that walking the index by start is faster.
constexpr base::Duration kShortSpan = 10 * base::kMinute;

/// Of events whose rows lie this far apart on average, participants are looked up one by one; else in one walk over all between.
constexpr std::uint64_t kScattered = 4;

Value to_value(const nlohmann::json& json) {
  if (json.is_null()) return nullptr;
  if (json.is_boolean()) return static_cast<std::int64_t>(json.get<bool>());
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  return json.dump();
}

/// The condition and its values, in the order of the question marks.
struct Query {
  std::string where;
  std::vector<Value> values;
  bool all = true;  ///< nothing restricts
  bool nothing = false;

  void add(const std::string& condition) {
    where += (where.empty() ? "" : " AND ") + condition;
    all = false;
  }
  std::string list(std::size_t n) {
    std::string marks = "(";
    for (std::size_t i = 0; i < n; ++i) marks += i > 0 ? ",?" : "?";
    return marks + ")";
  }
  void bind(Statement& statement) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int index = static_cast<int>(i);
      if (const auto* n = std::get_if<std::int64_t>(&values[i])) {
        statement.bind(index, *n);
      } else if (const auto* d = std::get_if<double>(&values[i])) {
        statement.bind(index, *d);
      } else if (const auto* s = std::get_if<std::string>(&values[i])) {
        statement.bind(index, std::string_view(*s));
      } else {
        statement.bind_null(index);
      }
    }
  }
};

void restrict_attribute(Query& q, const std::string& key, const nlohmann::json& wanted) {
  // A key is compared as it is, never as a JSON path: `atom` is the value of a text, number, true, false or null.
  std::vector<nlohmann::json> any = wanted.is_array() ? wanted.get<std::vector<nlohmann::json>>() : std::vector<nlohmann::json>{wanted};
  std::string test;
  q.values.emplace_back(key);
  for (const nlohmann::json& value : any) {
    test += test.empty() ? "" : " OR ";
    if (value.is_null()) {
      test += "j.atom IS NULL";
    } else if (value.is_boolean()) {
      test += value.get<bool>() ? "j.type = 'true'" : "j.type = 'false'";
    } else {
      test += "j.atom = ?";
      q.values.push_back(to_value(value));
    }
  }
  if (test.empty()) test = "0";
  q.add("EXISTS (SELECT 1 FROM json_each(e.attributes) j WHERE j.key = ? AND (" + test + "))");
}

void restrict_within(Query& q, const base::TimeSpan& span, const std::vector<RowId>& videos) {
  const base::Timestamp end = span.empty() ? span.end + 1 : span.end;
  q.add("e.start < ? AND (e.\"end\" > ? OR e.start >= ?)");
  q.values.emplace_back(end);
  q.values.emplace_back(span.start);
  q.values.emplace_back(span.start);
  if (span.length() > kShortSpan || videos.size() > 1) return;
  std::string tree = "e.id IN (SELECT s.id / 2 FROM span_index s WHERE s.id % 2 = 1 AND s.start <= ? AND s.\"end\" >= ?";
  q.values.emplace_back(base::to_seconds(end));
  q.values.emplace_back(base::to_seconds(span.start));
  if (!videos.empty()) {
    tree += " AND s.video <= ? AND s.video_end >= ?";
    q.values.emplace_back(videos.front());
    q.values.emplace_back(videos.front());
  }
  q.add(tree + ")");
}

Query compose(const EventFilter& f, const std::vector<RowId>& videos) {
  Query q;
  if (!f.videos.empty()) {
    if (videos.empty()) q.nothing = true;
    q.add("e.video IN " + q.list(videos.size()));
    for (const RowId row : videos) q.values.emplace_back(row);
  }
  if (!f.types.empty()) {
    // Whoever takes part has few events: those are looked up, not all of the type ("+" keeps that index out).
    q.add((f.entities.empty() ? "e.type IN " : "+e.type IN ") + q.list(f.types.size()));
    for (const std::string& type : f.types) q.values.emplace_back(type);
  }
  for (const RowId entity : f.entities) {
    q.add(std::string("e.id IN (SELECT p.event FROM participant p WHERE p.entity = ?") + (f.role.empty() ? ")" : " AND p.role = ?)"));
    q.values.emplace_back(entity);
    if (!f.role.empty()) q.values.emplace_back(f.role);
  }
  if (f.entities.empty() && !f.role.empty()) {
    q.add("EXISTS (SELECT 1 FROM participant p WHERE p.event = e.id AND p.role = ?)");
    q.values.emplace_back(f.role);
  }
  if (f.within) restrict_within(q, *f.within, videos);
  if (f.starts_within) {
    q.add("e.start >= ? AND e.start < ?");
    q.values.emplace_back(f.starts_within->start);
    q.values.emplace_back(f.starts_within->end);
  }
  for (const auto& [key, value] : f.attributes) restrict_attribute(q, key, value);
  return q;
}

}  // namespace

EventRecord SqliteStore::read_event(const Statement& row) const {
  EventRecord e;
  e.row = row.integer(0);
  e.video = row.text(1);
  e.type = row.text(2);
  e.span = {row.integer(3), row.integer(4)};
  e.description = row.text(5);
  e.attributes = stored_json(row.view(6));
  e.show_at = row.optional_integer(7);
  e.observation = row.integer(8);
  return e;
}

void SqliteStore::read_participants(std::vector<EventRecord>& events) const {
  if (events.empty()) return;
  std::unordered_map<RowId, std::string> names;  // few take part in many
  const auto add = [&](EventRecord& e, const Statement& row) {
    const RowId entity = row.integer(1);
    const auto [name, fresh] = names.try_emplace(entity);
    if (fresh) {
      Statement& known = use_[sql::kDisplayEntity].with(entity);
      if (known.step()) name->second = display_name(known.text(0), known.text(1), known.text(2), entity);
      known.reset();
    }
    e.participants.push_back({entity, name->second, row.text(2)});
  };
  std::vector<EventRecord*> by_row;
  by_row.reserve(events.size());
  for (EventRecord& e : events) by_row.push_back(&e);
  std::sort(by_row.begin(), by_row.end(), [](const EventRecord* a, const EventRecord* b) { return a->row < b->row; });
  const RowId first = by_row.front()->row, last = by_row.back()->row;
  if (static_cast<std::uint64_t>(last - first) > kScattered * by_row.size()) {
    for (EventRecord* e : by_row) {
      Statement& row = use_[sql::kRolesOfEvent].with(e->row);
      while (row.step()) add(*e, row);
      row.reset();
    }
    return;
  }
  Statement& row = use_[sql::kRolesBetween].with(first, last);
  for (auto e = by_row.begin(); row.step();) {
    while (e != by_row.end() && (*e)->row < row.integer(0)) ++e;
    if (e != by_row.end() && (*e)->row == row.integer(0)) add(**e, row);
  }
  row.reset();
}

std::vector<EventRecord> SqliteStore::events(const EventFilter& filter) const {
  std::vector<RowId> rows;
  for (const std::string& id : filter.videos) {
    if (const auto row = video_row(id); row && std::find(rows.begin(), rows.end(), *row) == rows.end()) rows.push_back(*row);
  }
  const Query q = compose(filter, rows);
  if (q.nothing) return {};
  // Videos outside, events inside: rows then come off the index in the order asked for, and a limit stops early. An entity's events or
  // those of a short span are few: they are found first and sorted.
  const bool few = !filter.entities.empty() || q.where.find("span_index") != std::string::npos;
  std::string text = std::string("SELECT ") + kEventColumns;
  text += few ? " FROM event e CROSS JOIN video v ON v.id = e.video WHERE e.live = 1"
              : " FROM video v CROSS JOIN event e ON e.video = v.id WHERE e.live = 1";
  if (!q.where.empty()) text += " AND " + q.where;
  text += std::string(" ORDER BY v.name, e.start") + (filter.newest_first ? " DESC" : "") + ", e.\"end\", e.type, e.description, e.id";
  if (filter.limit > 0) text += " LIMIT " + std::to_string(filter.limit);
  Statement statement(*database_, text);
  q.bind(statement);
  std::vector<EventRecord> result;
  while (statement.step()) result.push_back(read_event(statement));
  read_participants(result);
  return result;
}

std::int64_t SqliteStore::count_events(const EventFilter& filter) const {
  std::vector<RowId> rows;
  for (const std::string& id : filter.videos) {
    if (const auto row = video_row(id); row && std::find(rows.begin(), rows.end(), *row) == rows.end()) rows.push_back(*row);
  }
  const Query q = compose(filter, rows);
  if (q.nothing) return 0;
  if (q.all) return tallied("events", "");
  EventFilter only_types;
  only_types.types = filter.types;
  if (compose(only_types, {}).where == q.where) {
    std::int64_t sum = 0;
    std::vector<std::string> types = filter.types;
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    for (const std::string& type : types) sum += tallied("event_type", type);
    return sum;
  }
  Statement statement(*database_, "SELECT count(*) FROM event e WHERE e.live = 1 AND " + q.where);
  q.bind(statement);
  return statement.step() ? statement.integer(0) : 0;
}

std::optional<EventRecord> SqliteStore::event(RowId row) const {
  Statement statement(*database_, std::string("SELECT ") + kEventColumns + " FROM event e JOIN video v ON v.id = e.video WHERE e.id = ?");
  statement.bind(0, row);
  if (!statement.step()) return std::nullopt;
  std::vector<EventRecord> one{read_event(statement)};
  read_participants(one);
  return std::move(one.front());
}

}  // namespace reelgraph::graph::sqlite
