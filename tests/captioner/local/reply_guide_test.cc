// Replies that are held to a schema: nothing of it needs a model.

#include "captioner/local/reply_guide.h"

#include "captioner/local/byte_level.h"

#include "tests/captioner/local/fixtures.h"
#include "tests/captioner/local/random_schema.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;

std::bitset<256> every_byte() { return std::bitset<256>().set(); }

bool accepts(const std::string& schema, const std::string& text) {
  ByteAutomaton automaton(compile_schema(schema), every_byte());
  int state = automaton.start();
  for (const char c : text) {
    state = automaton.next(state, static_cast<std::uint8_t>(c));
    if (state == ByteAutomaton::kDead) return false;
  }
  return automaton.accepting(state);
}

/// A byte-level tokenizer of all single bytes and a few longer tokens.
Tokenizer small_tokenizer() {
  nlohmann::json vocabulary, merges = nlohmann::json::array();
  int id = 0;
  for (const std::string& symbol : byte_alphabet()) vocabulary[symbol] = id++;
  for (const auto& [left, right] :
       {std::pair<std::string, std::string>{"\"", ":"}, {"\":", "Ġ"}, {",", "Ġ"}, {"a", "l"}, {"\"", "}"}, {"Ã", "©"}}) {
    merges.push_back({left, right});
    vocabulary[left + right] = id++;
  }
  const nlohmann::json end{{"id", id},        {"content", "<end>"}, {"special", true},    {"single_word", false},
                           {"lstrip", false}, {"rstrip", false},    {"normalized", false}};
  const nlohmann::json level{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  const nlohmann::json file{{"version", "1.0"},
                            {"added_tokens", {end}},
                            {"normalizer", nullptr},
                            {"pre_tokenizer", level},
                            {"post_processor", nullptr},
                            {"decoder", level},
                            {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}}};
  return Tokenizer::parse(file.dump(), "tokenizer.json");
}

/// A reply of random logits. @param left in: the limit; out: what was not used
std::string random_reply(ReplyGuide& guide, const Tokenizer& tokenizer, std::mt19937& random, std::int64_t& left, float lean = 0) {
  std::vector<float> logits(static_cast<std::size_t>(tokenizer.id_limit()));
  std::normal_distribution<float> normal;
  ReplyGuide::Place place;
  Sampler sampler({});
  std::vector<std::int64_t> ids;
  const auto append = [&](const std::vector<std::int64_t>& more) {
    ids.insert(ids.end(), more.begin(), more.end());
    left -= static_cast<std::int64_t>(more.size());
  };
  append(guide.forced(place));
  while (!guide.complete(place)) {
    for (float& logit : logits) logit = normal(random);
    for (const char c : std::string("\"]},")) logits[static_cast<std::size_t>(*tokenizer.id_of(std::string(1, c)))] += lean;
    const std::int64_t id = guide.choose(place, logits, left, sampler);
    --left;
    if (guide.is_end(id)) break;
    ids.push_back(id);
    guide.advance(place, id);
    append(guide.forced(place));
  }
  return tokenizer.decode(ids, false);
}

}  // namespace

