// What issue 10 must show of `report commentary`, over the matches of the reference data and on poor input.

#include <cmath>
#include <map>
#include <set>

#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

using nlohmann::json;

struct SourceEvent {
  double start = 0, end = 0;
  std::string type;
  json attributes;
  std::map<std::string, std::string> names;  // role -> name
};

/// The source's own lines, read without the program.
std::vector<SourceEvent> source_events(const std::filesystem::path& file) {
  std::vector<SourceEvent> events;
  std::istringstream in(read_file(file));
  for (std::string text; std::getline(in, text);) {
    const json line = json::parse(text);
    std::map<std::string, std::string> names;
    for (const json& e : line.value("entities", json::array())) names[e.at("ref")] = e.value("name", "");
    for (const json& e : line.value("events", json::array())) {
      SourceEvent event{e.at("start"), e.at("end"), e.at("type"), e.value("attributes", json::object()), {}};
      for (const json& p : e.at("participants")) event.names[p.at("role")] = names[p.at("ref")];
      events.push_back(std::move(event));
    }
  }
  return events;
}

/// goal, penalty, yellow, red, substitution; empty for anything else.
std::string weight_of(const std::string& type, const json& a) {
  if (type == "goal" || type == "substitution") return type;
  if (type == "shot" && a.value("shot_type", "") == "penalty") return "penalty";
  if (a.contains("card")) return a.at("card") == "yellow card" ? "yellow" : "red";
  return {};
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80)
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

int blanks(const std::string& text) { return 1 + static_cast<int>(std::count(text.begin(), text.end(), ' ')); }

const std::vector<std::string> kMatches{"epl-3754059", "epl-3754061", "epl-3754062", "epl-3754077", "epl-3754079", "epl-3754083"};

/// Families that a look back counts, as conditions on the source.
bool counts_as(const std::string& topic, const SourceEvent& e) {
  const std::string outcome = e.attributes.value("outcome", "");
  if (topic == "shots" || topic == "shots_lately" || topic == "shot_streak" || topic == "shooter") return e.type == "shot";
  if (topic == "on_target") return e.type == "shot" && (outcome == "goal" || outcome.starts_with("saved"));
  if (topic == "corners" || topic == "corners_lately") return e.type == "corner_kick";
  if (topic == "fouls" || topic == "fouler") return e.type == "foul";
  if (topic == "cards") return e.attributes.contains("card");
  if (topic == "possession" || topic == "possession_lately" || topic == "passer") return e.type == "pass" && outcome == "complete";
  return false;
}

}  // namespace

