// reelgraph models: folders are judged before anything runs, and recorded cases run stage by stage.

#include <sstream>

#include "tests/captioner/local/fixtures.h"
#include "tests/e2e/program.h"
#include "tests/support/model_server.h"

namespace reelgraph::test {

TEST_CASE("models check tells what a sound folder holds and needs", "[e2e][models]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  const Reel reel;
  const nlohmann::json facts = reel.json({"models", "check", folder->string(), "--frames", "4"});
  CHECK(facts.at("ok") == true);
  CHECK(facts.at("type") == "smolvlm");
  CHECK(facts.at("parameters").get<std::int64_t>() > 100'000);
  CHECK(facts.at("memory_bytes").at("total").get<std::int64_t>() > facts.at("memory_bytes").at("weights").get<std::int64_t>());
  const auto weights = [&](const char* fixture, const char* dtype) {
    const nlohmann::json of = reel.json({"models", "check", shared(fixture)->string(), "--dtype", dtype});
    return of.at("memory_bytes").at("weights").get<std::int64_t>() / of.at("parameters").get<std::int64_t>();
  };
  CHECK(weights("fixtures/smolvlm-tiny", "fp32") == 4);
  CHECK(weights("fixtures/smolvlm-tiny", "bf16") == 2);
  CHECK(weights("fixtures/smolvlm-tiny-bf16", "fp32") == 2);  // kept as they are stored
  const ProcessResult words = reel.call({"models", "check", folder->string()});
  CHECK(words.exit_code == 0);
  CHECK_THAT(words.out, Contains("is sound") && Contains("16 tokens a frame"));
}

TEST_CASE("models check refuses a bad folder with exit code 4 and the reason", "[e2e][models]") {
  const auto bad = shared("fixtures/bad_models");
  if (!bad) return;
  const Reel reel;
  std::filesystem::copy(*bad / "base", reel.dir / "model", std::filesystem::copy_options::recursive);
  std::filesystem::permissions(reel.dir / "model", std::filesystem::perms::owner_all);
  std::filesystem::remove(reel.dir / "model" / "tokenizer.json");
  const ProcessResult result = reel.call({"models", "check", (reel.dir / "model").string()});
  CHECK(result.exit_code == 4);
  CHECK_THAT(result.err, Contains("tokenizer.json") && Contains("missing"));
}

TEST_CASE("a device that is not there ends with exit code 4 and what to do instead", "[e2e][models]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  const Reel reel;
  if (reel.call({"models", "check", folder->string(), "--device", "cuda"}).exit_code == 0) return;  // there is one
  draw_two_scenes(reel.dir / "film.mp4");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"models", "check", folder->string(), "--device", "cuda"},
        {"ingest", (reel.dir / "film.mp4").string(), "--captioner", "local:" + folder->string(), "--device", "cuda:1"}}) {
    const ProcessResult result = reel.call(words);
    CHECK(result.exit_code == 4);
    CHECK_THAT(result.err, Contains("--device cuda:") && Contains("no CUDA device") && Contains("use --device cpu"));
  }
}

TEST_CASE("models test needs no libtorch for tokenizer and resize cases", "[e2e][models]") {
  const auto fixtures = shared("fixtures");
  if (!fixtures) return;
  const Reel reel;
  for (const char* name : {"tokenizer", "resize"}) {
    const nlohmann::json result = reel.json({"models", "test", (*fixtures / "tokenizer").string(), "--cases", (*fixtures / name).string()});
    CHECK(result.at("cases").size() > 100);
    for (const nlohmann::json& line : result.at("cases")) {
      INFO(line.dump());
      CHECK(line.at("ok") == true);
      CHECK(line.at("max_error") == 0);
    }
  }
}

TEST_CASE("models lists what lies in the user's folder, the unusable too", "[e2e][models]") {
  const Reel reel;
  const ProcessResult none = reel.call({"models"});
  CHECK(none.exit_code == 1);
  CHECK_THAT(none.out, Contains("scripts/fetch_models"));
  const std::filesystem::path folder = reel.dir.path() / ".local" / "share" / "reelgraph" / "models";
  std::filesystem::create_directories(folder / "good");
  std::filesystem::create_directories(folder / "broken");
  write_file(folder / "good" / "config.json", R"({"model_type":"bert"})");
  write_file(folder / "broken" / "config.json", "{");
  const nlohmann::json list = reel.json({"models"});
  REQUIRE(list.at("models").size() == 2);
  CHECK(list["models"][0].at("name") == "broken");
  CHECK_FALSE(list["models"][0].at("problem").is_null());
  CHECK(list["models"][1].at("type") == "bert");
}

