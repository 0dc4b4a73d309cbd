// reelgraph verify: is the archive sound?

#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

int run(Context& context, bool repair) {
  const std::filesystem::path folder = context.archive_path();
  const std::vector<graph::Finding> findings =
      graph::verify(folder, repair, [&](const std::string& step) { context.console.status(step); });
  context.console.status({});
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string text;
  int left = 0;
  bool fatal = false;
  for (const graph::Finding& finding : findings) {
    left += finding.repaired ? 0 : 1;
    fatal |= finding.fatal;
    nlohmann::ordered_json json;
    json["text"] = finding.text;
    json["cure"] = finding.cure.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(finding.cure);
    json["repaired"] = finding.repaired;
    json["fatal"] = finding.fatal;
    list.push_back(std::move(json));
    text += (finding.repaired ? "mended:  " : finding.fatal ? "FATAL:   " : "problem: ") + finding.text + "\n";
    if (!finding.repaired && !finding.cure.empty()) text += "         " + finding.cure + "\n";
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["ok"] = left == 0;
    document["fatal"] = fatal;
    document["findings"] = std::move(list);
    context.print(document);
  } else {
    context.print(text + (left == 0 ? folder.string() + " is sound.\n" : count_of(left, "problem") + " in " + folder.string() + ".\n"));
  }
  return left == 0 ? kExitDone : kExitArchive;
}

}  // namespace

void add_verify(Program& program) {
  auto repair = std::make_shared<bool>(false);
  CLI::App& app = program.add("verify", "Check the archive: rows, spans, counts, pictures, index",
                              {"reelgraph verify", "reelgraph verify --repair  # rebuilds what is derived, never touches observations"},
                              [&program, repair] { return run(program.context(), *repair); });
  app.add_flag("--repair", *repair, "Rebuild what is derived from sound rows");
}

}  // namespace reelgraph::cli
