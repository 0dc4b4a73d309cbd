// reelgraph models: what is installed; is a folder sound; does it compute what a reference computed.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "captioner/local/case_runner.h"
#include "captioner/local/model_facts.h"
#include "captioner/torch_plugin.h"
#include "cli/commands/commands.h"
#include "cli/local_models.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

namespace local = captioner::local;

struct ModelsOptions {
  std::string action = "list", folder, cases;
  local::RunOptions run;
  int frames = 8;
  std::int64_t context = 0;
};

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

int list(Context& context) {
  const std::filesystem::path folder = models_folder();
  nlohmann::ordered_json models = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows{{"MODEL", "KIND", "FOLDER"}};
  for (const InstalledModel& model : installed_models(folder)) {
    models.push_back({{"name", model.name}, {"type", model.type}, {"path", model.path.string()}, {"problem", nullptr}});
    if (!model.problem.empty()) models.back()["problem"] = model.problem;
    rows.push_back({model.name, model.problem.empty() ? model.type : "unusable: " + model.problem, model.path.string()});
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["folder"] = folder.string();
    document["models"] = models;
    context.print(document);
  } else if (models.empty()) {
    context.print("No models in " + folder.string() +
                  ". scripts/fetch_models brings the sentence embedder; any Hugging Face folder of SmolVLM2 or Llama can\n" +
                  "be named where it lies.\n");
  } else {
    context.print(table(rows));
  }
  return models.empty() ? kExitNothingFound : kExitDone;
}

int check_embedder(Context& context, const ModelsOptions& options) {
  const local::EmbedderFolder folder = local::EmbedderFolder::open(options.folder);
  std::int64_t parameters = 0, bytes = 0;
  for (const local::NamedTensor& tensor : folder.tensors) {
    parameters += tensor.view.elements();
    bytes += static_cast<std::int64_t>(tensor.view.data.size());
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["ok"] = true;
    document["path"] = options.folder;
    document["type"] = "bert";
    document["parameters"] = parameters;
    document["dim"] = folder.config.hidden_size;
    document["max_seq_length"] = folder.config.max_seq_length;
    document["weights_bytes"] = bytes;
    context.print(document);
    return kExitDone;
  }
  context.print(options.folder + " is sound: a sentence embedder (BERT), " + number(static_cast<double>(parameters) / 1e6, 1) +
                " M parameters, " + std::to_string(folder.config.hidden_size) + " dimensions, texts of up to " +
                std::to_string(folder.config.max_seq_length) + " tokens, " + format_bytes(bytes) + " of weights\n");
  return kExitDone;
}

nlohmann::ordered_json memory_json(const local::MemoryNeed& need) {
  return {{"weights", need.weights},
          {"cache", need.cache},
          {"activations", need.activations},
          {"runtime", need.runtime},
          {"total", need.total()}};
}

int check_language_model(Context& context, const ModelsOptions& options) {
  local::validate(options.run);
  std::optional<local::SpeedFacts> speed;
  nlohmann::ordered_json document;
  std::string text;
  const auto describe = [&](const local::ModelFolder& folder) {
    const local::TextConfig& config = folder.config.text;
    const std::int64_t tokens =
        options.context > 0 ? std::min(options.context, config.max_positions) : local::usual_context(folder, options.frames);
    const local::MemoryNeed need = local::memory_need(folder, tokens, options.run);
    document["ok"] = true;
    document["path"] = options.folder;
    document["type"] = folder.has_vision() ? "smolvlm" : "llama";
    document["parameters"] = folder.parameters();
    document["dtype"] = local::name_of(folder.dtype());
    document["layers"] = config.layers;
    document["hidden_size"] = config.hidden_size;
    document["vocab_size"] = config.vocab_size;
    document["max_positions"] = config.max_positions;
    if (folder.has_vision()) {
      document["vision"] = {{"layers", folder.config.vision.layers},
                            {"hidden_size", folder.config.vision.hidden_size},
                            {"tile", folder.config.vision.image_size},
                            {"tokens_per_frame", folder.config.image_seq_len()}};
    }
    document["run"] = {{"dtype", options.run.dtype}, {"device", options.run.device}, {"frames", options.frames}, {"context", tokens}};
    document["memory_bytes"] = memory_json(need);
    text = options.folder + " is sound\n  architecture  " + (folder.has_vision() ? "SmolVLM" : "Llama") + ", " +
           std::to_string(config.layers) + " layers of " + std::to_string(config.hidden_size) +
           (folder.has_vision() ? ", vision tower of " + std::to_string(folder.config.vision.layers) + " layers of " +
                                      std::to_string(folder.config.vision.hidden_size) + ", " +
                                      std::to_string(folder.config.image_seq_len()) + " tokens a frame"
                                : "") +
           "\n  parameters    " + number(static_cast<double>(folder.parameters()) / 1e6, 1) + " M, stored as " +
           local::name_of(folder.dtype()) + "\n  context       " + std::to_string(config.max_positions) + " tokens\n  memory        " +
           format_bytes(need.total()) + " in " + options.run.dtype + " for " + count_of(tokens, "token") + " (weights " +
           format_bytes(need.weights) + ", cache " + format_bytes(need.cache) + ", activations " + format_bytes(need.activations) +
           ", libtorch " + format_bytes(need.runtime) + ")\n";
  };
  if (has_torch_plugin()) {
    local::LanguageModel model(torch_plugin(), options.folder, options.run);
    describe(model.folder());
    context.console.status("measuring");
    speed = local::measure_speed(model);
    context.console.status({});
  } else {
    describe(local::ModelFolder::open(options.folder, options.run.adapter));
  }
  document["speed"] = nullptr;
  if (speed) {
    document["speed"] = {{"frame_s", speed->frame_s}, {"prompt_token_s", speed->prompt_token_s}, {"reply_token_s", speed->reply_token_s}};
    text += "  speed here    " + (speed->frame_s > 0 ? number(speed->frame_s * 1000, 1) + " ms a frame, " : "") +
            number(speed->prompt_token_s * 1000, 2) + " ms a prompt token, " + number(speed->reply_token_s * 1000, 2) +
            " ms a reply token\n";
  } else {
    text += "  speed here    not measured: this installation has no libtorch plugin\n";
  }
  if (context.json) {
    context.print(document);
  } else {
    context.print(text);
  }
  return kExitDone;
}