TEST_CASE("models test without a folder or cases is a usage error", "[e2e][models]") {
  const Reel reel;
  CHECK(reel.call({"models", "test"}).exit_code == 2);
  CHECK(reel.call({"models", "test", "x"}).exit_code == 2);
  CHECK(reel.call({"models", "weigh"}).exit_code == 2);
}

TEST_CASE("a model folder describes a film: noise of random weights, but sound observations that say which weights", "[e2e][models]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  const Reel reel;
  draw_two_scenes(reel.dir / "film.mp4");
  const std::vector<std::string> words{"ingest",
                                       (reel.dir / "film.mp4").string(),
                                       "--captioner",
                                       "local:" + folder->string(),
                                       "--chunk",
                                       "2",
                                       "--overlap",
                                       "0.5",
                                       "--frames-per-chunk",
                                       "2",
                                       "--max-tokens",
                                       "300"};
  const nlohmann::json done = reel.json(words);
  CHECK(done.at("videos").at(0).at("status") == "done");
  CHECK(done["videos"][0].at("chunks").at("done") == 4);
  CHECK(reel.json(words).at("videos").at(0).at("status") == "unchanged");
  CHECK(reel.call({"verify"}).exit_code == 0);
  std::istringstream lines(reel.exported());
  int observations = 0;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json o = nlohmann::json::parse(line);
    if (o.at("type") != "observation") continue;
    ++observations;
    CHECK(o.at("provenance").at("kind") == "vlm");
    CHECK_THAT(o["provenance"].at("name").get<std::string>(), Contains("smolvlm-tiny@"));
    CHECK_FALSE(o.at("caption").get<std::string>().empty());
  }
  CHECK(observations == 4);
  const ProcessResult short_reply = reel.call(
      {"ingest", (reel.dir / "film.mp4").string(), "--recaption", "--captioner", "local:" + folder->string(), "--max-tokens", "9"});
  CHECK(short_reply.exit_code == 2);
  CHECK_THAT(short_reply.err, Contains("too few"));
  const ProcessResult text_only = reel.call({"ask", "What happens?", "--answerer", "local:" + folder->string(), "--max-tokens", "12"});
  CHECK((text_only.exit_code == 0 || text_only.exit_code == 1));

  // The same folder looks at the cited frames again.
  const auto prompt_tokens = [&](std::vector<std::string> more) {
    std::vector<std::string> ask{"ask", "When does the picture cut?", "--video", "film", "--answerer", "local:" + folder->string()};
    ask.insert(ask.end(), more.begin(), more.end());
    return reel.json(ask).at("wording").at("usage").at("prompt_tokens").get<int>();
  };
  REQUIRE(reel.call({"ingest", (reel.dir / "film.mp4").string(), "--recaption"}).exit_code == 0);
  CHECK(prompt_tokens({}) > prompt_tokens({"--without", "frames"}));
}

TEST_CASE("a chunk whose frames do not fit the model's context is shown fewer, and says so", "[e2e][models]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  const Reel reel;
  std::filesystem::copy(*folder, reel.dir / "model", std::filesystem::copy_options::recursive);
  std::filesystem::permissions(reel.dir / "model", std::filesystem::perms::owner_all);
  const std::filesystem::path config = reel.dir / "model" / "config.json";
  std::filesystem::permissions(config, std::filesystem::perms::owner_all);
  nlohmann::json json = nlohmann::json::parse(read_file(config));
  draw_two_scenes(reel.dir / "film.mp4");
  const auto describe = [&](std::int64_t context, std::int64_t& tokens) {
    json["text_config"]["max_position_embeddings"] = context;
    write_file(config, json.dump());
    const nlohmann::json done = reel.json({"ingest", (reel.dir / "film.mp4").string(), "--recaption", "--fps", "4", "--captioner",
                                           "local:" + (reel.dir / "model").string(), "--max-tokens", "260"});
    tokens = done.at("videos").at(0).at("usage").at("prompt_tokens");
    std::istringstream lines(reel.exported());
    nlohmann::json attributes = nlohmann::json::object();
    for (std::string line; std::getline(lines, line);) {
      const nlohmann::json o = nlohmann::json::parse(line);
      if (o.at("type") == "observation" && o.contains("attributes")) attributes = o["attributes"];
    }
    return attributes;
  };
  std::int64_t whole = 0, cut = 0;
  CHECK_FALSE(describe(8192, whole).contains("frames_left_out"));
  // Room for one token less than the prompt and the reply take.
  CHECK(describe(whole + 260 - 1, cut).value("frames_left_out", 0) == 1);
  CHECK(cut < whole);
}