TEST_CASE("a schema's automaton takes what fits, in one style, and nothing else", "[reply]") {
  const std::string object = R"({"type": "object", "properties": {"a": {"type": "integer", "minimum": -3, "maximum": 120},
    "b": {"type": "array", "items": {"enum": ["x", "xy", true, null]}, "maxItems": 2}, "c": {"type": "string", "maxLength": 3}}, "required": ["b"]})";
  for (const char* good : {R"({"b": []})", R"({"a": 0, "b": ["xy", true]})", R"({"a": -3, "b": [null], "c": "\"é"})",
                           R"({"b": ["x"], "c": ""})", R"({"a": 120, "b": []})", R"({"a": 99, "b": []})"}) {
    INFO(good);
    CHECK(accepts(object, good));
  }
  for (const char* bad :
       {R"({})", R"({"b":[]})", R"({"a": 121, "b": []})", R"({"a": -4, "b": []})", R"({"a": 01, "b": []})", R"({"b": [], "a": 1})",
        R"({"b": ["x", "x", "x"]})", R"({"b": ["z"]})", R"({"b": [], "c": "abcd"})", R"({"b": [], "d": 1})", R"({"b": []} )",
        "{\"b\": [], \"c\": \"\xC3\"}", "{\"b\": [], \"c\": \"\xED\xA0\x80\"}", "{\"b\": [], \"c\": \"\n\"}"}) {
    INFO(bad);
    CHECK_FALSE(accepts(object, bad));
  }
  CHECK(accepts(R"({"type": "number", "minimum": 0})", "12.125"));
  CHECK_FALSE(accepts(R"({"type": "number", "minimum": 0})", "-0.5"));
  CHECK(accepts(R"({"type": "number", "minimum": -1, "maximum": 1})", "-0.999"));
  CHECK_FALSE(accepts(R"({"type": "number", "minimum": -1, "maximum": 1})", "1.5"));
  CHECK(accepts(R"({"$defs": {"p": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}}, "type": "array", "items": {"$ref": "#/$defs/p"}})",
                "[null, true]"));
  CHECK(accepts("true", "\"anything\""));
}

