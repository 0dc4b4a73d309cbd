// Plans on a large synthetic archive: plan_bench [EVENTS=10000000] [FOLDER]. Links reelgraph::query reelgraph::graph.
// 1,000 events an hour, with the types, lengths and roles in the shares that six football matches have, and actors as uneven as people are.
// Prints p50 and p95 of each kind of plan and of all, and memory, each beside those of an archive a hundredth of the size in the same run.
// FOLDER keeps the archives for the next run; without it temporary ones are made and removed.
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "graph/archive.h"
#include "query/engine.h"

namespace {

using namespace reelgraph;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr base::Duration kVideoLength = 2 * base::kHour;
constexpr int kEventsInVideo = 2000;
constexpr int kPeople = 5000;
constexpr int kInVideo = 26;
constexpr int kPlans = 300;
constexpr long kWritten = 200'000;  // events; of a larger archive so many are written, and repeated

struct Kind {
  const char* type;
  int share;  // events of six matches in eval/soccer
  double seconds;
  bool receiver;
};
constexpr Kind kKinds[] = {{"pass", 5319, 1.4, true},
                           {"ball_recovery", 629, 0.04, false},
                           {"duel", 470, 0.04, false},
                           {"clearance", 347, 0.04, false},
                           {"dribble", 223, 0.04, false},
                           {"throw_in", 222, 1.2, true},
                           {"block", 220, 0.04, false},
                           {"shot", 198, 0.7, false},
                           {"foul", 155, 0.04, false},
                           {"free_kick", 139, 1.5, true},
                           {"interception", 124, 0.04, false},
                           {"goal_kick", 102, 2.5, true},
                           {"corner_kick", 83, 2, true},
                           {"kick_off", 36, 1, true},
                           {"substitution", 35, 0.04, true},
                           {"goal", 24, 0.7, false},
                           {"injury_stoppage", 23, 0.04, false},
                           {"misconduct", 4, 0.04, false}};

void fill(graph::Archive& archive, long events) {
  std::mt19937 random(1);
  std::vector<double> shares, fame;
  for (const Kind& k : kKinds) shares.push_back(k.share);
  for (int i = 0; i < kPeople; ++i) fame.push_back(1.0 / (i + 20));
  std::discrete_distribution<int> kind(shares.begin(), shares.end()), person(fame.begin(), fame.end());
  const long videos = std::max(1L, events / kEventsInVideo);
  for (long v = 0; v < videos; ++v) {
    const std::string id = "video-" + std::to_string(v);
    const auto bulk = archive.store().begin_bulk();
    bulk->put_video({.id = id, .title = "Recording " + std::to_string(v), .duration = kVideoLength});
    std::vector<int> there;
    while (there.size() < kInVideo) there.push_back(person(random));
    for (int i = 0; i < kEventsInVideo; ++i) {
      const Kind& k = kKinds[kind(random)];
      base::Observation o;
      o.video = id;
      const base::Timestamp at = kVideoLength / kEventsInVideo * i;
      o.span = {at, at + base::from_seconds(k.seconds)};
      o.provenance = {"import", "bench", "1"};
      base::Event event;
      event.type = k.type;
      event.span = o.span;
      event.attributes = {{"half", i * 2 < kEventsInVideo ? 1 : 2}};
      if (std::strcmp(k.type, "foul") == 0 && random() % 8 == 0) event.attributes["card"] = "yellow card";
      const auto take_part = [&](const std::string& ref, const std::string& stable, const std::string& name, const char* type,
                                 const char* role) {
        base::EntityMention m;
        m.ref = ref;
        m.stable_id = stable;
        m.name = name;
        m.type = type;
        o.entities.push_back(std::move(m));
        event.participants.push_back({ref, role});
      };
      const std::size_t who = random() % there.size(), side = who % 2;
      take_part("p1", "p" + std::to_string(there[who]), "Person " + std::to_string(there[who]), "player", "agent");
      if (const std::size_t other = random() % there.size(); k.receiver && there[other] != there[who])
        take_part("p2", "p" + std::to_string(there[other]), "Person " + std::to_string(there[other]), "player", "recipient");
      const long team = (v * 7 + static_cast<long>(side) * 3) % 40;
      take_part("t1", "t" + std::to_string(team), "Team " + std::to_string(team), "team", "team");
      event.description = *o.entities.front().name + ": " + k.type;
      o.events.push_back(std::move(event));
      bulk->add(o);
    }
    bulk->commit();
    if (v % 20 == 19) std::fprintf(stderr, "\r%ld of %ld videos", v + 1, videos);
  }
  std::fprintf(stderr, "\n");
}

/// Repeats the videos of an archive so that there are `times` as many, row by row in SQL: ten times as fast as writing them one by one. The
/// same people take part. Of the derived tables those of texts and spans are left as they are: no plan of this bench looks at them.
void repeat(const std::filesystem::path& folder, int times) {
  sqlite3* db = nullptr;
  const auto run = [&](const std::string& sql) {
    char* message = nullptr;
    if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
      std::fprintf(stderr, "%s: %s\n", sql.substr(0, 80).c_str(), message);
      std::exit(1);
    }
  };
  if (sqlite3_open((folder / "graph.db").c_str(), &db) != SQLITE_OK) std::exit(1);
  run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -1000000;");
  std::vector<std::string> indexes;
  sqlite3_exec(
      db,
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN "
      "('observation', 'event', 'mention', 'participant')",
      [](void* out, int, char** values, char**) {
        static_cast<std::vector<std::string>*>(out)->push_back(std::string("DROP INDEX ") + values[0]);
        static_cast<std::vector<std::string>*>(out)->push_back(values[1]);
        return 0;
      },
      &indexes, nullptr);
  run("BEGIN");
  for (std::size_t i = 0; i < indexes.size(); i += 2) run(indexes[i]);
  run("CREATE TEMP TABLE size AS SELECT (SELECT max(id) FROM video) v, (SELECT max(id) FROM observation) o, (SELECT max(id) FROM event) e, "
      "(SELECT count(*) FROM video) n");
  for (int copy = 1; copy < times; ++copy) {
    const std::string c = std::to_string(copy);
    const std::string v = "+" + c + "*(SELECT v FROM size)", o = "+" + c + "*(SELECT o FROM size)", e = "+" + c + "*(SELECT e FROM size)";
    run("INSERT INTO video SELECT id" + v + ", 'video-' || (substr(name, 7)+" + c +
        "*(SELECT n FROM size)), title, path, content_id, duration, wall_start, state, reason, media FROM video WHERE id <= (SELECT v FROM "
        "size)");
    run("INSERT INTO observation SELECT id" + o + ", video" + v +
        ", start, \"end\", live, source, chunk, superseded_by, randomblob(16), caption, transcript, ocr, attributes FROM observation WHERE "
        "id <= "
        "(SELECT o FROM size)");
    run("INSERT INTO mention SELECT observation" + o +
        ", seq, entity, descriptor, start, \"end\", x0, y0, x1, y1 FROM mention WHERE observation <= (SELECT o FROM size)");
    run("INSERT INTO event SELECT id" + e + ", observation" + o + ", seq, video" + v +
        ", start, \"end\", live, type, show_at, description, attributes FROM event WHERE id <= (SELECT e FROM size)");
    run("INSERT INTO participant SELECT event" + e + ", seq, entity, role, mention FROM participant WHERE event <= (SELECT e FROM size)");
    std::fprintf(stderr, "\rcopy %d of %d", copy + 1, times);
  }
  run("UPDATE entity SET mentions = mentions * " + std::to_string(times));
  run("UPDATE tally SET n = n * " + std::to_string(times) + " WHERE kind NOT IN ('entities', 'entity_type')");
  for (std::size_t i = 1; i < indexes.size(); i += 2) run(indexes[i]);
  run("COMMIT");
  run("PRAGMA journal_mode = WAL");
  sqlite3_close(db);
  std::fprintf(stderr, "\n");
}

