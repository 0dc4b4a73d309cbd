// The five things that issue 5 must show, with the built program and a server that behaves well or badly. (The real server is
// scripts/check_real_server.)

#include <algorithm>
#include <cmath>

#include "tests/e2e/program.h"
#include "tests/support/model_server.h"

namespace reelgraph::test {
namespace {

/// Pictures that change all the time, small and quick to decode.
void draw_busy(const std::filesystem::path& film, int seconds) {
  draw_film({"-f", "lavfi", "-i", "testsrc2=s=192x108:r=5:d=" + std::to_string(seconds), "-c:v", "libx264", "-preset", "ultrafast",
             "-pix_fmt", "yuv420p", "-g", "10"},
            film);
}

std::vector<std::string> ingest(const ModelServer& server, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"ingest", "film.mp4", "--captioner", "endpoint:" + server.url(), "--chunk", "4", "--overlap", "1"};
  if (std::find(more.begin(), more.end(), "--jobs") == more.end()) more.insert(more.end(), {"--jobs", "4"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::int64_t tokens(const nlohmann::json& usage) {
  return usage.at("prompt_tokens").get<std::int64_t>() + usage.at("completion_tokens").get<std::int64_t>();
}

}  // namespace

TEST_CASE("every misbehaviour is retried or recorded with its reason, the next run repairs it, and the graph is that of a clean run",
          "[e2e]") {
  static const std::vector<Act> kActs{Act::kGood,      Act::kProse,     Act::kFenced,    Act::kBroken, Act::kWrongSchema,
                                      Act::kRefusal,   Act::kReasoning, Act::kStreamed,  Act::k429,    Act::k500,
                                      Act::kHang,      Act::kCut,       Act::kHuge,      Act::kEmpty,  Act::kRedirect,
                                      Act::kEmptyText, Act::kNoChoices, Act::kCutStream, Act::k400};
  const Reel reel;
  const int chunks = static_cast<int>(kActs.size());
  draw_busy(reel.dir / "film.mp4", 3 * chunks + 1);
  ModelServer server;
  const auto place = [](double start) { return static_cast<std::size_t>(start / 3) % kActs.size(); };
  // 429 and 500 pass after one try; everything else stays as it is for the whole run.
  server.act = [&](double start, int nth) {
    const Act act = kActs[place(start)];
    return (act == Act::k429 || act == Act::k500) && nth > 1 ? Act::kGood : act;
  };
  int code = 0;
  const std::vector<std::string> words = ingest(server, {"--request-timeout", "1", "--breaker", "0", "--tries", "2"});
  const nlohmann::json first = reel.json(words, &code).at("videos").at(0);
  CHECK(code == 0);
  CHECK(first.at("status") == "partial");
  CHECK(first.at("chunks").at("failed") == 12);
  CHECK(first.at("chunks").at("done") == chunks - 12);
  CHECK(server.seen().asked[24] == 2);  // 429: waited for and tried again
  CHECK(server.seen().asked[27] == 2);  // 500
  const std::string told = reel.call(words).err;
  for (const char* reason : {"no whole JSON object", "does not fit", "no reply within", "connection broke", "larger than 8 MiB",
                             "reply is empty", "sending us to http://203.0.113.7", "said nothing", "no choices", "maximum context length"})
    CHECK_THAT(told, Contains(reason));

  server.act = [](double, int) { return Act::kGood; };
  const nlohmann::json repaired = reel.json(words).at("videos").at(0);
  CHECK(repaired.at("status") == "done");
  CHECK(repaired.at("chunks").at("done") == 12);
  CHECK(reel.json(words).at("videos").at(0).at("status") == "unchanged");
  CHECK(reel.json({"verify"}).at("ok") == true);
  const std::string exported = reel.exported();
  // What failed was paid for, and is not forgotten.
  std::int64_t paid = 0;
  for (const auto& [start, times] : server.seen().paid) paid += times;
  CHECK(paid > chunks);
  CHECK(std::abs(static_cast<double>(reel.json({"info"}).at("usage").at("completion_tokens").get<std::int64_t>() -
                                     server.seen().completion_tokens)) <= 200);

  std::filesystem::remove_all(reel.archive());
  REQUIRE(reel.json(ingest(server)).at("videos").at(0).at("status") == "done");
  CHECK(reel.exported() == exported);
}

TEST_CASE("a dry run's tokens and cost are within a tenth of what is then used", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 70);
  write_file(reel.dir / "film.srt",
             "1\n00:00:10,000 --> 00:00:12,000\nsomebody says a few words here\n\n2\n00:00:40,000 --> 00:00:42,000\nand some more\n");
  ModelServer server;
  REQUIRE(reel.call({"config", "set", "price_prompt", "2.5"}).exit_code == 0);
  REQUIRE(reel.call({"config", "set", "price_completion", "10"}).exit_code == 0);
  const nlohmann::json plan = reel.json(ingest(server, {"--dry-run"}));
  CHECK_FALSE(std::filesystem::exists(reel.archive()));
  CHECK_THAT(plan.at("basis").get<std::string>(), Contains("drawn pictures"));
  CHECK(server.seen().asked.size() == 1);  // the rehearsal's only
  server.forget();
  const nlohmann::json done = reel.json(ingest(server)).at("videos").at(0);
  REQUIRE(done.at("status") == "done");
  const nlohmann::json& total = plan.at("total");
  CHECK(total.at("chunks") == done.at("chunks").at("done"));
  const auto near = [](double expected, double real) {
    INFO(expected << " expected, " << real << " in truth");
    CHECK(std::abs(expected - real) <= 0.1 * real);
  };
  near(total.at("prompt_tokens"), static_cast<double>(server.seen().prompt_tokens));
  near(total.at("completion_tokens"), static_cast<double>(server.seen().completion_tokens));
  near(total.at("cost_usd"), done.at("usage").at("cost_usd"));
  near(done.at("usage").at("cost_usd"),
       (static_cast<double>(server.seen().prompt_tokens) * 2.5 + static_cast<double>(server.seen().completion_tokens) * 10) / 1e6);
  const ProcessResult people = reel.call({"info"});
  CHECK_THAT(people.out, Contains("prompt and") && Contains("completion tokens, $"));
}

TEST_CASE("killed with eight requests under way, nothing but those is paid for twice, and the archive is that of a clean run", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 121);
  ModelServer server;
  server.delay = std::chrono::milliseconds(150);
  for (int kill = 0; kill < 2; ++kill) {
    const std::string least = std::to_string(8 + kill * 10);
    const ProcessResult killed = reel.script(
        "\"$reel\" -a \"$archive\" ingest film.mp4 --captioner endpoint:" + server.url() +
        " --chunk 4 --overlap 1 --jobs 8 & pid=$!\n"
        "while kill -0 $pid 2>/dev/null; do n=$(sqlite3 \"$archive/graph.db\" 'SELECT count(*) FROM chunk WHERE state=1' 2>/dev/null); "
        "(( ${n:-0} >= " +
        least + " )) && break; done\nkill -KILL $pid\nwait $pid\n");
    INFO(killed.out << killed.err);
    CHECK(killed.exit_code == 137);
  }
  const nlohmann::json half = reel.json({"info"}).at("videos").at(0);
  CHECK(half.at("chunks").at("pending").get<int>() > 0);
  CHECK(half.at("chunks").at("failed") == 0);
  const nlohmann::json resumed = reel.json(ingest(server, {"--jobs", "8"})).at("videos").at(0);
  CHECK(resumed.at("status") == "done");
  int twice = 0;
  for (const auto& [start, times] : server.seen().paid) {
    CHECK(times <= 3);
    twice += times - 1;
  }
  CHECK(twice <= 16);  // eight a kill
  CHECK(reel.json({"verify"}).at("ok") == true);
  const std::string exported = reel.exported();
  std::filesystem::remove_all(reel.archive());
  server.delay = std::chrono::milliseconds(0);
  REQUIRE(reel.call(ingest(server)).exit_code == 0);
  CHECK(reel.exported() == exported);
}

TEST_CASE("a budget of tokens is not passed, over kills and resumes, and says how to go on", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 121);
  ModelServer server;
  server.schema = true;
  server.delay = std::chrono::milliseconds(100);
  constexpr std::int64_t kBudget = 60'000;
  const std::vector<std::string> words = ingest(server, {"--jobs", "8", "--budget-tokens", std::to_string(kBudget), "--max-tokens", "200"});
  reel.script("\"$reel\" -a \"$archive\" ingest film.mp4 --captioner endpoint:" + server.url() +
              " --chunk 4 --overlap 1 --jobs 8 --max-tokens 200 --budget-tokens " + std::to_string(kBudget) +
              " & pid=$!\nwhile kill -0 $pid 2>/dev/null; do n=$(sqlite3 \"$archive/graph.db\" 'SELECT count(*) FROM chunk WHERE state=1' "
              "2>/dev/null); "
              "(( ${n:-0} >= 4 )) && break; done\nkill -KILL $pid\nwait $pid\n");
  for (int run = 0; run < 2; ++run) {
    int code = 0;
    const nlohmann::json stopped = reel.json(words, &code).at("videos").at(0);
    CHECK(code == 6);
    CHECK(stopped.at("status") == "interrupted");
    CHECK_THAT(stopped.at("reason").get<std::string>(), Contains("before the budget was passed") && Contains("larger --budget-tokens"));
    const std::int64_t used = server.seen().prompt_tokens + server.seen().completion_tokens;
    CHECK(used <= kBudget);
    CHECK(used > kBudget / 2);
  }
  const nlohmann::json half = reel.json({"info"}).at("videos").at(0);
  CHECK(half.at("chunks").at("done").get<int>() > 4);
  CHECK(tokens(half.at("usage")) <= kBudget);
  const nlohmann::json whole = reel.json(ingest(server, {"--budget-tokens", "10000000", "--max-tokens", "200"})).at("videos").at(0);
  CHECK(whole.at("status") == "done");
}

