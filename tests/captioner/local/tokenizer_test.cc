#include "captioner/local/tokenizer.h"

#include "captioner/local/byte_level.h"
#include "captioner/local/word_piece.h"
#include "tests/captioner/local/fixtures.h"

namespace reelgraph::test {
namespace {

using captioner::local::SpecialMatching;
using captioner::local::StreamDecoder;
using captioner::local::Tokenizer;
using Ids = std::vector<std::int64_t>;

/// A byte-level tokenizer over the letters a-d and what the test adds.
std::string small_tokenizer(const std::string& added, const std::string& merges = R"(["a b"])") {
  return R"({"added_tokens":[)" + added +
         R"(],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},"decoder":{"type":"ByteLevel"},
             "model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"d":3,"ab":4,"Ġ":5,"abc":6,"bc":7,"_":8},"merges":)" +
         merges + "}}";
}

std::string added(const std::string& content, int id, const std::string& more = "") {
  return R"({"id":)" + std::to_string(id) + R"(,"content":")" + content + R"(","special":true)" + more + "}";
}

Tokenizer make(const std::string& json) { return Tokenizer::parse(json, "tokenizer.json"); }

}  // namespace

TEST_CASE("texts of the SmolLM2 fixture encode and decode as the library does", "[tokenizer]") {
  const auto folder = shared("fixtures/tokenizer");
  if (!folder) return;
  const Tokenizer tokenizer = Tokenizer::load(*folder / "tokenizer.json");
  int cases = 0;
  for (const nlohmann::json& line : read_json_lines(*folder / "cases.jsonl")) {
    const std::string text = line.at("text");
    INFO(line.dump());
    const Ids ids = tokenizer.encode(text, SpecialMatching::kAllowed);
    CHECK(ids == line.at("ids").get<Ids>());
    CHECK(tokenizer.decode(line.at("ids").get<Ids>(), true) == line.at("decoded").get<std::string>());
    if (line.contains("ids_matching_off")) CHECK(tokenizer.encode(text, SpecialMatching::kNever) == line["ids_matching_off"].get<Ids>());
    if (line.contains("decoded_no_specials")) {
      CHECK(tokenizer.decode(line["ids"].get<Ids>(), false) == line["decoded_no_specials"].get<std::string>());
    }
    ++cases;
  }
  CHECK(cases > 100);
}

TEST_CASE("streamed text of the fixture comes out character by character, never broken", "[tokenizer]") {
  const auto folder = shared("fixtures/tokenizer");
  if (!folder) return;
  const Tokenizer tokenizer = Tokenizer::load(*folder / "tokenizer.json");
  for (const nlohmann::json& line : read_json_lines(*folder / "streaming.jsonl")) {
    INFO(line.dump());
    StreamDecoder decoder(tokenizer);
    std::vector<std::string> pieces;
    for (const std::int64_t id : line.at("ids").get<Ids>()) pieces.push_back(decoder.push(id));
    CHECK(pieces == line.at("pieces").get<std::vector<std::string>>());
    CHECK(decoder.finish() == line.value("at_end", std::string()));
  }
}

TEST_CASE("texts of the bert-tiny fixture become its word pieces", "[tokenizer]") {
  const auto folder = shared("fixtures/bert-tiny");
  if (!folder) return;
  const Tokenizer tokenizer = Tokenizer::load(*folder / "tokenizer.json");
  const nlohmann::json reference = read_json(*folder / "expected.json");
  for (const nlohmann::json& line : reference.at("cases")) {
    INFO(line.at("text").dump());
    Ids ids = tokenizer.encode(line.at("text").get<std::string>(), SpecialMatching::kAllowed);
    const Ids expected = line.at("ids").get<Ids>();
    if (ids.size() > 62) ids.resize(62);
    CHECK(ids == Ids(expected.begin() + 1, expected.end() - 1));
  }
}

TEST_CASE("the merge of the lowest rank is done first and the leftmost among equals", "[tokenizer]") {
  CHECK(make(small_tokenizer("", R"([["b","c"],["a","b"]])")).encode("abc", SpecialMatching::kNever) == Ids{0, 7});
  CHECK(make(small_tokenizer("", R"(["a b","b c","ab c"])")).encode("abc", SpecialMatching::kNever) == Ids{6});
  CHECK(make(small_tokenizer("")).encode("ababab", SpecialMatching::kNever) == Ids{4, 4, 4});
}

TEST_CASE("a long word is merged in a moment", "[tokenizer]") {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "ab";
  CHECK(make(small_tokenizer("")).encode(text, SpecialMatching::kNever) == Ids(200'000, 4));
}

TEST_CASE("the longest of the added tokens that begin at one place wins", "[tokenizer]") {
  const Tokenizer tokenizer = make(small_tokenizer(added("cd", 9) + "," + added("cdc", 10)));
  CHECK(tokenizer.encode("acdcd", SpecialMatching::kAllowed) == Ids{0, 10, 3});
  CHECK(tokenizer.encode("acdcd", SpecialMatching::kNever) == Ids{0, 2, 3, 2, 3});
}

TEST_CASE("an added token swallows white space where it says so", "[tokenizer]") {
  const Tokenizer left = make(small_tokenizer(added("dd", 9, R"(,"lstrip":true)")));
  CHECK(left.encode("a  dd a", SpecialMatching::kAllowed) == Ids{0, 9, 5, 0});
  const Tokenizer right = make(small_tokenizer(added("dd", 9, R"(,"rstrip":true)")));
  CHECK(right.encode("a dd  a", SpecialMatching::kAllowed) == Ids{0, 5, 9, 0});
  const Tokenizer both = make(small_tokenizer(added("dd", 9, R"(,"lstrip":true,"rstrip":true)")));
  CHECK(both.encode("dd dd dd", SpecialMatching::kAllowed) == Ids{9, 9, 9});
}

TEST_CASE("a single-word token is not found inside a word", "[tokenizer]") {
  const Tokenizer tokenizer = make(small_tokenizer(added("dd", 9, R"(,"single_word":true)")));
  CHECK(tokenizer.encode("dd add dda _dd dd", SpecialMatching::kAllowed) == Ids{9, 5, 0, 3, 3, 5, 3, 3, 0, 5, 8, 3, 3, 5, 9});
}

TEST_CASE("bytes without a token vanish and any bytes are taken", "[tokenizer]") {
  const Tokenizer tokenizer = make(small_tokenizer(""));
  CHECK(tokenizer.encode("a\xFF"
                         "b",
                         SpecialMatching::kNever) == Ids{0, 1});
  CHECK(tokenizer.encode("azb", SpecialMatching::kNever) == Ids{4});  // one word: what stood beside the lost byte merges
  CHECK(tokenizer.encode("", SpecialMatching::kNever).empty());
}

TEST_CASE("text is split as the GPT-2 pattern says", "[tokenizer]") {
  using captioner::local::split_words;
  using Words = std::vector<std::string_view>;
  CHECK(split_words("I'll go  now ") == Words{"I", "'ll", " go", " ", " now", " "});
  CHECK(split_words("a\n\n b") == Words{"a", "\n\n", " b"});
  CHECK(split_words("\xC2\xA0\xC2\xA0x") == Words{"\xC2\xA0", "\xC2\xA0", "x"});  // U+00A0 is white space, but no blank
  CHECK(split_words("x\xE1\xA0\x8Ey") == Words{"x", "\xE1\xA0\x8E", "y"});        // U+180E is none
  CHECK(split_words("it's!?") == Words{"it", "'s", "!?"});
  CHECK(captioner::local::split_digits("a12 \xC2\xBD", true) == Words{"a", "1", "2", " ", "\xC2\xBD"});
  CHECK(captioner::local::split_digits("a12b", false) == Words{"a", "12", "b"});
}

TEST_CASE("BERT's normaliser drops accents and controls and sets ideographs apart", "[tokenizer]") {
  const captioner::local::BertNormalizer normalizer;
  CHECK(normalizer.apply("H\xC3\xA9llo\tW\xC3\x96rld\x01") == "hello world");
  CHECK(normalizer.apply("a\xE4\xBD\xA0"
                         "b") == "a \xE4\xBD\xA0 b");
  CHECK(normalizer.apply("\xC4\xB0") == "i");  // I with a dot: the dot is an accent
}

TEST_CASE("tables of a tokenizer that contradict each other are refused by name", "[tokenizer]") {
  const auto words = [](const std::string& json) { return std::string(error_of([&] { (void)make(json); }).what()); };
  CHECK_THAT(words(small_tokenizer(added("cd", 3))), Contains("takes the id of another token") && Contains("cd"));
  CHECK_THAT(words(small_tokenizer(added("a", 9))), Contains("two ids"));
  CHECK_THAT(words(small_tokenizer("", R"(["a z"])")), Contains("vocabulary lacks") && Contains("\"z\""));
  CHECK_THAT(words(small_tokenizer("", R"(["a d"])")), Contains("makes a token") && Contains("\"ad\""));
  CHECK_THAT(words(small_tokenizer("", R"([["a"]])")), Contains("not a pair"));
  CHECK_THAT(words("[]"), Contains("not an object"));
}

}  // namespace reelgraph::test
