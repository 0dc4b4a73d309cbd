// Who is who: evidence, decisions by hand, and that every one of them can be taken back.
#include "graph/identity.h"

#include <array>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "base/error.h"
#include "graph/transfer.h"
#include "tests/graph/fixture.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

struct Fixture {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  Store& store = archive.store();
};

std::string exported(const Archive& archive, const std::string& format = "jsonl") {
  std::ostringstream out;
  ExportOptions options;
  options.format = format;
  export_archive(archive, out, options);
  return out.str();
}

void import_lines(Archive& archive, const std::string& text) {
  std::istringstream in(text);
  import_jsonl(archive, in, "in", {});
}

base::EntityMention named(const std::string& name, const std::string& type = "player") {
  base::EntityMention m;
  m.name = name;
  m.type = type;
  return m;
}

base::Observation seen(const std::string& film, double start, double end, std::vector<base::EntityMention> who,
                       const std::string& source = "s") {
  base::Observation o;
  o.video = film;
  o.span = span(start, end);
  o.provenance = {"vlm", source, "1"};
  for (std::size_t i = 0; i < who.size(); ++i) {
    who[i].ref = "m" + std::to_string(i);
    o.events.push_back({"seen", o.span, "", {{who[i].ref, "agent"}}, nlohmann::json::object(), std::nullopt});
  }
  o.entities = std::move(who);
  return o;
}

std::string lines(const std::vector<base::Observation>& observations) {
  std::string text;
  for (base::Observation o : observations) {
    base::make_canonical(o);
    text += base::to_json_line(o) + '\n';
  }
  return text;
}

/// Entities by their mentions: sets of "video@start#seq", so that two archives can be compared.
std::set<std::set<std::string>> partition(const Store& store) {
  std::set<std::set<std::string>> all;
  for (const EntityRecord& e : store.entities("", {}, 0)) {
    std::set<std::string> mentions;
    const auto ids = mention_ids(store, e.row, 0);
    const auto records = store.mentions(e.row, 0);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      mentions.insert(records[i].video + "@" + std::to_string(records[i].span.start) + "#" + std::to_string(ids[i].second));
    }
    all.insert(std::move(mentions));
  }
  return all;
}

RowId only(const Store& store, const std::string& name) {
  const auto found = store.find_entities(name, true, 0);
  INFO(name);
  REQUIRE(found.size() == 1);
  return found[0].row;
}

TEST_CASE("ways to write a name lead to one person where one alone can be meant", "[graph][identity]") {
  Fixture f;
  base::EntityMention pedro = named("Pedro");
  pedro.aliases = {"Pedro Eliezer Rodríguez"};
  import_lines(f.archive, lines({seen("film", 0, 1, {named("David Silva")}), seen("film", 1, 2, {named("D. Silva")}),
                                 seen("film", 2, 3, {named("Silva")}), seen("film", 3, 4, {named("David Sivla")}),
                                 seen("film", 4, 5, {named("Jesús Navas")}), seen("film", 5, 6, {named("Jesus Navas")}),
                                 seen("film", 6, 7, {pedro}), seen("film", 7, 8, {named("Pedro Eliezer Rodriguez")}),
                                 seen("film", 8, 9, {named("Silva", "referee")}), seen("film", 9, 10, {named("John Terry")}),
                                 seen("film", 10, 11, {named("Paul Terry")}), seen("film", 11, 12, {named("Terry")}),
                                 seen("film", 12, 13, {named("man in blue")}), seen("film", 13, 14, {named("man in black")})}));
  CHECK(partition(f.store) == std::set<std::set<std::string>>{{"film@0#0", "film@1000000#0", "film@2000000#0", "film@3000000#0"},
                                                              {"film@4000000#0", "film@5000000#0"},
                                                              {"film@6000000#0", "film@7000000#0"},
                                                              {"film@8000000#0"},
                                                              {"film@9000000#0"},
                                                              {"film@10000000#0"},
                                                              {"film@11000000#0"},  // two are called Terry
                                                              {"film@12000000#0"},
                                                              {"film@13000000#0"}});
  const RowId silva = only(f.store, "David Silva");
  CHECK(f.store.entity(silva)->mentions == 4);
  EventFilter filter;
  filter.entities = {silva};
  CHECK(f.store.count_events(filter) == 4);
  const auto log = identity_log(f.store, silva);
  REQUIRE(log.size() == 3);
  for (const IdentityDecision& d : log) {
    CHECK(d.automatic);
    CHECK(d.score >= 0.8);
    CHECK_FALSE(d.reason.empty());
  }
  CHECK(verify(f.archive.folder(), false).empty());
}

