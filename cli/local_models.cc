#include "cli/local_models.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "captioner/local/model_folder.h"
#include "captioner/places/places_note.h"
#include "cli/media/media.h"
#include "graph/embeddings.h"

namespace reelgraph::cli {
namespace {

constexpr const char* kUsualEmbedder = "all-MiniLM-L6-v2";

}  // namespace

std::filesystem::path models_folder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return std::filesystem::path(data) / "reelgraph" / "models";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    throw base::Error(base::ErrorCode::kInvalidArgument, "neither XDG_DATA_HOME nor HOME is set", {}, "set one of them");
  }
  return std::filesystem::path(home) / ".local" / "share" / "reelgraph" / "models";
}

std::vector<InstalledModel> installed_models(const std::filesystem::path& folder) {
  std::vector<InstalledModel> models;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!std::filesystem::exists(entry.path() / "config.json", error)) continue;
    InstalledModel model{entry.path().filename().string(), "?", {}, entry.path(), {}};
    try {
      model.type = captioner::local::model_type_of_folder(entry.path());
      if (const auto note = captioner::places::read_note(entry.path())) model.limits = note->limits;
    } catch (const base::Error& failure) {
      model.problem = failure.message();
    }
    models.push_back(std::move(model));
  }
  std::sort(models.begin(), models.end(), [](const InstalledModel& a, const InstalledModel& b) { return a.name < b.name; });
  return models;
}

bool has_torch_plugin() { return captioner::find_torch_plugin(captioner::torch_plugin_folders(program_path())).has_value(); }

captioner::TorchPlugin torch_plugin() {
  const auto file = captioner::find_torch_plugin(captioner::torch_plugin_folders(program_path()));
  if (!file) {
    throw base::Error(base::ErrorCode::kModel, "this installation has no libtorch plugin, which runs models", {},
                      "install libtorch (scripts/setup) and build with -DREELGRAPH_TORCH=ON");
  }
  return captioner::TorchPlugin::load(*file);
}

void add_run_options(CLI::App& app, captioner::local::RunOptions& options) {
  app.add_option("--device", options.device, "Where a model folder runs: cpu, cuda or cuda:N")->type_name("DEVICE")->capture_default_str();
  app.add_option("--dtype", options.dtype, "What it computes in: fp32 or bf16")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Its threads; 0: one per core")->type_name("N")->check(CLI::Range(0, 1024));
}

void add_adapter(CLI::App& app, std::string& adapter) {
  app.add_option("--lora", adapter, "A LoRA adapter in PEFT format that is merged into the model folder's weights")->type_name("DIR");
}

void add_sampling(CLI::App& app, captioner::local::Sampling& sampling) {
  app.add_option("--temperature", sampling.temperature, "How freely a model folder chooses its words; 0: always the likeliest [0]")
      ->type_name("T")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--top-p", sampling.top_p, "It chooses among the likeliest words whose probabilities reach this sum [1]")
      ->type_name("P")
      ->check(CLI::Range(0.000001, 1.0));
  app.add_option("--seed", sampling.seed, "Of its choices: the same seed, the same words [0]")->type_name("N");
}

std::string local_folder(const std::string& spec) {
  static const std::string kPrefix = "local:";
  return spec.rfind(kPrefix, 0) == 0 ? spec.substr(kPrefix.size()) : std::string();
}

std::string embedder_spec(Context& context, const std::string& given) {
  if (!given.empty()) return given;
  if (const std::optional<std::string> own = context.config().text("embedder")) return *own;
  std::error_code error;
  const bool homeless = std::getenv("HOME") == nullptr && std::getenv("XDG_DATA_HOME") == nullptr;
  if (homeless || !has_torch_plugin()) return "none";
  const std::filesystem::path installed = models_folder() / kUsualEmbedder;
  return std::filesystem::exists(installed / "config.json", error) ? "local:" + installed.string() : "none";
}

std::unique_ptr<base::TextEmbedder> make_embedder(Context& context, const std::string& spec, const EndpointOptions& endpoint,
                                                  const captioner::local::RunOptions& run) {
  if (spec == "none") return nullptr;
  if (const std::string url = endpoint_url(spec); !url.empty()) {
    base::EndpointSettings settings = endpoint_settings(endpoint, context.config());
    settings.url = url;
    return media().text_embedder(settings, context.console.log_sink());
  }
  const std::string folder = local_folder(spec);
  return std::make_unique<captioner::local::LocalEmbedder>(torch_plugin(), folder.empty() ? spec : folder, run);
}

namespace {

class LazyEmbedder final : public base::TextEmbedder {
 public:
  LazyEmbedder(Context& context, std::string spec, int threads) : context_(context), spec_(std::move(spec)) { run_.threads = threads; }
  [[nodiscard]] std::string name() const override { return loaded().name(); }
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) override { return loaded().embed(texts); }

 private:
  base::TextEmbedder& loaded() const {
    const std::lock_guard lock(mutex_);
    if (!embedder_) embedder_ = make_embedder(context_, spec_, {}, run_);
    return *embedder_;
  }

  Context& context_;
  std::string spec_;
  captioner::local::RunOptions run_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<base::TextEmbedder> embedder_;
};

}  // namespace

std::shared_ptr<base::TextEmbedder> question_embedder(Context& context, const graph::Store& store, int threads) {
  if (!graph::has_vectors(store)) return nullptr;
  std::string spec = embedder_spec(context, {});
  if (spec == "none") return nullptr;
  return std::make_shared<LazyEmbedder>(context, std::move(spec), threads);
}

}  // namespace reelgraph::cli
