// reelgraph frame: the picture on the screen at a time, as a file.

#include "base/write_file.h"
#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/media/media.h"
#include "cli/overlay.h"
#include "cli/program.h"

namespace reelgraph::cli {
namespace {

struct FrameOptions {
  std::string video, output;
  std::optional<base::Timestamp> at;
  bool overlay = false;
};

int run(Context& context, const FrameOptions& options) {
  const std::filesystem::path output = options.output;
  const std::string ending = output.extension().string();
  if (ending != ".jpg" && ending != ".jpeg" && ending != ".png") {
    throw base::Error(base::ErrorCode::kInvalidArgument, "a picture ends in .jpg or .png, not in \"" + ending + "\"", options.output);
  }
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::VideoRecord video = one_video(std::as_const(archive).store(), options.video);
  const Interrupt interrupt("");
  std::size_t marked = 0;
  Media::Overlay overlay;
  if (options.overlay) {
    overlay = [&](base::Timestamp at) {
      std::vector<captioner::Mark> marks = marks_at(std::as_const(archive).store(), video.id, at);
      marked = marks.size();
      return marks;
    };
  }
  const Media::Still still = media().picture(film_of(video), *options.at, ending == ".png", overlay, interrupt.token());
  base::write_file(output, still.bytes);
  if (context.json) {
    nlohmann::ordered_json document;
    document["video"] = video.id;
    document["at"] = base::to_seconds(still.at);
    document["file"] = options.output;
    document["width"] = still.size.width;
    document["height"] = still.size.height;
    if (options.overlay) document["marked"] = marked;
    context.print(document);
  } else {
    context.print(options.output + ": " + video.id + " at " + base::format_time(still.at) + ", " + std::to_string(still.size.width) + "x" +
                  std::to_string(still.size.height) + (options.overlay ? ", " + std::to_string(marked) + " marked" : "") + "\n");
  }
  return kExitDone;
}

}  // namespace

void add_frame(Program& program) {
  auto options = std::make_shared<FrameOptions>();
  CLI::App& app = program.add(
      "frame", "Take the picture that is on the screen at a time",
      {"reelgraph frame --video match-1 --at 0:19:31.2 -o goal.jpg", "reelgraph frame --video yard --at 12 --overlay -o seen.png"},
      [&program, options] { return run(program.context(), *options); });
  app.add_option("--video", options->video, "Id, title or path; may be left out if there is only one")->type_name("VIDEO");
  add_time(app, "--at", options->at, "When")->required();
  add_output(app, options->output)->required();
  app.add_flag("--overlay", options->overlay, "Draw what was seen at that time: boxes, ids, and the thirds by which regions are named");
}

}  // namespace reelgraph::cli