TEST_CASE("a budget of dollars needs prices, and a budget of time stops too", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 61);
  ModelServer server;
  const ProcessResult unpriced = reel.call(ingest(server, {"--budget-usd", "1"}));
  CHECK(unpriced.exit_code == 2);
  CHECK_THAT(unpriced.err, Contains("price_prompt"));
  REQUIRE(reel.call({"config", "set", "price_prompt", "3"}).exit_code == 0);
  server.schema = true;
  int code = 0;
  const nlohmann::json stopped = reel.json(ingest(server, {"--budget-usd", "0.05"}), &code).at("videos").at(0);
  CHECK(code == 6);
  CHECK(stopped.at("usage").at("cost_usd").get<double>() <= 0.05);
  CHECK(stopped.at("usage").at("cost_usd").get<double>() > 0.025);
  CHECK(static_cast<double>(server.seen().prompt_tokens) * 3 / 1e6 <= 0.05);
  server.delay = std::chrono::milliseconds(400);
  const nlohmann::json late = reel.json(ingest(server, {"--budget-time", "1", "--jobs", "1"}), &code).at("videos").at(0);
  CHECK(code == 6);
  CHECK_THAT(late.at("reason").get<std::string>(), Contains("--budget-time"));
}

TEST_CASE("a server that is gone ends the run with exit code 4, and the next one goes on", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 61);
  ModelServer server;
  server.act = [](double start, int) { return start < 15 ? Act::kGood : Act::k400; };
  int code = 0;
  const nlohmann::json broken = reel.json(ingest(server, {"--breaker", "3"}), &code).at("videos").at(0);
  CHECK(code == 4);
  CHECK_THAT(broken.at("reason").get<std::string>(), Contains("failures in a row") && Contains("same command again"));
  CHECK(broken.at("chunks").at("done").get<int>() == 5);
  CHECK(server.seen().asked.size() < 14);
  server.act = [](double, int) { return Act::kGood; };
  CHECK(reel.json(ingest(server)).at("videos").at(0).at("status") == "done");
}

