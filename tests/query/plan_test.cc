// Plans: their JSON form, and random ones against a slow evaluator that knows no store.
#include "query/plan.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "base/error.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using nlohmann::json;
using test::ArchiveFixture;

/// What the slow evaluator knows of an event; built beside the import, never read back from the store.
struct Fact {
  int id = 0;
  int video = 0;
  int start = 0, end = 0;  // seconds
  std::string type;
  int k = 0;
  std::vector<std::pair<std::string, std::string>> who;  // role, name
};

class World {
 public:
  explicit World(std::mt19937& random) {
    std::string lines;
    for (int v = 0; v < 2; ++v) lines += R"({"type":"video","id":"v)" + std::to_string(v) + R"(","duration":300})" + "\n";
    for (int i = 0; i < 40; ++i) {
      Fact f;
      f.id = i;
      f.video = pick(random, 2);
      f.start = pick(random, 280);
      f.end = f.start + 1 + pick(random, 20);
      f.type = std::string(1, static_cast<char>('p' + pick(random, 3))) + "_event";
      f.k = 1 + pick(random, 2);
      f.who.emplace_back("agent", "E" + std::to_string(pick(random, 4)));
      if (pick(random, 2) == 0) f.who.emplace_back("other", "F" + std::to_string(pick(random, 3)));
      std::string entities, participants;
      for (std::size_t p = 0; p < f.who.size(); ++p) {
        const std::string ref = "r" + std::to_string(p);
        entities += (p > 0 ? "," : "") +
                    (R"({"ref":")" + ref + R"(","id":"x:)" + f.who[p].second + R"(","name":")" + f.who[p].second + R"(","type":"thing"})");
        participants += (p > 0 ? "," : "") + (R"({"ref":")" + ref + R"(","role":")" + f.who[p].first + "\"}");
      }
      const std::string time = "\"start\":" + std::to_string(f.start) + ",\"end\":" + std::to_string(f.end);
      lines += R"({"type":"observation","video":"v)" + std::to_string(f.video) + "\"," + time + R"(,"caption":"c)" + std::to_string(i) +
               R"(","entities":[)" + entities + R"(],"events":[{"type":")" + f.type + "\"," + time + R"(,"description":"d)" +
               std::to_string(i) + R"(","participants":[)" + participants + R"(],"attributes":{"k":)" + std::to_string(f.k) +
               R"(}}],"provenance":{"kind":"import","name":"random"}})" + "\n";
      facts_.push_back(std::move(f));
    }
    archive_.import(lines);
    std::sort(facts_.begin(), facts_.end(),
              [](const Fact& a, const Fact& b) { return std::tie(a.start, a.end, a.type, a.id) < std::tie(b.start, b.end, b.type, b.id); });
  }

  static int pick(std::mt19937& random, int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

  json selection(std::mt19937& random, int depth) {
    json s = json::object();
    if (pick(random, 4) > 0) {
      json kind = {{"types", json::array({std::string(1, static_cast<char>('p' + pick(random, 3))) + "_event"})}};
      if (pick(random, 3) == 0) kind["types"].push_back(std::string(1, static_cast<char>('p' + pick(random, 3))) + "_event");
      if (pick(random, 3) == 0) kind["where"] = {{"k", 1 + pick(random, 2)}};
      s["kinds"].push_back(kind);
    }
    if (pick(random, 4) == 0) {
      const std::string name = "E" + std::to_string(pick(random, 4));
      const auto found = archive_.store().find_entities(name, true, 1);
      if (!found.empty())
        s["who"].push_back({{"entities", json::array({found.front().row})}, {"names", json::array({name})}, {"role", "agent"}});
    }
    if (pick(random, 4) == 0) s["longer_s"] = pick(random, 15);
    if (depth < 2 && pick(random, 2) == 0) {
      static const char* kinds[] = {"after", "before", "overlaps", "disjoint", "phrase", "follows", "leads"};
      const std::string kind = kinds[pick(random, 7)];
      json w = {{"kind", kind}};
      if (kind == "phrase") {
        w["phrase"] = {{"kind", "between"}, {"a", pick(random, 100)}, {"b", 101 + pick(random, 150)}, {"text", "then"}};
      } else {
        w["anchors"] = json::array({selection(random, depth + 1)});
        if ((kind == "after" || kind == "before") && pick(random, 2) == 0) w["within_s"] = 1 + pick(random, 60);
        if (kind == "after" && pick(random, 2) == 0) w["from_its_end"] = true;
        if (kind == "follows" || kind == "leads") w["within_s"] = 1 + pick(random, 60);
      }
      s["windows"].push_back(w);
    }
    if (depth > 0 && pick(random, 3) == 0) s["nth"] = pick(random, 2) == 0 ? 1 + pick(random, 3) : -1 - pick(random, 3);
    return s;
  }

  [[nodiscard]] bool fits(const Fact& f, const json& s) const {
    if (s.contains("kinds")) {
      const json& k = s["kinds"][0];
      const auto types = k["types"].get<std::vector<std::string>>();
      if (std::find(types.begin(), types.end(), f.type) == types.end()) return false;
      if (k.contains("where") && k["where"]["k"] != f.k) return false;
    }
    if (s.contains("who")) {
      const std::string name = s["who"][0]["names"][0];
      if (std::none_of(f.who.begin(), f.who.end(), [&](const auto& p) { return p.first == "agent" && p.second == name; })) return false;
    }
    return !(s.contains("longer_s") && f.end - f.start <= s["longer_s"].get<int>());
  }

  [[nodiscard]] std::vector<Fact> slow(const json& s, int video, bool overlap) const {
    std::vector<Fact> out;
    for (const Fact& f : facts_) {
      if (f.video != video || !fits(f, s)) continue;
      bool in = true;
      for (const json& w : s.value("windows", json::array())) {
        const std::string kind = w["kind"];
        if (kind == "phrase") {
          const int a = w["phrase"]["a"], b = w["phrase"]["b"];
          in = in && ((f.start >= a && f.start < b) || (overlap && f.start < b && f.end > a));
          continue;
        }
        const auto anchors = slow(w["anchors"][0], video, true);
        if (kind == "overlaps" || kind == "disjoint") {
          const bool any = std::any_of(anchors.begin(), anchors.end(),
                                       [&](const Fact& a) { return a.id != f.id && a.start < f.end && f.start < a.end; });
          in = in && any == (kind == "overlaps");
          continue;
        }
        if (kind == "follows" || kind == "leads") {
          const int within = w["within_s"];
          in = in && std::any_of(anchors.begin(), anchors.end(), [&](const Fact& a) {
                 const int later = kind == "follows" ? f.start - a.start : a.start - f.start;
                 return later > 0 && later <= within;
               });
          continue;
        }
        if (anchors.empty()) {
          in = false;
          continue;
        }
        const Fact& a = anchors.front();
        const int within = w.value("within_s", 0);
        if (kind == "before") {
          in = in && f.start < a.start && (within == 0 || f.start >= a.start - within);
        } else {
          const bool ended = w.value("from_its_end", false);
          const int from = ended ? a.end : a.start;
          in = in && f.id != a.id && (ended ? f.start >= from : f.start > from) && (within == 0 || f.start <= from + within);
        }
      }
      if (in) out.push_back(f);
    }
    if (s.contains("nth")) {
      const int nth = s["nth"], n = static_cast<int>(out.size());
      const int index = nth > 0 ? nth - 1 : n + nth;
      if (index < 0 || index >= n) return {};
      return {out[static_cast<std::size_t>(index)]};
    }
    return out;
  }

  /// How many seconds of a fact lie in the time that a phrase names, and within others that it is to go on with.
  [[nodiscard]] int seconds_within(const Fact& f, const json& s) const {
    int n = 0;
    for (int t = f.start; t < f.end; ++t) {
      bool in = true;
      for (const json& w : s.value("windows", json::array())) {
        if (w["kind"] == "phrase") in = in && t >= w["phrase"]["a"].get<int>() && t < w["phrase"]["b"].get<int>();
        if (w["kind"] != "overlaps") continue;
        const auto anchors = slow(w["anchors"][0], f.video, true);
        in = in && std::any_of(anchors.begin(), anchors.end(), [&](const Fact& a) { return a.id != f.id && a.start <= t && t < a.end; });
      }
      n += in ? 1 : 0;
    }
    return n;
  }

  [[nodiscard]] std::vector<Fact> slow_all(const json& s, bool overlap) const {
    std::vector<Fact> all = slow(s, 0, overlap);
    const std::vector<Fact> more = slow(s, 1, overlap);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  Answer run(const json& plan) {
    AskOptions options;
    options.plan = plan;
    options.max_citations = 1'000'000;
    options.without = {"frames"};
    if (!engine_) engine_.emplace(archive_.store(), std::vector<base::Profile>{});
    return engine_->ask("", options);
  }

 private:
  ArchiveFixture archive_;
  std::optional<Engine> engine_;
  std::vector<Fact> facts_;
};

TEST_CASE("random plans on random graphs agree with an evaluator that knows no store", "[plan]") {
  std::mt19937 random(7);
  constexpr int kWorlds = 20;
#ifdef NDEBUG
  int plans = 500;  // 10,000 in all
#else
  int plans = 50;  // under sanitizers
#endif
  // More or fewer for each of the 20 worlds: REELGRAPH_PLANS=50 test_query "[plan]"
  if (const char* more = std::getenv("REELGRAPH_PLANS")) plans = std::max(1, std::atoi(more));
  int answered = 0;
  for (int w = 0; w < kWorlds; ++w) {
    World world(random);
    for (int i = 0; i < plans; ++i) {
      const json s = world.selection(random, 0);
      const bool during = s.contains("windows") && s["windows"][0]["kind"] == "overlaps";
      switch (World::pick(random, 4)) {
        case 0: {
          const Answer a = world.run({{"ask", "count"}, {"select", s}});
          const auto want = world.slow_all(s, during).size();
          INFO(s.dump());
          if (want == 0 && a.status == Status::kNotSeen) break;
          REQUIRE(a.value == want);
          REQUIRE(a.citations.size() == want);  // the number can be counted again from what is cited
          ++answered;
          break;
        }
        case 1: {
          const Answer a = world.run({{"ask", "exists"}, {"select", s}});
          const bool want = !world.slow_all(s, true).empty();
          INFO(s.dump());
          if (!want && a.status == Status::kNotSeen) break;
          REQUIRE(a.value == want);
          break;
        }
        case 2: {
          const Answer a = world.run({{"ask", "duration"}, {"total", true}, {"select", s}});
          double want = 0;
          for (const Fact& f : world.slow_all(s, true)) want += world.seconds_within(f, s);
          INFO(s.dump());
          if (want == 0) {
            REQUIRE((a.status != Status::kAnswered || a.value == 0.0));
            break;
          }
          REQUIRE(a.value.get<double>() == Approx(want));
          break;
        }
        default: {
          const Answer a = world.run({{"ask", "rank"}, {"select", s}, {"entity_type", "thing"}});
          std::map<std::string, int> counts;
          for (const Fact& f : world.slow_all(s, false)) ++counts[f.who.front().second];
          INFO(s.dump());
          if (counts.empty()) {
            REQUIRE(a.status != Status::kAnswered);
            break;
          }
          int most = 0;
          for (const auto& [name, n] : counts) most = std::max(most, n);
          std::set<std::string> want, got;
          for (const auto& [name, n] : counts) {
            if (n == most) want.insert(name);
          }
          if (a.kind == "entity") got.insert(a.value.at("name").get<std::string>());
          if (a.kind == "list") {
            for (const json& v : a.value) got.insert(v.at("name").get<std::string>());
          }
          REQUIRE(got == want);
        }
      }
    }
  }
  CHECK(answered > plans);
}

TEST_CASE("a plan survives its JSON form", "[plan]") {
  std::mt19937 random(3);
  World world(random);
  for (int i = 0; i < 300; ++i) {
    const json written =
        to_json(plan_from_json({{"ask", "count"}, {"select", world.selection(random, 0)}, {"distinct", i % 2 == 0}}, "test"));
    CHECK(to_json(plan_from_json(written, "test")) == written);
  }
}

TEST_CASE("a plan from outside is checked, and the refusal names the place", "[plan]") {
  const std::vector<std::pair<json, std::string>> bad = {
      {json::array(), "plan"},
      {{{"ask", "guess"}}, "plan.ask"},
      {{{"ask", "count"}, {"select", 3}}, "plan.select"},
      {{{"ask", "count"}, {"sql", "DROP TABLE event"}}, "sql"},
      {{{"ask", "count"}, {"select", {{"nth", 0}}}}, "plan.select.nth"},
      {{{"ask", "count"}, {"select", {{"windows", {{{"kind", "after"}}}}}}}, "anchors"},
      {{{"ask", "count"}, {"select", {{"windows", {{{"kind", "phrase"}, {"phrase", {{"kind", "between"}, {"a", -1}}}}}}}}}, "phrase.a"},
      {{{"ask", "count"}, {"select", {{"who", {{{"entities", {"x"}}}}}}}}, "entities"},
      {{{"ask", "compare"}}, "plan.others"},
      {{{"ask", "rank"}, {"top", 0}}, "plan.top"},
  };
  for (const auto& [plan, place] : bad) {
    INFO(plan.dump());
    try {
      (void)plan_from_json(plan, "plan.json");
      FAIL("was taken");
    } catch (const base::Error& e) {
      CHECK(e.code() == base::ErrorCode::kBadInput);
      CHECK_THAT(std::string(e.what()), Contains(place));
    }
  }
  json deep = {{"kinds", json::array()}};
  for (int i = 0; i < 50; ++i) deep = {{"windows", {{{"kind", "after"}, {"anchors", {deep}}}}}};
  CHECK_THROWS_AS(plan_from_json({{"ask", "count"}, {"select", deep}}, "plan.json"), base::Error);
}

}  // namespace
}  // namespace reelgraph::query
