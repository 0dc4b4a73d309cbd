// `report bottlenecks` and `report summary` as a user calls them, over a simulated hall and on poor input.
#include <cmath>

#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

using nlohmann::json;

/// Half an hour of a simulated hall, without its film. @returns how many pallets arrive, by the truth itself
int import_hall(const Reel& reel) {
  const std::filesystem::path hall = reel.dir / "hall";
  const ProcessResult drawn = run({(binary().parent_path() / "reelgraph-sim").string(), "warehouse", "--seed", "5", "--minutes", "30",
                                   "--no-film", "-q", "-o", hall.string()});
  INFO(drawn.err);
  REQUIRE(drawn.exit_code == 0);
  REQUIRE(reel.call({"import", (hall / "truth.observations.jsonl").string()}).exit_code == 0);
  int arrivals = 0;
  std::istringstream truth(read_file(hall / "truth.observations.jsonl"));
  for (std::string text; std::getline(truth, text);) {
    const json line = json::parse(text);
    for (const json& event : line.value("events", json::array())) arrivals += event.at("type") == "arrive";
  }
  REQUIRE(arrivals > 10);
  return arrivals;
}

}  // namespace

TEST_CASE("bottlenecks of a simulated hall: the contract's JSON, one page, tables and event logs", "[e2e][reports]") {
  const Reel reel;
  const int arrived = import_hall(reel);
  const json report = reel.json({"report", "bottlenecks"});
  for (const char* key : {"stations", "ranking", "littles_law", "coverage"}) CHECK(report.contains(key));
  REQUIRE_FALSE(report.at("stations").empty());
  int at_docks = 0;
  for (const json& station : report.at("stations")) {
    if (station.at("type") == "dock") at_docks += station.at("arrivals").get<int>();
    for (const char* key : {"name", "dwell", "throughput_per_h", "queue", "wait", "utilisation"}) CHECK(station.contains(key));
    for (const char* key : {"mean", "median", "p95"}) CHECK(station.at("dwell").contains(key));
  }
  CHECK(at_docks >= arrived);  // who stands there in the first frame has come, too
  CHECK(at_docks <= arrived + 3);
  REQUIRE_FALSE(report.at("ranking").empty());
  CHECK_FALSE(report.at("ranking")[0].at("reasons").empty());
  const double l = report.at("littles_law").at("l"), lambda_w = report.at("littles_law").at("lambda_w");
  CHECK(std::abs(l - lambda_w) <= 0.03 * l);

  const std::string xes = reel.call({"report", "bottlenecks", "--format", "xes"}).out;
  CHECK_THAT(xes, Catch::StartsWith("<?xml") && Contains("</log>"));
  const ProcessResult page = reel.call({"report", "bottlenecks", "--format", "html", "-o", "hall.html"});
  CHECK(page.exit_code == 0);
  const std::string html = read_file(reel.dir / "hall.html");
  CHECK_THAT(html, Contains("<svg") && Contains("</html>"));
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("src=\"http") == std::string::npos);
  CHECK_THAT(reel.call({"report", "bottlenecks", "--format", "csv"}).out, Contains("dock 1"));
  CHECK_THAT(reel.call({"report", "bottlenecks", "--log", "csv"}).out, Contains("time:timestamp"));
  CHECK_THAT(reel.call({"report", "bottlenecks"}).out, Contains("Bottlenecks, the worst first"));
}

TEST_CASE("a summary of a simulated hall is cited, kept, and written as chapters", "[e2e][reports]") {
  const Reel reel;
  import_hall(reel);
  const json first = reel.json({"report", "summary"});
  REQUIRE(first.at("sections").size() >= 2);
  const auto citations = first.at("citations").size();
  for (const json& section : first.at("sections")) {
    CHECK_FALSE(section.at("citations").empty());
    for (const json& n : section.at("citations")) CHECK((n.get<std::size_t>() >= 1 && n.get<std::size_t>() <= citations));
  }
  CHECK(first.at("videos").at("made") == 1);
  json second = reel.json({"report", "summary"});
  CHECK(second.at("videos").at("kept") == 1);
  CHECK(second.at("sections") == first.at("sections"));
  CHECK(reel.json({"verify"}).at("ok") == true);
  CHECK_THAT(reel.call({"report", "summary", "--format", "vtt"}).out, Catch::StartsWith("WEBVTT"));
  const json written = reel.json({"report", "summary", "--format", "md", "-o", "hall.md"});
  CHECK(written.at("file") == "hall.md");
  CHECK_THAT(read_file(reel.dir / "hall.md"), Catch::StartsWith("# "));
}

TEST_CASE("reports of nothing say so, and what cannot be meant is refused", "[e2e][reports]") {
  const Reel reel;
  CHECK(reel.call({"report", "summary"}).exit_code == 5);  // there is no archive
  write_file(reel.dir / "empty.jsonl", R"({"type":"video","id":"empty","duration":60})"
                                       "\n");
  REQUIRE(reel.call({"import", "empty.jsonl"}).exit_code == 0);
  for (const char* kind : {"bottlenecks", "summary", "commentary"}) {
    INFO(kind);
    CHECK(reel.call({"report", kind}).exit_code == 1);
    CHECK(reel.call({"report", kind, "--video", "nobody"}).exit_code == 2);
    CHECK(reel.call({"report", kind, "--from", "10", "--to", "5"}).exit_code == 2);
    CHECK(reel.call({"report", kind, "--format", "poem"}).exit_code == 2);
    CHECK(reel.call({"--json", "report", kind, "--format", "md"}).exit_code == 2);
  }
  CHECK(reel.call({"report"}).exit_code == 2);
  CHECK(reel.call({"report", "summary", "--sentences", "0"}).exit_code == 2);
}

}  // namespace reelgraph::test
