// reelgraph clip: a piece of a film, as a file.

#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct ClipOptions {
  std::string video, output;
  std::optional<base::Timestamp> from, to;
};

int run(Context& context, const ClipOptions& options) {
  (void)span_of(options.from, options.to);
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::VideoRecord video = one_video(std::as_const(archive).store(), options.video);
  const std::filesystem::path film = film_of(video);
  std::error_code error;
  if (std::filesystem::equivalent(film, options.output, error)) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "is the film itself", options.output, "choose another file for the clip");
  }
  base::TimeSpan span{options.from.value_or(0), options.to.value_or(video.duration)};
  if (video.duration > 0 && span.start >= video.duration) {
    throw base::Error(base::ErrorCode::kInvalidArgument,
                      "--from " + base::format_time(span.start) + " is past its end, " + base::format_time(video.duration), video.id);
  }
  if (video.duration > 0) span.end = std::min(span.end, video.duration);
  const Interrupt interrupt("\nreelgraph: stopping; the unfinished clip is removed\n");
  const ingest::ClipResult clip = media().clip(film, span, options.output, interrupt.token());
  if (context.json) {
    nlohmann::ordered_json document;
    document["video"] = video.id;
    document["start"] = base::to_seconds(clip.span.start);
    document["end"] = base::to_seconds(clip.span.end);
    document["copied"] = clip.copied;
    document["file"] = options.output;
    context.print(document);
  } else {
    context.print(options.output + ": " + video.id + " " + format_span(clip.span) + (clip.copied ? ", copied\n" : ", re-encoded\n"));
  }
  return kExitDone;
}

}  // namespace

void add_clip(Program& program) {
  auto options = std::make_shared<ClipOptions>();
  CLI::App& app =
      program.add("clip", "Cut a piece out of a film", {"reelgraph clip --video match-1 --from 0:19:25 --to 0:19:40 -o goal.mp4"},
                  [&program, options] { return run(program.context(), *options); });
  app.add_option("--video", options->video, "Id, title or path; may be left out if there is only one")->type_name("VIDEO");
  add_range(app, options->from, options->to);
  add_output(app, options->output)->required();
}

}  // namespace reelgraph::cli