TEST_CASE("every goal, penalty, card and substitution of six matches is told, none is invented", "[e2e][shared][commentary]") {
  const auto folder = shared("eval/soccer");
  if (!folder) return;
  const Reel reel;
  for (const std::string& id : kMatches) {
    const auto file = *folder / (id + ".observations.jsonl");
    REQUIRE(reel.call({"import", file.string()}).exit_code == 0);
    const std::vector<SourceEvent> source = source_events(file);
    std::map<std::string, int> there;
    for (const SourceEvent& e : source) {
      if (const std::string weight = weight_of(e.type, e.attributes); !weight.empty()) ++there[weight];
    }
    std::map<std::int64_t, json> events;
    for (const json& e : reel.json({"timeline", "--video", id}).at("events")) events[e.at("id")] = e;
    for (const char* style : {"radio", "text", "report"}) {
      const json lines = reel.json({"report", "commentary", "--video", id, "--style", style}).at("lines");
      INFO(id << " " << style);
      REQUIRE(lines.size() > 10);
      std::map<std::string, std::set<std::int64_t>> told;
      std::map<std::string, double> last_said;
      std::vector<double> rates;
      std::set<std::vector<std::string>> distinct;
      int trigrams = 0;
      double end = 0;
      for (const json& line : lines) {
        const std::string text = line.at("text");
        const double start = line.at("start");
        INFO(text);
        CHECK(start >= end);
        end = line.at("end");
        rates.push_back(blanks(text) / (end - start));
        if (last_said.count(text) != 0) CHECK(start - last_said[text] >= 600);
        last_said[text] = start;
        const std::vector<std::string> words = words_of(text);
        for (std::size_t i = 2; i < words.size(); ++i, ++trigrams) distinct.insert({words[i - 2], words[i - 1], words[i]});
        REQUIRE_FALSE(line.at("events").empty());
        for (const json& row : line.at("events")) CHECK(events.at(row.get<std::int64_t>()).at("end").get<double>() <= start + 1e-6);
        std::map<std::string, json> facts;
        for (const json& fact : line.at("facts")) {
          facts[fact.at("slot")] = fact;
          CHECK_FALSE(fact.at("events").empty());
          for (const json& row : fact.at("events")) CHECK(events.at(row.get<std::int64_t>()).at("end").get<double>() <= start + 1e-6);
        }
        if (line.at("kind") == "event") {
          // What the line says happened is an event of the source, with the same people in the same parts.
          for (const json& row : line.at("events")) {
            const json& event = events.at(row.get<std::int64_t>());
            const std::string weight = weight_of(event.at("type"), event.at("attributes"));
            const bool fits = (weight == "goal" && line.at("topic") == "goal") || (weight == "substitution" && line.at("topic") == "substitution") ||
                              (weight == "yellow" && (line.at("topic") == "yellow_card" || line.at("topic") == "foul_and_yellow")) ||
                              (weight == "red" && line.at("topic") == "red_card") ||
                              (weight == "penalty" && (line.at("topic") == "saved_penalty" || line.at("topic") == "missed_penalty" || line.at("topic") == "goal"));
            if (!weight.empty()) CHECK(fits);
            if (fits) CHECK(told[weight].insert(row.get<std::int64_t>()).second);
          }
          for (const char* role : {"agent", "assister", "replacement"}) {
            if (facts.count(role) == 0) continue;
            const bool is_so = std::any_of(source.begin(), source.end(), [&](const SourceEvent& e) {
              const auto it = e.names.find(role);
              return it != e.names.end() && it->second == facts[role].at("value") && e.end <= start + 1e-6;
            });
            CHECK(is_so);
            CHECK_THAT(text, Contains(facts[role].at("text").get<std::string>(), Catch::CaseSensitive::No));
          }
        }
        // A score is that of the goals so far, an own goal for the other side.
        if (facts.count("home") != 0 && facts.count("home_n") != 0) {
          int home = 0, away = 0;
          for (const SourceEvent& e : source) {
            if (e.type != "goal" || e.end > start + 1e-6) continue;
            const bool own = e.attributes.value("own_goal", false);
            ((e.names.at("team") == facts["home"].at("value")) != own ? home : away) += 1;
          }
          CHECK(facts["home_n"].at("value") == home);
          CHECK(facts["away_n"].at("value") == away);
        }
        const std::string topic = line.at("topic");
        if (topic != "shot_streak" && topic != "after_goal" && line.at("kind") != "event" && facts.count("side") != 0 && facts.count("n") != 0) {
          const double since = topic.ends_with("_lately") ? start - 60 * (topic == "possession_lately" ? 5 : 10) : -1;
          int n = 0;
          bool known = false;
          for (const SourceEvent& e : source) {
            if (!counts_as(topic, e)) continue;
            known = true;
            const std::string who = facts.count("agent") != 0 ? facts["agent"].at("value") : facts["side"].at("value");
            const auto it = e.names.find(facts.count("agent") != 0 ? "agent" : "team");
            n += e.end <= start + 1e-6 && e.start >= since - 0.01 && it != e.names.end() && it->second == who ? 1 : 0;
          }
          if (known) CHECK(std::abs(facts["n"].at("value").get<int>() - n) <= (since >= 0 ? 1 : 0));  // a start is a millisecond's ceiling
        }
      }
      for (const auto& [weight, n] : there) {
        INFO(weight);
        CHECK(static_cast<int>(told[weight].size()) == n);
      }
      std::sort(rates.begin(), rates.end());
      CHECK(rates[rates.size() * 95 / 100] <= 3);
      CHECK(static_cast<double>(distinct.size()) / trigrams >= 0.75);
      if (std::string_view(style) != "radio") continue;
      CHECK(reel.call({"report", "commentary", "--video", id}).out == reel.call({"report", "commentary", "--video", id, "--seed", "1"}).out);
      CHECK(reel.call({"report", "commentary", "--video", id}).out != reel.call({"report", "commentary", "--video", id, "--seed", "2"}).out);
    }
  }
}

