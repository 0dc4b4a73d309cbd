// reelgraph ingest: watches films and writes what was seen into the archive.

#include <sys/statvfs.h>

#include <chrono>

#include "captioner/profiles.h"
#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string captioner, model, profile, id, device;
  std::optional<base::Duration> chunk, overlap;
  std::optional<base::Timestamp> from, to;
  double fps = 0;
  int frames_per_chunk = 0, jobs = 0, threads = -1;
  bool by_shots = false, fast = false, recaption = false, dry_run = false;
};

/// Writes pictures into the archive.
class ArchiveFrames final : public pipeline::FrameSink {
 public:
  explicit ArchiveFrames(std::optional<graph::Archive>& archive) : archive_(archive) {}
  std::string add_frame(const std::string& jpeg, const std::string& content_hash) override {
    return archive_.value().add_frame(jpeg, content_hash);
  }

 private:
  std::optional<graph::Archive>& archive_;  ///< open by the time a picture comes
};

pipeline::IngestRequest request_of(const Options& options, const Config& config) {
  pipeline::IngestRequest request;
  const auto seconds = [&](const std::optional<base::Duration>& given, const char* key, base::Duration fallback) {
    if (given) return *given;
    const std::optional<double> value = config.number(key);
    return value ? base::from_seconds(*value) : fallback;
  };
  const auto whole = [&](int given, int unset, const char* key, int fallback) {
    return given != unset ? given : static_cast<int>(config.number(key).value_or(fallback));
  };
  request.id = options.id;
  request.captioner = !options.captioner.empty() ? options.captioner : config.text("captioner").value_or("signals");
  request.model = options.model;
  request.profile = captioner::load_profile(!options.profile.empty() ? options.profile : config.text("profile").value_or("general"));
  request.recaption = options.recaption;
  request.jobs = whole(options.jobs, 0, "jobs", 1);
  pipeline::Sampling& sampling = request.sampling;
  chunker::ChunkerOptions& chunking = sampling.chunking;
  chunking.length = seconds(options.chunk, "chunk", chunking.length);
  // A chunk shorter than the usual overlap needs a shorter one.
  chunking.overlap = seconds(options.overlap, "overlap", std::min(chunking.overlap, chunking.length / 4));
  chunking.by_shots = options.by_shots;
  chunking.keyframe_fps = options.fps > 0 ? options.fps : config.number("fps").value_or(chunking.keyframe_fps);
  chunking.keyframes_per_chunk = whole(options.frames_per_chunk, 0, "frames_per_chunk", chunking.keyframes_per_chunk);
  sampling.from = options.from;
  sampling.to = options.to;
  sampling.fast = options.fast || config.flag("fast");
  sampling.decoder_threads = whole(options.threads, -1, "threads", 0);
  if (chunking.overlap >= chunking.length) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--overlap must be shorter than --chunk", {},
                      "for example --chunk 30 --overlap 2");
  }
  return request;
}

nlohmann::ordered_json outcome_json(const pipeline::VideoOutcome& outcome) {
  nlohmann::ordered_json json;
  json["id"] = outcome.id.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(outcome.id);
  json["path"] = outcome.path;
  json["status"] = pipeline::status_name(outcome.status);
  json["duration"] = base::to_seconds(outcome.duration);
  json["chunks"] = {{"done", outcome.chunks_done}, {"failed", outcome.chunks_failed}, {"skipped", outcome.chunks_skipped}};
  json["frames"] = outcome.frames;
  json["reason"] = outcome.reason.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(outcome.reason);
  return json;
}

/// 3 if a file failed, 4 if only models or their servers did.
int batch_exit_code(const std::vector<pipeline::VideoOutcome>& outcomes, bool interrupted) {
  bool file = false, model = false;
  for (const pipeline::VideoOutcome& outcome : outcomes) {
    if (outcome.status == pipeline::Status::kFailed) (outcome.model_failure ? model : file) = true;
  }
  if (interrupted) return kExitInterrupted;
  return file ? kExitBadInput : model ? kExitModel : kExitDone;
}

std::int64_t free_space(std::filesystem::path folder) {
  struct statvfs facts {};
  while (::statvfs(folder.c_str(), &facts) != 0) {
    if (!folder.has_relative_path() || folder == folder.parent_path())
      return ::statvfs(".", &facts) == 0 ? static_cast<std::int64_t>(facts.f_bavail) * static_cast<std::int64_t>(facts.f_frsize) : 0;
    folder = folder.parent_path();
  }
  return static_cast<std::int64_t>(facts.f_bavail) * static_cast<std::int64_t>(facts.f_frsize);
}

