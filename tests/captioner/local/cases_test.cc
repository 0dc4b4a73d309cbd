// The reference fixtures, stage by stage, through the libtorch plugin.

#include "captioner/local/case_runner.h"

#include <cmath>
#include <cstring>
#include <iostream>
#include <map>

#include "captioner/local/language_model.h"
#include "tests/captioner/local/fixtures.h"
#include "tests/captioner/local/random_schema.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;

captioner::TorchPlugin plugin() {
  captioner::wait_without_spinning();
  const auto file = captioner::find_torch_plugin(captioner::torch_plugin_folders(binary()));
  REQUIRE(file.has_value());
  return captioner::TorchPlugin::load(*file);
}

/// Runs the cases; every stage must be within its tolerance. @returns how many results each stage had
std::map<std::string, int> pass_all(const std::filesystem::path& model, const std::filesystem::path& cases,
                                    const std::string& dtype = "fp32", const std::string& device = "cpu") {
  std::map<std::string, int> stages;
  CaseRun run;
  run.model = model;
  run.cases = cases;
  run.options.dtype = dtype;
  run.options.device = device;
  run.plugin = plugin;
  run.report = [&](const CaseResult& result) {
    INFO(result.name << " " << result.stage << " " << result.variant << ": off by " << result.max_error << " " << result.detail);
    CHECK(result.ok);
    ++stages[result.stage];
  };
  run_cases(run);
  return stages;
}

/// Replies to random schemas, `rows` side by side, half of them drawn: every one ends within its limit, parses and validates.
void hold_to_schemas(const std::filesystem::path& folder, int rounds, int rows) {
  LanguageModel model(plugin(), folder, {});
  RandomSchema schemas(5);
  std::int64_t chosen = 0, forced = 0;
  for (int round = 0; round < rounds; ++round) {
    const nlohmann::ordered_json schema = schemas.object(3);
    ReplyGuide guide(schema.dump(), model.folder().tokenizer, model.folder().config.text.vocab_size, model.folder().generation.end_ids);
    std::vector<ReplyRequest> requests;
    for (int row = 0; row < rows; ++row) {
      ReplyRequest request;
      for (int i = schemas.draw(1, 30); i > 0; --i) request.prompt.ids.push_back(schemas.draw(3, 1400));
      request.max_new_tokens = guide.shortest() + schemas.draw(0, 40);
      request.guide = &guide;
      if (row >= rows / 2) request.sampling = {1.5, 0.95, static_cast<std::uint64_t>(round * rows + row)};
      requests.push_back(std::move(request));
    }
    const std::vector<Reply> replies = model.reply(requests);
    for (std::size_t row = 0; row < replies.size(); ++row) {
      const std::string text = model.folder().tokenizer.decode(replies[row].ids, false);
      INFO(schema.dump() << "\n" << text);
      CHECK(replies[row].ended);
      CHECK(static_cast<std::int64_t>(replies[row].ids.size()) <= requests[row].max_new_tokens);
      CHECK(fits(schema, text));
      chosen += replies[row].chosen_tokens;
      forced += replies[row].forced_tokens;
    }
  }
  CHECK(chosen > 20 * rounds);
  CHECK(forced > 20 * rounds);
}

}  // namespace

TEST_CASE("the tiny SmolVLM gives the reference's pixels, ids, activations, logits and replies", "[cases]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  auto stages = pass_all(*folder, *folder / "cases");
  CHECK(stages["ids"] == 19);
  CHECK(stages["vision"] >= 15);
  CHECK(stages["connector"] >= 20);
  CHECK(stages["logits"] >= 50);
  CHECK(stages["generated"] >= 100);
}

TEST_CASE("the same weights in bf16 shards give the reference's results in both precisions", "[cases]") {
  const auto folder = shared("fixtures/smolvlm-tiny-bf16");
  if (!folder) return;
  auto stages = pass_all(*folder, *folder / "cases");
  CHECK(stages["ids"] == 3);
  CHECK(stages["logits"] >= 12);
}

TEST_CASE("a tied head and configuration by default give the reference's results", "[cases]") {
  const auto folder = shared("fixtures/smolvlm-tiny-tied");
  if (!folder) return;
  auto stages = pass_all(*folder, *folder / "cases");
  CHECK(stages["ids"] == 3);
  CHECK(stages["generated"] >= 10);
}

TEST_CASE("bf16 stays within its tolerance of the reference's logits on every folder", "[cases]") {
  for (const char* name : {"fixtures/smolvlm-tiny", "fixtures/smolvlm-tiny-bf16", "fixtures/smolvlm-tiny-tied"}) {
    const auto folder = shared(name);
    if (!folder) return;
    CHECK(pass_all(*folder, *folder / "cases", "bf16")["logits"] > 5);
  }
}