TEST_CASE("marks tell namesakes apart, and who is in view together is never one", "[graph][identity]") {
  Fixture f;
  const auto of = [](const std::string& name, const std::string& team) {
    base::EntityMention m = named(name);
    m.attributes = {{"team", team}};
    return m;
  };
  base::EntityMention left = named("Kim"), right = named("Kim");
  import_lines(f.archive,
               lines({seen("film", 0, 1, {of("Silva", "City")}), seen("film", 1, 2, {of("Silva", "Chelsea")}),
                      seen("film", 2, 3, {named("Silva")}), seen("film", 3, 4, {left, right}), seen("film", 4, 5, {named("Kim")}),
                      seen("film", 5, 6, {named("Anna Berg"), named("A. Berg")}), seen("other", 0, 1, {of("Silva", "City")}),
                      seen("other", 1, 2, {of("Silva", "Arsenal")}), seen("other", 2, 3, {named("Kim")})}));
  CHECK(partition(f.store) == std::set<std::set<std::string>>{{"film@0#0", "other@0#0"},
                                                              {"film@1000000#0"},
                                                              {"film@2000000#0"},
                                                              {"film@3000000#0"},
                                                              {"film@3000000#1"},
                                                              {"film@4000000#0"},
                                                              {"film@5000000#0"},
                                                              {"film@5000000#1"},
                                                              {"other@1000000#0"},
                                                              {"other@2000000#0"}});
}

TEST_CASE("someone without a name goes on over the overlap of two chunks, unless two could be meant", "[graph][identity]") {
  Fixture f;
  const auto somebody = [](const std::string& description, double x) {
    base::EntityMention m;
    m.type = "person";
    m.description = description;
    m.box = base::Box{x, 0.2, x + 0.2, 0.8};
    return m;
  };
  import_lines(f.archive, lines({seen("film", 0, 32, {somebody("man in blue", 0.1), somebody("man in a red hat", 0.6)}),
                                 seen("film", 28, 60, {somebody("man in a red hat", 0.62), somebody("man in blue", 0.12)}),
                                 seen("film", 56, 90, {somebody("man in blue", 0.7)}),  // too far away
                                 seen("film", 200, 232, {somebody("a clerk", 0.1), somebody("a clerk", 0.15)}),
                                 seen("film", 228, 260, {somebody("a clerk", 0.12)})}));
  CHECK(partition(f.store) == std::set<std::set<std::string>>{{"film@0#0", "film@28000000#1"},
                                                              {"film@0#1", "film@28000000#0"},
                                                              {"film@56000000#0"},
                                                              {"film@200000000#0"},
                                                              {"film@200000000#1"},
                                                              {"film@228000000#0"}});
}

