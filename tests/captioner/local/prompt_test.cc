#include "captioner/local/prompt.h"

#include "captioner/local/safetensors.h"
#include "tests/captioner/local/fixtures.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;
using Ids = std::vector<std::int64_t>;

std::vector<PromptPiece> pieces_of(const nlohmann::json& list) {
  std::vector<PromptPiece> pieces;
  for (const nlohmann::json& piece : list) {
    if (piece.contains("special")) {
      pieces.push_back({true, piece["special"], piece.value("repeat", 1)});
    } else {
      pieces.push_back({false, piece.at("text"), 1});
    }
  }
  return pieces;
}

/// The conversation of a case; pictures belong to the first message.
std::vector<ChatMessage> messages_of(const nlohmann::json& json) {
  std::vector<ChatMessage> messages;
  for (const nlohmann::json& message : json.at("messages")) {
    messages.push_back({message.at("role"), {}, std::nullopt, message.at("text")});
  }
  if (json.at("mode") == "image") {
    for (std::size_t i = 0; i < json.at("frames").size(); ++i) messages.front().stills.push_back({json.at("rows")[i], json.at("cols")[i]});
  } else if (json.at("mode") == "video") {
    PromptVideo video{json.at("timestamps_s").get<std::vector<double>>(), std::nullopt};
    if (!json.at("duration_s").is_null()) video.duration_s = json["duration_s"].get<double>();
    messages.front().video = std::move(video);
  }
  return messages;
}

int image_seq_len(const std::filesystem::path& model) { return read_json(model / "processor_config.json").at("image_seq_len"); }

}  // namespace

TEST_CASE("prompts of every case are written piece by piece as the library's template does", "[prompt]") {
  for (const char* name : {"smolvlm-tiny", "smolvlm-tiny-bf16", "smolvlm-tiny-tied"}) {
    const auto model = shared(std::string("fixtures/") + name);
    if (!model) return;
    const PromptTemplate prompt_template(image_seq_len(*model));
    for (const auto& entry : std::filesystem::directory_iterator(*model / "cases")) {
      const nlohmann::json json = read_json(entry.path() / "case.json");
      INFO(name << " " << json.at("name"));
      CHECK(prompt_template.pieces(messages_of(json)) == pieces_of(json.at("pieces")));
    }
  }
}

TEST_CASE("prompts of every case encode to the library's ids, hostile texts to plain tokens", "[prompt]") {
  for (const char* name : {"smolvlm-tiny", "smolvlm-tiny-bf16", "smolvlm-tiny-tied"}) {
    const auto model = shared(std::string("fixtures/") + name);
    if (!model) return;
    const Tokenizer tokenizer = Tokenizer::load(*model / "tokenizer.json");
    const PromptTemplate prompt_template(image_seq_len(*model));
    for (const auto& entry : std::filesystem::directory_iterator(*model / "cases")) {
      const nlohmann::json json = read_json(entry.path() / "case.json");
      INFO(name << " " << json.at("name"));
      const EncodedPrompt prompt = encode_prompt(tokenizer, prompt_template.pieces(messages_of(json)));
      const SafetensorsFile expected = SafetensorsFile::open(entry.path() / "expected.safetensors");
      const TensorView& ids = expected.at("input_ids");
      Ids reference(static_cast<std::size_t>(ids.elements()));
      std::memcpy(reference.data(), ids.data.data(), ids.data.size());
      CHECK(prompt.ids == reference);
      const std::int64_t image = *tokenizer.id_of("<image>");
      for (const std::int64_t at : prompt.image_positions) CHECK(prompt.ids[static_cast<std::size_t>(at)] == image);
    }
  }
}

TEST_CASE("numbers are written in words", "[prompt]") {
  CHECK(number_words(0) == "zero");
  CHECK(number_words(12) == "twelve");
  CHECK(number_words(64) == "sixty-four");
  CHECK(number_words(80) == "eighty");
  CHECK(number_words(100) == "one hundred");
  CHECK(number_words(101) == "one hundred and one");
  CHECK(number_words(999) == "nine hundred and ninety-nine");
  CHECK(number_words(1000) == "one thousand");
  CHECK(number_words(1001) == "one thousand and one");
  CHECK(number_words(1100) == "one thousand, one hundred");
  CHECK(number_words(1234) == "one thousand, two hundred and thirty-four");
  CHECK(number_words(1'000'000) == "one million");
  CHECK(number_words(2'000'050) == "two million and fifty");
}

TEST_CASE("times are cut to whole seconds and written as the library does", "[prompt]") {
  CHECK(duration_words(12.9) == "0:00:12");
  CHECK(duration_words(0) == "0:00:00");
  CHECK(duration_words(91234) == "1 day, 1:20:34");
  CHECK(duration_words(172800) == "2 days, 0:00:00");
  CHECK(duration_words(-3) == "0:00:00");
  CHECK(minute_stamp(59.99) == "00:59");
  CHECK(minute_stamp(1516 * 60 + 39.5) == "1516:39");
}

TEST_CASE("a tokenizer without a token of the template is refused by name", "[prompt]") {
  const auto folder = shared("fixtures/tokenizer");
  if (!folder) return;
  const Tokenizer tokenizer = Tokenizer::load(*folder / "tokenizer.json");
  const auto pieces = PromptTemplate(4).pieces({{"user", {{}}, std::nullopt, "What is this?"}});
  CHECK_THAT(error_of([&] { (void)encode_prompt(tokenizer, pieces); }).what(),
             Contains("<fake_token_around_image>") && Contains("missing"));
}

TEST_CASE("ChatML prompts of SmolLM2 encode to the fixture's ids", "[prompt]") {
  const auto expected = shared("fixtures/llama-smollm2/expected.json");
  if (!expected) return;
  const Tokenizer tokenizer = Tokenizer::load(*shared("fixtures/tokenizer/tokenizer.json"));
  const std::string system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
  int same = 0;
  const nlohmann::json reference = read_json(*expected);
  for (const nlohmann::json& line : reference.at("cases")) {
    const std::string prompt = line.at("prompt");
    CHECK(tokenizer.encode(prompt, SpecialMatching::kAllowed) == line.at("input_ids").get<Ids>());
    const std::string before = "<|im_start|>system\n" + system + "<|im_end|>\n<|im_start|>user\n",
                      after = "<|im_end|>\n<|im_start|>assistant\n";
    if (prompt.rfind(before, 0) != 0 || !prompt.ends_with(after)) continue;
    const std::string question = prompt.substr(before.size(), prompt.size() - before.size() - after.size());
    const auto pieces = chat_ml_pieces({{"system", {}, std::nullopt, system}, {"user", {}, std::nullopt, question}});
    CHECK(encode_prompt(tokenizer, pieces).ids == line["input_ids"].get<Ids>());
    ++same;
  }
  CHECK(same > 0);
}

}  // namespace reelgraph::test