TEST_CASE("every folder gives the reference's results on a CUDA device in both precisions", "[cases][cuda]") {
  if (!plugin().facts().value("cuda", false)) {
    std::cout << "SKIPPED: there is no CUDA device here, so nothing is known of what the models compute on one\n";
    return;
  }
  for (const char* name : {"smolvlm-tiny", "smolvlm-tiny-bf16", "smolvlm-tiny-tied"}) {
    const auto folder = shared(std::string("fixtures/") + name);
    if (!folder) return;
    for (const char* dtype : {"fp32", "bf16"}) {
      INFO(name << " " << dtype);
      CHECK(pass_all(*folder, *folder / "cases", dtype, "cuda:0").at("logits") > 0);
    }
  }
}

TEST_CASE("a device that is not there is told, with what to do instead", "[cases][cuda]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder || plugin().facts().value("cuda", false)) return;
  const base::Error error = error_of([&] { LanguageModel(plugin(), *folder, {.device = "cuda:0"}); });
  CHECK(error.code() == base::ErrorCode::kModel);
  CHECK_THAT(error.what(), Contains("no CUDA device") && Contains("--device cpu"));
}

TEST_CASE("the tiny sentence embedder gives the reference's vectors in a mixed batch", "[cases]") {
  const auto folder = shared("fixtures/bert-tiny");
  if (!folder) return;
  CHECK(pass_all(*folder, *folder)["embedding"] == 30);
  CHECK(pass_all(*folder, *folder, "bf16")["embedding"] == 30);
}

TEST_CASE("real SmolLM2-135M-Instruct gives the reference's logits and replies", "[cases]") {
  const auto cases = shared("fixtures/llama-smollm2");
  const auto folder = real_model("SmolLM2-135M-Instruct");
  if (!cases || !folder) return;
  auto stages = pass_all(*folder, *cases);
  CHECK(stages["ids"] >= 3);
  CHECK(stages["generated"] >= 3);
  CHECK(pass_all(*folder, *cases, "bf16")["logits"] >= 3);
}

TEST_CASE("the real all-MiniLM-L6-v2 gives the reference's vectors", "[cases]") {
  const auto cases = shared("fixtures/minilm");
  const auto folder = real_model("all-MiniLM-L6-v2");
  if (!cases || !folder) return;
  CHECK(pass_all(*folder, *cases)["embedding"] >= 10);
}

TEST_CASE("a model with an adapter computes what the merged weights compute", "[cases]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  const TempDir dir;
  const std::string module = "model.text_model.layers.0.mlp.down_proj";
  const Weights weights = Weights::open(*folder);
  std::vector<TensorToWrite> merged;
  std::int64_t out = 0, in = 0;
  for (const auto& [name, entry] : weights.tensors()) {
    merged.push_back({name, entry.view.shape, to_float(entry.view)});
    if (name != module + ".weight") continue;
    out = entry.view.shape[0];
    in = entry.view.shape[1];
    for (std::int64_t i = 0; i < out * in; ++i)  // rank 1: B all 0.1, A 0, 1, 2, ... by column, scale 3
      merged.back().values[static_cast<std::size_t>(i)] += 3 * 0.1F * 0.01F * static_cast<float>(i % in);
  }
  REQUIRE(out > 0);
  copy_folder(*folder, dir / "merged");
  write_safetensors(dir / "merged/model.safetensors", merged);
  std::filesystem::create_directory(dir / "adapter");
  write_file(dir / "adapter/adapter_config.json", R"({"peft_type":"LORA","r":1,"lora_alpha":3})");
  std::vector<float> a;
  for (std::int64_t i = 0; i < in; ++i) a.push_back(0.01F * static_cast<float>(i));
  write_safetensors(dir / "adapter/adapter_model.safetensors",
                    {{"base_model.model." + module + ".lora_A.weight", {1, in}, a},
                     {"base_model.model." + module + ".lora_B.weight", {out, 1}, std::vector<float>(static_cast<std::size_t>(out), 0.1F)}});
  const ModelPrompt prompt{{5, 60, 700, 9}, {}, {}};
  LanguageModel plain(plugin(), *folder, {}), adapted(plugin(), *folder, {.adapter = (dir / "adapter").string()}),
      reference(plugin(), dir / "merged", {});
  const std::vector<float> before = plain.logits(prompt), got = adapted.logits(prompt), wanted = reference.logits(prompt);
  float off = 0, changed = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    off = std::max(off, std::abs(got[i] - wanted[i]));
    changed = std::max(changed, std::abs(got[i] - before[i]));
  }
  CHECK(off < 1e-5F);
  CHECK(changed > 0.01F);
  CHECK(adapted.folder().identity().starts_with(plain.folder().identity() + "+adapter@"));
}

TEST_CASE("a temperature draws by its seed, and a small top_p draws the likeliest", "[reply]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  LanguageModel model(plugin(), *folder, {});
  const auto ids = [&](const Sampling& sampling) {
    ReplyRequest request{.prompt = {{5, 60, 700, 9}, {}, {}}, .max_new_tokens = 24, .sampling = sampling};
    return model.reply({&request, 1}).front().ids;
  };
  const std::vector<std::int64_t> greedy = ids({});
  CHECK(ids({2.0, 1, 7}) == ids({2.0, 1, 7}));
  CHECK(ids({2.0, 1, 7}) != ids({2.0, 1, 8}));
  CHECK(ids({2.0, 1e-6, 7}) == greedy);
}

