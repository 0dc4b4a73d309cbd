// reelgraph timeline: events in order, as text, JSON or one HTML page.

#include "query/timeline.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "base/write_file.h"
#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct TimelineOptions {
  query::TimelineOptions timeline;
  std::string format = "text", output;
};

std::string timeline_text(const std::vector<graph::EventRecord>& events) {
  std::string text, video;
  std::vector<std::vector<std::string>> rows;
  const auto flush = [&] {
    if (!rows.empty()) text += (text.empty() ? "" : "\n") + video + "\n" + table(rows);
    rows.clear();
  };
  for (const graph::EventRecord& event : events) {
    if (event.video != video) flush();
    video = event.video;
    std::string who;
    for (const graph::ParticipantRecord& participant : event.participants) {
      who += (who.empty() ? "" : ", ") + participant.name + (participant.role.empty() ? "" : " (" + participant.role + ")");
    }
    rows.push_back({"  " + format_span(event.span), event.type, event.description + (who.empty() ? "" : "  [" + who + "]")});
  }
  flush();
  return text;
}

int run(Context& context, const TimelineOptions& options) {
  (void)span_of(options.timeline.from, options.timeline.to);
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(archive).store();
  query::TimelineOptions asked = options.timeline;
  asked.videos = video_ids(store, options.timeline.videos);
  const std::vector<graph::EventRecord> events = query::timeline(store, asked);

  const auto write_html = [&](std::ostream& out) {
    query::TimelinePage page;
    page.title = "Timeline of " + archive.folder().filename().string();
    page.read_frame = [&](const std::string& frame) -> std::optional<std::string> {
      std::ifstream in(archive.frame_path(frame), std::ios::binary);
      if (!in) return std::nullopt;
      return std::string(std::istreambuf_iterator<char>(in), {});
    };
    query::write_timeline_html(out, store, events, asked.videos, page);
  };
  const std::string none = "No events" + std::string(store.videos().empty() ? ": the archive holds no video yet" : " here") + ".\n";
  if (options.output.empty()) {
    if (context.json) {
      context.print(query::timeline_json(events));
    } else if (options.format == "html") {
      std::ostringstream page;
      write_html(page);
      context.print(page.str());
    } else {
      context.print(events.empty() ? none : timeline_text(events));
    }
  } else {
    base::write_file(options.output, [&](std::ostream& out) {
      if (options.format == "html")
        write_html(out);
      else if (context.json)
        out << json_text(query::timeline_json(events));
      else
        out << (events.empty() ? none : timeline_text(events));
    });
    if (context.json) {
      nlohmann::ordered_json document;
      document["file"] = options.output;
      document["events"] = events.size();
      context.print(document);
    } else {
      context.print(options.output + ": " + count_of(static_cast<std::int64_t>(events.size()), "event") + "\n");
    }
  }
  return events.empty() ? kExitNothingFound : kExitDone;
}

}  // namespace

void add_timeline(Program& program) {
  auto options = std::make_shared<TimelineOptions>();
  CLI::App& app = program.add("timeline", "Show events in order",
                              {"reelgraph timeline", "reelgraph timeline --video match-1 --type goal --type foul --from 0:45:00",
                               "reelgraph timeline --format html -o timeline.html"},
                              [&program, options] { return run(program.context(), *options); });
  add_videos(app, options->timeline.videos);
  app.add_option("--type", options->timeline.types, "Only events of this type (may be repeated)")
      ->type_name("TYPE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  app.add_option("--entity", options->timeline.entity, "Only events in which this one takes part")->type_name("NAME");
  add_range(app, options->timeline.from, options->timeline.to);
  app.add_option("--limit", options->timeline.limit, "Most events; 0: all")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000'000));
  app.add_option("--format", options->format, "text, or html: one page with the pictures")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "html"}));
  add_output(app, options->output);
}

}  // namespace reelgraph::cli
