// reelgraph report summary: what videos are about, in chapters.

#include <memory>

#include "base/write_file.h"
#include "cli/answerer.h"
#include "cli/commands/report.h"
#include "cli/local_models.h"
#include "cli/program.h"
#include "cli/text.h"
#include "query/report/summary.h"

namespace reelgraph::cli {
namespace {

struct SummaryCommand {
  std::string format, output;
  AnswererOptions answerer;
  query::report::SummaryOptions summary;
};

int run(Context& context, const SummaryCommand& command) {
  (void)span_of(command.summary.from, command.summary.to);
  const std::string format = report_format(context, command.format, command.output);
  const std::unique_ptr<base::TextModel> model = make_answerer(context, command.answerer);
  // What was summarised is kept where that can be written; an archive that somebody else writes, or a read-only one, is summarised all the
  // same.
  std::optional<graph::Archive> archive;
  graph::Store* keep = nullptr;
  if (!command.summary.from && !command.summary.to) {
    try {
      archive.emplace(context.open_archive(graph::OpenMode::kWrite));
      keep = &archive->store();
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::kArchive) throw;
    }
  }
  if (!archive) archive.emplace(context.open_archive(graph::OpenMode::kRead));
  const graph::Store& store = std::as_const(*archive).store();
  query::report::SummaryOptions options = command.summary;
  options.videos = video_ids(store, options.videos);
  if ((format == "srt" || format == "vtt") && (options.videos.empty() ? store.videos().size() : options.videos.size()) > 1) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "chapter markers are of one video", "--format " + format,
                      "choose one with --video");
  }
  const query::report::SummaryReport report = query::report::summarise(store, keep, options, model.get());
  for (const std::string& note : report.notes) context.console.err("reelgraph: " + note);
  if (model) {
    context.console.err("reelgraph: " + model->name() + " worded " + std::to_string(report.worded) + " of " +
                        count_of(report.worded + report.refused + report.failed, "section") + "; of " + std::to_string(report.refused) +
                        " it said nothing that the evidence bears, " + std::to_string(report.failed) + " failed");
  }
  const bool none = report.sections.empty();
  const auto document = [&] {
    if (format == "json") return json_text(query::report::summary_json(report));
    return none && format == "text" ? std::string("Nothing to summarise.\n") : query::report::summary_text(report, format);
  };
  if (command.output.empty()) {
    context.print(document());
  } else {
    if (!none) base::write_file(command.output, document());
    if (context.json) {
      nlohmann::ordered_json said;
      said["file"] = none ? nlohmann::ordered_json() : nlohmann::ordered_json(command.output);
      said["sections"] = report.sections.size();
      said["citations"] = report.citations.size();
      said["notes"] = report.notes;
      context.print(said);
    } else {
      context.print(none ? std::string("Nothing to summarise; nothing was written.\n")
                         : command.output + ": " + count_of(static_cast<std::int64_t>(report.sections.size()), "section") + ", " +
                               count_of(static_cast<std::int64_t>(report.citations.size()), "citation") + "\n");
    }
  }
  const bool model_failed = report.failed > 0 && report.worded + report.refused == 0;
  return model_failed ? kExitModel : none ? kExitNothingFound : kExitDone;
}

}  // namespace

void add_report_summary(Program& program, CLI::App& report, std::function<int()>& body) {
  auto command = std::make_shared<SummaryCommand>();
  CLI::App& app =
      *report.add_subcommand("summary", "Say what videos are about: chapters of a few sentences, each cited; kept until something changes");
  app.callback([&program, &body, command] { body = [&program, command] { return run(program.context(), *command); }; });
  add_videos(app, command->summary.videos);
  add_range(app, command->summary.from, command->summary.to);
  app.add_option("--format", command->format, "text, md, json, or chapter markers as srt or vtt [text; json with --json]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "md", "json", "srt", "vtt"}));
  app.add_option("--sentences", command->summary.sentences, "Of a chapter")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 20));
  app.add_option(
         "--answerer", command->answerer.spec,
         "none: the archive's own sentences; local:FOLDER or endpoint:URL: a model words them, and what they do not bear is dropped [none]")
      ->type_name("none|local:FOLDER|endpoint:URL");
  add_run_options(app, command->answerer.run);
  add_sampling(app, command->answerer.sampling);
  add_endpoint(app, command->answerer.endpoint);
  add_output(app, command->output);
}

}  // namespace reelgraph::cli
