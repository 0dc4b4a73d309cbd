// Who is who, with the built program.

#include "tests/e2e/program.h"
#include "tests/support/model_server.h"

namespace reelgraph::test {
namespace {

std::string line(double start, const std::string& name, const std::string& team = {}) {
  nlohmann::json player{{"ref", "p"}, {"name", name}, {"type", "player"}};
  if (!team.empty()) player["attributes"] = {{"team", team}};
  return nlohmann::json{{"type", "observation"},
                        {"video", "match"},
                        {"start", start},
                        {"end", start + 1},
                        {"caption", name + " shoots"},
                        {"entities", {player}},
                        {"events", {{{"type", "shot"}, {"participants", {{{"ref", "p"}, {"role", "agent"}}}}}}},
                        {"provenance", {{"kind", "import"}, {"name", "paper"}}}}
             .dump() +
         "\n";
}

std::int64_t id_of(const Reel& reel, const std::string& name) {
  const nlohmann::json found = reel.json({"entities", name}).at("entities");
  REQUIRE(found.size() == 1);
  return found[0].at("id").get<std::int64_t>();
}

}  // namespace

TEST_CASE("identity merges, splits, declares distinct and undoes from the command line, with clear refusals", "[e2e]") {
  const Reel reel;
  const std::string lines = line(1, "Eden Hazard") + line(2, "the captain") + line(3, "Eden Hazard") + line(4, "Silva", "City") +
                            line(5, "Silva", "Chelsea") + line(6, "Hazard");
  REQUIRE(reel.call({"import", "-"}, lines).exit_code == 0);
  const std::string before = reel.exported();
  CHECK(reel.call({"identity", "--help"}).out.find("reelgraph identity merge 3 17") != std::string::npos);
  const std::int64_t hazard = id_of(reel, "Hazard"), captain = id_of(reel, "the captain");
  const nlohmann::json automatic = reel.json({"identity", "log"}).at("decisions");
  REQUIRE(automatic.size() == 1);
  CHECK(automatic[0].at("automatic") == true);
  CHECK(automatic[0].at("reason") == "surname");

  const nlohmann::json merged = reel.json({"identity", "merge", "Hazard", std::to_string(captain), "--reason", "armband"});
  CHECK(merged.at("a").at("entity") == hazard);
  CHECK(merged.at("b").at("entity") == hazard);
  CHECK(reel.json({"ask", "How many shots did Eden Hazard have?"}).at("answer").at("value") == 4);
  const nlohmann::json shown = reel.json({"show", std::to_string(captain)}).at("found").at(0);
  CHECK(shown.at("id") == hazard);
  CHECK(shown.at("history").size() == 2);
  CHECK_THAT(reel.call({"show", "Hazard"}).out, Contains("identity history") && Contains("by hand: armband"));
  const std::string mention = shown.at("mentions").at(0).at("id");
  const nlohmann::json split = reel.json({"identity", "split", mention});

  int code = 0;
  const nlohmann::json two = reel.json({"ask", "How many shots did Eden Hazard have?"}, &code);
  CHECK(code == 1);
  CHECK_THAT(two.at("text").get<std::string>(), Contains("Several are called Eden Hazard"));

  const auto refused = [&](const std::vector<std::string>& words, const std::string& why) {
    int refusal = 0;
    const nlohmann::json error = reel.json(words, &refusal).at("error");
    INFO(error.dump());
    CHECK(refusal == 2);
    CHECK_THAT(error.at("message").get<std::string>(), Contains(why));
    CHECK_FALSE(error.at("cure").get<std::string>().empty());
  };
  refused({"identity", "merge", "Hazard", "9999"}, "no entity 9999");
  refused({"identity", "merge", "Nobody", "Hazard"}, "called \"Nobody\"");
  refused({"identity", "merge", "Silva", "Hazard"}, "several are called \"Silva\"");
  refused({"identity", "merge", "1"}, "not how it is used");
  refused({"identity", "split", "12"}, "no mention");
  refused({"identity", "split", mention}, "is alone");
  refused({"identity", "undo", "99"}, "no decision 99");
  refused({"identity", "undo", "1x"}, "not how it is used");

  for (const nlohmann::json* d : {&split, &merged})
    CHECK(reel.call({"identity", "undo", std::to_string(d->at("n").get<int>())}).exit_code == 0);
  refused({"identity", "undo", std::to_string(merged.at("n").get<int>())}, "undone already");
  CHECK(reel.exported() == before);
  CHECK(reel.json({"verify"}).at("ok") == true);

  const nlohmann::json asked = reel.json({"ask", "How many shots did Silva have?"}, &code);
  CHECK(code == 1);
  CHECK(asked.at("status") == "not_understood");
  CHECK_THAT(asked.at("text").get<std::string>(), Contains("Silva (City, entity:") && Contains("Silva (Chelsea, entity:"));
}

TEST_CASE("a second captioner supersedes the first, keeps who is who, and show tells the history", "[e2e]") {
  const Reel reel;
  draw_film(
      {"-f", "lavfi", "-i", "testsrc2=s=192x108:r=5:d=8", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10"},
      reel.dir / "film.mp4");
  ModelServer server;
  const auto describe = [&](const std::string& model, const std::string& somebody) {
    server.models = {model};
    server.say = [=](double start, double) {
      nlohmann::json people = nlohmann::json::array();
      people.push_back(
          {{"ref", "e1"}, {"type", "person"}, {"word", ""}, {"name", start < 3 ? "Ann Berg" : somebody}, {"description", "at the desk"}});
      return nlohmann::json{{"caption", "Somebody sits at the desk and writes for a while, as the " + model + " model says."},
                            {"ocr", nlohmann::json::array()},
                            {"entities", people},
                            {"events", nlohmann::json::array()}}
          .dump();
    };
    const ProcessResult done = reel.call({"ingest", "film.mp4", "--recaption", "--captioner", "endpoint:" + server.url(), "--model", model,
                                          "--chunk", "4", "--overlap", "1", "--jobs", "1"});
    INFO(done.out << done.err);
    REQUIRE(done.exit_code == 0);
  };
  describe("first", "the clerk");
  const std::int64_t ann = id_of(reel, "Ann Berg"), clerk = id_of(reel, "the clerk");
  REQUIRE(ann != clerk);
  REQUIRE(reel.call({"identity", "merge", std::to_string(ann), std::to_string(clerk)}).exit_code == 0);
  const nlohmann::json counts = reel.json({"info"}).at("counts");

  describe("second", "the clerk");
  for (const char* what : {"observations", "mentions", "entities"}) {  // nothing counts twice
    CHECK(reel.json({"info"}).at("counts").at(what) == counts.at(what));
  }
  const nlohmann::json shown = reel.json({"show", "Ann Berg"}).at("found");
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].at("id") == std::min(ann, clerk));
  CHECK(id_of(reel, "the clerk") == std::min(ann, clerk));
  CHECK(shown[0].at("mention_count") == shown[0].at("earlier").size());
  CHECK(shown[0].at("earlier").at(0).at("superseded_by").is_number());
  CHECK_THAT(reel.call({"show", "Ann Berg"}).out, Contains("described earlier") && Contains("superseded by observation:"));
  int code = 0;
  CHECK(reel.json({"search", "first"}, &code).at("hits").empty());
  const std::string exported = reel.exported();
  CHECK(exported.find("the first model says") == std::string::npos);
  CHECK(reel.json({"verify"}).at("ok") == true);
  // The merge by hand travels without what was superseded.
  const Reel again;
  REQUIRE(again.call({"import", "-"}, exported).exit_code == 0);
  CHECK(id_of(again, "the clerk") == id_of(again, "Ann Berg"));
}

}  // namespace reelgraph::test
