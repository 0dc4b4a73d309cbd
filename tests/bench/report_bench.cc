// report_bench [OBSERVATIONS.jsonl...]: commentary of a match, beside reading the same events for `timeline` in the same run; and of a day with
// 200,000 events. Without files a match of 90 minutes is drawn. Links reelgraph::query, reelgraph::graph, reelgraph::captioner.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "captioner/commentary_profile.h"
#include "graph/archive.h"
#include "graph/transfer.h"
#include "query/report/commentary.h"
#include "query/timeline.h"

namespace {

using namespace reelgraph;

/// Of this process: tells what the work costs where the machine is shared.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Two sides, an event every `gap` seconds: mostly passes, some shots, fouls and corners, a goal now and then.
std::string drawn(const std::string& id, double length, double gap) {
  std::mt19937 random(1);
  std::ostringstream out;
  out << R"({"type":"video","id":")" << id << R"(","title":"Reds v Blues","duration":)" << length << "}\n";
  const char* const types[] = {"pass", "pass", "pass", "pass", "ball_recovery", "dribble", "throw_in", "clearance", "pass", "pass"};
  int n = 0;
  for (double t = 1; t < length - 2; t += gap, ++n) {
    const unsigned draw = random() % 1000;
    std::string type = n == 0 ? "kick_off" : types[random() % 10], attributes = R"("half":1,"outcome":"complete")";
    if (draw < 12) type = "shot", attributes = R"("half":1,"outcome":"off t")";
    if (draw == 12) type = "goal", attributes = R"("half":1)";
    if (draw > 12 && draw < 30) type = "foul", attributes = R"("half":1)";
    const bool red = random() % 2 == 0;
    const std::string a = std::to_string(random() % 11 + (red ? 0 : 11)), b = std::to_string(random() % 11 + (red ? 0 : 11));
    out << R"({"type":"observation","video":")" << id << R"(","start":)" << t << R"(,"end":)" << t + gap / 2 << R"(,"caption":"a )" << type << ' ' << n
        << R"(","entities":[{"ref":"p","id":"player:)" << a << R"(","name":"Player )" << a << R"(","type":"player"},{"ref":"q","id":"player:)" << b
        << R"(","name":"Player )" << b << R"(","type":"player"},{"ref":"t","id":"team:)" << red << R"(","name":")" << (red ? "Reds" : "Blues")
        << R"(","type":"team"}],"events":[{"type":")" << type << R"(","start":)" << t << R"(,"end":)" << t + gap / 2
        << R"(,"participants":[{"ref":"p","role":"agent"},{"ref":"q","role":"recipient"},{"ref":"t","role":"team"}],"attributes":{)" << attributes
        << R"(}}],"provenance":{"kind":"import","name":"bench"}})" << '\n';
  }
  return out.str();
}

}  // namespace

int main(int argc, char** argv) {
  std::string name = (std::filesystem::temp_directory_path() / "reelgraph-bench-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  {
    graph::Archive archive = graph::Archive::open(folder / "bench.reel", graph::OpenMode::kCreate);
    for (int i = 1; i < argc; ++i) {
      std::ifstream in(argv[i]);
      graph::import_jsonl(archive, in, argv[i], {});
    }
    if (argc < 2) {
      std::istringstream match(drawn("match", 5400, 3.2)), day(drawn("day", 86'400, 86'400.0 / 200'000));
      graph::import_jsonl(archive, match, "match", {});
      graph::import_jsonl(archive, day, "day", {});
    }
    const graph::Store& store = archive.store();
    const base::Commentary commentary = captioner::load_commentary("sports").value();
    for (const graph::VideoRecord& video : store.videos()) {
      double best = 1e9, reference = 1e9;
      std::size_t lines = 0, events = 0;
      for (int run = 0; run < 3; ++run) {
        double start = cpu_seconds();
        query::TimelineOptions all;
        all.videos = {video.id};
        events = query::timeline(store, all).size();
        reference = std::min(reference, cpu_seconds() - start);
        start = cpu_seconds();
        lines = query::report::make_commentary(store, commentary, video, {}).lines.size();
        best = std::min(best, cpu_seconds() - start);
      }
      std::printf("%-14s %7zu events: %5zu lines in %.3f s of one core, %.2f of the time that reading them for timeline takes (%.3f s)\n", video.id.c_str(),
                  events, lines, best, best / reference, reference);
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}