TEST_CASE("an interrupt waits for what is paid for", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 121);
  ModelServer server;
  server.delay = std::chrono::milliseconds(200);
  const ProcessResult stopped = reel.script(
      "\"$reel\" -a \"$archive\" ingest film.mp4 --captioner endpoint:" + server.url() +
      " --chunk 4 --overlap 1 --jobs 4 & pid=$!\n"
      "while kill -0 $pid 2>/dev/null; do n=$(sqlite3 \"$archive/graph.db\" 'SELECT count(*) FROM chunk WHERE state=1' 2>/dev/null); "
      "(( ${n:-0} >= 4 )) && break; done\nkill -INT $pid\nwait $pid\n");
  INFO(stopped.out << stopped.err);
  CHECK(stopped.exit_code == 6);
  REQUIRE(reel.json(ingest(server)).at("videos").at(0).at("status") == "done");
  for (const auto& [start, times] : server.seen().paid) CHECK(times == 1);
}

TEST_CASE("what a fixed camera saw before is not paid for again, and coverage says so", "[e2e]") {
  const Reel reel;
  // Still for 40 s, then somebody moves, then still.
  draw_film({"-f", "lavfi", "-i",
             "smptebars=s=192x108:r=5:d=40[a];testsrc2=s=192x108:r=5:d=10[b];smptebars=s=192x108:r=5:d=40[c];[a][b][c]concat=n=3", "-c:v",
             "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10"},
            reel.dir / "film.mp4");
  ModelServer server;
  const std::vector<std::string> words = ingest(server, {"--skip-static", "--max-tokens", "200"});
  const nlohmann::json plan = reel.json(ingest(server, {"--skip-static", "--max-tokens", "200", "--dry-run"})).at("total");
  server.forget();
  const nlohmann::json done = reel.json(words).at("videos").at(0);
  CHECK(done.at("status") == "done");
  CHECK(done.at("chunks").at("done") == 30);
  const auto asked = server.seen().asked.size();
  CHECK(asked < 12);
  CHECK(plan.at("requests").get<int>() <= 16);
  const nlohmann::json video = reel.json({"info"}).at("videos").at(0);
  CHECK_THAT(video.at("limited").get<std::string>(), Contains("carried forward from 0:00:00.000"));
  CHECK(video.at("coverage").at("described") == nlohmann::json::parse("[[0.0,90.0]]"));
  CHECK(reel.json({"verify"}).at("ok") == true);
  const std::string exported = reel.exported();
  // Interrupted by a budget and gone on with, it ends the same.
  std::filesystem::remove_all(reel.archive());
  int code = 0;
  std::vector<std::string> bounded = words;
  bounded.insert(bounded.end(), {"--budget-tokens", std::to_string(tokens(done.at("usage")) * 2 / 3)});
  const nlohmann::json part = reel.json(bounded, &code).at("videos").at(0);
  CHECK(code == 6);
  CHECK(part.at("chunks").at("done") < 30);
  CHECK(reel.json(words).at("videos").at(0).at("status") == "done");
  CHECK(reel.exported() == exported);
}

