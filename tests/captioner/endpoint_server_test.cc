// The endpoint captioner, text model and embedder against a server that does as it is told.

#include <cmath>

#include "base/error.h"
#include "captioner/endpoint/captioner.h"
#include "captioner/endpoint/doctor.h"
#include "captioner/endpoint/embedder.h"
#include "captioner/endpoint/text_model.h"
#include "captioner/profiles.h"
#include "tests/support/frames.h"
#include "tests/support/model_server.h"
#include "tests/support/support.h"

using namespace reelgraph;
using captioner::endpoint::EndpointCaptioner;
using test::Act;
using test::ModelServer;

namespace {

base::EndpointSettings settings_for(const ModelServer& server) {
  base::EndpointSettings settings;
  settings.url = server.url();
  settings.backoff_s = 0.01;
  settings.request_timeout_s = 5;
  settings.image_side = 64;
  settings.breaker = 0;
  return settings;
}

std::vector<base::Chunk> chunks_of(int n) {
  std::vector<base::Chunk> chunks;
  for (int i = 0; i < n; ++i) {
    base::Chunk chunk;
    chunk.index = i;
    chunk.span = chunk.own = {i * 10 * base::kSecond, (i + 1) * 10 * base::kSecond};
    chunk.last = i + 1 == n;
    chunk.keyframes.push_back({chunk.span.start, test::plain_picture(96, 54, static_cast<std::uint8_t>(i), 100, 200), 1});
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

std::vector<base::CaptionResult> describe(EndpointCaptioner& captioner, const std::vector<base::Chunk>& chunks) {
  return captioner.open("film", {})->describe(chunks);
}

}  // namespace

TEST_CASE("every usable kind of reply becomes the same observation, with its tokens", "[endpoint]") {
  for (const bool schema : {false, true}) {
    ModelServer server;
    server.schema = schema;
    server.act = [](double start, int) { return static_cast<Act>(static_cast<int>(start) / 10 % 5); };
    base::EndpointSettings settings = settings_for(server);
    settings.price_prompt = 1;
    EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
    const auto results = describe(captioner, chunks_of(5));
    for (std::size_t i = 0; i < results.size(); ++i) {
      INFO(i << " " << results[i].failure);
      REQUIRE(results[i].observation);
      CHECK_THAT(results[i].observation->caption, Contains("Between " + std::to_string(i * 10) + " and"));
      REQUIRE(results[i].observation->events.size() == 1);
      CHECK(results[i].observation->events[0].type == "appear");
      CHECK(results[i].observation->provenance.kind == "vlm");
      CHECK(results[i].usage.prompt_tokens > 257);
      CHECK(results[i].usage.completion_tokens > 10);
      CHECK(results[i].usage.cost_usd > 0);
    }
    CHECK(server.seen().repairs == 0);
    CHECK(captioner.identity().model == "tiny-vlm");
  }
}

TEST_CASE("a broken reply is repaired once where the server keeps to no schema", "[endpoint]") {
  const Act bad = GENERATE(Act::kBroken, Act::kWrongSchema, Act::kCutOff, Act::kRefusal);
  ModelServer server;
  server.act = [bad](double, int nth) { return nth == 1 ? bad : Act::kGood; };
  EndpointCaptioner captioner(settings_for(server), captioner::load_profile("general"), {});
  const auto results = describe(captioner, chunks_of(1));
  INFO(results[0].failure);
  REQUIRE(results[0].observation);
  CHECK(server.seen().repairs == 1);
  CHECK(results[0].usage.prompt_tokens == server.seen().prompt_tokens);  // both are paid
  CHECK(results[0].attempts == 2);
}

TEST_CASE("what stays broken fails with the reason and what it took", "[endpoint]") {
  const auto [bad, words] = GENERATE(table<Act, std::string>({{Act::kBroken, "no whole JSON object"},
                                                              {Act::kWrongSchema, "caption"},
                                                              {Act::kCutOff, "--max-tokens"},
                                                              {Act::kEmptyText, "said nothing"},
                                                              {Act::kNoChoices, "no choices"},
                                                              {Act::kHuge, "larger than 8 MiB"},
                                                              {Act::kEmpty, "empty"},
                                                              {Act::kCut, "connection broke"},
                                                              {Act::kCutStream, "connection broke"},
                                                              {Act::k500, "500"},
                                                              {Act::k429, "slow down"},
                                                              {Act::k400, "maximum context length"},
                                                              {Act::kRedirect, "203.0.113.7"},
                                                              {Act::kHang, "no reply within"}}));
  ModelServer server;
  server.retry_after = "0.01";
  server.act = [bad = bad](double, int) { return bad; };
  base::EndpointSettings settings = settings_for(server);
  settings.api_key = "sk-verysecret";
  settings.request_timeout_s = bad == Act::kHang ? 0.3 : 20;
  settings.tries = 2;
  EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  const auto results = describe(captioner, chunks_of(1));
  CHECK_FALSE(results[0].observation);
  CHECK_THAT(results[0].failure, Contains(words) && !Contains("sk-very") && !Contains("steal"));
  const bool tried_again =
      bad == Act::kEmpty || bad == Act::kCut || bad == Act::kCutStream || bad == Act::k500 || bad == Act::k429 || bad == Act::kHang;
  const bool repaired = bad == Act::kBroken || bad == Act::kWrongSchema || bad == Act::kCutOff;
  CHECK(server.seen().asked[0] == (tried_again || repaired ? 2 : 1));
  CHECK(results[0].usage.prompt_tokens == (bad == Act::kNoChoices ? results[0].usage.prompt_tokens : server.seen().prompt_tokens));
}

TEST_CASE("what passes is tried again until it does", "[endpoint]") {
  ModelServer server;
  server.retry_after = "0.05";
  server.act = [](double, int nth) {
    static constexpr Act acts[] = {Act::k429, Act::k500, Act::kCut, Act::kEmpty};
    return nth <= 4 ? acts[nth - 1] : Act::kGood;
  };
  EndpointCaptioner captioner(settings_for(server), captioner::load_profile("general"), {});
  const auto results = describe(captioner, chunks_of(3));
  for (const auto& result : results) {
    INFO(result.failure);
    CHECK(result.observation);
    CHECK(result.attempts == 5);
  }
}

TEST_CASE("no more requests are under way than asked for, and connections are kept", "[endpoint]") {
  ModelServer server;
  server.delay = std::chrono::milliseconds(20);
  base::EndpointSettings settings = settings_for(server);
  settings.jobs = 3;
  EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  const auto results = describe(captioner, chunks_of(24));
  CHECK(std::all_of(results.begin(), results.end(), [](const auto& r) { return r.observation.has_value(); }));
  CHECK(server.seen().most_at_once <= 3);
  CHECK(server.seen().most_at_once >= 2);
  CHECK(server.connections() <= 4);
}

TEST_CASE("a server that fails again and again is given up, and nothing more is sent", "[endpoint]") {
  ModelServer server;
  server.act = [](double start, int) { return start < 20 ? Act::kGood : Act::k500; };
  base::EndpointSettings settings = settings_for(server);
  settings.jobs = 2;
  settings.tries = 2;
  settings.breaker = 3;
  EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  const auto session = captioner.open("film", {});
  int begun = 0;
  std::string why;
  std::vector<base::Finished> all;
  const auto take = [&](bool wait) {
    for (auto& one : session->finished(wait)) all.push_back(std::move(one));
  };
  try {
    for (const base::Chunk& chunk : chunks_of(50)) {
      while (!session->has_room()) take(true);
      session->begin(chunk);
      ++begun;
    }
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::kModel);
    why = error.what();
  }
  while (all.size() < static_cast<std::size_t>(begun)) take(true);
  CHECK_THAT(why, Contains("3 failures in a row") && Contains("same command again"));
  CHECK(begun < 12);
  CHECK(server.seen().asked.size() < 12);
  CHECK_THROWS_AS(captioner.open("next", {}), base::Error);
}

TEST_CASE("the key goes to the server only, and whatever it says back is blotted out", "[endpoint]") {
  ModelServer server;
  server.key = "sk-topsecret";
  server.say = [](double, double) { return R"({"caption":"the header was Bearer sk-topsecret and sk-\u0074opsecret"})"; };
  base::EndpointSettings settings = settings_for(server);
  settings.api_key = "sk-topsecret";
  {
    EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
    const auto results = describe(captioner, chunks_of(1));
    REQUIRE(results[0].observation);
    CHECK(results[0].observation->caption == "the header was Bearer [key] and [key]");
    CHECK(server.seen().authorizations == std::set<std::string>{"Bearer sk-topsecret"});
  }
  settings.api_key = "sk-wrongkey1";
  EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  try {
    static_cast<void>(captioner.open("film", {}));
    FAIL("taken");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::kModel);
    CHECK_THAT(error.what(), Contains("401") && Contains("REELGRAPH_API_KEY") && !Contains("sk-wrong"));
  }
}