json of_type(const std::string& type) { return {{"kinds", {{{"types", {type}}}}}}; }

/// One plan of each kind, its parameters drawn: types as often as they happen, videos and people evenly.
std::vector<std::pair<std::string, json>> draw(const graph::Store& store, long videos, std::mt19937& random) {
  std::vector<double> shares;
  for (const Kind& k : kKinds) shares.push_back(k.share);
  std::discrete_distribution<int> kind(shares.begin(), shares.end());
  const std::string type = kKinds[kind(random)].type, rare = kKinds[13 + random() % 5].type;
  const std::string video = "video-" + std::to_string(random() % static_cast<unsigned long>(videos));
  json here = of_type(type), after = here, during = here, his = of_type(type), half = here;
  after["windows"] = {{{"kind", "after"}, {"anchors", {of_type("goal")}}}};
  during["windows"] = {{{"kind", "overlaps"}, {"anchors", {of_type("pass")}}}};
  half["windows"] = {{{"kind", "phrase"}, {"phrase", {{"kind", "part"}, {"part", 1}, {"of", 2}, {"text", "in the second half"}}}}};
  json first = here;
  first["nth"] = 1;
  std::vector<graph::EntityRecord> someone;
  while (someone.empty()) someone = store.find_entities("Person " + std::to_string(random() % kPeople), true, 1);
  his["who"] = {{{"entities", {someone.front().row}}, {"names", {someone.front().name}}, {"role", "agent"}}};
  const json score = {{"tally", {{"of", {{"name", "score"}, {"type", "goal"}, {"side", "team"}}}, {"state", "ahead"}}}};
  const auto in = [&](json plan) {
    plan["in_videos"] = {video};
    return plan;
  };
  return {{"count in one", in({{"ask", "count"}, {"select", here}})},
          {"count in a part of one", in({{"ask", "count"}, {"select", half}})},
          {"first in one", in({{"ask", "when"}, {"select", first}})},
          {"after an event", in({{"ask", "count"}, {"select", after}})},
          {"during an event", in({{"ask", "count"}, {"select", during}})},
          {"who in one", in({{"ask", "who"}, {"select", of_type(rare)}})},
          {"most in one", in({{"ask", "rank"}, {"select", here}, {"entity_type", "player"}})},
          {"gap in one", in({{"ask", "gap"}, {"select", first}, {"others", {of_type(rare)}}})},
          {"longest wait in one", in({{"ask", "gaps"}, {"select", here}})},
          {"total length in one", in({{"ask", "duration"}, {"select", here}})},
          {"time in the lead", in({{"ask", "duration"}, {"select", score}})},
          {"compare in one", in({{"ask", "compare"}, {"select", here}, {"others", {of_type(rare)}}, {"compare", "difference"}})},
          {"count over all", {{"ask", "count"}, {"select", here}}},
          {"count of one person over all", {{"ask", "count"}, {"select", his}}},
          {"videos of one person", {{"ask", "videos"}, {"select", his}}}};
}

