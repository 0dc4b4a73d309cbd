#pragma once
// A small match of a sport that no profile knows, and the words to tell it by: no word of soccer stands in code.

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "graph/archive.h"
#include "graph/transfer.h"
#include "query/report/commentary.h"
#include "tests/support/support.h"

namespace reelgraph::test {

struct Play {
  double start, end;
  std::string type, agent, team, other, role, attributes;
  std::string team_id = {};  ///< default: the team's name
};

inline std::string play_line(const std::string& video, const Play& p) {
  const std::string time = "\"start\":" + std::to_string(p.start) + ",\"end\":" + std::to_string(p.end);
  const auto entity = [](const std::string& ref, const std::string& id, const std::string& name, const std::string& type) {
    return R"({"ref":")" + ref + R"(","id":")" + type + ":" + id + R"(","name":")" + name + R"(","type":")" + type + "\"}";
  };
  std::string entities, who;
  const auto add = [&](const std::string& one, const std::string& ref, const std::string& role) {
    entities += (entities.empty() ? "" : ",") + one;
    who += (who.empty() ? "" : ",") + std::string(R"({"ref":")") + ref + R"(","role":")" + role + "\"}";
  };
  if (!p.agent.empty()) add(entity("p", p.agent, p.agent, "player"), "p", "agent");
  if (!p.team.empty()) add(entity("t", p.team_id.empty() ? p.team : p.team_id, p.team, "team"), "t", "team");
  if (!p.other.empty()) add(entity("o", p.other, p.other, "player"), "o", p.role);
  return R"({"type":"observation","video":")" + video + "\"," + time + R"(,"caption":")" + p.type + R"(","entities":[)" + entities +
         R"(],"events":[{"type":")" + p.type + "\"," + time + R"(,"description":"what )" + p.agent + R"( did","participants":[)" + who +
         R"(],"attributes":{)" + p.attributes + R"(}}],"provenance":{"kind":"import","name":"league"}})" + "\n";
}

class Match {
 public:
  explicit Match(const std::vector<Play>& plays, double duration = 600, const std::string& title = "Reds v Blues")
      : archive_(graph::Archive::open(dir_ / "test.reel", graph::OpenMode::kCreate)) {
    std::string text = R"({"type":"video","id":"m","title":")" + title + "\"" + (duration > 0 ? ",\"duration\":" + std::to_string(duration) : "") + "}\n";
    for (const Play& p : plays) text += play_line("m", p);
    std::istringstream in(text);
    graph::import_jsonl(archive_, in, "test.jsonl", {});
  }

  [[nodiscard]] query::report::CommentaryReport tell(const base::Commentary& c, query::report::CommentaryOptions options = {}) const {
    const graph::Store& store = archive_.store();
    graph::VideoRecord video = *store.find_video("m");
    return query::report::make_commentary(store, c, video, options);
  }
  [[nodiscard]] const graph::Store& store() const { return archive_.store(); }

 private:
  TempDir dir_;
  graph::Archive archive_;
};