TEST_CASE("with --continuity each part is told the end of what was said before, also after a stop", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 13);
  ModelServer server;
  server.keep_bodies = true;
  server.say = [](double start, double end) {
    nlohmann::json reply = nlohmann::json::parse(usual_reply(start, end));
    reply["caption"] = "Told of second " + std::to_string(static_cast<int>(start)) + ".";
    return reply.dump();
  };
  server.act = [](double start, int) { return start < 5 ? Act::kGood : Act::k400; };
  int code = 0;
  (void)reel.json(ingest(server, {"--continuity", "--breaker", "1"}), &code);
  CHECK(code == 4);
  server.act = [](double, int) { return Act::kGood; };
  server.forget();
  CHECK(reel.json(ingest(server, {"--continuity"})).at("videos").at(0).at("status") == "done");
  const ModelServer::Seen seen = server.seen();
  CHECK(seen.most_at_once == 1);
  REQUIRE(seen.bodies.size() == 2);  // 6 s, 9 s; what was described before the stop is not asked for again
  for (std::size_t i = 0; i < seen.bodies.size(); ++i) {
    CAPTURE(i);
    CHECK_THAT(seen.bodies[i], Contains("Told of second " + std::to_string(3 + 3 * static_cast<int>(i)) + "."));
  }
}