struct Measured {
  std::map<std::string, std::vector<double>> ms;
  double peak_mib = 0;
};

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double at(std::vector<double> all, double share) {
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  return all[std::min(all.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all.size())))];
}

/// In a process of its own, so that its memory is its own: prints lines "KIND ms" and "memory MiB" into `out`.
void ask_all(const std::filesystem::path& folder, long events, std::FILE* out) {
  const graph::Archive archive = graph::Archive::open(folder, graph::OpenMode::kRead);
  const query::Engine engine(archive.store(), {});
  std::mt19937 random(2);
  for (int n = 0; n < kPlans;) {
    for (const auto& [name, plan] : draw(archive.store(), std::max(1L, events / kEventsInVideo), random)) {
      query::AskOptions options;
      options.plan = plan;
      const auto start = Clock::now();
      const std::clock_t cpu = std::clock();
      (void)engine.ask("", options);
      std::fprintf(out, "%s\t%.4f\n", name.c_str(), std::chrono::duration<double, std::milli>(Clock::now() - start).count());
      // What the work costs where the machine is shared and the wall clock cannot tell.
      std::fprintf(out, "CPU\t%.4f\n", 1e3 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
      ++n;
    }
  }
  std::fprintf(out, "memory\t%.4f\n", peak_mib());
}

Measured run(const std::filesystem::path& folder, long events) {
  if (!std::filesystem::exists(folder / "graph.db")) {
    // In a process of its own: memory that it took would count as that of the one forked later.
    const std::filesystem::path making = folder.string() + ".making";
    std::filesystem::remove_all(making);
    if (const pid_t child = fork(); child != 0) {
      int status = 0;
      waitpid(child, &status, 0);
      if (status != 0) std::exit(1);
    } else {
      int code = 0;
      try {
        graph::Archive archive = graph::Archive::open(making, graph::OpenMode::kCreate);
        fill(archive, std::min(events, kWritten));
      } catch (const base::Error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        code = 1;
      }
      if (code == 0 && events > kWritten) repeat(making, static_cast<int>(events / kWritten));
      _exit(code);
    }
    std::filesystem::rename(making, folder);
  }
  const std::filesystem::path lines = folder.string() + ".txt";
  if (const pid_t child = fork(); child == 0) {
    int code = 0;
    try {
      std::FILE* out = std::fopen(lines.c_str(), "w");
      ask_all(folder, events, out);
      std::fclose(out);
    } catch (const base::Error& e) {
      std::fprintf(stderr, "%s\n", e.what());
      code = 1;
    }
    _exit(code);
  } else {
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) std::exit(1);
  }
  Measured measured;
  std::FILE* in = std::fopen(lines.c_str(), "r");
  char name[200];
  double value = 0;
  while (in != nullptr && std::fscanf(in, " %199[^\t]\t%lf", name, &value) == 2) {
    if (std::strcmp(name, "memory") == 0)
      measured.peak_mib = value;
    else
      measured.ms[std::strcmp(name, "CPU") == 0 ? "all plans, CPU" : name].push_back(value);
    if (std::strcmp(name, "memory") != 0 && std::strcmp(name, "CPU") != 0) measured.ms["all plans"].push_back(value);
  }
  if (in != nullptr) std::fclose(in);
  return measured;
}

}  // namespace

