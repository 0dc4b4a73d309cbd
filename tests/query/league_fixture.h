#pragma once
// Two matches with a profile of their own, for questions in many wordings. No name of it stands in code.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/query/archive_fixture.h"

namespace reelgraph::test {

using nlohmann::json;

struct Line {
  double at;
  std::string type, agent, team, other, role, attributes;
};

/// Two matches: in the first Reds beat Blues 2-1 after being behind; in the second nobody scores.
class League {
 public:
  League() {
    play("m1", "Reds v Blues",
         {{1, "kick_off", "Ann Able", "Reds", "", "", R"("half":1)"},
          {10, "shot", "Ann Able", "Reds", "", "", R"("half":1,"outcome":"saved","body":"head")"},
          {20, "foul", "Ben Baker", "Blues", "", "", R"("half":1,"card":"yellow card")"},
          {30, "shot", "Cy Çelik", "Blues", "", "", R"("half":1,"outcome":"goal","body":"foot")"},
          {30, "goal", "Cy Çelik", "Blues", "Ben Baker", "assister", R"("half":1)"},
          {50, "kick_off", "Dan Able", "Reds", "", "", R"("half":2)"},
          {60, "goal", "Ben Baker", "Blues", "", "", R"("half":2,"own_goal":true)"},
          {70, "substitution", "Ann Able", "Reds", "Eve Fox", "replacement", R"("half":2)"},
          {80, "shot", "Eve Fox", "Reds", "", "", R"("half":2,"outcome":"goal","body":"head")"},
          {80, "goal", "Eve Fox", "Reds", "", "", R"("half":2)"},
          {90, "foul", "Ben Baker", "Blues", "", "", R"("half":2,"card":"red card")"},
          {95, "foul", "Eve Fox", "Reds", "", "", R"("half":2)"}});
    play("m2", "Blues v Reds",
         {{1, "kick_off", "Ann Able", "Reds", "", "", R"("half":1)"},
          {20, "foul", "Ann Able", "Reds", "", "", R"("half":1)"},
          {50, "kick_off", "Cy Çelik", "Blues", "", "", R"("half":2)"},
          {61, "shot", "Cy Çelik", "Blues", "", "", R"("half":2,"outcome":"off","body":"foot")"}});
    base::Profile p;
    p.event_types = {{"goal", "", {"goals", "scored", "scores", "score", "scoring"}, {}},
                     {"shot", "", {"shots", "attempts", "attempt"}, {}},
                     {"foul", "", {"fouls", "fouled", "fouler", "foulers"}, {}},
                     {"substitution", "", {"substitutions"}, {}}};
    p.entity_types = {{"player", "", {"players", "man"}, {}}, {"team", "", {"teams", "side"}, {}}};
    p.phrases = {{{"booked", "bookings"}, {"foul"}, {{"card", {"yellow card"}}}, "", "agent", true},
                 {{"sent off", "red card"}, {"foul"}, {{"card", "red card"}}, "", "agent", true},
                 {{"header", "headers", "headed"}, {"shot"}, {{"body", "head"}}, "", "", true},
                 {{"set up", "assisted"}, {"goal"}, json::object(), "assister", "agent", false},
                 {{"own goal", "own goals"}, {"goal"}, {{"own_goal", true}}},
                 {{"came on"}, {"substitution"}, json::object(), "replacement", "agent", false, "agent"},
                 {{"taken off"}, {"substitution"}, json::object(), "team", "agent", false, "replacement"},
                 {{"brought on"}, {"substitution"}, json::object(), "team", "replacement", false, "agent"},
                 {{"concede", "conceded"}, {"goal"}, json::object(), "team", "", false, "", true}};
    p.classes = {{"stay", {"on the pitch", "on"}}, {"stay_begins", {"came on"}}, {"stay_ends", {"taken off", "sent off"}}};
    p.fillers = {"side", "sides", "team", "teams", "score", "scored", "player", "players", "match", "game", "play"};
    p.videos = {"match", "matches", "game", "games"};
    p.periods = {{{"first half", "before the break"}, "kick_off", {{"half", 1}}, 0, 0},
                 {{"second half", "after the break"}, "kick_off", {{"half", 2}}, 0, 0},
                 {{"extra time"}, "kick_off", {{"half", 3}}, 0, 0}};
    base::Tally t{"score", "goal", "team", {{"own_goal", true}}, {}};
    t.words = {{"ahead", {"ahead", "in the lead"}},
               {"first", {"=score first"}},
               {"behind", {"behind", "going behind"}},
               {"equaliser", {"equaliser", "drew level"}},
               {"opener", {"opening goal"}},
               {"winner", {"winner"}},
               {"won", {"win", "won"}},
               {"level", {"level"}},
               {"implied", {"get", "add"}},
               {"two_by_one", {"brace"}},
               {"drawn", {"ended level", "draw"}}};
    p.tallies = {t};
    p.nicknames = {{"Reds", {"scarlets"}}};
    profiles_ = {p};
  }

  query::Answer ask(const std::string& question, const std::string& video = "m1") { return a_.ask(question, video, profiles_); }
  json value(const std::string& question, const std::string& video = "m1") {
    const query::Answer answer = ask(question, video);
    UNSCOPED_INFO(question << " -> " << answer.text << " " << answer.plan.dump());
    if (answer.status != query::Status::kAnswered) return "no answer";
    if (answer.kind == "entity") return answer.value.at("name");
    if (answer.kind == "event") return answer.value.at("type");
    if (answer.kind != "list") return answer.value;
    json names = json::array();
    for (const json& v : answer.value) names.push_back(v.value("name", ""));
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  void play(const std::string& id, const std::string& title, const std::vector<Line>& lines) {
    std::string text = R"({"type":"video","id":")" + id + R"(","title":")" + title + R"(","duration":100})" + "\n";
    for (const Line& l : lines) {
      const std::string time = "\"start\":" + std::to_string(l.at) + ",\"end\":" + std::to_string(l.at + 0.5);
      const auto entity = [](const std::string& ref, const std::string& name, const std::string& type) {
        return R"({"ref":")" + ref + R"(","id":")" + type + ":" + name + R"(","name":")" + name + R"(","type":")" + type + "\"}";
      };
      std::string entities = entity("p", l.agent, "player") + "," + entity("t", l.team, "team");
      std::string who = R"({"ref":"p","role":"agent"},{"ref":"t","role":"team"})";
      if (!l.other.empty()) {
        entities += "," + entity("o", l.other, "player");
        who += R"(,{"ref":"o","role":")" + l.role + "\"}";
      }
      text += R"({"type":"observation","video":")" + id + "\"," + time + R"(,"caption":")" + l.agent + " " + l.type + R"(","entities":[)" +
              entities + R"(],"events":[{"type":")" + l.type + "\"," + time + R"(,"participants":[)" + who + R"(],"attributes":{)" +
              l.attributes + R"(}}],"provenance":{"kind":"import","name":"league"}})" + "\n";
    }
    a_.import(text);
  }

  ArchiveFixture a_;
  std::vector<base::Profile> profiles_;
};

}  // namespace reelgraph::test
