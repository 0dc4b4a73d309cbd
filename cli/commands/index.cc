// reelgraph index: builds what is derived from the truth again.

#include <algorithm>
#include <chrono>

#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/local_models.h"
#include "cli/program.h"
#include "cli/text.h"
#include "graph/embeddings.h"

namespace reelgraph::cli {
namespace {

constexpr std::size_t kTextsAtOnce = 512;  ///< embedded and committed together

struct Options {
  std::string embedder;
  EndpointOptions endpoint;
  captioner::local::RunOptions run;
};

/// What embedding came to.
struct Embedded {
  std::string model;
  std::int64_t texts = 0;
  std::size_t dimensions = 0;
  double seconds = 0;
  bool interrupted = false;
};

Embedded embed_texts(Context& context, graph::Archive& archive, base::TextEmbedder& embedder) {
  using Clock = std::chrono::steady_clock;
  graph::Embeddings table(archive.store());
  const graph::Counts counts = archive.store().counts();
  const std::int64_t about = counts.observations + counts.events + counts.entities;
  Embedded done;
  done.model = embedder.name();
  const auto began = Clock::now();
  const Interrupt interrupt("\nreelgraph: finishing the texts in hand; once more to quit at once\n");
  table.clear(done.model);
  std::vector<graph::EmbeddedText> batch;
  const auto flush = [&] {
    if (batch.empty()) return;
    std::vector<std::string> texts;
    for (const graph::EmbeddedText& one : batch) texts.push_back(one.text);
    const std::vector<std::vector<float>> vectors = embedder.embed(texts);
    table.put(done.model, batch, vectors);
    done.texts += static_cast<std::int64_t>(batch.size());
    done.dimensions = vectors.front().size();
    done.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    batch.clear();
    const std::int64_t left = std::max<std::int64_t>(0, about - done.texts);
    context.console.status("embedded " + std::to_string(done.texts) + " of about " + std::to_string(std::max(about, done.texts)) +
                           " texts, " + format_effort(done.seconds / static_cast<double>(done.texts) * static_cast<double>(left)) +
                           " to go");
  };
  table.each_text([&](graph::EmbeddedText text) {
    batch.push_back(std::move(text));
    if (batch.size() >= kTextsAtOnce) flush();
    done.interrupted = interrupt.token().stop_requested();
    return !done.interrupted;
  });
  if (!done.interrupted) flush();
  context.console.status({});
  return done;
}

int run(Context& context, const Options& options) {
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
    embedded = embed_texts(context, archive, *embedder);
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
      document["embeddings"] = {
          {"model", embedded->model}, {"texts", embedded->texts}, {"dimensions", embedded->dimensions}, {"seconds", embedded->seconds}};
    }
    context.print(document);
  } else {
    context.print(left > 0     ? count_of(left, "problem") + " that index cannot mend; see reelgraph verify\n"
                  : mended > 0 ? "Rebuilt; " + count_of(mended, "problem") + " mended.\n"
                               : std::string("The index is sound and up to date.\n"));
    if (embedded && !embedded->interrupted) {
      context.print("Embedded " + count_of(embedded->texts, "text") + " with " + embedded->model + " in " +
                    format_effort(embedded->seconds) + ".\n");
    }
  }
  if (embedded && embedded->interrupted) {
    context.console.err("reelgraph: interrupted; " + count_of(embedded->texts, "text") +
                        " embedded. Run the same command again to embed all");
    return kExitInterrupted;
  }
  return left > 0 ? kExitArchive : kExitDone;
}

}  // namespace

void add_index(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("index", "Check the search index, rebuild what is stale or damaged, and embed all texts",
                              {"reelgraph index", "reelgraph -a cctv.reel index --json", "reelgraph index --embedder all-MiniLM-L6-v2/",
                               "reelgraph index --embedder endpoint:http://localhost:8000 --model bge-small"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("--embedder", options->embedder,
                 "What turns texts into vectors: a sentence-transformers folder, endpoint:URL, or none [the config's, else the installed "
                 "all-MiniLM-L6-v2, else none]")
      ->type_name("FOLDER|endpoint:URL|none");
  add_endpoint(app, options->endpoint);
  add_run_options(app, options->run);
}

}  // namespace reelgraph::cli