// Ten thousand replies take minutes: on demand only (test_model "[.ten-thousand]").
TEST_CASE("ten thousand replies of random weights are whole and fit their schemas", "[.ten-thousand]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  hold_to_schemas(*folder, 1000, 10);
}

TEST_CASE("tokenizer and resize cases run without libtorch", "[cases]") {
  const auto fixtures = shared("fixtures");
  if (!fixtures) return;
  CHECK(pass_all(*fixtures / "tokenizer", *fixtures / "tokenizer")["tokenizer"] > 200);
  CHECK(pass_all(*fixtures / "tokenizer", *fixtures / "resize")["resize"] > 100);
}

TEST_CASE("replies of random weights are whole and fit their schemas, several side by side", "[reply]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  hold_to_schemas(*folder, 50, 6);
}

TEST_CASE("a reply beside others is the reply alone", "[reply]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  LanguageModel model(plugin(), *folder, {});
  std::vector<ReplyRequest> requests(4);
  for (std::size_t row = 0; row < requests.size(); ++row) {
    for (std::size_t i = 0; i < 3 + 5 * row; ++i) requests[row].prompt.ids.push_back(static_cast<std::int64_t>(7 + 11 * i + 3 * row));
    requests[row].max_new_tokens = 10 + static_cast<std::int64_t>(4 * row);
  }
  const std::vector<Reply> together = model.reply(requests);
  for (std::size_t row = 0; row < requests.size(); ++row) {
    const Reply alone = model.reply({&requests[row], 1}).front();
    CHECK(together[row].ids == alone.ids);
    CHECK(together[row].ended == alone.ended);
    Generated greedy = model.generate_greedily(requests[row].prompt, requests[row].max_new_tokens);
    if (greedy.ended) greedy.ids.pop_back();
    CHECK(greedy.ids == alone.ids);
  }
  CHECK_THAT(error_of([&] {
               ReplyGuide guide(R"({"const": "much too long"})", model.folder().tokenizer, model.folder().config.text.vocab_size,
                                model.folder().generation.end_ids);
               requests[0].guide = &guide;
               requests[0].max_new_tokens = 5;
               (void)model.reply(requests);
             }).what(),
             Contains("too short for the schema"));
}

TEST_CASE("what prompts begin with in common is computed once, and changes nothing", "[reply]") {
  const auto folder = shared("fixtures/smolvlm-tiny");
  if (!folder) return;
  LanguageModel model(plugin(), *folder, {});
  for (std::int64_t last : {900, 901, 902}) {
    ReplyRequest request;
    for (std::int64_t i = 0; i < 600; ++i) request.prompt.ids.push_back(3 + i * 7 % 1000);
    for (std::int64_t i = 0; i < 40; ++i) request.prompt.ids.push_back(last - i);
    request.max_new_tokens = 12;
    const Reply reply = model.reply({&request, 1}).front();
    CHECK(reply.reused_tokens == (last == 900 ? 0 : 600));
    Generated alone = model.generate_greedily(request.prompt, 12);
    if (alone.ended) alone.ids.pop_back();
    CHECK(reply.ids == alone.ids);
  }
}

TEST_CASE("an embedder whose vectors are not finite is found out", "[cases]") {
  const auto folder = shared("fixtures/bert-tiny");
  if (!folder) return;
  LocalEmbedder embedder(plugin(), *folder, {});
  const std::vector<std::string> texts{"a dog runs", "", "ein Hund \xF0\x9F\x90\x95"};
  const std::vector<std::vector<float>> vectors = embedder.embed(texts);
  REQUIRE(vectors.size() == 3);
  for (const std::vector<float>& vector : vectors) {
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    CHECK(std::abs(square - 1) < 1e-5);
  }
  CHECK(embedder.embed({}).empty());
  // Weights without end pass the reader's check of single values and overflow on the way.
  TempDir dir;
  std::filesystem::copy(*folder, dir / "model", std::filesystem::copy_options::recursive);
  std::filesystem::permissions(dir / "model", std::filesystem::perms::owner_all);
  const std::filesystem::path weights = dir / "model" / "model.safetensors";
  std::filesystem::permissions(weights, std::filesystem::perms::owner_all);
  std::string bytes = read_file(weights);
  const float huge = 3e38F;
  const std::uint64_t header = *reinterpret_cast<const std::uint64_t*>(bytes.data());
  for (std::size_t at = 8 + header; at + 4 <= bytes.size(); at += 4) std::memcpy(bytes.data() + at, &huge, 4);
  write_file(weights, bytes);
  LocalEmbedder broken(plugin(), dir / "model", {});
  CHECK_THAT(error_of([&] { (void)broken.embed(texts); }).what(), Contains("not finite") || Contains("all zero"));
}

TEST_CASE("a folder without recorded cases is refused", "[cases]") {
  TempDir dir;
  CHECK_THAT(error_of([&] { (void)pass_all(dir.path(), dir.path()); }).what(), Contains("no recorded cases"));
}

}  // namespace reelgraph::test