TEST_CASE("the key comes from the environment or a file and is nowhere afterwards", "[e2e]") {
  const Reel reel;
  draw_busy(reel.dir / "film.mp4", 10);
  ModelServer server;
  server.key = "sk-e2e-secret";
  server.say = [](double, double) { return R"({"caption":"your key is sk-e2e-secret"})"; };
  write_file(reel.dir / "key", "sk-e2e-secret\n");
  const ProcessResult wrong = reel.call(ingest(server));
  CHECK(wrong.exit_code == 4);
  CHECK_THAT(wrong.err, Contains("REELGRAPH_API_KEY"));
  const ProcessResult right = reel.call(ingest(server, {"--api-key-file", "key"}));
  CHECK(right.exit_code == 0);
  const ProcessResult found = run({"grep", "-rl", "sk-e2e-secret", reel.archive().string(), (reel.dir / ".cache").string()});
  CHECK(found.out.empty());
  CHECK_THAT(right.out + right.err + reel.exported(), !Contains("sk-e2e-secret"));
  CHECK(reel.call(ingest(server, {"--api-key-file", "nowhere"})).exit_code == 3);
}

TEST_CASE("a lying answerer: no lie reaches the reader unflagged", "[e2e]") {
  const Reel reel;
  ModelServer server;
  write_file(
      reel.dir / "m.jsonl",
      R"({"type":"video","id":"m","duration":100})"
      "\n"
      R"({"type":"observation","video":"m","start":20,"end":21,"caption":"Pedro scores","entities":[{"ref":"p","id":"p:1","name":"Pedro","type":"player"}],"events":[{"type":"goal","start":20,"end":21,"description":"Pedro scores","participants":[{"ref":"p","role":"agent"}]}],"provenance":{"kind":"import","name":"x"}})"
      "\n");
  REQUIRE(reel.call({"import", "m.jsonl"}).exit_code == 0);
  server.say_text = [](const nlohmann::json&) {
    return "Pedro scores at 0:00:20 [1]. Zlatan scores too [1]. There were 9 goals [1]. Pedro scores at 0:01:30 [1]. He left the club "
           "[12].";
  };
  const ProcessResult people = reel.call({"ask", "How many goals are there?", "--answerer", "endpoint:" + server.url()});
  INFO(people.out << people.err);
  CHECK(people.exit_code == 0);
  CHECK_THAT(people.out, Contains("Pedro scores at 0:00:20 [1]") && !Contains("Zlatan scores") && !Contains("9 goals") &&
                             !Contains("0:01:30 [") && !Contains("left the club"));
  CHECK_THAT(people.out, Contains("Dropped: a sentence of tiny-vlm, because the name Zlatan is not in what it cites"));
  const nlohmann::json json = reel.json({"ask", "How many goals are there?", "--answerer", "endpoint:" + server.url()});
  CHECK(json.at("answer").at("value") == 1);
  CHECK(json.at("wording").at("sentences").size() == 5);
  int code = 0;
  const nlohmann::json alone = reel.json({"ask", "How many goals are there?", "--answerer", "endpoint:http://127.0.0.1:1"}, &code);
  CHECK(code == 4);
  CHECK(alone.at("answer").at("value") == 1);
}