TEST_CASE("a redirect is not followed: the key stays where it was meant for", "[endpoint]") {
  ModelServer other;
  ModelServer server;
  server.elsewhere = other.url() + "/v1/chat/completions";
  server.act = [](double, int) { return Act::kRedirect; };
  base::EndpointSettings settings = settings_for(server);
  settings.api_key = "sk-topsecret";
  EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  CHECK_THAT(describe(captioner, chunks_of(1))[0].failure, Contains(other.url()) && Contains("do not go"));
  CHECK(other.connections() == 0);
}

TEST_CASE("a server without eyes is refused before anything is sent, with what to do", "[endpoint]") {
  ModelServer server;
  server.vision = false;
  EndpointCaptioner captioner(settings_for(server), captioner::load_profile("general"), {});
  try {
    static_cast<void>(captioner.open("film", {}));
    FAIL("taken");
  } catch (const base::Error& error) {
    CHECK_THAT(error.what(), Contains("takes no pictures") && Contains("does not support images") && Contains("vision-language"));
  }
}

TEST_CASE("several models are not guessed among, and nothing there is said in plain words", "[endpoint]") {
  ModelServer server;
  server.models = {"a", "b"};
  CHECK_THROWS_WITH(EndpointCaptioner(settings_for(server), captioner::load_profile("general"), {}).identity(),
                    Contains("a, b") && Contains("--model"));
  base::EndpointSettings gone;
  gone.url = "http://127.0.0.1:1";
  gone.tries = 1;
  gone.backoff_s = 0;
  CHECK_THROWS_WITH(EndpointCaptioner(gone, captioner::load_profile("general"), {}).identity(), Contains("nothing answers there"));
}