TEST_CASE("entities do not depend on the order of imports, and leave with their video", "[graph][identity]") {
  std::vector<base::Observation> all;
  for (int v = 0; v < 3; ++v) {
    const std::string film = "film-" + std::to_string(v);
    int t = 0;
    for (const char* name :
         {"David Silva", "Silva", "D. Silva", "Eden Hazard", "Hazard", "John Terry", v == 1 ? "Paul Terry" : "Oscar", "Terry"}) {
      all.push_back(seen(film, t, t + 1, {named(name)}, v == 2 ? "other source" : "s"));
      ++t;
    }
  }
  Fixture one;
  import_lines(one.archive, lines(all));
  const auto whole = partition(one.store);
  CHECK(whole.size() == 7);  // Oscar of two films, and one Terry of whom it cannot be told which he is
  std::mt19937 random(7);
  for (int round = 0; round < 3; ++round) {
    std::shuffle(all.begin(), all.end(), random);
    Fixture many;
    for (std::size_t i = 0; i < all.size(); i += 5) {
      import_lines(many.archive, lines({all.begin() + static_cast<std::ptrdiff_t>(i),
                                        all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), i + 5))}));
    }
    CHECK(partition(many.store) == whole);
    CHECK(exported(many.archive) == exported(one.archive));
    CHECK(identity_log(many.store).size() == identity_log(one.store).size());
    for (const EntityRecord& e : many.store.entities("", {}, 0)) CHECK(one.store.find_entities(e.name, true, 0).size() >= 1);
    CHECK(verify(many.archive.folder(), false).empty());
  }
  one.store.remove_video("film-0");
  CHECK(verify(one.archive.folder(), false).empty());
  one.store.remove_video("film-1");
  one.store.remove_video("film-2");
  CHECK(one.store.counts().entities == 0);
  CHECK(identity_log(one.store).empty());
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const base::Error& e) {
    CHECK(e.code() == base::ErrorCode::kInvalidArgument);
    CHECK_FALSE(e.cure().empty());
    return e.message();
  }
  return "no error";
}

TEST_CASE("decisions by hand hold, are refused with reasons, and can be undone", "[graph][identity]") {
  Fixture f;
  base::EntityMention first = named("Ann"), second = named("Bob");
  first.stable_id = "p1";
  second.stable_id = "p2";
  import_lines(f.archive, lines({seen("film", 0, 1, {named("David Silva"), named("Eden Hazard")}), seen("film", 1, 2, {named("Silva")}),
                                 seen("film", 2, 3, {named("the captain"), first, second}), seen("film", 3, 4, {named("Eden Hazard")})}));
  const std::string before = exported(f.archive), graph_before = exported(f.archive, "csv");
  Identity identity(f.store);
  const RowId silva = only(f.store, "David Silva"), hazard = only(f.store, "Eden Hazard"), captain = only(f.store, "the captain");
  CHECK_THAT(refusal([&] { identity.merge(silva, 999); }), Contains("no entity 999"));
  CHECK_THAT(refusal([&] { identity.merge(silva, silva); }), Contains("one already"));
  CHECK_THAT(refusal([&] { identity.merge(only(f.store, "Ann"), only(f.store, "Bob")); }), Contains("two ids of the source s"));
  CHECK_THAT(refusal([&] { identity.split(77, 0); }), Contains("no mention 77:0"));
  CHECK_THAT(refusal([&] { identity.undo(99); }), Contains("no decision 99"));

  const IdentityDecision merged = identity.merge(hazard, captain, "he wears the armband");
  CHECK(f.store.entity(captain)->row == hazard);
  CHECK(f.store.entity(hazard)->mentions == 3);
  CHECK(f.store.entity(hazard)->name == "Eden Hazard");
  CHECK(only(f.store, "the captain") == hazard);
  EventFilter filter;
  filter.entities = {hazard};
  CHECK(f.store.count_events(filter) == 3);
  CHECK(exported(f.archive) != before);
  {
    Fixture again;  // what was decided travels with the archive
    import_lines(again.archive, exported(f.archive));
    CHECK(partition(again.store) == partition(f.store));
    CHECK(exported(again.archive) == exported(f.archive));
  }
  const IdentityDecision apart = identity.distinct(silva, hazard);
  CHECK_THAT(refusal([&] { identity.merge(silva, hazard); }), Contains("declared distinct: decision " + std::to_string(apart.number)));
  CHECK_THAT(refusal([&] { identity.distinct(hazard, silva); }), Contains("already"));
  CHECK_THAT(refusal([&] { identity.distinct(hazard, captain); }), Contains("are one"));

  const auto mention = mention_ids(f.store, hazard, 0).back();
  const IdentityDecision split = identity.split(mention.first, mention.second);
  CHECK(f.store.entity(hazard)->mentions == 2);
  CHECK(split.a.entity != hazard);
  CHECK_THAT(refusal([&] { identity.split(mention.first, mention.second); }), Contains("is alone"));
  CHECK_THAT(refusal([&] { identity.merge(split.a.entity, hazard); }), Contains("were split: decision"));
  const IdentityDecision later = identity.merge(split.a.entity, silva);
  CHECK_THAT(refusal([&] { identity.undo(split.number); }), Contains("decision " + std::to_string(later.number)));
  CHECK(verify(f.archive.folder(), false).empty());

  for (const IdentityDecision* d : {&later, &split, &apart, &merged}) identity.undo(d->number);
  CHECK_THAT(refusal([&] { identity.undo(merged.number); }), Contains("undone already"));
  CHECK(exported(f.archive) == before);
  CHECK(exported(f.archive, "csv") == graph_before);
  CHECK(only(f.store, "the captain") == captain);
  CHECK(verify(f.archive.folder(), false).empty());

  // An automatic merge is undone by a decision, which can be undone itself.
  const auto log = identity_log(f.store, silva);
  REQUIRE(log.front().automatic);
  const IdentityDecision kept = identity.undo(log.front().number);
  CHECK(kept.action == "distinct");
  CHECK(f.store.find_entities("silva", true, 0).size() == 1);
  CHECK(f.store.entity(silva)->mentions == 1);
  identity.undo(kept.number);
  CHECK(f.store.entity(silva)->mentions == 2);
  CHECK(exported(f.archive) == before);
}

