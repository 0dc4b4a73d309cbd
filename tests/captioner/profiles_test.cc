#include "captioner/profiles.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.h"
#include "tests/support/support.h"

using namespace reelgraph;
using captioner::load_profile;
using captioner::parse_profile;

namespace {

const base::Term* term(const std::vector<base::Term>& terms, const std::string& name) {
  const auto found = std::find_if(terms.begin(), terms.end(), [&](const base::Term& t) { return t.name == name; });
  return found == terms.end() ? nullptr : &*found;
}

bool has_synonym(const base::Profile& profile, const std::string& event, const std::string& word) {
  const base::Term* t = term(profile.event_types, event);
  return t != nullptr && std::find(t->synonyms.begin(), t->synonyms.end(), word) != t->synonyms.end();
}

base::Error refusal(const std::string& toml) {
  try {
    static_cast<void>(parse_profile(toml, "my.toml"));
  } catch (const base::Error& e) {
    return e;
  }
  FAIL("was accepted: " << toml);
  throw 0;
}

}  // namespace

TEST_CASE("four profiles are compiled in, and each knows what signals reports", "[profiles]") {
  CHECK(captioner::builtin_profile_names() == std::vector<std::string>{"general", "sports", "warehouse", "traffic", "surveillance"});
  std::set<std::string> digests;
  for (const std::string& name : captioner::builtin_profile_names()) {
    const base::Profile profile = load_profile(name);
    INFO(name);
    CHECK(profile.name == name);
    CHECK_FALSE(profile.description.empty());
    CHECK_FALSE(profile.prompt.empty());
    CHECK(digests.insert(profile.digest).second);
    for (const char* type :
         {"appear", "leave", "stop", "start", "placed", "removed", "put_back", "cut", "camera_moves", "motion", "loud", "silent"}) {
      CHECK(term(profile.event_types, type) != nullptr);
    }
    CHECK(has_synonym(profile, "appear", "shows up"));
    CHECK(has_synonym(profile, "leave", "drives off"));
    CHECK(has_synonym(profile, "removed", "taken away"));
    for (const base::Term& event : profile.event_types) {
      CHECK_FALSE(event.description.empty());
      for (const std::string& role : event.roles) CHECK(term(profile.roles, role) != nullptr);
    }
  }
}

TEST_CASE("the profiles know the event types of the reference observations", "[profiles]") {
  const auto check = [](const char* file, const char* profile_name) {
    const auto path = test::shared(file);
    if (!path) return;
    const base::Profile profile = load_profile(profile_name);
    std::ifstream in(*path);
    std::set<std::string> missing;
    for (std::string line; std::getline(in, line);) {
      const auto observation = nlohmann::json::parse(line);
      for (const auto& event : observation.value("events", nlohmann::json::array())) {
        if (term(profile.event_types, event["type"]) == nullptr) missing.insert(event["type"]);
      }
    }
    INFO(file);
    CHECK(missing == std::set<std::string>{});
  };
  check("eval/soccer/epl-3754059.observations.jsonl", "sports");
  check("eval/soccer/epl-3754079.observations.jsonl", "sports");
  check("eval/meva/observations.jsonl", "traffic");
}

TEST_CASE("a profile of one's own has its words and the general ones, joined", "[profiles]") {
  const base::Profile p = parse_profile(R"(
name = "kitchen"
entity_types = [{name = "cook", synonyms = ["Chef", "chef"]}]
roles = [{name = "tool"}]
[[event_types]]
name = "removed"
description = "taken off the stove"
synonyms = ["taken off"]
roles = ["tool", "object"]
[[zones]]
name = "stove"
polygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9], [0.1, 0.9]]
[signals]
sensitivity = 2
)",
                                        "my.toml");
  CHECK(term(p.entity_types, "cook")->synonyms == std::vector<std::string>{"chef"});
  CHECK(term(p.entity_types, "person") != nullptr);
  CHECK(term(p.event_types, "removed")->description == "taken off the stove");
  CHECK(has_synonym(p, "removed", "taken off"));
  CHECK(has_synonym(p, "removed", "taken away"));
  REQUIRE(p.zones.size() == 1);
  CHECK(p.zones[0].polygon.size() == 4);
  CHECK(p.signals["sensitivity"] == 2);
}

