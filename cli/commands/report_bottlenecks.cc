// reelgraph report bottlenecks: where the flow of goods is held up, with figures, reasons and the moments that show it.

#include <algorithm>
#include <memory>

#include "base/write_file.h"
#include "cli/commands/report.h"
#include "cli/interrupt.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/text.h"
#include "query/report/bottlenecks.h"

namespace reelgraph::cli {
namespace {

constexpr base::Duration kLongestClip = base::kMinute;
constexpr std::size_t kClipped = 3;  // bottlenecks whose moments are cut

struct BottlenecksCommand {
  std::vector<std::string> videos;
  std::string format, output, log, compare, clips;
  std::optional<base::Timestamp> from, to;
};

/// "halves" or "FROM-TO".
void read_compare(const std::string& text, query::report::BottleneckOptions& options) {
  if (text.empty()) return;
  options.compare = true;
  if (text == "halves") return;
  const std::size_t dash = text.find('-');
  const auto from = dash == std::string::npos ? std::nullopt : base::parse_time(text.substr(0, dash));
  const auto to = dash == std::string::npos ? std::nullopt : base::parse_time(text.substr(dash + 1));
  if (!from || !to || *from >= *to) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "\"" + text + "\" is no period", "--compare",
                      "say halves, or FROM-TO such as 1:00:00-2:30:00, which is compared with the rest");
  }
  options.compare_with = base::TimeSpan{*from, *to};
}

std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name.substr(0, 60);
}

/// Cuts the moments of the first bottlenecks, which then know their clips. @param page where the report is written, for links; may be empty
/// @returns files; what cannot be cut is told once a film
std::vector<std::string> cut_clips(Context& context, query::report::BottleneckReport& report, const std::string& folder,
                                   const std::filesystem::path& page) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw base::Error(base::ErrorCode::kArchive, "the folder cannot be made: " + error.message(), folder, "choose another for --clips");
  const Interrupt interrupt("\nreelgraph: stopping; the unfinished clip is removed\n");
  std::vector<std::string> files, missing;
  for (std::size_t i = 0; i < report.ranking.size() && i < kClipped; ++i) {
    query::report::RankedBottleneck& b = report.ranking[i];
    for (std::size_t k = 0; k < b.moments.size(); ++k) {
      query::report::ReportMoment& m = b.moments[k];
      const auto video =
          std::find_if(report.log.videos.begin(), report.log.videos.end(), [&](const auto& v) { return v.record.id == m.video; });
      if (video == report.log.videos.end()) continue;
      if (video->record.path.empty() || !std::filesystem::exists(video->record.path, error)) {
        if (std::find(missing.begin(), missing.end(), m.video) == missing.end()) {
          missing.push_back(m.video);
          context.console.err("reelgraph: " + m.video + ": its film is not there; no clips are cut from it");
        }
        continue;
      }
      base::TimeSpan span = m.span;
      if (span.length() > kLongestClip)
        span = {span.start + (span.length() - kLongestClip) / 2, span.start + (span.length() + kLongestClip) / 2};
      const std::string file =
          (std::filesystem::path(folder) / (std::to_string(i + 1) + "-" + file_name(b.name) + "-" + std::to_string(k + 1) + ".mp4"))
              .string();
      media().clip(video->record.path, span, file, interrupt.token());
      files.push_back(file);
      const std::filesystem::path near = std::filesystem::absolute(page, error).parent_path();
      m.clip = page.empty()
                   ? file
                   : std::filesystem::absolute(file, error).lexically_normal().lexically_relative(near.lexically_normal()).string();
    }
  }
  return files;
}

std::string document_of(const query::report::BottleneckReport& report, const std::string& format) {
  if (format == "json") return json_text(query::report::bottlenecks_json(report));
  if (format == "html") return query::report::bottlenecks_html(report);
  if (format == "xes") return query::report::event_log(report.log, "xes");
  return query::report::bottlenecks_text(report, format);
}

int run(Context& context, const BottlenecksCommand& command) {
  (void)span_of(command.from, command.to);
  const std::string format = report_format(context, command.log.empty() ? command.format : command.log, command.output);
  if (!command.log.empty() && !command.format.empty())
    throw base::Error(base::ErrorCode::kInvalidArgument, "--log and --format both say what is written", {}, "leave one out");
  query::report::BottleneckOptions options;
  options.log.videos = command.videos;
  options.log.from = command.from;
  options.log.to = command.to;
  read_compare(command.compare, options);
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  query::report::BottleneckReport report = query::report::make_bottlenecks(std::as_const(archive).store(), options);
  std::vector<std::string> clips;
  if (!command.clips.empty()) clips = cut_clips(context, report, command.clips, command.output);
  const bool none = report.empty();
  for (const std::string& note : report.notes) {
    if (format != "json" && (none || format == "csv" || format == "xes")) context.console.err("reelgraph: " + note);
  }
  const auto document = [&] {
    return command.log.empty() ? document_of(report, format) : query::report::event_log(report.log, command.log);
  };
  if (command.output.empty()) {
    context.print(none && format == "text" ? std::string("Nothing to report: no event tells of goods, workers or places.\n") : document());
  } else {
    base::write_file(command.output, document());
    if (context.json) {
      nlohmann::ordered_json said;
      said["file"] = command.output;
      said["stations"] = report.stations.size();
      said["clips"] = clips;
      said["notes"] = report.notes;
      context.print(said);
    } else {
      context.print(command.output + ": " + count_of(static_cast<std::int64_t>(report.stations.size()), "station") +
                    (report.ranking.empty() ? std::string() : "; first: " + report.ranking.front().name) + "\n");
    }
  }
  for (const std::string& clip : clips) context.console.err("reelgraph: " + clip + " is cut");
  return none ? kExitNothingFound : kExitDone;
}

}  // namespace

void add_report_bottlenecks(Program& program, CLI::App& report, std::function<int()>& body) {
  auto command = std::make_shared<BottlenecksCommand>();
  CLI::App& app =
      *report.add_subcommand("bottlenecks", "Where the flow of goods is held up: figures of each place, ranked causes, what shows them");
  app.callback([&program, &body, command] { body = [&program, command] { return run(program.context(), *command); }; });
  add_videos(app, command->videos);
  add_range(app, command->from, command->to);
  app.add_option("--format", command->format, "text, md, json, html, csv (the stations) or xes (the event log) [text; json with --json]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "md", "json", "html", "csv", "xes"}));
  app.add_option("--log", command->log, "Instead of the report: the event log for process-mining tools, xes or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"xes", "csv"}));
  app.add_option("--compare", command->compare, "halves, or FROM-TO: that period beside the rest")->type_name("PERIOD");
  app.add_option("--clips", command->clips, "Cut the moments that show the first three into this folder")->type_name("DIR");
  add_output(app, command->output);
}

}  // namespace reelgraph::cli