/// Points, throws and warnings; one tally, two stages.
inline base::Commentary bowls() {
  base::Commentary c;
  c.profile = "bowls";
  c.language = "en";
  c.agent = "agent";
  c.side = "team";
  c.pass = "throw";
  c.twin = "{name} number {nth}";
  c.score = base::Tally{"score", "point", "team", {{"own", true}}, {}};
  c.particles = {"van", "der"};
  c.numbers = {"no", "one", "two", "three", "four", "five"};
  c.ordinals = {"first", "second", "third"};
  c.short_names = {{"Blues of the North", "Blues"}};
  c.stages = {{"first part", "start", {{"part", 1}}, 0, 5}, {"second part", "start", {{"part", 2}}, 5, 5}};
  c.styles = {{"live", 5, 2, 8, 2.4, true}, {"past", 50, 1, 60, 2.4, false}};
  base::CommentaryTopic point, warning, start, ball;
  point.name = point.family = "point";
  point.types = {"point"};
  point.importance = 100;
  point.always = true;
  warning.name = warning.family = "warning";
  warning.types = {"warning"};
  warning.importance = 60;
  warning.always = true;
  start.name = start.family = "start";
  start.types = {"start"};
  start.importance = 30;
  ball.name = ball.family = "throw";
  ball.types = {"throw"};
  ball.importance = 10;
  ball.stale_s = 3;
  c.topics = {point, warning, start, ball};
  base::CommentaryRecap throws, standing;
  throws.name = "throws";
  throws.kind = "compare";
  throws.families = {"throw"};
  throws.at_least = 2;
  throws.every_min = 0.5;
  throws.summary = true;
  standing.name = "standing";
  standing.kind = "score";
  standing.every_min = 1;
  c.recaps = {throws, standing};
  c.lines = {
      {"point", {"live"}, {}, {"{agent} has a point!", "A point by {agent} for {side}!", "It counts, {agent}!", "Point, {agent}!"}},
      {"point", {"live"}, {"opener"}, {"The first point goes to {gains}, by {agent}!"}},
      {"point", {"live"}, {"score_known", "!level"}, {"{agent} makes it {score} to {leader}!"}},
      {"point", {"live"}, {"other_side"}, {"{agent} hands a point to {gains}!"}},
      {"point", {"past"}, {}, {"{agent} had a point.", "A point went to {side} by {agent}."}},
      {"warning", {}, {}, {"A warning for {agent} of {side}.", "{agent} is warned.", "The judge warns {agent}."}},
      {"start", {"live"}, {}, {"{side} begin.", "{agent} begins for {side}."}},
      {"throw", {"live"}, {}, {"{agent} throws.", "{agent} of {side} with a throw.", "A throw by {agent}.", "<now> {agent}."}},
      {"throw", {"live"}, {"chain>1"}, {"{chain}, {passes|throw|throws} now."}},
      {"throws", {"live"}, {"!even"}, {"{n|throw|throws} by {side}, {m} by {other}.", "{side} lead on throws, {n} to {m}."}},
      {"throws", {"live"}, {"even"}, {"{n|throw|throws} each."}},
      {"standing", {"live"}, {"!level"}, {"{leader} lead {score}.", "It is {score} to {leader}."}},
      {"interval", {}, {}, {"The first part ends {home} {home_n}, {away} {away_n}."}},
      {"end", {}, {}, {"It ends {home} {home_n}, {away} {away_n}."}},
  };
  c.words = {{"now", {"Now", "Here is", "Next"}}};
  return c;
}

/// Ten minutes of play, drawn by a seed.
inline std::vector<Play> drawn_match(unsigned seed, double length = 600) {
  const auto next = [&] { return seed = seed * 1664525U + 1013904223U, seed >> 8U; };
  const std::vector<std::string> reds{"Ann Able", "Ben Baker", "Cy van der Cane"}, blues{"Dan Dove", "Eve Elm", "Flo Fox"};
  std::vector<Play> plays{{0.5, 1, "start", "Ann Able", "Reds", "", "", R"("part":1)"}};
  for (double t = 3; t < length - 4; t += 1 + next() % 40 / 10.0) {
    if (t > length / 2 && t - 5 < length / 2 && plays.back().type != "start" && plays.back().start < length / 2)
      plays.push_back({t - 0.2, t - 0.1, "start", "Dan Dove", "Blues", "", "", R"("part":2)"});
    const bool red = next() % 2 == 0;
    const std::vector<std::string>& us = red ? reds : blues;
    const std::string agent = us[next() % 3], team = red ? "Reds" : "Blues";
    const unsigned what = next() % 40;
    if (what == 0)
      plays.push_back({t, t + 0.4, "point", agent, team, "", "", next() % 4 == 0 ? R"("own":true)" : ""});
    else if (what == 1)
      plays.push_back({t, t + 0.1, "warning", agent, team, "", "", ""});
    else
      plays.push_back({t, t + next() % 30 / 10.0, "throw", agent, team, us[next() % 3], "recipient", ""});
  }
  return plays;
}

}  // namespace reelgraph::test
