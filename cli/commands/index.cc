// reelgraph index: builds what is derived from the truth again.

#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

int run(Context& context) {
  { const graph::Archive probe = context.open_archive(graph::OpenMode::kWrite); }  // refuses with the usual words before any work
  const std::vector<graph::Finding> findings =
      graph::verify(context.archive_path(), true, [&](const std::string& step) { context.console.status(step); });
  context.console.status({});
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
    context.print(document);
  } else {
    context.print(left > 0     ? count_of(left, "problem") + " that index cannot mend; see reelgraph verify\n"
                  : mended > 0 ? "Rebuilt; " + count_of(mended, "problem") + " mended.\n"
                               : std::string("The index is sound and up to date.\n"));
  }
  return left > 0 ? kExitArchive : kExitDone;
}

}  // namespace

void add_index(Program& program) {
  CLI::App& app = program.add("index", "Check the search index against the archive and rebuild what is stale or damaged",
                              {"reelgraph index", "reelgraph -a cctv.reel index --json"}, [&program] { return run(program.context()); });
  add_absent(app, {"--embedder"});
}

}  // namespace reelgraph::cli
