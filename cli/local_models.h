#pragma once
// Models that run in the process: where a user's lie, how they are run, and the sentence embedder in use.

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text_embedder.h"
#include "captioner/local/embedder.h"
#include "captioner/local/reply_guide.h"
#include "captioner/torch_plugin.h"
#include "cli/context.h"
#include "cli/endpoint.h"
#include "graph/store.h"

namespace reelgraph::cli {

/// $XDG_DATA_HOME/reelgraph/models, else ~/.local/share/reelgraph/models.
/// @throws base::Error kInvalidArgument if neither XDG_DATA_HOME nor HOME is set
[[nodiscard]] std::filesystem::path models_folder();

struct InstalledModel {
  std::string name;
  std::string type;     ///< model_type of its config.json
  std::string problem;  ///< why it cannot be used; empty if nothing was seen
  std::filesystem::path path;
  std::string limits;  ///< what it says of itself that it cannot do; mostly empty
};
/// Folders with a config.json, by name. Looks at no weights.
[[nodiscard]] std::vector<InstalledModel> installed_models(const std::filesystem::path& folder);

/// What runs models, loaded. @throws base::Error kModel if this installation has none
[[nodiscard]] captioner::TorchPlugin torch_plugin();
[[nodiscard]] bool has_torch_plugin();

/// --device, --dtype, --threads.
void add_run_options(CLI::App& app, captioner::local::RunOptions& options);
/// --lora.
void add_adapter(CLI::App& app, std::string& adapter);
/// --temperature, --top-p, --seed.
void add_sampling(CLI::App& app, captioner::local::Sampling& sampling);

/// "local:FOLDER" without its beginning; empty if it is something else.
[[nodiscard]] std::string local_folder(const std::string& spec);

/// `given`, else the config's `embedder`, else the installed all-MiniLM-L6-v2 as "local:FOLDER"; "none" if there is none.
[[nodiscard]] std::string embedder_spec(Context& context, const std::string& given);
/// Null for "none". A FOLDER is as good as "local:FOLDER".
/// @throws base::Error kInvalidArgument, kModel: it cannot be used
[[nodiscard]] std::unique_ptr<base::TextEmbedder> make_embedder(Context& context, const std::string& spec, const EndpointOptions& endpoint,
                                                                const captioner::local::RunOptions& run);

/// For questions: null where the archive holds no vectors or no embedder is there. It is loaded when it is first used, so that what is
/// computed pays nothing for it.
[[nodiscard]] std::shared_ptr<base::TextEmbedder> question_embedder(Context& context, const graph::Store& store, int threads = 0);

}  // namespace reelgraph::cli