TEST_CASE("a schema that cannot be kept is refused by name", "[reply]") {
  const auto refused = [](const std::string& schema) {
    INFO(schema);
    const base::Error error = error_of([&] { (void)compile_schema(schema); });
    CHECK(error.code() == base::ErrorCode::kInvalidArgument);
    return std::string(error.what());
  };
  CHECK_THAT(refused(R"({"type": "string", "pattern": "a+"})"), Contains("pattern"));
  CHECK_THAT(refused(R"({"type": "object", "properties": {"a": {"type": "text"}}})"), Contains("properties/a") && Contains("text"));
  CHECK_THAT(refused(R"({"$ref": "#"})"), Contains("refers to itself"));
  CHECK_THAT(refused(R"({"$ref": "#/$defs/x"})"), Contains("leads nowhere"));
  CHECK_THAT(refused(R"({"type": "object", "required": ["a"]})"), Contains("\"a\""));
  CHECK_THAT(refused(R"({"type": "string", "minLength": 3, "maxLength": 2})"), Contains("maxLength"));
  CHECK_THAT(refused(R"({"type": "array", "items": {"type": "string", "maxLength": 5000}, "maxItems": 5000})"), Contains("too large"));
  CHECK_THAT(refused(R"({"type": "integer", "minimum": 0.2, "maximum": 0.8})"), Contains("no whole number"));
  CHECK_THAT(refused(R"({"enum": []})"), Contains("enum"));
  CHECK_THAT(refused("[1"), Contains("schema"));
  CHECK_THAT(refused("7"), Contains("must be an object"));
}

TEST_CASE("whatever the logits say, a reply is whole, fits its schema and keeps its limit", "[reply]") {
  const Tokenizer tokenizer = small_tokenizer();
  RandomSchema schemas(7);
  std::mt19937 random(11);
  int replies = 0;
  while (replies < 300) {
    const nlohmann::ordered_json schema = schemas.object(3);
    ReplyGuide guide(schema.dump(), tokenizer, tokenizer.id_limit(), {tokenizer.id_limit() - 1});
    for (int i = 0; i < 3; ++i, ++replies) {
      std::int64_t left = guide.shortest() + schemas.draw(0, 1) * schemas.draw(0, 60);
      const std::string text = random_reply(guide, tokenizer, random, left, i == 0 ? 3.0F : 0.0F);
      INFO(schema.dump() << "\n" << text << "\nleft " << left);
      CHECK(left >= 0);
      CHECK(fits(schema, text));
    }
  }
}

TEST_CASE("what the schema leaves no choice about costs no step of the model", "[reply]") {
  const Tokenizer tokenizer = small_tokenizer();
  ReplyGuide guide(R"({"type": "object", "properties": {"caption": {"type": "string"}, "n": {"const": 5}}, "required": ["caption", "n"]})",
                   tokenizer, tokenizer.id_limit(), {tokenizer.id_limit() - 1});
  ReplyGuide::Place place;
  CHECK(tokenizer.decode(guide.forced(place), false) == R"({"caption": ")");
  CHECK(guide.forced(place).empty());
  guide.advance(place, *tokenizer.id_of("\""));
  CHECK(tokenizer.decode(guide.forced(place), false) == R"(, "n": 5})");
  CHECK(guide.complete(place));
}

TEST_CASE("a string that is long enough is brought to its end", "[reply]") {
  const Tokenizer tokenizer = small_tokenizer();
  ReplyGuide guide(R"({"type": "string"})", tokenizer, tokenizer.id_limit(), {tokenizer.id_limit() - 1});
  guide.set_text_limit(20);
  std::mt19937 random(3);
  std::int64_t left = 1000;
  (void)random_reply(guide, tokenizer, random, left, -9.0F);
  CHECK(1000 - left <= 24);
}

TEST_CASE("the likeliest of a mask is that of its tokens", "[reply]") {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  for (const std::size_t count : {1UL, 63UL, 64UL, 130UL, 1000UL}) {
    std::vector<float> logits(count);
    for (float& value : logits) value = normal(random);
    for (const std::uint64_t pattern : {~std::uint64_t{0}, std::uint64_t{0x8421'0000'FFFF'0001}}) {
      std::vector<std::uint64_t> mask((count + 63) / 64, pattern);
      std::vector<std::int64_t> ids;
      for (std::size_t id = 0; id < count; ++id) {
        if ((mask[id / 64] >> (id % 64) & 1) != 0) ids.push_back(static_cast<std::int64_t>(id));
      }
      CHECK(Sampler({}).choose(logits, mask) == Sampler({}).choose(logits, ids));
      CHECK(Sampler({2.0, 0.9, 7}).choose(logits, mask) == Sampler({2.0, 0.9, 7}).choose(logits, ids));
      if (pattern == ~std::uint64_t{0})
        CHECK(Sampler({}).choose(logits, std::span<const std::uint64_t>()) == Sampler({}).choose(logits, ids));
    }
    for (const float odd : {std::nanf(""), -std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
      std::vector<float> broken = logits;
      broken[0] = odd;
      CHECK(error_of([&] { (void)Sampler({}).choose(broken, std::span<const std::uint64_t>()); }).code() == base::ErrorCode::kModel);
    }
  }
  // Of two that are equal the first; zero comes after what is below it.
  CHECK(Sampler({}).choose(std::vector<float>{-1.0F, -0.5F, -0.5F, -3.0F}, std::span<const std::uint64_t>()) == 1);
}

TEST_CASE("sampling repeats with its seed, and keeps to the likeliest", "[reply]") {
  const std::vector<float> logits{0.0F, 3.0F, 2.9F, -1.0F, 1.0F};
  const std::vector<std::int64_t> ids{0, 1, 2, 3, 4};
  const auto draw = [&](const Sampling& sampling) {
    Sampler sampler(sampling);
    std::vector<std::int64_t> drawn;
    for (int i = 0; i < 200; ++i) drawn.push_back(sampler.choose(logits, ids));
    return drawn;
  };
  CHECK(draw({}) == std::vector<std::int64_t>(200, 1));
  CHECK(draw({1.0, 1.0, 5}) == draw({1.0, 1.0, 5}));
  CHECK(draw({1.0, 1.0, 5}) != draw({1.0, 1.0, 6}));
  for (const std::int64_t id : draw({1.0, 0.6, 5})) CHECK((id == 1 || id == 2));
  CHECK(error_of([] { validate({-1.0, 1.0, 0}); }).code() == base::ErrorCode::kInvalidArgument);
  CHECK(error_of([] { validate({1.0, 0.0, 0}); }).code() == base::ErrorCode::kInvalidArgument);
  const std::vector<float> broken{std::nanf(""), 1.0F};
  CHECK(error_of([&] { (void)Sampler({}).choose(broken, std::vector<std::int64_t>{0, 1}); }).code() == base::ErrorCode::kModel);
}

}  // namespace reelgraph::test
