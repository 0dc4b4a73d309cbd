// reelgraph index: builds what is derived from the truth again.

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/embedding.h"
#include "cli/local_models.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct IndexOptions {
  std::string embedder;
  EndpointOptions endpoint;
  captioner::local::RunOptions run;
  bool anew = false;
};

int run(Context& context, const IndexOptions& options) {
  // What cannot be used is refused before any work.
  const std::unique_ptr<base::TextEmbedder> embedder =
      make_embedder(context, embedder_spec(context, options.embedder), options.endpoint, options.run);
  { const graph::Archive probe = context.open_archive(graph::OpenMode::kWrite); }  // refuses with the usual words before any work
  const std::vector<graph::Finding> findings =
      graph::verify(context.archive_path(), true, [&](const std::string& step) { context.console.status(step); });
  context.console.status({});
  std::optional<Embedded> embedded;
  const bool sound = std::none_of(findings.begin(), findings.end(), [](const graph::Finding& finding) { return finding.fatal; });
  if (embedder && sound) {
    graph::Archive archive = context.open_archive(graph::OpenMode::kWrite);
    embedded = embed_texts(context, archive, *embedder, options.anew);
  }
  int mended = 0, left = 0;
  nlohmann::ordered_json problems = nlohmann::ordered_json::array();
  for (const graph::Finding& finding : findings) {
    ++(finding.repaired ? mended : left);
    if (!finding.repaired) {
      problems.push_back(finding.text);
      context.console.err("reelgraph: " + finding.text + (finding.cure.empty() ? "" : "\n  " + finding.cure));
    }
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["indexed"] = left == 0;
    document["repaired"] = mended;
    document["problems"] = std::move(problems);
    document["embeddings"] = nullptr;
    if (embedded) {
      document["embeddings"] = embedded_json(*embedded);
    }
    context.print(document);
  } else {
    context.print(left > 0     ? count_of(left, "problem") + " that index cannot mend; see reelgraph verify\n"
                  : mended > 0 ? "Rebuilt; " + count_of(mended, "problem") + " mended.\n"
                               : std::string("The index is sound and up to date.\n"));
    if (embedded && !embedded->interrupted) {
      context.print(embedded_line(*embedded) + "\n");
    }
  }
  if (embedded && embedded->interrupted) {
    context.console.err("reelgraph: interrupted; " + count_of(embedded->made, "text") + " embedded. Run the same command again to go on");
    return kExitInterrupted;
  }
  return left > 0 ? kExitArchive : kExitDone;
}

}  // namespace

void add_index(Program& program) {
  auto options = std::make_shared<IndexOptions>();
  CLI::App& app = program.add("index", "Check the search index, rebuild what is stale or damaged, and embed all texts",
                              {"reelgraph index", "reelgraph -a cctv.reel index --json", "reelgraph index --embedder all-MiniLM-L6-v2/",
                               "reelgraph index --embedder endpoint:http://localhost:8000 --model bge-small"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("--embedder", options->embedder,
                 "What turns texts into vectors: a sentence-transformers folder, endpoint:URL, or none [the config's, else the installed "
                 "all-MiniLM-L6-v2, else none]")
      ->type_name("FOLDER|endpoint:URL|none");
  app.add_flag("--anew", options->anew, "Embed every text, not only what is new");
  add_endpoint(app, options->endpoint);
  add_run_options(app, options->run);
}

}  // namespace reelgraph::cli
