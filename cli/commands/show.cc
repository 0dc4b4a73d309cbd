// reelgraph show: one thing, with its evidence.

#include "base/utf8.h"
#include "cli/commands/commands.h"
#include "cli/program.h"
#include "query/describe.h"

namespace reelgraph::cli {
namespace {

struct ShowOptions {
  std::string what;
  int limit = 20;
};

int run(Context& context, const ShowOptions& options) {
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(archive).store();
  std::optional<query::Description> found = query::describe(store, options.what, options.limit);
  // A number that is no entity's may be what `timeline` or a citation showed.
  const bool number = !options.what.empty() && options.what.find_first_not_of("0123456789") == std::string::npos;
  for (const char* kind : {"event:", "observation:"}) {
    if (!found && number) found = query::describe(store, kind + options.what, options.limit);
  }
  if (!found) {
    if (context.json) {
      nlohmann::ordered_json document;
      document["found"] = false;
      document["asked"] = options.what;
      context.print(document);
    } else {
      context.print("The archive knows no " + base::sanitize_utf8(options.what) + "; entities, timeline and info list what it knows.\n");
    }
    return kExitNothingFound;
  }
  context.json ? context.print(found->json) : context.print(found->text);
  return kExitDone;
}

}  // namespace

void add_show(Program& program) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App& app =
      program.add("show", "Show all that is known of an entity, event, observation or video",
                  {"reelgraph show Pedro", "reelgraph show event:45", "reelgraph show observation:12", "reelgraph show match-1"},
                  [&program, options] { return run(program.context(), *options); });
  app.add_option("ID|NAME", options->what, "entity:N, event:N, observation:N, a video, or an entity's number or name")
      ->required()
      ->type_name("");
  app.add_option("--limit", options->limit, "Most evidence listed")->type_name("N")->capture_default_str()->check(CLI::Range(1, 1'000'000));
}

}  // namespace reelgraph::cli