TEST_CASE("faults in a profile are told with file, line and cure", "[profiles]") {
  const struct {
    const char* toml;
    const char* place;
    const char* message;
  } cases[] = {
      {"name = \"x\"\nflavour = 1\n", "my.toml:2", "unknown key \"flavour\""},
      {"name = \"x\"\n\n[[event_types]]\nname = \"e\"\ncolor = 1\n", "my.toml:5", "unknown key \"color\""},
      {"name = \"x\"\n[[event_types]]\nname = \"e\"\nroles = [\"wizard\"]\n", "my.toml:4", "\"wizard\", which is not declared"},
      {"name = \"x\"\nroles = [{name = \"a\"},\n{name = \"a\"}]\n", "my.toml:3", "twice"},
      {"name = \"x\"\n[[zones]]\nname = \"z\"\npolygon = [[0, 0], [1, 1]]\n", "my.toml:4", "3 to 256 corners"},
      {"name = \"x\"\n[[zones]]\nname = \"z\"\npolygon = [[0, 0], [1, 1], [2, 0]]\n", "my.toml:4", "outside 0 to 1"},
      {"name = \"x\"\n[[zones]]\nname = \"z\"\npolygon = [[0, 0], [1, nan], [1, 0]]\n", "my.toml:4", "outside 0 to 1"},
      {"name = \"x\"\n[[zones]]\nname = \"z\"\npolygon = [[0, 0], [0.5, 0.5], [1, 1]]\n", "my.toml:4", "no area"},
      {"name = \"x\"\n[[zones]]\nname = \"z\"\npolygon = [[0, 0], [1, 1], [1, 0], [0, 0.8]]\n", "my.toml:4", "crosses itself"},
      {"name = \"x\"\n[[zones]]\nname = \"z\"\n", "my.toml:2", "no polygon"},
      {"name = \"Big Name\"\n", "my.toml:1", "lower-case"},
      {"description = \"nameless\"\n", "my.toml", "has no name"},
      {"name = \"x\"\nroles = [\n", "my.toml:", "no TOML"},
      {"name = \"x\"\n[signals]\nsensitivity = 99\n", "my.toml:3", "sensitivity"},
      {"name = \"x\"\n[signals]\nspeed = 1\n", "my.toml:3", "unknown key signals.speed"},
      {"name = \"x\"\n[[examples]]\ninput = \"a\"\noutput = \"no json\"\n", "my.toml:4", "JSON"},
      {"name = \"x\"\nentity_types = \"person\"\n", "my.toml:2", "not a list"},
      {"name = \"\xff\"\n", "my.toml", "UTF-8"},
  };
  for (const auto& c : cases) {
    const base::Error e = refusal(c.toml);
    INFO(c.toml);
    CHECK(e.code() == base::ErrorCode::kBadInput);
    CHECK_THAT(e.what(), Contains(c.place) && Contains(c.message));
    CHECK_FALSE(e.cure().empty());
  }
}

TEST_CASE("a profile comes from a file, and what is no such file says what there is", "[profiles]") {
  test::TempDir dir;
  test::write_file(dir / "mine.toml", "name = \"mine\"\n");
  CHECK(load_profile((dir / "mine.toml").string()).name == "mine");
  CHECK_THROWS_WITH(load_profile((dir / "none.toml").string()), Contains("none.toml") && Contains("general"));
  CHECK_THROWS_WITH(load_profile(dir.path().string()), Contains("must be a file"));
  test::write_file(dir / "big.toml", std::string((1 << 20) + 10, '#'));
  CHECK_THROWS_WITH(load_profile((dir / "big.toml").string()), Contains("1 MiB"));
}

TEST_CASE("a profile that extends a built-in one has its words, and its own zones", "[profiles]") {
  const base::Profile own = parse_profile(
      "name = \"hall\"\nextends = \"warehouse\"\n[[event_types]]\nname = \"pick_up\"\ndescription = \"ours\"\nsynonyms = [\"hoist\"]\n"
      "[[zones]]\nname = \"dock_1\"\npolygon = [[0, 0], [0.5, 0], [0.5, 0.5]]\n",
      "hall.toml");
  const base::Profile warehouse = load_profile("warehouse");
  CHECK(own.name == "hall");
  CHECK(own.event_types.size() == warehouse.event_types.size());
  CHECK(term(own.event_types, "pick_up")->description == "ours");
  CHECK(has_synonym(own, "pick_up", "hoist"));
  CHECK(has_synonym(own, "pick_up", "pick up"));
  CHECK(own.prompt == warehouse.prompt);
  CHECK(own.zones.size() == 1);
  CHECK(own.digest != warehouse.digest);
  const base::Error e = refusal("name = \"x\"\nextends = \"circus\"\n");
  CHECK_THAT(e.what(), Contains("my.toml:2") && Contains("circus") && Contains("warehouse"));
}

TEST_CASE("the digest changes with the text", "[profiles]") {
  CHECK(parse_profile("name = \"a\"\n", "x").digest != parse_profile("name = \"b\"\n", "x").digest);
  CHECK(parse_profile("name = \"a\"\n", "x").digest == parse_profile("name = \"a\"\n", "y").digest);
}