int dry_run(Context& context, const pipeline::IngestRequest& request, const FoundMedia& found) {
  const std::filesystem::path folder = context.archive_path();
  std::optional<graph::Archive> archive;
  if (std::filesystem::exists(folder)) archive.emplace(context.open_archive(graph::OpenMode::kRead));
  const Interrupt interrupt("");
  std::vector<pipeline::VideoPlan> plans =
      media().plan(request, archive ? &std::as_const(*archive).store() : nullptr, context.console.log_sink(), interrupt.token());
  for (const FoundMedia::Missing& missing : found.missing) {
    pipeline::VideoPlan plan;
    plan.path = missing.argument;
    plan.status = "failed";
    plan.reason = missing.reason;
    plans.push_back(std::move(plan));
  }
  nlohmann::ordered_json videos = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows{{"STATUS", "DURATION", "CHUNKS", "PICTURES", "DISK", "WORK", "FILE"}};
  pipeline::VideoPlan total;
  bool failed = false;
  for (const pipeline::VideoPlan& plan : plans) {
    nlohmann::ordered_json json;
    json["id"] = plan.id.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(plan.id);
    json["path"] = plan.path;
    json["status"] = plan.status;
    json["duration"] = base::to_seconds(plan.duration);
    json["chunks"] = plan.chunks;
    json["frames"] = plan.frames;
    json["bytes"] = plan.bytes;
    json["seconds"] = plan.seconds;
    json["reason"] = plan.reason.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(plan.reason);
    videos.push_back(std::move(json));
    rows.push_back({plan.status, base::format_time(plan.duration), std::to_string(plan.chunks), std::to_string(plan.frames),
                    format_bytes(plan.bytes), format_effort(plan.seconds),
                    plan.path + (plan.reason.empty() ? "" : "  (" + plan.reason + ")")});
    total.chunks += plan.chunks;
    total.frames += plan.frames;
    total.bytes += plan.bytes;
    total.seconds += plan.seconds;
    total.duration += plan.status == "planned" ? plan.duration : 0;
    failed |= plan.status == "failed";
  }
  const std::int64_t space = free_space(std::filesystem::absolute(folder));
  if (context.json) {
    nlohmann::ordered_json document;
    document["dry_run"] = true;
    document["videos"] = std::move(videos);
    document["total"] = {{"duration", base::to_seconds(total.duration)},
                         {"chunks", total.chunks},
                         {"frames", total.frames},
                         {"bytes", total.bytes},
                         {"seconds", total.seconds},
                         {"cost_usd", 0}};
    document["free_bytes"] = space;
    context.print(document);
  } else {
    context.print(table(rows));
    context.print("In all " + base::format_time(total.duration) + ": " + count_of(total.chunks, "chunk") + ", at most " +
                  count_of(total.frames, "picture") + ", about " + format_bytes(total.bytes) + " of " + format_bytes(space) +
                  " free, about " + format_effort(total.seconds) + " of work (an estimate from the headers). Nothing was done.\n");
  }
  return failed ? kExitBadInput : kExitDone;
}

