// Search and choice by meaning, with an embedder whose idea of meaning is a list of words that mean the same.

#include <map>

#include "graph/embeddings.h"
#include "query/fusion.h"
#include "query/moments.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using test::ArchiveFixture;

/// One dimension a concept; a text is the sum of those of its words.
class ConceptEmbedder final : public base::TextEmbedder {
 public:
  [[nodiscard]] std::string name() const override { return "concepts"; }
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) override {
    static const std::map<std::string, std::size_t> concepts = {{"car", 0},   {"automobile", 0}, {"vehicle", 0}, {"dog", 1},
                                                                {"puppy", 1}, {"wood", 2},       {"log", 2},     {"timber", 2},
                                                                {"axe", 3},   {"hatchet", 3},    {"sings", 4},   {"chorus", 4}};
    std::vector<std::vector<float>> vectors;
    const WordCutter cutter;
    for (const std::string& text : texts) {
      std::vector<float> v(6, 0.0F);
      v[5] = 0.1F;  // no text is without a vector
      for (const Word& w : cutter.cut(text)) {
        if (const auto it = concepts.find(w.folded); it != concepts.end()) v[it->second] += 1;
      }
      float square = 0;
      for (const float x : v) square += x * x;
      for (float& x : v) x /= std::sqrt(square);
      vectors.push_back(std::move(v));
    }
    return vectors;
  }
};

std::string caption(const std::string& video, int start, int end, const std::string& text) {
  return R"({"type":"observation","video":")" + video + R"(","start":)" + std::to_string(start) + ",\"end\":" + std::to_string(end) +
         ",\"caption\":\"" + text + R"(","provenance":{"kind":"import","name":"vlm"}})" + "\n";
}

struct Embedded : ArchiveFixture {
  std::shared_ptr<ConceptEmbedder> embedder = std::make_shared<ConceptEmbedder>();

  Embedded() {
    std::string lines;
    for (const char* id : {"road", "forest", "stage"})
      lines += R"({"type":"video","id":")" + std::string(id) +
               R"(","duration":40})"
               "\n";
    import(lines + caption("road", 0, 10, "An automobile waits at the light") + caption("road", 10, 20, "Rain falls") +
           caption("forest", 0, 10, "A man carries timber") + caption("forest", 10, 20, "He lifts a hatchet over a log") +
           caption("forest", 20, 30, "A puppy looks on") + caption("stage", 0, 40, "A woman sings"));
    graph::Embeddings table(archive().store());
    std::vector<graph::EmbeddedText> texts;
    std::vector<std::string> words;
    table.each_text([&](graph::EmbeddedText text) {
      words.push_back(text.text);
      texts.push_back(std::move(text));
      return true;
    });
    table.put(embedder->name(), texts, embedder->embed(words));
  }
  [[nodiscard]] Engine engine() { return Engine(store(), {}, embedder); }
};

}  // namespace

TEST_CASE("search finds what is meant where no word is the same", "[meaning]") {
  Embedded a;
  const auto hits = a.engine().search("the car", {});
  REQUIRE_FALSE(hits.empty());
  CHECK(hits[0].video == "road");
  CHECK(hits[0].span.start == 0);
  CHECK(hits[0].why == std::vector<std::string>{"vector"});
  CHECK(hits[0].score <= 1);
  SearchOptions by_words;
  by_words.without = {"vector"};
  CHECK(a.engine().search("the car", by_words).empty());
}

TEST_CASE("words that mean the same as those of a film count for it, and those that the archive lacks are made", "[meaning]") {
  Embedded a;
  const auto meaning = Meaning::read(a.store(), a.embedder);
  REQUIRE(meaning);
  REQUIRE_FALSE(meaning->words.empty());
  const auto vectors = meaning->of_words({"timber", "wood", "wood"});
  REQUIRE(vectors.size() == 3);
  CHECK(vectors[0] == meaning->words.vector_of(graph::text_owner("timber")));
  CHECK(cosine(vectors[0], vectors[1]) == Approx(1));
  CHECK(meaning->words.vector_of(graph::text_owner("wood")).empty());
  const auto hits = a.engine().search("axe on wood", {});
  REQUIRE_FALSE(hits.empty());
  CHECK(hits[0].video == "forest");
}

TEST_CASE("search by meaning stays within videos, span and limit", "[meaning]") {
  Embedded a;
  SearchOptions options;
  options.videos = {"forest"};
  options.from = 15 * base::kSecond;
  for (const Hit& hit : a.engine().search("axe", options)) {
    CHECK(hit.video == "forest");
    CHECK(hit.span.end > 15 * base::kSecond);
  }
  options.limit = 1;
  CHECK(a.engine().search("axe", options).size() == 1);
  CHECK(a.engine().search("  \n ", {}).empty());
  CHECK_FALSE(a.engine().search(std::string(1 << 20, 'x') + " \" * NEAR -- axe", {}).empty());
}

