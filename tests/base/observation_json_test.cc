#include "base/observation_json.h"

#include "base/error.h"
#include "base/utf8.h"
#include "tests/support/support.h"

using namespace reelgraph::base;

namespace reelgraph::test {
namespace {

std::string refusal(const std::string& line) {
  try {
    (void)parse_observation_line(line, nullptr);
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::kBadInput);
    return e.message();
  }
  return "accepted";
}

Observation read(const std::string& line, std::vector<std::string>* warnings = nullptr) {
  return std::get<Observation>(parse_observation_line(line, warnings));
}

/// An observation line with `fields` after the required ones.
std::string line(const std::string& fields) { return R"({"type":"observation","video":"v","start":1,"end":2)" + fields + "}"; }

constexpr char kFull[] =
    R"({"type":"observation","video":"match-1","start":1171.2,"end":1172.5,"caption":"Pedro scores for Chelsea","transcript":"and it's in!",)"
    R"("ocr":["CHE 1-0"],"entities":[{"ref":"e0","id":"player:4447","name":"Pedro","type":"player","aliases":["Pedro Eliezer Rodríguez Ledesma"],)"
    R"("description":"in blue","attributes":{"shirt_number":17},"box":[0.1,0.2,0.3,0.9],"start":1171.25,"end":1172},{"ref":"e1","name":"Chelsea"}],)"
    R"("events":[{"type":"goal","start":1171.2,"end":1172.5,"description":"Pedro scores","participants":[{"ref":"e0","role":"agent"}],)"
    R"("attributes":{"half":1},"show_at":1171.9}],"relations":[{"source":"e0","type":"plays_for","target":"e1"}],)"
    R"("provenance":{"kind":"import","name":"by hand","version":"1"},"attributes":{"mood":"loud"}})";

TEST_CASE("an observation is written as it was read", "[observation_json]") {
  const Observation o = read(kFull);
  CHECK(o.span == TimeSpan{1'171'200'000, 1'172'500'000});
  CHECK(o.entities[0].span == TimeSpan{1'171'250'000, 1'172'000'000});
  CHECK(o.events[0].show_at == 1'171'900'000);
  CHECK(to_json_line(o) == kFull);
}

TEST_CASE("refs are renumbered and keys sorted, so that two spellings become one", "[observation_json]") {
  Observation a = read(R"({"video":"v","type":"observation","end":2.0,"start":1.000000,"entities":[{"name":"A","ref":"x"}],)"
                       R"("events":[{"type":"t","participants":[{"role":"r","ref":"x"}]}],"provenance":{}})");
  Observation b = read(R"({"type":"observation","video":"v","start":1,"end":2,"entities":[{"ref":"y","name":"A"}],)"
                       R"("events":[{"type":"t","start":1,"end":2,"participants":[{"ref":"y","role":"r"}]}]})");
  renumber_refs(a);
  renumber_refs(b);
  CHECK(to_json_line(a) == to_json_line(b));
}

TEST_CASE("seconds keep microseconds and no more digits than they need", "[observation_json]") {
  CHECK(seconds_text(1'171'200'000) == "1171.2");
  CHECK(seconds_text(5 * kSecond) == "5");
  CHECK(seconds_text(0) == "0");
  CHECK(seconds_text(1) == "0.000001");
  CHECK(seconds_text(kMaxTimestamp) == "2251799813.685248");
  for (const Timestamp t : {Timestamp{1}, Timestamp{999'999}, Timestamp{123'456'789'012'345}, kMaxTimestamp, kMaxTimestamp - 1}) {
    const Observation o = read(R"({"type":"observation","video":"v","start":)" + seconds_text(t) + R"(,"end":)" + seconds_text(t) + "}");
    CHECK(o.span == TimeSpan{t, t});
  }
}

TEST_CASE("an event without times takes the observation's", "[observation_json]") {
  CHECK(read(line(R"(,"events":[{"type":"goal"}])")).events[0].span == TimeSpan{kSecond, 2 * kSecond});
  CHECK(read(line(R"(,"events":[{"type":"goal","start":1.5}])")).events[0].span == TimeSpan{1'500'000, 2 * kSecond});
}

TEST_CASE("what is wrong is named by its field", "[observation_json]") {
  CHECK_THAT(refusal("{"), Contains("not JSON"));
  CHECK_THAT(refusal("[1]"), Contains("must be a JSON object"));
  CHECK_THAT(refusal("{}"), Contains("type: missing"));
  CHECK_THAT(refusal(R"({"type":"film"})"), Contains("type: \"film\" is not one of"));
  CHECK_THAT(refusal(R"({"type":"observation","start":0,"end":1})"), Contains("video: missing"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","end":1})"), Contains("start: missing"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","start":2,"end":1})"), Contains("end: before the start"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","start":-1,"end":1})"), Contains("start: a time cannot be negative"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","start":"0","end":1})"), Contains("start: must be a number"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","start":1e300,"end":1e301})"), Contains("start:"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","start":NaN,"end":1})"), Contains("not JSON"));
  CHECK_THAT(refusal(R"({"type":"observation","video":"v","start":1e999,"end":1})"), !Contains("accepted"));
  CHECK_THAT(refusal(line(R"(,"caption":7)")), Contains("caption: must be text"));
  CHECK_THAT(refusal(line(R"(,"ocr":["a",3])")), Contains("ocr[1]: must be text"));
  CHECK_THAT(refusal(line(R"(,"entities":[{"ref":"a"},{"name":"b"}])")), Contains("entities[1].ref: missing"));
  CHECK_THAT(refusal(line(R"(,"entities":[{"ref":"a"},{"ref":"a"}])")), Contains("entities[1].ref: \"a\" is defined twice"));
  CHECK_THAT(refusal(line(R"(,"entities":[{"ref":"a","box":[0.5,0,0.4,1]}])")), Contains("entities[0].box: corners must be ordered"));
  CHECK_THAT(refusal(line(R"(,"entities":[{"ref":"a","box":[0,0,2,1]}])")), Contains("entities[0].box: must lie in 0..1"));
  CHECK_THAT(refusal(line(R"(,"entities":[{"ref":"a","box":[0,0,1]}])")), Contains("entities[0].box"));
  CHECK_THAT(refusal(line(R"(,"events":[{"type":"a"},{},{"type":"c"}])")), Contains("events[1].type: missing"));
  CHECK_THAT(refusal(line(R"(,"events":[{"type":"a"},{"type":"b"},{"type":"c","start":-3}])")),
             Contains("events[2].start: a time cannot be negative"));
  CHECK_THAT(refusal(line(R"(,"events":[{"type":"a","participants":[{"ref":"x"}]}])")),
             Contains("events[0].participants[0].ref: \"x\" is no entity"));
  CHECK_THAT(refusal(line(R"(,"relations":[{"source":"x","type":"t","target":"y"}])")), Contains("relations[0].source"));
  CHECK_THAT(refusal(R"({"type":"coverage","video":"v","start":0,"end":1,"status":"perhaps"})"), Contains("status: must be"));
  CHECK_THAT(refusal(R"({"type":"video","id":""})"), Contains("id: must not be empty"));
  CHECK_THAT(refusal(R"({"type":"summary","video":"v","start":0,"end":1,"level":-1})"), Contains("level"));
}

TEST_CASE("hostile lines are refused: depth, size, broken UTF-8", "[observation_json]") {
  CHECK_THAT(refusal(line(R"(,"attributes":{"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}")), Contains("nested"));
  CHECK_THAT(refusal(std::string(1'000'000, '[')), Contains("nested"));
  CHECK_THAT(refusal(line(",\"caption\":\"\xFF\xFE\"")), Contains("not JSON"));
  CHECK_THAT(refusal(line(R"(,"caption":")" + std::string(2 << 20, 'a') + "\"")), Contains("caption: longer than"));
  CHECK_THAT(refusal(R"({"type":"video","id":")" + std::string(2000, 'a') + "\"}"), Contains("id: longer than"));
}

TEST_CASE("texts become sound: controls, newlines in names, white space around", "[observation_json]") {
  const Observation o = read(line(
      R"(,"caption":"  two\nlines\u0000 \u001b[31m ","ocr":["A\nB","  "],"entities":[{"ref":"a","name":" P\tQ ","aliases":["",  "R\nS"]}])"));
  CHECK(o.caption == "two\nlines   [31m");
  CHECK(o.ocr == std::vector<std::string>{"A B"});
  CHECK(o.entities[0].name == "P Q");
  CHECK(o.entities[0].aliases == std::vector<std::string>{"R S"});
}

TEST_CASE("unknown keys are kept in attributes with a warning", "[observation_json]") {
  std::vector<std::string> warnings;
  const Observation o = read(
      line(R"(,"mood":"calm","entities":[{"ref":"a","colour":"red"}],"events":[{"type":"t","xg":0.3,"participants":[{"ref":"a","x":1}]}])"),
      &warnings);
  CHECK(o.attributes["mood"] == "calm");
  CHECK(o.entities[0].attributes["colour"] == "red");
  CHECK(o.events[0].attributes["xg"] == 0.3);
  REQUIRE(warnings.size() == 4);
  CHECK_THAT(warnings[1], Contains("events[0].participants[0].x: unknown key, ignored"));
  CHECK(read(to_json_line(o)).attributes["mood"] == "calm");
}

TEST_CASE("other line types are written as they were read", "[observation_json]") {
  for (const std::string text :
       {R"({"type":"video","id":"m","title":"A v B","duration":5824.9,"wall_start":"2015-08-23T12:30:00Z","path":"m.mp4"})",
        R"({"type":"video","id":"m","content_id":"ab","state":"partial","reason":"cut off","media":{"codec":"h264","fps":25}})",
        R"({"type":"coverage","video":"m","start":0,"end":5.5,"status":"failed","reason":"server busy"})",
        R"({"type":"identity","action":"merge","a":["s","1"],"b":["s","2"],"score":0.5})",
        R"({"type":"summary","video":"m","start":0,"end":60,"level":1,"text":"Quiet","covers":[[0,60]]})"}) {
    const std::string written = std::visit([](const auto& l) { return to_json_line(l); }, parse_observation_line(text, nullptr));
    CHECK(written == text);
  }
}

TEST_CASE("an observation from any source becomes what its own line reads as", "[observation_json]") {
  Observation o;
  o.video = "v";
  o.span = {0, kSecond};
  o.caption = " \xFF broken\x01 ";
  o.ocr = {"a\nb", ""};
  EntityMention m;
  m.ref = "anything";
  m.name = "";
  m.attributes = {{"n", std::numeric_limits<double>::quiet_NaN()}, {"bad", "\xFF"}};
  m.box = Box{-0.0, 0, 1, 1};
  o.entities = {m};
  o.events.push_back({"t", {0, 1}, "", {{"anything", "r"}}, {}, std::nullopt});
  make_canonical(o);
  const std::string text = to_json_line(o);
  Observation again = read(text);
  renumber_refs(again);
  CHECK(to_json_line(again) == text);
  o.events[0].participants[0].ref = "nobody";
  CHECK_THROWS_AS(make_canonical(o), Error);
  o.events[0] = {"t", {5, 1}, "", {}, {}, std::nullopt};
  CHECK_THROWS_AS(make_canonical(o), Error);
}

}  // namespace
}  // namespace reelgraph::test