int run(Context& context, const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  if (!options.device.empty() && options.device != "cpu") {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--device " + options.device + " is not in this version of reelgraph", {},
                      "leave it out: everything runs on the CPU");
  }
  (void)span_of(options.from, options.to);
  pipeline::IngestRequest request = request_of(options, context.config());
  FoundMedia found = media().find(options.paths);
  request.files = found.files;
  if (!request.id.empty() && found.files.size() > 1) {
    throw base::Error(base::ErrorCode::kInvalidArgument,
                      "--id names one video, and these are " + std::to_string(found.files.size()) + " files", {},
                      "leave --id out or give one file");
  }
  if (options.dry_run) return dry_run(context, request, found);

  std::vector<pipeline::VideoOutcome> outcomes;
  for (const FoundMedia::Missing& missing : found.missing) {
    pipeline::VideoOutcome outcome;
    outcome.path = missing.argument;
    outcome.reason = missing.reason;
    outcomes.push_back(std::move(outcome));
  }
  const auto tell = [&](const std::string& line) {
    if (!context.json) return context.print(line + "\n");
    if (!context.console.quiet()) context.console.err(line);
  };
  for (const pipeline::VideoOutcome& outcome : outcomes) tell(outcome_line(outcome));
  bool interrupted = false;
  if (!request.files.empty()) {
    std::optional<graph::Archive> archive;
    const auto open_store = [&]() -> graph::Store& { return archive.emplace(context.open_archive(graph::OpenMode::kCreate)).store(); };
    ArchiveFrames frames(archive);
    IngestProgress progress(context.console, static_cast<int>(request.files.size()), tell);
    const Interrupt interrupt("\nreelgraph: finishing the chunk in hand; once more to quit at once\n");
    pipeline::BatchResult result = media().ingest(request, open_store, frames, progress, context.console.log_sink(), interrupt.token());
    interrupted = result.interrupted;
    outcomes.insert(outcomes.end(), std::make_move_iterator(result.videos.begin()), std::make_move_iterator(result.videos.end()));
  }

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (context.json) {
    nlohmann::ordered_json document;
    document["videos"] = nlohmann::ordered_json::array();
    for (const pipeline::VideoOutcome& outcome : outcomes) document["videos"].push_back(outcome_json(outcome));
    document["seconds"] = seconds;
    context.print(document);
  }
  const auto failed =
      std::count_if(outcomes.begin(), outcomes.end(), [](const auto& outcome) { return outcome.status == pipeline::Status::kFailed; });
  if (failed > 0)
    context.console.err("reelgraph: " + std::to_string(failed) + " of " + count_of(static_cast<std::int64_t>(outcomes.size()), "file") +
                        " failed; the reasons stand above");
  if (interrupted) context.console.err("reelgraph: interrupted; what is done is kept. Run the same command again to go on");
  return batch_exit_code(outcomes, interrupted);
}

}  // namespace

void add_ingest(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app =
      program.add("ingest", "Watch films and write what was seen into the archive",
                  {"reelgraph ingest match.mp4", "reelgraph -a cctv.reel ingest recordings/ --jobs 2",
                   "reelgraph ingest \"clips/*.mkv\" --fast --from 0:10:00 --to 0:20:00", "reelgraph ingest archive/ --dry-run"},
                  [&program, options] { return run(program.context(), *options); });
  app.add_option("PATH", options->paths, "Files, folders (recursively), globs")->required()->type_name("");
  app.add_option("--captioner", options->captioner, "What looks at the film: signals (measured, no model) [signals]")->type_name("NAME");
  app.add_option("--model", options->model, "Model of an endpoint")->type_name("NAME");
  app.add_option("--profile", options->profile, "Words of the domain: general, sports, warehouse, traffic, or a TOML file [general]")
      ->type_name("NAME|FILE");
  add_length(app, "--chunk", options->chunk, "Length of a chunk [30]");
  CLI::Option* overlap = add_length(app, "--overlap", options->overlap, "Overlap of neighbouring chunks [2]");
  app.add_flag("--by-shots", options->by_shots, "End chunks where shots end; --chunk is then the longest");
  app.add_option("--fps", options->fps, "Pictures a second considered for keeping [1]")->type_name("N")->check(CLI::Range(0.001, 1000.0));
  app.add_option("--frames-per-chunk", options->frames_per_chunk, "Most pictures kept of a chunk [8]")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--fast", options->fast, "Key pictures only: much faster, coarser times");
  add_range(app, options->from, options->to);
  app.add_option("--id", options->id, "Call the video this (one file only) [file name without extension]")->type_name("ID");
  app.add_option("--jobs", options->jobs, "Files at once [1]")->type_name("N")->check(CLI::Range(1, 256));
  app.add_option("--threads", options->threads, "Threads of one decoder; 0: one per core [0]")->type_name("N")->check(CLI::Range(0, 256));
  app.add_option("--device", options->device, "cpu")->type_name("cpu");
  app.add_flag("--recaption", options->recaption, "Describe again what was described with other settings");
  app.add_flag("--dry-run", options->dry_run, "Say how much work and disk it would take; do nothing");
  overlap->excludes(app.get_option("--by-shots"));
  add_absent(app, {"--dtype", "--speech", "--ocr", "--detector", "--budget-usd", "--budget-tokens", "--budget-time", "--no-sandbox"});
}

}  // namespace reelgraph::cli