TEST_CASE("an option is chosen by what was meant, with the moment that shows it", "[meaning]") {
  Embedded a;
  AskOptions options;
  options.videos = {"forest"};
  options.choices = {"a vehicle", "an axe on wood", "a chorus"};
  const Answer answer = a.engine().ask("what does he hit", options);
  CHECK(answer.value == 1);
  REQUIRE_FALSE(answer.citations.empty());
  CHECK(answer.citations[0].video == "forest");
  CHECK(answer.plan["views"] == nlohmann::json{"lexical", "vector"});
  options.without = {"vector", "lexical"};
  CHECK(a.engine().ask("what does he hit", options).status == Status::kNotSeen);
}

TEST_CASE("words for a place in time lead the moment of a choice there", "[meaning]") {
  ArchiveFixture a;
  std::string lines = R"({"type":"video","id":"clip","duration":40})"
                      "\n";
  for (int i = 0; i < 40; ++i) lines += caption("clip", i, i + 1, "A man stands beside a table");
  a.import(lines);
  AskOptions options;
  options.choices = {"stands", "sleeps"};
  const auto middle_of = [&](const std::string& question) {
    const Answer answer = Engine(a.store(), {}).ask(question, options);
    REQUIRE_FALSE(answer.citations.empty());
    const base::TimeSpan span = answer.citations[0].span;
    return base::to_seconds(span.start + span.end) / 2;
  };
  CHECK(middle_of("what does the man do at the end of the video") > 30);
  CHECK(middle_of("what does the man do at the beginning") < 10);
  CHECK(std::abs(middle_of("what does the man do in the middle") - 20) < 4);
  CHECK(middle_of("what does the man do after the bell rings") > 25);
  CHECK(middle_of("what does the man do before the bell rings") < 15);
}

TEST_CASE("vectors of another model are not compared with", "[meaning]") {
  struct Other final : base::TextEmbedder {
    [[nodiscard]] std::string name() const override { return "other"; }
    [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string>) override {
      throw std::logic_error("not to be asked");
    }
  };
  Embedded a;
  const Engine engine(a.store(), {}, std::make_shared<Other>());
  const auto hits = engine.search("timber", {});
  REQUIRE_FALSE(hits.empty());
  CHECK(hits[0].why == std::vector<std::string>{"lexical"});
}

TEST_CASE("passages that words, meaning and the graph find are fused, and say which found them", "[meaning]") {
  Embedded a;
  a.import(
      R"({"type":"observation","video":"stage","start":40,"end":50,"caption":"Applause","entities":[{"ref":"a","type":"person","name":"Edith Piaf"}],"provenance":{"kind":"import","name":"vlm"}})"
      "\n");
  const auto meaning = Meaning::read(a.store(), a.embedder);
  REQUIRE(meaning);
  const WordCutter cutter;
  FusionRequest request;
  request.words.words = {"vehicle", "waits"};
  request.words.limit = 3;
  request.text = "vehicle waits";
  request.meaning = meaning.get();
  auto found = retrieve_fused(a.store(), cutter, request);
  REQUIRE_FALSE(found.empty());
  CHECK(found[0].passage.text == "An automobile waits at the light");
  CHECK(found[0].why == std::vector<std::string>{"lexical", "vector"});
  CHECK(found[0].score == Approx(1));
  CHECK(found[0].matched == Approx(0.5));

  request.by_words = false;
  request.words.videos = {"forest"};
  request.text = "timber";
  found = retrieve_fused(a.store(), cutter, request);
  REQUIRE_FALSE(found.empty());
  for (const Retrieved& r : found) CHECK(r.passage.video == "forest");
  CHECK(found[0].why == std::vector<std::string>{"vector"});

  request = {};
  request.by_words = false;
  request.entities = {a.store().find_entities("Edith Piaf", true, 1).at(0).row};
  found = retrieve_fused(a.store(), cutter, request);
  REQUIRE(found.size() == 2);  // where she is, and what is told just before
  CHECK(found[0].passage.text == "Applause");
  CHECK(found[0].why == std::vector<std::string>{"graph"});
  request.words.within = base::TimeSpan{0, 5 * base::kSecond};
  found = retrieve_fused(a.store(), cutter, request);
  REQUIRE(found.size() == 1);
  CHECK(found[0].passage.text == "A woman sings");
}

}  // namespace reelgraph::query