TEST_CASE("whatever is merged, split and declared distinct, undoing all of it gives the graph of before", "[graph][identity]") {
  const unsigned seed = GENERATE(1U, 2U);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  Fixture f;
  std::vector<base::Observation> all;
  const std::array<const char*, 8> names = {"David Silva", "Silva", "D. Silva", "Eden Hazard", "Hazard", "person 1", "person 2", "Oscar"};
  for (int i = 0; i < 40; ++i) {
    base::EntityMention nameless;
    nameless.type = "person";
    nameless.description = "somebody " + std::to_string(i);
    const std::size_t a = below(names.size()), b = (a + 1 + below(names.size() - 1)) % names.size();
    all.push_back(seen(i % 2 == 0 ? "one" : "two", i, i + 1, {named(names[a]), named(names[b]), nameless}));
    all.back().relations = {{"m0", "knows", "m1", std::nullopt}};
  }
  import_lines(f.archive, lines(all));
  const auto state = [&] { return exported(f.archive) + exported(f.archive, "csv"); };
  const std::string before = state();
  const auto partition_before = partition(f.store);
  Identity identity(f.store);
  std::vector<std::int64_t> done;
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> apart;
  std::size_t made = 0, undone = 0;
  const auto anybody = [&] {
    const auto entities = f.store.entities("", {}, 0);
    return entities[below(entities.size())].row;
  };
  for (int step = 0; step < 50; ++step) {
    try {
      const std::size_t what = below(10);
      if (what < 4) {
        done.push_back(identity.merge(anybody(), anybody()).number);
      } else if (what < 6) {
        done.push_back(identity.distinct(anybody(), anybody()).number);
      } else if (what < 8) {
        const auto mentions = mention_ids(f.store, anybody(), 0);
        const auto m = mentions[below(mentions.size())];
        done.push_back(identity.split(m.first, m.second).number);
      } else if (!done.empty()) {
        const std::size_t i = below(done.size());
        identity.undo(done[i]);
        done.erase(done.begin() + static_cast<std::ptrdiff_t>(i));
        ++undone;
      }
      ++made;
    } catch (const base::Error& e) {
      REQUIRE(e.code() == base::ErrorCode::kInvalidArgument);
    }
    // Every mention belongs to one entity, and distinct ones never to the same.
    std::size_t mentions = 0;
    for (const auto& part : partition(f.store)) mentions += part.size();
    REQUIRE(mentions == 120);
    for (const IdentityDecision& d : identity_log(f.store)) {
      if (d.undone) continue;
      REQUIRE((d.a.entity == d.b.entity) == (d.action == "merge"));
    }
  }
  CHECK(made > 25);
  CHECK(undone > 0);
  CHECK(verify(f.archive.folder(), false).empty());
  {
    Fixture again;
    import_lines(again.archive, exported(f.archive));
    CHECK(partition(again.store) == partition(f.store));
  }
  while (!done.empty()) {
    const std::int64_t last = done.back();
    done.pop_back();
    try {
      identity.undo(last);
    } catch (const base::Error&) {
      done.insert(done.begin(), last);  // a later one builds on it
    }
  }
  CHECK(state() == before);
  CHECK(partition(f.store) == partition_before);
  CHECK(verify(f.archive.folder(), false).empty());
}

