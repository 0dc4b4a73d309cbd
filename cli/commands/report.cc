// reelgraph report: documents made from what the archive knows.

#include "cli/commands/report.h"

#include "base/error.h"
#include "cli/program.h"

namespace reelgraph::cli {

std::string report_format(const Context& context, const std::string& asked, const std::string& output) {
  if (context.json && output.empty() && !asked.empty() && asked != "json") {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--json and " + asked + " both want standard output", {},
                      "write the report to a file with -o");
  }
  return !asked.empty() ? asked : context.json ? "json" : "text";
}

void add_report(Program& program) {
  auto body = std::make_shared<std::function<int()>>();
  CLI::App& app = program.add(
      "report", "Write a report of what happened",
      {"reelgraph report commentary --video match-1", "reelgraph report commentary --video match-1 --format srt -o match-1.srt",
       "reelgraph report commentary --video match-1 --style report --format md -o match-1.md", "reelgraph report summary",
       "reelgraph report summary --video match-1 --format vtt -o chapters.vtt",
       "reelgraph report commentary --video match-1 --speak -o match-1.mp4  # the film with a voice over it",
       "reelgraph report bottlenecks --format html -o hall.html", "reelgraph report bottlenecks --compare halves --clips moments"},
      [body] { return (*body)(); });
  app.require_subcommand(1);
  add_report_bottlenecks(program, app, *body);
  add_report_commentary(program, app, *body);
  add_report_summary(program, app, *body);
}

}  // namespace reelgraph::cli