TEST_CASE("frames in detail, pictures of examples, an adapter and a seed change what a model folder is shown and says", "[e2e][models]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  const Reel reel;
  draw_two_scenes(reel.dir / "film.mp4");
  for (const char* name : {"example.png", "example.jpg"})
    draw_film({"-f", "lavfi", "-i", "testsrc2=s=64x48:d=1:r=1", "-frames:v", "1"}, reel.dir / name);
  const std::string profile = "name = \"shown\"\nprompt = \"Say what happens.\"\n[[entity_types]]\nname = \"thing\"\n";
  write_file(reel.dir / "plain.toml", profile);
  const std::string output = R"({\"caption\":\"A pattern.\",\"ocr\":[],\"entities\":[],\"events\":[]})";
  for (const std::string kind : {"png", "jpg"})
    write_file(reel.dir / (kind + ".toml"), profile + "[[examples]]\ninput = \"A test.\"\noutput = \"" + output + "\"\nimages = [\"" +
                                                (reel.dir / ("example." + kind)).string() + "\"]\n");
  const auto tokens = [&](const std::string& toml, std::vector<std::string> more) {
    std::vector<std::string> words{"ingest",
                                   (reel.dir / "film.mp4").string(),
                                   "--recaption",
                                   "--captioner",
                                   "local:" + folder->string(),
                                   "--max-tokens",
                                   "300",
                                   "--frames-per-chunk",
                                   "2",
                                   "--profile",
                                   (reel.dir / toml).string()};
    words.insert(words.end(), more.begin(), more.end());
    return reel.json(words).at("videos").at(0).at("usage").at("prompt_tokens").get<std::int64_t>();
  };
  const std::int64_t plain = tokens("plain.toml", {}), detailed = tokens("plain.toml", {"--detail-frames", "1"}),
                     shown = tokens("png.toml", {});
  CHECK(detailed > plain + 4 * 16);  // a grid of tiles and the whole picture, 16 tokens each
  CHECK(shown > plain + 16);
  CHECK(tokens("jpg.toml", {}) == shown);
  const auto said = [&](const std::string& seed) {
    (void)tokens("plain.toml", {"--temperature", "1", "--seed", seed});
    return reel.exported();
  };
  const std::string one = said("1");
  CHECK(said("2") != one);
  const ProcessResult other = reel.call({"ingest", (reel.dir / "film.mp4").string(), "--detail-frames", "1"});
  CHECK(other.exit_code == 2);
  CHECK_THAT(other.err, Contains("--detail-frames") && Contains("local:FOLDER"));
  const ProcessResult absent = reel.call({"models", "check", folder->string(), "--lora", (reel.dir / "none").string()});
  CHECK(absent.exit_code == 4);
  CHECK_THAT(absent.err, Contains("adapter_config.json"));
}

TEST_CASE("index embeds every text, again and again the same, and doctor tells what is lost without an embedder", "[e2e][models]") {
  const auto folder = shared("fixtures/bert-tiny");
  if (!folder) return;
  const Reel reel;
  write_file(
      reel.dir / "o.jsonl",
      R"({"type":"video","id":"v","duration":60})"
      "\n"
      R"({"type":"observation","video":"v","start":0,"end":30,"caption":"A dog runs across a field.","entities":[{"ref":"e1","type":"animal","name":"Rex"}],"events":[{"type":"run","start":1,"end":4,"description":"The dog runs.","participants":[{"ref":"e1","role":"agent"}]}],"provenance":{"kind":"human","name":"t","version":"1"}})"
      "\n");
  REQUIRE(reel.call({"import", (reel.dir / "o.jsonl").string()}).exit_code == 0);
  CHECK(reel.json({"index"}).at("embeddings").is_null());
  const nlohmann::json first = reel.json({"index", "--embedder", folder->string()}).at("embeddings");
  CHECK(first.at("texts") == 8);  // the film as a whole too, and four words
  CHECK(first.at("new") == 8);
  CHECK(first.at("dimensions").get<int>() > 0);
  CHECK_THAT(first.at("model").get<std::string>(), Contains("bert-tiny@"));
  const auto again = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"index", "--embedder", "local:" + folder->string()};
    words.insert(words.end(), more.begin(), more.end());
    return reel.json(words).at("embeddings");
  };
  CHECK(again({}).at("new") == 0);
  CHECK(again({}).at("texts") == 8);
  CHECK(again({"--anew"}).at("new") == 8);
  write_file(
      reel.dir / "more.jsonl",
      R"({"type":"observation","video":"v","start":30,"end":60,"caption":"It rests.","entities":[],"events":[],"provenance":{"kind":"human","name":"t","version":"1"}})"
      "\n");
  REQUIRE(reel.call({"import", (reel.dir / "more.jsonl").string()}).exit_code == 0);
  const nlohmann::json grown = again({});
  CHECK(grown.at("new") == 5);  // its caption, the two captions together, the film, whose text has changed, and two words
  CHECK(grown.at("texts") == 12);
  CHECK(reel.json({"index", "--embedder", "none"}).at("embeddings").is_null());
  CHECK_THAT(reel.call({"doctor"}).out, Contains("sentence embedder") && Contains("scripts/fetch_models"));
  CHECK(reel.call({"verify"}).exit_code == 0);
}