TEST_CASE("an answerer is shown the frames of the cited spans, and text within --max-tokens", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "film.mp4");
  REQUIRE(reel.call({"ingest", (reel.dir / "film.mp4").string()}).exit_code == 0);
  ModelServer server;
  std::string text;
  int pictures = 0;
  server.say_text = [&](const nlohmann::json& request) {
    text.clear();
    pictures = 0;
    for (const nlohmann::json& message : request.at("messages")) {
      const nlohmann::json& content = message.at("content");
      if (content.is_string()) text += content.get<std::string>();
      if (!content.is_array()) continue;
      for (const nlohmann::json& part : content) {
        if (part.at("type") == "image_url") ++pictures;
        if (part.at("type") == "text") text += part.at("text").get<std::string>();
      }
    }
    return "NOT IN EVIDENCE";
  };
  const auto ask = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"ask", "When does the picture cut?", "--answerer", "endpoint:" + server.url()};
    words.insert(words.end(), more.begin(), more.end());
    return reel.json(words);
  };
  const nlohmann::json answer = ask({});
  const std::size_t cited = answer.at("citations").size();
  REQUIRE(cited > 0);
  CHECK(pictures == static_cast<int>(std::min<std::size_t>(cited, 4)));
  CHECK_THAT(text, Contains("When does the picture cut?"));
  (void)ask({"--without", "frames"});
  CHECK(pictures == 0);
  (void)ask({"--max-tokens", "450"});
  CHECK(text.size() <= 450 * 3 + 200);  // with what the template adds
}

TEST_CASE("a model on a server asks for what is missing, reads again, and --explain shows each step", "[e2e]") {
  const Reel reel;
  ModelServer server;
  const auto line = [](const char* start, const char* end, const std::string& caption) {
    return R"({"type":"observation","video":"m","start":)" + std::string(start) + R"(,"end":)" + end + R"(,"caption":")" + caption +
           R"(","provenance":{"kind":"import","name":"x"}})" + "\n";
  };
  write_file(reel.dir / "m.jsonl", R"({"type":"video","id":"m","duration":100})"
                                   "\n" +
                                       line("10", "15", "A red van stops at the barrier") +
                                       line("40", "45", "The driver wears a badge of Miller Logistics"));
  REQUIRE(reel.call({"import", "m.jsonl"}).exit_code == 0);
  int asked = 0;
  server.say_text = [&](const nlohmann::json& request) -> std::string {
    ++asked;
    const bool told = request.dump().find("Miller Logistics") != std::string::npos;
    return told ? R"({"reply":{"sentences":[{"text":"The driver wears a badge of Miller Logistics","cites":[2]}]}})"
                : R"({"reply":{"look_for":{"text":"badge of the driver","video":"m","from":20,"to":90}}})";
  };
  const std::string url = "endpoint:" + server.url();
  const ProcessResult shown = reel.call({"ask", "the red van stops at the barrier", "--answerer", url, "--explain"});
  INFO(shown.out << shown.err);
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.out, Contains("Miller Logistics [2]") && Contains("Read by tiny-vlm:") &&
                            Contains("asked for \"badge of the driver (video m) from 0:00:20.000 to 0:01:30.000\", 1 found, 1 new") &&
                            Contains("2. 2 passages (") && Contains("answered"));
  CHECK(asked == 2);
  const nlohmann::json one = reel.json({"ask", "the red van stops at the barrier", "--answerer", url, "--max-steps", "1"});
  CHECK(one.at("wording").at("steps").size() == 1);
  CHECK(asked == 3);
  // One that never has enough.
  int n = 0;
  server.say_text = [&](const nlohmann::json&) {
    return R"({"reply":{"look_for":{"text":"badge )" + std::to_string(++n) + R"(","video":null,"from":null,"to":null}}})";
  };
  const nlohmann::json endless = reel.json({"ask", "the red van stops at the barrier", "--answerer", url});
  CHECK(n <= 3);
  CHECK(endless.at("wording").at("declined") == true);
  CHECK(endless.at("citations").size() == 1);
}

TEST_CASE("doctor asks a server and explains", "[e2e]") {
  const Reel reel;
  ModelServer server;
  server.vision = false;
  int code = 0;
  const nlohmann::json checks = reel.json({"doctor", "--endpoint", server.url()}, &code).at("checks");
  CHECK(code == 4);
  CHECK_THAT(checks.back().at("text").get<std::string>(), Contains("takes no pictures"));
  const ProcessResult gone = reel.call({"doctor", "--endpoint", "http://127.0.0.1:1"});
  CHECK(gone.exit_code == 4);
  CHECK_THAT(gone.out, Contains("nothing answers there") && Contains("cure:"));
}

}  // namespace reelgraph::test