int test(Context& context, const ModelsOptions& options) {
  if (options.cases.empty()) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "models test needs --cases DIR", {}, "give a folder of recorded cases");
  }
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  int failed = 0;
  local::CaseRun run;
  run.model = options.folder;
  run.cases = options.cases;
  run.options = options.run;
  run.plugin = torch_plugin;
  run.report = [&](const local::CaseResult& result) {
    failed += result.ok ? 0 : 1;
    nlohmann::ordered_json json{
        {"name", result.name}, {"stage", result.stage}, {"variant", result.variant}, {"max_error", result.max_error}, {"ok", result.ok}};
    if (!std::isfinite(result.max_error)) json["max_error"] = nullptr;
    if (!result.detail.empty()) json["detail"] = result.detail;
    cases.push_back(std::move(json));
    if (context.json || (result.ok && !context.console.verbose())) return;
    char error[32];
    std::snprintf(error, sizeof error, "%.3g", result.max_error);
    context.print(std::string(result.ok ? "ok      " : "FAILED  ") + result.name + "  " + result.stage + "  " + result.variant +
                  "  off by " + error + "\n");
  };
  local::run_cases(run);
  if (context.json) {
    nlohmann::ordered_json document;
    document["cases"] = cases;
    context.print(document);
  } else {
    context.print(count_of(static_cast<std::int64_t>(cases.size()), "stage") + ", " + std::to_string(failed) + " failed\n");
  }
  return failed == 0 ? kExitDone : kExitModel;
}

int run(Context& context, const ModelsOptions& options) {
  if (options.action == "list") return list(context);
  if (options.folder.empty()) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "models " + options.action + " needs a folder", {},
                      "reelgraph models " + options.action + " FOLDER");
  }
  if (options.action == "test") return test(context, options);
  return local::model_type_of_folder(options.folder) == "bert" ? check_embedder(context, options) : check_language_model(context, options);
}

}  // namespace

void add_models(Program& program) {
  auto options = std::make_shared<ModelsOptions>();
  CLI::App& app = program.add("models", "Show installed models, check a model folder, or run recorded cases through it",
                              {"reelgraph models", "reelgraph models check SmolVLM2-256M-Video-Instruct",
                               "reelgraph models test FOLDER --cases FOLDER/cases  # compares stage by stage with a reference"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("ACTION", options->action, "list, check or test")->type_name("")->check(CLI::IsMember({"list", "check", "test"}));
  app.add_option("FOLDER", options->folder, "A Hugging Face folder")->type_name("");
  app.add_option("--cases", options->cases, "test: the folder of recorded cases")->type_name("DIR");
  app.add_option("--frames", options->frames, "check: memory for this many frames")
      ->type_name("N")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  app.add_option("--context", options->context, "check: memory for this many tokens of prompt and reply")
      ->type_name("N")
      ->check(CLI::Range(1, 16777216));
  add_run_options(app, options->run);
  add_adapter(app, options->run.adapter);
}

}  // namespace reelgraph::cli
