// Descriptions as evidence of who is who: by their words, and weakly by what they mean.
#include "graph/identity/descriptions.h"

#include <map>
#include <sstream>

#include "graph/embeddings.h"
#include "graph/folding.h"
#include "graph/identity.h"
#include "graph/transfer.h"
#include "tests/graph/fixture.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;
using identity::Description;
using identity::Likeness;
using identity::likeness;

namespace reelgraph::test {
namespace {

Description said(const std::string& text, std::vector<float> vector = {}) { return {fold_name(text), std::move(vector)}; }

constexpr char kModel[] = "m";

/// Puts the vectors of the descriptions that are named here; of all others one that is like nothing.
void embed(Store& store, const std::map<std::string, std::vector<float>>& vectors) {
  Embeddings table(store);
  std::vector<EmbeddedText> texts;
  std::vector<std::vector<float>> values;
  table.each_text([&](EmbeddedText text) {
    if (text.kind != "descriptor") return true;
    const auto it = vectors.find(text.text);
    values.push_back(it != vectors.end() ? it->second : std::vector<float>{0, 0, 1});
    texts.push_back(std::move(text));
    return true;
  });
  table.put(kModel, texts, values);
}

/// Somebody at `x` of the picture in each of two chunks that overlap; nowhere if x < 0.
struct TwoChunks {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  Store& store = archive.store();

  TwoChunks(const std::vector<std::pair<std::string, double>>& first, const std::vector<std::pair<std::string, double>>& second) {
    std::ostringstream lines;
    double start = 0;
    for (const auto* chunk : {&first, &second}) {
      base::Observation o;
      o.video = "film";
      o.span = span(start, start + 32);
      start += 28;
      o.provenance = {"vlm", "s", "1"};
      for (const auto& [description, x] : *chunk) {
        base::EntityMention m;
        m.ref = "m" + std::to_string(o.entities.size());
        m.type = "person";
        m.description = description;
        if (x >= 0) m.box = base::Box{x, 0.2, x + 0.2, 0.8};
        o.entities.push_back(std::move(m));
      }
      base::make_canonical(o);
      lines << base::to_json_line(o) << "\n";
    }
    std::istringstream in(lines.str());
    import_jsonl(archive, in, "in", {});
  }
  [[nodiscard]] std::size_t people() { return store.entities("person", {}, 0).size(); }
};

}  // namespace

TEST_CASE("words that exclude one another keep two apart whatever their vectors say", "[graph][identity]") {
  const std::vector<float> same{1, 0};
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{{"man in a red vest", "man in a blue vest"},
                                                                             {"man on the left", "man on the right"},
                                                                             {"tall man with backpack", "short man with backpack"},
                                                                             {"man with a bag", "woman with a bag"},
                                                                             {"player number 7", "player number 9"}}) {
    INFO(a << " | " << b);
    CHECK(likeness(said(a, same), said(b, same)) == Likeness::kUnlike);
    CHECK(likeness(said(b), said(a)) == Likeness::kUnlike);
  }
  CHECK(likeness(said("guy in a red coat"), said("man in a red coat")) == Likeness::kAlike);
  CHECK(likeness(said("man in a red and blue coat", same), said("man in a blue coat", same)) == Likeness::kSameSense);
}

TEST_CASE("vectors tell other words for the same, and what is something else", "[graph][identity]") {
  const std::vector<float> a{1, 0}, near{0.75F, 0.66F}, far{0.1F, 0.99F};
  CHECK(likeness(said("bearded man", a), said("man with beard", a)) == Likeness::kSameSense);
  CHECK(likeness(said("cyclist", a), said("person on a bicycle", near)) == Likeness::kAlike);
  CHECK(likeness(said("man in a vest", a), said("delivery van", far)) == Likeness::kUnlike);
  CHECK(likeness(said("man in a vest", a), said("man", far)) == Likeness::kUnknown);  // a word in common
  CHECK(likeness(said("cyclist"), said("person on a bicycle", near)) == Likeness::kUnknown);
  CHECK(likeness(said("cyclist", a), said("person on a bicycle", {1, 0, 0})) == Likeness::kUnknown);  // of another model
  CHECK(likeness(said("", a), said("cyclist", a)) == Likeness::kUnknown);
  CHECK(likeness(said("man", a), said("man", a)) != Likeness::kSameWords);  // one word says too little
}

TEST_CASE("somebody described in other words goes on over the overlap once the descriptions are embedded", "[graph][identity]") {
  const std::map<std::string, std::vector<float>> vectors{
      {"man in a red vest", {1, 0, 0}}, {"guy with a crimson waistcoat", {0.8F, 0.6F, 0}}, {"cyclist in blue", {0, 1, 0}}};
  TwoChunks f({{"man in a red vest", 0.1}, {"cyclist in blue", 0.6}}, {{"guy with a crimson waistcoat", 0.12}});
  CHECK(f.people() == 3);
  embed(f.store, vectors);
  identify_by_descriptions(f.store);
  CHECK(f.people() == 2);
  const auto log = identity_log(f.store);
  REQUIRE(log.size() == 1);
  CHECK(log[0].automatic);
  CHECK(log[0].reason == "goes on in the next chunk");
  identify_by_descriptions(f.store);  // nothing new: nothing changes
  CHECK(f.people() == 2);
  Identity(f.store).undo(log[0].number);
  identify_by_descriptions(f.store);
  CHECK(f.people() == 3);  // a decision by hand outweighs it
}

TEST_CASE("evidence by vectors goes with the vectors", "[graph][identity]") {
  TwoChunks f({{"man in a red vest", 0.1}}, {{"guy with a crimson waistcoat", 0.12}});
  embed(f.store, {{"man in a red vest", {1, 0, 0}}, {"guy with a crimson waistcoat", {0.8F, 0.6F, 0}}});
  identify_by_descriptions(f.store);
  CHECK(f.people() == 1);
  Embeddings(f.store).clear(kModel);
  identify_by_descriptions(f.store);
  CHECK(f.people() == 2);
  CHECK(identity_log(f.store).empty());
}

TEST_CASE("likeness by vectors alone joins nobody who stands elsewhere, and nobody where two could be meant", "[graph][identity]") {
  const std::map<std::string, std::vector<float>> vectors{
      {"man in a red vest", {1, 0, 0}}, {"guy with a crimson waistcoat", {0.8F, 0.6F, 0}}, {"man wearing a red vest", {0.99F, 0.14F, 0}}};
  TwoChunks elsewhere({{"man in a red vest", 0.1}}, {{"guy with a crimson waistcoat", 0.7}});
  TwoChunks nowhere({{"man in a red vest", -1}}, {{"guy with a crimson waistcoat", -1}});
  TwoChunks same({{"man in a red vest", -1}}, {{"man wearing a red vest", -1}});
  TwoChunks two({{"man in a red vest", -1}}, {{"man wearing a red vest", -1}, {"man wearing a red vest", -1}});
  for (TwoChunks* f : {&elsewhere, &nowhere, &same, &two}) {
    embed(f->store, vectors);
    identify_by_descriptions(f->store);
  }
  CHECK(elsewhere.people() == 2);
  CHECK(nowhere.people() == 2);
  CHECK(same.people() == 1);
  CHECK(two.people() == 3);
}

}  // namespace reelgraph::test
