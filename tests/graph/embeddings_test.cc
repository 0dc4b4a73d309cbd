#include "graph/embeddings.h"

#include <limits>
#include <sstream>

#include "base/error.h"
#include "graph/archive.h"
#include "graph/transfer.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

constexpr char kLines[] =
    R"({"type":"video","id":"v","duration":60})"
    "\n"
    R"({"type":"observation","video":"v","start":0,"end":30,"caption":"A dog runs.","entities":[{"ref":"e1","type":"guide_dog","name":"Rex","description":"brown"},{"ref":"e2","type":"other"}],"events":[{"type":"kick_off","start":1,"end":4,"participants":[{"ref":"e1","role":"agent"}]}],"provenance":{"kind":"human","name":"t","version":"1"}})"
    "\n";

struct OneObservation {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  Embeddings table{archive.store()};
  std::vector<EmbeddedText> texts;

  OneObservation() {
    std::istringstream lines(kLines);
    (void)import_jsonl(archive, lines, "test", {});
    table.each_text([&](EmbeddedText text) {
      texts.push_back(std::move(text));
      return true;
    });
  }
};

std::string refusal(Embeddings& table, const std::vector<EmbeddedText>& texts, const std::vector<std::vector<float>>& vectors) {
  try {
    table.put("m", texts, vectors);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::kModel);
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("captions, events and entities that have words are what is embedded, and the film they tell of", "[graph]") {
  const OneObservation f;
  REQUIRE(f.texts.size() == 6);
  CHECK(f.texts[0].kind == "caption");
  CHECK(f.texts[0].text == "A dog runs.");
  CHECK(f.texts[1].kind == "entity");
  CHECK(f.texts[1].text == "Rex, guide dog: brown");
  CHECK(f.texts[2].kind == "event");
  CHECK(f.texts[2].text == "kick off");
  CHECK(f.texts[3].kind == "video");
  CHECK(f.texts[3].text == "A dog runs.");
  CHECK(f.texts[4].kind == "word");
  CHECK(f.texts[4].text == "dog");
  CHECK(f.texts[4].owner == text_owner("dog"));
  CHECK(f.texts[5].text == "runs");
}

TEST_CASE("vectors are kept by model and forgotten by model", "[graph]") {
  OneObservation f;
  const std::vector<std::vector<float>> vectors(f.texts.size(), {0.6F, 0.8F});
  f.table.put("m", f.texts, vectors);
  f.table.put("m", f.texts, vectors);
  f.table.put("other", f.texts, {std::vector<std::vector<float>>(f.texts.size(), {1.0F})});
  REQUIRE(f.table.counts().size() == 2);
  CHECK(f.table.counts()[0].rows == 6);
  CHECK(f.table.counts()[0].dimensions == 2);
  f.table.clear("m");
  REQUIRE(f.table.counts().size() == 1);
  CHECK(f.table.counts()[0].model == "other");
}

TEST_CASE("only texts without a vector, or with one of another text, are new, and what is gone is forgotten", "[graph]") {
  OneObservation f;
  const auto fresh = [&] {
    std::size_t count = 0;
    f.table.each_new_text("m", [&](const EmbeddedText&) { return ++count > 0; });
    return count;
  };
  CHECK(fresh() == f.texts.size());
  std::vector<EmbeddedText> texts = f.texts;
  texts[0].text = "what it said before";
  texts.push_back({"event", 4711, "an event that is no more"});
  f.table.put("m", texts, std::vector<std::vector<float>>(texts.size(), {0.6F, 0.8F}));
  CHECK(fresh() == 1);
  f.table.forget_gone("m");
  CHECK(f.table.counts().at(0).rows == static_cast<std::int64_t>(f.texts.size()));
  f.table.put("m", {f.texts.data(), 1}, std::vector<std::vector<float>>(1, {0.8F, 0.6F}));
  CHECK(fresh() == 0);
}

TEST_CASE("a vector that cannot be compared is refused, and with it its batch", "[graph]") {
  OneObservation f;
  const std::vector<float> good{0.6F, 0.8F};
  CHECK_THAT(refusal(f.table, f.texts, {good, good, good, good, good, {std::numeric_limits<float>::quiet_NaN(), 0.0F}}),
             Contains("not finite"));
  CHECK_THAT(refusal(f.table, f.texts, {good, good, good, good, good, {0.0F, 0.0F}}), Contains("all zero"));
  CHECK_THAT(refusal(f.table, f.texts, {good, good, good, good, good, {1.0F}}), Contains("a vector of 1 numbers among vectors of 2"));
  CHECK_THAT(refusal(f.table, f.texts, {good}), Contains("1 vectors for 6 texts"));
  CHECK(f.table.counts().empty());
  f.table.put("m", f.texts, std::vector<std::vector<float>>(f.texts.size(), good));
  CHECK_THAT(refusal(f.table, f.texts, std::vector<std::vector<float>>(f.texts.size(), {1.0F})), Contains("among vectors of 2"));
  CHECK(f.table.counts()[0].dimensions == 2);
}

TEST_CASE("two short captions that follow one another are a moment, long ones are not", "[graph]") {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  std::string lines = R"({"type":"video","id":"v","duration":60})"
                      "\n";
  int at = 0;
  for (const std::string& caption : {std::string("A man sits."), std::string("He stands up."), std::string(600, 'x')}) {
    lines += R"({"type":"observation","video":"v","start":)" + std::to_string(at) + R"(,"end":)" + std::to_string(at + 5) +
             R"(,"caption":")" + caption + R"(","provenance":{"kind":"human","name":"t"}})" + "\n";
    at += 5;
  }
  std::istringstream in(lines);
  (void)import_jsonl(archive, in, "test", {});
  std::vector<EmbeddedText> moments;
  Embeddings(archive.store()).each_text([&](EmbeddedText text) {
    if (text.kind == "moment") moments.push_back(std::move(text));
    return true;
  });
  REQUIRE(moments.size() == 1);
  CHECK(moments[0].text == "A man sits. He stands up.");
}

TEST_CASE("words are embedded once, those in most captions first, numbers and single letters not", "[graph]") {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  std::string lines;
  int at = 0;
  for (const char* caption : {"A Café opens at 7", "the café closes", "the dog"}) {
    lines += R"({"type":"observation","video":"v","start":)" + std::to_string(at) + R"(,"end":)" + std::to_string(at + 5) +
             R"(,"caption":")" + caption + R"(","transcript":"dog dog","provenance":{"kind":"human","name":"t"}})" + "\n";
    at += 5;
  }
  std::istringstream in(lines);
  (void)import_jsonl(archive, in, "test", {});
  std::vector<std::string> words;
  Embeddings(archive.store()).each_text([&](EmbeddedText text) {
    if (text.kind == "word") words.push_back(std::move(text.text));
    return true;
  });
  CHECK(words == std::vector<std::string>{"dog", "cafe", "the", "at", "closes", "opens"});
}

TEST_CASE("vectors that are kept can be read again with the video they belong to", "[graph]") {
  OneObservation f;
  CHECK_FALSE(has_vectors(f.archive.store()));
  f.table.put("m", f.texts, std::vector<std::vector<float>>(f.texts.size(), {0.6F, 0.8F}));
  CHECK(has_vectors(f.archive.store()));
  int captions = 0;
  each_vector(f.archive.store(), "m", "caption", [&](const StoredVector& v) {
    ++captions;
    CHECK(v.owner == f.texts[0].owner);
    CHECK(v.video == f.archive.store().find_video("v")->row);
    CHECK(v.values.size() == 2);
    return true;
  });
  CHECK(captions == 1);
  each_vector(f.archive.store(), "another", "caption", [](const StoredVector&) -> bool { throw std::logic_error("not of this model"); });
}

}  // namespace reelgraph::test