TEST_CASE("decisions of an import that cannot be carried out are kept without effect", "[graph][identity]") {
  Fixture f;
  base::EntityMention ann = named("Ann"), bob = named("Bob");
  ann.stable_id = "p1";
  bob.stable_id = "p2";
  const std::string ids = R"({"type":"identity","action":"merge","a":{"source":"s","id":"p1"},"b":{"source":"s","id":"p2"}})";
  import_lines(f.archive, ids + "\n" + R"({"type":"identity","action":"split","a":{"observation":"zz","mention":-1},"b":{}})" + "\n" +
                              R"({"type":"identity","action":"merge","a":{"id":5},"b":{"mention":99,"observation":7}})" + "\n" +
                              R"({"type":"identity","action":"rumour","x":1})" + "\n" +
                              lines({seen("film", 0, 1, {ann}), seen("film", 1, 2, {bob})}));
  CHECK(f.store.counts().entities == 2);
  const auto log = identity_log(f.store);
  REQUIRE(log.size() == 4);
  for (const IdentityDecision& d : log) CHECK_FALSE(d.holds);
  CHECK(verify(f.archive.folder(), false).empty());
  Identity identity(f.store);
  for (const IdentityDecision& d : log) identity.undo(d.number);
  CHECK(exported(f.archive).find("identity") == std::string::npos);
}

TEST_CASE("another captioner's description supersedes the first and keeps who is who", "[graph][identity]") {
  Fixture f;
  const RowId row = f.store.put_video(video("film", 62));
  f.store.commit_chunk(chunk(row, "a0", 0, 30, seen("film", 0, 30, {named("Pedro"), named("the winger")}, "first model")));
  f.store.commit_chunk(chunk(row, "a1", 30, 60, seen("film", 30, 60, {named("Pedro Rodríguez")}, "first model")));
  Identity identity(f.store);
  const RowId pedro = only(f.store, "Pedro Rodríguez");
  CHECK(f.store.entity(pedro)->mentions == 2);
  const RowId oscar = only(f.store, "the winger");
  f.store.commit_chunk(chunk(row, "x", 60, 61, seen("film", 60, 61, {named("Oscar")}, "first model")));
  const IdentityDecision by_hand = identity.merge(oscar, only(f.store, "Oscar"));
  const std::string log_before = std::to_string(identity_log(f.store).size());

  f.store.commit_chunk(chunk(row, "b0", 0, 30, seen("film", 0, 30, {named("Pedro"), named("the winger")}, "second model")));
  f.store.commit_chunk(chunk(row, "b1", 30, 60, seen("film", 30, 60, {named("Pedro Rodriguez")}, "second model")));
  CHECK(f.store.entity(pedro)->mentions == 2);  // only what is not superseded counts
  CHECK(only(f.store, "Pedro Rodriguez") == pedro);
  CHECK(f.store.entity(oscar)->mentions == 2);
  CHECK(only(f.store, "Oscar") == oscar);
  const auto earlier = earlier_mentions(f.store, pedro, 0);
  REQUIRE(earlier.size() == 2);
  CHECK(earlier[0].captioner == "first model");
  CHECK(superseded_by(f.store, earlier[0].observation) == earlier[0].superseded_by);
  CHECK(f.store.observation(earlier[0].superseded_by)->observation.provenance.name == "second model");
  CHECK(f.store.counts().mentions == 4);
  CHECK(f.store.count_events({}) == 4);
  CHECK(verify(f.archive.folder(), false).empty());
  // The decision has gone over to the new description: it travels in an export, which holds nothing that is superseded.
  Fixture again;
  import_lines(again.archive, exported(f.archive));
  CHECK(partition(again.store) == partition(f.store));
  CHECK(exported(again.archive) == exported(f.archive));
  identity.undo(by_hand.number);
  CHECK(only(f.store, "Oscar") != only(f.store, "the winger"));
}

}  // namespace
}  // namespace reelgraph::test
