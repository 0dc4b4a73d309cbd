// How long the report on the flow of goods takes on a day of a busy line, next to only reading its events.
//   bottlenecks_bench [PALLETS [STATIONS]]
// Default 3400 pallets through 14 stations: some 240,000 events of 24 hours. Prints CPU time, so that a shared machine does not matter.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <sstream>
#include <string>

#include "graph/archive.h"
#include "graph/transfer.h"
#include "query/report/bottlenecks.h"

namespace {

using namespace reelgraph;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::string entity(const char* ref, const std::string& type, const std::string& name) {
  return std::string(R"({"ref":")") + ref + R"(","id":")" + type + ":" + name + R"(","name":")" + name + R"(","type":")" + type + "\"}";
}

/// One event as an observation line. @param parts (entity, role)
std::string line_of(const std::string& type, double start, double end, const std::vector<std::pair<std::string, std::string>>& entities,
                    const std::vector<std::string>& roles) {
  const std::string time = "\"start\":" + std::to_string(start) + ",\"end\":" + std::to_string(end);
  std::string mentions, parts;
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const std::string ref = "e" + std::to_string(i);
    mentions += (i > 0 ? "," : "") + entity(ref.c_str(), entities[i].first, entities[i].second);
    parts += std::string(i > 0 ? "," : "") + R"({"ref":")" + ref + R"(","role":")" + roles[i] + "\"}";
  }
  return R"({"type":"observation","video":"day",)" + time + R"(,"caption":")" + type + R"(","entities":[)" + mentions +
         R"(],"events":[{"type":")" + type + "\"," + time + R"(,"participants":[)" + parts +
         R"(]}],"provenance":{"kind":"import","name":"bench"}})" + "\n";
}

}  // namespace

int main(int argc, char** argv) {
  const int pallets = argc > 1 ? std::atoi(argv[1]) : 3400, stations = argc > 2 ? std::atoi(argv[2]) : 14;
  std::string folder = (std::filesystem::temp_directory_path() / "reelgraph-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    auto archive = graph::Archive::open(std::filesystem::path(folder) / "day.reel", graph::OpenMode::kCreate);
    std::stringstream lines;
    lines << R"({"type":"video","id":"day","duration":86400,"wall_start":"2026-03-02T00:00:00Z"})"
          << "\n";
    std::vector<double> free(static_cast<std::size_t>(stations), 0);
    for (int j = 0; j < pallets; ++j) {
      double at = j * 84000.0 / pallets;
      const std::pair<std::string, std::string> pallet{"pallet", "pallet " + std::to_string(j)};
      for (int s = 0; s < stations; ++s) {
        const std::pair<std::string, std::string> station{"station", "station " + std::to_string(s)},
            worker{"worker", "worker " + std::to_string(s)};
        const double start = std::max(at, free[static_cast<std::size_t>(s)]), end = start + 12 + (j * 31 + s * 17) % 13;
        free[static_cast<std::size_t>(s)] = end;
        lines << line_of("arrive", at, at, {pallet, station}, {"agent", "station"});
        if (start > at) lines << line_of("wait", at, start, {pallet, station}, {"agent", "station"});
        lines << line_of("process", start, end, {worker, pallet, station}, {"agent", "object", "station"});
        lines << line_of("leave", end, end, {pallet, station}, {"agent", "station"});
        if (s + 1 < stations)
          lines << line_of("travel", end, end + 9, {pallet, station, {"station", "station " + std::to_string(s + 1)}},
                           {"agent", "source", "destination"});
        at = end + 9;
      }
    }
    graph::import_jsonl(archive, lines, "bench", {});
    const graph::Store& store = std::as_const(archive).store();
    const double began = cpu_seconds();
    std::int64_t events = 0;
    graph::EventFilter filter;
    filter.videos = {"day"};
    for (base::Timestamp t = 0; t < 86400 * base::kSecond; t += 10 * base::kMinute) {
      filter.starts_within = base::TimeSpan{t, t + 10 * base::kMinute};
      events += static_cast<std::int64_t>(store.events(filter).size());
    }
    const double read = cpu_seconds();
    const query::report::BottleneckReport report = query::report::make_bottlenecks(store, {});
    const std::string page = query::report::bottlenecks_html(report) + query::report::bottlenecks_json(report).dump();
    const double done = cpu_seconds();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "%lld events: read %.2f s, report with page and JSON %.2f s (%.2f times reading alone, %.2f s for 200,000 events); first: %s; peak "
        "memory %.0f MB\n",
        static_cast<long long>(events), read - began, done - read, (done - read) / (read - began),
        (done - read) * 200000 / static_cast<double>(events), report.ranking.empty() ? "none" : report.ranking.front().name.c_str(),
        static_cast<double>(usage.ru_maxrss) / 1024);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}
