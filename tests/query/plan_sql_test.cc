// Every statement that a plan sends to the archive walks an index.
#include <sqlite3.h>

#include <set>

#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using nlohmann::json;

std::set<std::string>& statements() {
  static std::set<std::string> all;
  return all;
}

int note(unsigned, void*, void* statement, void*) {
  if (const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement))) statements().insert(sql);
  return 0;
}

int trace(sqlite3* db, char**, const sqlite3_api_routines*) {
  sqlite3_trace_v2(db, SQLITE_TRACE_STMT, note, nullptr);
  return SQLITE_OK;
}

/// While it lives, what new connections run is noted.
struct Tracing {
  Tracing() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(trace)); }
  ~Tracing() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(trace)); }
};

/// The steps of SQLite's plan that read a table from end to end.
std::vector<std::string> full_scans(sqlite3* db, std::string sql) {
  // A function of the store's own is not known to this connection, and changes no plan.
  const std::string own = "reel_score(text_index, ?)";
  if (const auto at = sql.find(own); at != std::string::npos) sql.replace(at, own.size(), "?");
  std::vector<std::string> scans;
  sqlite3_stmt* plan = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &plan, nullptr) == SQLITE_OK);
  while (sqlite3_step(plan) == SQLITE_ROW) {
    const std::string step = reinterpret_cast<const char*>(sqlite3_column_text(plan, 3));
    const bool scan = step.rfind("SCAN ", 0) == 0 && step.find("USING INDEX") == std::string::npos &&
                      step.find("USING COVERING INDEX") == std::string::npos && step.find("VIRTUAL TABLE") == std::string::npos;
    // The list of videos and of the few types and sources is read as a whole; a constant row is no table, and a
    // subquery has a step of its own.
    const bool small = step.find("SCAN v") == 0 || step.find("SCAN video") == 0 || step.find("SCAN tally") == 0 ||
                       step.find("SCAN t") == 0 || step.find("CONSTANT") != std::string::npos || step.find("SCAN (") == 0 ||
                       step.find("json_each") != std::string::npos || step == "SCAN j";
    if (scan && !small) scans.push_back(step);
  }
  sqlite3_finalize(plan);
  return scans;
}

TEST_CASE("every statement of every kind of plan walks an index", "[plan]") {
  statements().clear();
  const Tracing tracing;
  test::ArchiveFixture a;
  a.import_match();
  a.import_match("match-2");
  a.add_film();
  const auto pedro = a.store().find_entities("Pedro", true, 1);
  REQUIRE_FALSE(pedro.empty());
  const json shots = {{"kinds", {{{"types", {"shot"}}}}}}, goals = {{"kinds", {{{"types", {"goal"}}}}}};
  json his = shots, later = shots, early = shots, any = json::object();
  his["who"] = {{{"entities", {pedro.front().row}}, {"names", {"Pedro"}}, {"role", "agent"}}};
  later["windows"] = {{{"kind", "after"}, {"anchors", {goals}}}};
  early["windows"] = {{{"kind", "phrase"}, {"phrase", {{"kind", "between"}, {"a", 5}, {"b", 50}, {"text", "then"}}}}};
  any["windows"] = later["windows"];
  const json score = {{"tally", {{"of", {{"name", "score"}, {"type", "goal"}, {"side", "team"}}}, {"state", "ahead"}}}};
  std::vector<json> plans;
  for (const json& s : {shots, his, later, early, any, score}) {
    for (const char* ask :
         {"count", "exists", "when", "who", "what", "duration", "length", "gaps", "concurrency", "rank", "videos", "members"})
      plans.push_back({{"ask", ask}, {"select", s}});
    for (const char* ask : {"gap", "order", "compare"}) plans.push_back({{"ask", ask}, {"select", s}, {"others", {goals}}});
    plans.push_back({{"ask", "rate"}, {"per_s", 60}, {"select", s}});
    plans.push_back({{"ask", "count"}, {"videos", true}, {"select", s}});
    plans.push_back({{"ask", "property"}, {"attribute", "colour"}, {"select", s}});
  }
  plans.push_back({{"ask", "spoken"}, {"words", {"pedro"}}, {"select", json::object()}});
  const auto before = statements();
  Engine engine(a.store(), {});
  for (const json& plan : plans) {
    for (const char* video : {"", "match-1"}) {
      AskOptions options;
      options.plan = plan;
      if (*video != '\0') options.videos = {video};
      CHECK_NOTHROW(engine.ask("", options));
    }
  }
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2((a.archive().folder() / "graph.db").c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  int looked_at = 0;
  for (const std::string& sql : statements()) {
    if (before.contains(sql) || sql.rfind("SELECT", 0) != 0) continue;
    INFO(sql);
    const auto scans = full_scans(db, sql);
    for (const std::string& step : scans) FAIL_CHECK(step);
    ++looked_at;
  }
  sqlite3_close(db);
  CHECK(looked_at > 10);
}

}  // namespace
}  // namespace reelgraph::query
