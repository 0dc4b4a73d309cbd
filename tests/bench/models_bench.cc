// The in-process models: what each stage takes, as one JSON object a run. tests/bench/models.py runs it beside transformers and prints
// ratios.
//
//   bench_models language FOLDER INPUTS DTYPE THREADS [TOKENS]     INPUTS has ids.json and pixels.f32 (see models.py)
//   bench_models chunks FOLDER FRAMES DTYPE THREADS [TOKENS] [ROWS] [DEVICE]    chunks a second, ROWS of them side by side
//   bench_models load FOLDER - DTYPE THREADS
//   bench_models embedder FOLDER TEXTS.json DTYPE THREADS
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "captioner/local/embedder.h"
#include "captioner/local/language_model.h"
#include "captioner/local/model_facts.h"

namespace {

using namespace reelgraph;
using namespace reelgraph::captioner;

double cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
double wall_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Seconds by the clock, and of processor time: on a busy machine only the latter says much, and only with one thread.
nlohmann::json timed(const std::function<void()>& work) {
  const double wall = wall_now(), cpu = cpu_now();
  work();
  return {{"wall_s", wall_now() - wall}, {"cpu_s", cpu_now() - cpu}};
}

double peak_bytes() {
  // Not getrusage, which remembers the process that started this one.
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    double kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw base::Error(base::ErrorCode::kInvalidArgument, "cannot be read", path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

TorchPlugin plugin() {
  const auto file = find_torch_plugin(torch_plugin_folders(std::filesystem::read_symlink("/proc/self/exe")));
  const auto beside = file ? file : find_torch_plugin({std::filesystem::path(REELGRAPH_BINARY_DIR)});
  if (!beside) throw base::Error(base::ErrorCode::kModel, "there is no plugin", REELGRAPH_BINARY_DIR);
  wait_without_spinning();
  return TorchPlugin::load(*beside);
}

// As large as a caption's, and with much that is forced.
constexpr const char* kSchema = R"({"type":"object","additionalProperties":false,"required":["caption","entities"],"properties":{
  "caption":{"type":"string","minLength":1},"entities":{"type":"array","maxItems":12,"items":{"type":"object","additionalProperties":false,
  "required":["type","description"],"properties":{"type":{"type":"string","enum":["person","vehicle","object"]},"description":{"type":"string"}}}}}})";
// Nothing is forced, so that the masks alone are measured.
constexpr const char* kText = R"({"type":"string","minLength":80})";

constexpr int kTimes = 2;  ///< short measurements are taken so often, and the best is kept

nlohmann::json language(const std::filesystem::path& folder, const std::filesystem::path& inputs, const local::RunOptions& run,
                        std::int64_t tokens) {
  nlohmann::json out;
  std::unique_ptr<local::LanguageModel> model;
  out["load"] = timed([&] { model = std::make_unique<local::LanguageModel>(plugin(), folder, run); });
  out["weights_bytes"] = model->folder().parameters() * (run.dtype == "bf16" ? 2 : 4);
  const nlohmann::json facts = nlohmann::json::parse(read(inputs / "ids.json"));
  local::ModelPrompt prompt;
  prompt.ids = facts.at("ids").get<std::vector<std::int64_t>>();
  prompt.feature_positions = facts.at("positions").get<std::vector<std::int64_t>>();
  const std::string raw = read(inputs / "pixels.f32");
  std::vector<float> pixels(raw.size() / sizeof(float));
  std::memcpy(pixels.data(), raw.data(), pixels.size() * sizeof(float));
  out["vision"] = timed([&] { prompt.features = model->connect(model->vision(pixels)); });
  static_cast<void>(model->logits(prompt));  // the first time is slower everywhere
  std::vector<float> logits;
  out["prefill"] = timed([&] { logits = model->logits(prompt); });
  std::ofstream(inputs / "ours.f32", std::ios::binary)
      .write(reinterpret_cast<const char*>(logits.data()), static_cast<std::streamsize>(logits.size() * sizeof(float)));
  local::Generated free;
  const nlohmann::json whole = timed([&] { free = model->generate_greedily(prompt, tokens + 1, false); });
  out["ids"] = free.ids;
  for (const char* clock : {"wall_s", "cpu_s"})
    out["token"][clock] = (whole[clock].get<double>() - out["prefill"][clock].get<double>()) / static_cast<double>(tokens);
  out["peak_bytes"] = peak_bytes();  // of the whole path for one chunk

  // Several conversations side by side, and held to a schema: text alone, as pictures add nothing to it.
  const auto replies = [&](std::size_t rows, local::ReplyGuide* guide, std::int64_t most) {
    std::vector<local::ReplyRequest> requests(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < 40; ++i) requests[row].prompt.ids.push_back(1000 + 7 * i + static_cast<std::int64_t>(row) * 300);
      requests[row].max_new_tokens = most;
      requests[row].guide = guide;
    }
    return model->reply(requests);
  };
  constexpr std::int64_t kReply = 48;
  struct Asked {
    std::size_t rows;
    local::ReplyGuide* guide;
    std::int64_t most;
  };
  // In turns, and the best of each.
  const auto measure = [&](const std::vector<Asked>& all) {
    std::vector<nlohmann::json> spent(all.size());
    for (int i = 0; i <= kTimes; ++i) {
      for (std::size_t at = 0; at < all.size(); ++at) {
        std::vector<local::Reply> made;
        const nlohmann::json now = timed([&] { made = replies(all[at].rows, all[at].guide, all[at].most); });
        if (i == 0) {  // masks are made once, whatever is asked later
          spent[at] = {{"wall_s", 1e9}, {"cpu_s", 1e9}, {"made", 0}, {"chosen", 0}};
          for (const local::Reply& reply : made) {
            spent[at]["made"] = spent[at]["made"].get<std::size_t>() + reply.ids.size();
            spent[at]["chosen"] = spent[at]["chosen"].get<std::int64_t>() + reply.chosen_tokens;
          }
          continue;
        }
        for (const char* clock : {"wall_s", "cpu_s"}) spent[at][clock] = std::min(spent[at][clock].get<double>(), now[clock].get<double>());
      }
    }
    return spent;
  };
  const auto rows = measure({{1, nullptr, kReply}, {4, nullptr, kReply}});
  out["one"] = rows[0];
  out["four"] = rows[1];
  // Free text of as many steps of the model, then of as many tokens.
  for (const auto& [name, schema] : {std::pair("masks", kText), std::pair("schema", kSchema)}) {
    local::ReplyGuide guide(schema, model->folder().tokenizer, model->folder().config.text.vocab_size, model->folder().generation.end_ids);
    constexpr std::int64_t kHeld = kReply + 64;
    const local::Reply once = replies(1, &guide, kHeld).front();
    const auto same = std::string(name) == "masks" ? once.chosen_tokens : static_cast<std::int64_t>(once.ids.size());
    const auto pair = measure({{1, nullptr, same}, {1, &guide, kHeld}});
    out[name] = {{"free", pair[0]}, {"held", pair[1]}};
  }
  return out;
}