TEST_CASE("report commentary says in plain words why it has nothing to tell", "[e2e][commentary]") {
  const Reel reel;
  write_file(reel.dir / "none.jsonl", R"({"type":"video","id":"none","title":"Nothing","duration":60})" "\n");
  write_file(reel.dir / "yard.jsonl", R"({"type":"observation","video":"yard","start":1,"end":2,"caption":"a lorry","events":[{"type":"load","start":1,"end":2}]})" "\n");
  write_file(reel.dir / "game.jsonl",
             R"({"type":"observation","video":"game","start":3,"end":4,"caption":"a goal","entities":[{"ref":"p","name":"Ann Able","type":"player"},{"ref":"t","name":"Reds","type":"team"}],"events":[{"type":"goal","start":3,"end":4,"participants":[{"ref":"p","role":"agent"},{"ref":"t","role":"team"}]}]})" "\n");
  for (const char* file : {"none.jsonl", "yard.jsonl", "game.jsonl"}) REQUIRE(reel.call({"import", (reel.dir / file).string()}).exit_code == 0);
  const ProcessResult none = reel.call({"report", "commentary", "--video", "none"});
  CHECK(none.exit_code == 1);
  CHECK_THAT(none.err, Contains("has no events"));
  const ProcessResult yard = reel.call({"report", "commentary", "--video", "yard", "-o", (reel.dir / "yard.srt").string(), "--format", "srt"});
  CHECK(yard.exit_code == 1);
  CHECK_THAT(yard.err, Contains("sports") && Contains("load"));
  CHECK_FALSE(std::filesystem::exists(reel.dir / "yard.srt"));
  const ProcessResult warehouse = reel.call({"report", "commentary", "--video", "game", "--profile", "warehouse"});
  CHECK(warehouse.exit_code == 2);
  CHECK_THAT(warehouse.err, Contains("warehouse") && Contains("[commentary]"));
  CHECK(reel.call({"report", "commentary", "--video", "game", "--style", "opera"}).exit_code == 2);
  CHECK(reel.call({"report", "commentary", "--video", "game", "--lookahead", "90"}).exit_code == 2);
  CHECK(reel.call({"report", "commentary", "--video", "game", "--speak"}).exit_code == 2);
  CHECK(reel.call({"report", "commentary", "--video", "game", "--answerer", "parrot"}).exit_code == 2);
  CHECK(reel.call({"report"}).exit_code == 2);
  CHECK_THAT(reel.call({"report", "commentary", "--help"}).out, Contains("--lookahead"));
  const json game = reel.json({"report", "commentary", "--video", "game"});
  REQUIRE(game.at("lines").size() == 1);
  CHECK_THAT(game.at("lines").at(0).at("text").get<std::string>(), Contains("Ann Able"));
  REQUIRE(game.at("notes").size() == 1);
  const ProcessResult file = reel.call({"report", "commentary", "--video", "game", "--format", "vtt", "-o", (reel.dir / "game.vtt").string()});
  CHECK(file.exit_code == 0);
  CHECK(read_file(reel.dir / "game.vtt").starts_with("WEBVTT\n"));
}

TEST_CASE("a commentary without a film is spoken alone", "[e2e][commentary]") {
  const Reel reel;
  write_file(reel.dir / "game.jsonl",
             R"({"type":"observation","video":"game","start":3,"end":4,"caption":"a goal","entities":[{"ref":"p","name":"Ann Able","type":"player"},{"ref":"t","name":"Reds","type":"team"}],"events":[{"type":"goal","start":3,"end":4,"participants":[{"ref":"p","role":"agent"},{"ref":"t","role":"team"}]}]})" "\n");
  REQUIRE(reel.call({"import", (reel.dir / "game.jsonl").string()}).exit_code == 0);
  const auto wav = reel.dir / "game.wav";
  const ProcessResult said = reel.call({"report", "commentary", "--video", "game", "--speak", "-o", wav.string()});
  INFO(said.err);
  REQUIRE(said.exit_code == 0);
  CHECK_THAT(said.err, Contains("the voice alone"));
  CHECK_THAT(said.out, Contains("1 line spoken"));
  const ProcessResult volume = run({"ffmpeg", "-hide_banner", "-i", wav.string(), "-af", "volumedetect", "-f", "null", "-"});
  CHECK_THAT(volume.err, Contains("max_volume") && !Contains("max_volume: -91"));
}

}  // namespace reelgraph::test