TEST_CASE("ingest embeds what is new with the installed embedder, and a server embeds as well", "[e2e][models]") {
  const auto folder = shared("fixtures/bert-tiny");
  if (!folder) return;
  const Reel reel;
  const std::filesystem::path installed = reel.dir.path() / ".local/share/reelgraph/models/all-MiniLM-L6-v2";
  std::filesystem::create_directories(installed.parent_path());
  std::filesystem::copy(*folder, installed, std::filesystem::copy_options::recursive);
  draw_two_scenes(reel.dir / "film.mp4");
  const nlohmann::json done = reel.json({"ingest", (reel.dir / "film.mp4").string()}).at("embeddings");
  CHECK(done.at("new").get<int>() > 0);
  CHECK_THAT(done.at("model").get<std::string>(), Contains("all-MiniLM-L6-v2@"));
  CHECK(reel.json({"ingest", (reel.dir / "film.mp4").string()}).at("embeddings").at("new") == 0);
  ModelServer server;
  const nlohmann::json served = reel.json({"index", "--embedder", "endpoint:" + server.url(), "--model", "tiny-vlm"}).at("embeddings");
  CHECK(served.at("new") == done.at("texts"));
  CHECK(reel.json({"index", "--embedder", "endpoint:" + server.url(), "--model", "tiny-vlm"}).at("embeddings").at("new") == 0);
}

TEST_CASE("doctor tells which videos were described by a model that knows little", "[e2e][models]") {
  const Reel reel;
  write_file(
      reel.dir / "o.jsonl",
      R"({"type":"video","id":"v","duration":60})"
      "\n"
      R"({"type":"observation","video":"v","start":0,"end":30,"caption":"Nothing.","entities":[],"events":[],"attributes":{"limits":"knows cartoons only"},"provenance":{"kind":"vlm","name":"t","version":"1"}})"
      "\n");
  REQUIRE(reel.call({"import", (reel.dir / "o.jsonl").string()}).exit_code == 0);
  CHECK_THAT(reel.call({"doctor"}).out, Contains("v: knows cartoons only"));
}

TEST_CASE("threads of long commands do not spin while they wait, unless the user says so", "[e2e][models]") {
  // libgomp prints its settings each time it is loaded.
  const Reel reel;
  const ProcessResult usual = reel.script("OMP_DISPLAY_ENV=verbose \"$reel\" ingest --help 2>&1 >/dev/null");
  CHECK_THAT(usual.err + usual.out, Contains("GOMP_SPINCOUNT = '5000'"));
  const ProcessResult own = reel.script("GOMP_SPINCOUNT=77 OMP_DISPLAY_ENV=verbose \"$reel\" ingest --help 2>&1 >/dev/null");
  CHECK_THAT(own.err + own.out, Contains("GOMP_SPINCOUNT = '77'") && !Contains("GOMP_SPINCOUNT = '5000'"));
}

TEST_CASE("a real Llama folder words an answer from what was seen", "[e2e][models]") {
  const auto folder = real_model("SmolLM2-135M-Instruct");
  if (!folder) return;
  const Reel reel;
  write_file(
      reel.dir / "o.jsonl",
      R"({"type":"video","id":"v","duration":60})"
      "\n"
      R"({"type":"observation","video":"v","start":0,"end":30,"caption":"The lighthouse keeper gives Mara the silver key.","entities":[],"events":[],"provenance":{"kind":"human","name":"t","version":"1"}})"
      "\n");
  REQUIRE(reel.call({"import", (reel.dir / "o.jsonl").string()}).exit_code == 0);
  int code = 0;
  const nlohmann::json answer =
      reel.json({"ask", "What does the lighthouse keeper give Mara?", "--answerer", "local:" + folder->string()}, &code);
  INFO(answer.dump(1));
  CHECK(code == 0);
  CHECK_THAT(answer.dump(), Contains("SmolLM2-135M-Instruct@"));
  CHECK_THAT(answer.at("answer").at("text").get<std::string>(), Contains("silver key [1]"));
  int supported = 0;
  for (const nlohmann::json& sentence : answer.at("wording").at("sentences")) {
    CHECK(!sentence.at("citations").empty());  // by construction of the reply
    supported += sentence.at("verdict") == "supported" ? 1 : 0;
  }
  CHECK(supported > 0);
}

}  // namespace reelgraph::test