/// Whole chunks: vision of all frames, prompt and reply, as many side by side. Inputs are made up from the model's own sizes.
nlohmann::json chunks(const std::filesystem::path& folder, std::int64_t frames, const local::RunOptions& run, std::int64_t tokens,
                      std::int64_t rows) {
  local::LanguageModel model(plugin(), folder, run);
  const local::ModelConfig& config = model.folder().config;
  const auto side = static_cast<std::size_t>(config.vision.image_size);
  const std::vector<float> pixels(static_cast<std::size_t>(frames) * 3 * side * side, 0.25F);
  std::vector<local::ReplyRequest> requests(static_cast<std::size_t>(rows));
  for (local::ReplyRequest& request : requests) {
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      for (std::int64_t i = 0; i < 16; ++i) request.prompt.ids.push_back(1000 + 7 * i + frame);
      for (std::int64_t i = 0; i < config.image_seq_len(); ++i) {
        request.prompt.feature_positions.push_back(static_cast<std::int64_t>(request.prompt.ids.size()));
        request.prompt.ids.push_back(config.image_token_id);
      }
    }
    request.prompt.ids.push_back(1);
    request.max_new_tokens = tokens;
  }
  const auto describe = [&] {
    for (local::ReplyRequest& request : requests) request.prompt.features = model.connect(model.vision(pixels));
    return model.reply(requests);
  };
  static_cast<void>(describe());  // the first time is slower everywhere
  std::vector<local::Reply> made;
  nlohmann::json out = timed([&] { made = describe(); });
  std::size_t written = 0;
  for (const local::Reply& reply : made) written += reply.ids.size();
  out["frames"] = frames;
  out["rows"] = rows;
  out["tokens_written"] = written;
  out["chunks_per_s"] = static_cast<double>(rows) / out["wall_s"].get<double>();
  out["peak_bytes"] = peak_bytes();
  return out;
}

/// What it takes until a model can be asked, its weights checked and named: libtorch itself, the folder, and all of it again.
nlohmann::json load(const std::filesystem::path& folder, const local::RunOptions& run) {
  nlohmann::json out;
  std::unique_ptr<TorchPlugin> loaded;
  out["plugin"] = timed([&] { loaded = std::make_unique<TorchPlugin>(plugin()); });
  out["folder"] = timed([&] { static_cast<void>(local::ModelFolder::open(folder)); });
  std::unique_ptr<local::LanguageModel> model;
  out["load"] = timed([&] { model = std::make_unique<local::LanguageModel>(*loaded, folder, run); });
  out["identity"] = timed([&] { static_cast<void>(model->folder().identity()); });
  out["peak_bytes"] = peak_bytes();
  return out;
}

nlohmann::json embedder(const std::filesystem::path& folder, const std::filesystem::path& texts, const local::RunOptions& run) {
  nlohmann::json out;
  local::LocalEmbedder model(plugin(), folder, run);
  const auto all = nlohmann::json::parse(read(texts)).get<std::vector<std::string>>();
  static_cast<void>(model.encode(std::span(all).first(std::min<std::size_t>(all.size(), 64))));
  std::vector<float> rows;
  out["embed"] = timed([&] { rows = model.encode(all); });
  std::filesystem::path to = texts;
  to.replace_extension(run.dtype + ".f32");
  std::ofstream(to, std::ios::binary).write(reinterpret_cast<const char*>(rows.data()), static_cast<std::streamsize>(rows.size() * 4));
  return out;
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count < 6) {
      std::fprintf(stderr,
                   "usage: bench_models language|chunks|load|embedder FOLDER INPUTS|FRAMES fp32|bf16 THREADS [TOKENS] [ROWS] [DEVICE]\n");
      return 2;
    }
    const auto number = [&](int at, int usual) { return count > at ? std::max(1, std::atoi(words[at])) : usual; };
    const local::RunOptions run{.device = count > 8 ? words[8] : "cpu", .dtype = words[4], .threads = std::atoi(words[5])};
    const std::string what = words[1];
    const int tokens = number(6, 128);
    nlohmann::json out;
    if (what == "load")
      out = load(words[2], run);
    else if (what == "embedder")
      out = embedder(words[2], words[3], run);
    else if (what == "chunks")
      out = chunks(words[2], number(3, 8), run, tokens, number(7, 1));
    else
      out = language(words[2], words[3], run, tokens);
    std::printf("%s\n", out.dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_models: %s\n", error.what());
    return 1;
  }
}