TEST_CASE("what was found out is kept for the next run, without the key", "[endpoint]") {
  const test::TempDir dir;
  ModelServer server;
  base::EndpointSettings settings = settings_for(server);
  settings.cache = dir.path() / "cache";
  settings.api_key = "sk-topsecret";
  settings.model = "tiny-vlm";
  for (int run = 0; run < 2; ++run) {
    EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
    CHECK(describe(captioner, chunks_of(1))[0].observation);
  }
  CHECK(server.seen().probes == 3);
  for (const auto& file : std::filesystem::directory_iterator(settings.cache))
    CHECK_THAT(test::read_file(file.path()), !Contains("sk-top"));
  // Learnt numbers are there before anything is sent.
  EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  std::string basis;
  const auto session = captioner.rehearse(basis);
  CHECK_THAT(basis, Contains("2 earlier replies"));
  const auto estimate = session->estimate(chunks_of(1)[0]);
  REQUIRE(estimate);
  const auto truth = static_cast<double>(server.seen().prompt_tokens) / 2;
  CHECK(std::abs(static_cast<double>(estimate->expected.prompt_tokens) - truth) < 0.05 * truth);
}

TEST_CASE("the doctor tells what a server can do", "[endpoint]") {
  ModelServer server;
  server.schema = true;
  server.context = 4096;
  const auto report = captioner::endpoint::examine(settings_for(server), {});
  CHECK_THAT(report.text, Contains("tiny-vlm") && Contains("takes pictures") && Contains("keeps to a JSON schema") && Contains("4096"));
  REQUIRE(report.problems.size() == 1);
  CHECK_THAT(report.problems[0].first, Contains("context is small"));
}

TEST_CASE("a text model answers, and fails as a model does", "[endpoint]") {
  ModelServer server;
  server.say_text = [](const nlohmann::json&) { return "<think>hm</think>Pedro scores [1]."; };
  const auto model = captioner::endpoint::make_text_model(settings_for(server), {});
  const base::TextReply reply = model->write({"system", "Evidence: x", {{"Picture:", "JPEG"}}, 50});
  CHECK(reply.text == "Pedro scores [1].");
  CHECK(reply.usage.prompt_tokens > 0);
  CHECK(model->name() == "tiny-vlm");
  base::EndpointSettings gone;
  gone.url = "http://127.0.0.1:1";
  gone.tries = 1;
  CHECK_THROWS_AS(captioner::endpoint::make_text_model(gone, {})->write({"s", "t", {}, 5}), base::Error);
}

TEST_CASE("embeddings come in order, as unit vectors, however many there are", "[endpoint]") {
  ModelServer server;
  base::EndpointSettings settings = settings_for(server);
  CHECK_THROWS_AS(captioner::endpoint::make_embedder(settings, {}), base::Error);
  settings.model = "embedder";
  const auto embedder = captioner::endpoint::make_embedder(settings, {});
  std::vector<std::string> texts;
  for (int i = 0; i < 150; ++i) texts.push_back("text number " + std::to_string(i));
  const auto vectors = embedder->embed(texts);
  REQUIRE(vectors.size() == 150);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    double square = 0;
    for (const float value : vectors[i]) square += static_cast<double>(value) * value;
    CHECK(std::abs(square - 1) < 1e-5);
    CHECK(vectors[i] == embedder->embed(std::span(&texts[i], 1))[0]);
  }
  CHECK(embedder->embed({}).empty());
}
