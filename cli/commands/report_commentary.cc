// reelgraph report commentary: a match told as it happens, as text, subtitles, JSON or a voice.

#include <algorithm>
#include <memory>

#include "base/write_file.h"
#include "captioner/commentary_profile.h"
#include "cli/answerer.h"
#include "cli/commands/report.h"
#include "cli/interrupt.h"
#include "cli/local_models.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/text.h"
#include "query/report/commentary.h"
#include "query/report/commentary_text.h"
#include "query/report/wording.h"

namespace reelgraph::cli {
namespace {

struct CommentaryCommand {
  std::string video, profile, format, output;
  AnswererOptions answerer;
  bool speak = false;
  query::report::CommentaryOptions commentary;
  std::optional<base::Duration> lookahead;
};

/// The asked one; else the user's own if it tells how; else the sports one.
base::Commentary commentary_of(Context& context, const std::string& asked) {
  if (!asked.empty()) {
    if (std::optional<base::Commentary> found = captioner::load_commentary(asked)) return std::move(*found);
    throw base::Error(base::ErrorCode::kInvalidArgument, "the profile " + asked + " says nothing of how to tell what happens", "--profile",
                      "choose one with a [commentary], such as sports, or add it to yours (docs/reports.md)");
  }
  if (const std::optional<std::string> own = context.config().text("profile")) {
    if (std::optional<base::Commentary> found = captioner::load_commentary(*own)) return std::move(*found);
  }
  return captioner::load_commentary("sports").value();
}

/// The voice over the film; where the archive knows no film, the voice alone. @returns what was written, in words
std::string speak(Context& context, const graph::VideoRecord& video, const query::report::CommentaryReport& report,
                  const std::string& output) {
  std::filesystem::path film;
  std::error_code unknown;
  if (!video.path.empty() && std::filesystem::exists(video.path, unknown)) film = video.path;
  std::vector<ingest::SpokenLine> lines;
  for (const query::report::CommentaryLine& line : report.lines) lines.push_back({line.span, line.text});
  ingest::NarrationOptions options;
  options.language = report.language;
  const Interrupt interrupt("\nreelgraph: stopping; the unfinished file is removed\n");
  const ingest::NarrationResult done = media().narrate(film, lines, options, output, interrupt.token());
  if (film.empty()) context.console.err("reelgraph: " + video.id + ": the archive knows no film of it; the voice alone is written");
  std::string text = count_of(done.lines, "line") + " spoken over " + base::format_time(done.duration);
  text += done.pictures ? ", the film's pictures as they are" : ", no pictures";
  text += done.sound ? ", its sound lowered under the voice" : "";
  if (done.hurried > 0) text += ", " + std::to_string(done.hurried) + " spoken faster to end in time";
  if (done.cut > 0) text += ", " + std::to_string(done.cut) + " cut short";
  return text;
}

std::string summary_of(const query::report::CommentaryReport& report) {
  return count_of(static_cast<std::int64_t>(report.lines.size()), "line") + " of " + report.video;
}

int run(Context& context, const CommentaryCommand& command) {
  (void)span_of(command.commentary.from, command.commentary.to);
  const std::string format = report_format(context, command.format, command.output);
  if (command.speak && command.output.empty())
    throw base::Error(base::ErrorCode::kInvalidArgument, "--speak needs a file to write", {},
                      "add -o FILE.mp4 (.mkv, .mov, .webm), or FILE.wav or FILE.m4a for the voice without pictures");
  if (command.speak && !command.format.empty())
    throw base::Error(base::ErrorCode::kInvalidArgument, "--speak and --format both say what -o holds", {}, "leave one out");
  const base::Commentary commentary = commentary_of(context, command.profile);
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(archive).store();
  const graph::VideoRecord video = one_video(store, command.video);
  query::report::CommentaryOptions options = command.commentary;
  if (command.lookahead) options.lookahead = *command.lookahead;
  AnswererOptions answerer = command.answerer;
  answerer.sampling.seed = options.seed;
  const std::unique_ptr<base::TextModel> model = make_answerer(context, answerer);
  query::report::CommentaryReport report = query::report::make_commentary(store, commentary, video, options);
  bool model_failed = false;
  if (model && !report.lines.empty()) {
    query::report::word_lines(report, *model, {});
    const query::report::WordingTally& w = *report.wording;
    model_failed = w.failed > 0 && w.used + w.replaced == 0;
    context.console.err("reelgraph: " + w.model + " worded " + std::to_string(w.used) + " of " + count_of(w.asked, "line") + "; " +
                        std::to_string(w.replaced) + " said more or other than their facts and stay as they were, " +
                        std::to_string(w.failed) + " failed");
  }
  for (const std::string& note : report.notes) context.console.err("reelgraph: " + video.id + ": " + note);

  const bool none = report.lines.empty();
  const auto document = [&] {
    if (format == "json") return json_text(query::report::commentary_json(report));
    return none && format == "text" ? std::string("Nothing to tell.\n") : query::report::commentary_text(report, format);
  };
  if (command.output.empty()) {
    context.print(document());
  } else if (command.speak && !none) {
    const std::string done = speak(context, video, report, command.output);
    if (!context.json) context.print(command.output + ": " + done + "\n");
  } else if (!none) {
    base::write_file(command.output, document());
  }
  if (!command.output.empty()) {
    if (context.json) {
      nlohmann::ordered_json said;
      said["file"] = none ? nlohmann::ordered_json() : nlohmann::ordered_json(command.output);
      said["lines"] = report.lines.size();
      said["notes"] = report.notes;
      context.print(said);
    } else if (none || !command.speak) {
      context.print(none ? std::string("Nothing to tell; nothing was written.\n") : command.output + ": " + summary_of(report) + "\n");
    }
  }
  return model_failed ? kExitModel : none ? kExitNothingFound : kExitDone;
}

}  // namespace

void add_report_commentary(Program& program, CLI::App& report, std::function<int()>& body) {
  auto command = std::make_shared<CommentaryCommand>();
  CLI::App& app = *report.add_subcommand("commentary", "Tell a match as it happens: timed lines, each traced to its events");
  app.callback([&program, &body, command] { body = [&program, command] { return run(program.context(), *command); }; });
  app.add_option("--video", command->video, "Id, title or path; may be left out if there is only one")->type_name("VIDEO");
  add_range(app, command->commentary.from, command->commentary.to);
  app.add_option("--profile", command->profile, "Whose [commentary] is spoken: a profile's name or file [the config's, else sports]")
      ->type_name("NAME|FILE");
  app.add_option("--format", command->format, "text, md, json, srt or vtt [text; json with --json]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "md", "json", "srt", "vtt"}));
  app.add_option("--style", command->commentary.style, "A style of the profile; of sports: radio, text or report [the first]")
      ->type_name("STYLE");
  add_length(app, "--lookahead", command->lookahead,
             "How far ahead the choice of what to say may look, 0 to 60; nothing is said before it happened [10]");
  app.add_option("--seed", command->commentary.seed, "Another number words it in another way")->type_name("N")->capture_default_str();
  app.add_flag(
      "--speak", command->speak,
      "Write a voice (eSpeak NG) over the film to -o: pictures copied, the film's sound lowered; without a film, or to .wav or .m4a, "
      "sound alone");
  app.add_option("--answerer", command->answerer.spec,
                 "none: a grammar words the lines; local:FOLDER or endpoint:URL: a model does, and what says more than its facts is not "
                 "taken [none]")
      ->type_name("none|local:FOLDER|endpoint:URL");
  add_run_options(app, command->answerer.run);
  add_endpoint(app, command->answerer.endpoint);
  add_output(app, command->output);
  add_absent(app, {"--clips"});
}

}  // namespace reelgraph::cli