int main(int argc, char** argv) {
  const long events = argc > 1 ? std::atol(argv[1]) : 10'000'000;
  if (events < 200'000) {
    std::fprintf(stderr, "usage: plan_bench [EVENTS >= 200000] [FOLDER]\n");
    return 2;
  }
  try {
    std::string name = (std::filesystem::temp_directory_path() / "plan_bench.XXXXXX").string();
    if (argc <= 2 && mkdtemp(name.data()) == nullptr) return 1;
    const std::filesystem::path folder = argc > 2 ? argv[2] : name;
    std::filesystem::create_directories(folder);
    const Measured small = run(folder / ("events-" + std::to_string(events / 100) + ".reel"), events / 100);
    const Measured large = run(folder / ("events-" + std::to_string(events) + ".reel"), events);
    std::printf("%-32s %10s %10s %10s %7s\n", "ms at events:", std::to_string(events).c_str(), "", std::to_string(events / 100).c_str(),
                "");
    std::printf("%-32s %10s %10s %10s %7s\n", "", "p50", "p95", "p95", "ratio");
    for (const auto& [kind, ms] : large.ms) {
      const double p95 = at(ms, 0.95), reference = at(small.ms.at(kind), 0.95);
      std::printf("%-32s %10.2f %10.2f %10.2f %7.2f\n", kind.c_str(), at(ms, 0.5), p95, reference, reference > 0 ? p95 / reference : 0);
    }
    std::printf("peak memory MiB %.1f against %.1f, ratio %.2f\n", large.peak_mib, small.peak_mib, large.peak_mib / small.peak_mib);
    std::printf("goal p95 <= 200 ms: %.2f of it (CPU %.2f)\n", at(large.ms.at("all plans"), 0.95) / 200,
                at(large.ms.at("all plans, CPU"), 0.95) / 200);
    if (argc <= 2) std::filesystem::remove_all(folder);
  } catch (const base::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
