#pragma once
// Little logs of a hall, line by line.

#include "query/report/bottlenecks.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::test {

/// Events are imported when the report is asked for.
class HallLog {
 public:
  struct Part {
    std::string name, type, role;
  };

  explicit HallLog(double duration, const std::string& wall = "2026-03-02T08:00:00Z")
      : head_(R"({"type":"video","id":"hall","duration":)" + std::to_string(duration) +
              (wall.empty() ? "" : R"(,"wall_start":")" + wall + "\"") + "}\n") {}

  void event(const std::string& type, double start, double end, const std::vector<Part>& parts) {
    nlohmann::json line{{"type", "observation"}, {"video", "hall"}, {"start", start}, {"end", end}, {"caption", type}};
    nlohmann::json event{{"type", type}, {"start", start}, {"end", end}};
    int n = 0;
    for (const Part& p : parts) {
      const std::string ref = "e" + std::to_string(++n);
      line["entities"].push_back({{"ref", ref}, {"id", p.type + ":" + p.name}, {"name", p.name}, {"type", p.type}});
      event["participants"].push_back({{"ref", ref}, {"role", p.role}});
    }
    line["events"].push_back(event);
    line["provenance"] = {{"kind", "import"}, {"name", "test"}};
    lines_ += line.dump() + "\n";
  }
  void coverage(double start, double end, const std::string& status) {
    lines_ +=
        nlohmann::json{{"type", "coverage"}, {"video", "hall"}, {"start", start}, {"end", end}, {"status", status}, {"reason", "test"}}
            .dump() +
        "\n";
  }

  void arrive(const std::string& pallet, const std::string& station, double t) {
    event("arrive", t, t, {{pallet, "pallet", "agent"}, {station, "station", "station"}});
  }
  void leave(const std::string& pallet, const std::string& station, double t) {
    event("leave", t, t, {{pallet, "pallet", "agent"}, {station, "station", "station"}});
  }
  void process(const std::string& pallet, const std::string& station, const std::string& worker, double start, double end) {
    event("process", start, end, {{worker, "worker", "agent"}, {pallet, "pallet", "object"}, {station, "station", "station"}});
  }
  void travel(const std::string& pallet, const std::string& from, const std::string& to, double start, double end) {
    event("travel", start, end, {{pallet, "pallet", "agent"}, {from, "station", "source"}, {to, "station", "destination"}});
  }
  /// One pallet through one station without a wait to tell of.
  void visit(const std::string& pallet, const std::string& station, const std::string& worker, double arrival, double start, double end) {
    arrive(pallet, station, arrival);
    process(pallet, station, worker, start, end);
    leave(pallet, station, end);
  }
  /// `jobs` pallets through stations in series, each with one worker and no end of room; they come every `every` seconds.
  void line(int jobs, double every, const std::vector<double>& works) {
    std::vector<double> free(works.size(), 0);
    for (int j = 0; j < jobs; ++j) {
      double at = 1 + j * every;
      for (std::size_t s = 0; s < works.size(); ++s) {
        const std::string station = "station " + std::to_string(s + 1), pallet = "pallet " + std::to_string(j + 1);
        const double start = std::max(at, free[s]), end = start + works[s] * (1 + 0.1 * ((j * 7 + static_cast<int>(s) * 3) % 5 - 2));
        free[s] = end;
        visit(pallet, station, "operator " + std::to_string(s + 1), at, start, end);
        if (s + 1 < works.size()) travel(pallet, station, "station " + std::to_string(s + 2), end, end + 5);
        at = end + 5;
      }
    }
  }

  query::report::BottleneckReport report(const query::report::BottleneckOptions& options = {}) {
    archive_.import(head_ + lines_);
    return query::report::make_bottlenecks(archive_.store(), options);
  }
  ArchiveFixture& archive() { return archive_; }

 private:
  std::string head_, lines_;
  ArchiveFixture archive_;
};

}  // namespace reelgraph::test
