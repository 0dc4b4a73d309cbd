// reelgraph ingest: watches films and writes what was seen into the archive.

#include <sys/statvfs.h>

#include <chrono>

#include "base/usage_json.h"
#include "captioner/profiles.h"
#include "cli/commands/commands.h"
#include "cli/embedding.h"
#include "cli/endpoint.h"
#include "cli/interrupt.h"
#include "cli/local_models.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct IngestOptions {
  std::vector<std::string> paths;
  std::string captioner, profile, id, device, dtype, lora, ocr_language;
  captioner::local::Sampling words;  ///< of a model folder
  int detail_frames = 0;
  EndpointOptions endpoint;
  int image_side = 0, max_tokens = 0, breaker = -1, tries = 0;
  double budget_usd = 0;
  std::int64_t budget_tokens = 0;
  std::optional<base::Duration> budget_time;
  bool continuity = false, skip_static = false, stream = false, ocr = false;
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

pipeline::IngestRequest request_of(const IngestOptions& options, const Config& config) {
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
  request.profile = captioner::load_profile(!options.profile.empty() ? options.profile : config.text("profile").value_or("general"));
  request.recaption = options.recaption;
  if (options.ocr || !options.ocr_language.empty()) request.ocr_language = !options.ocr_language.empty() ? options.ocr_language : "eng";
  if (request.captioner.rfind("endpoint:", 0) == 0) {
    base::EndpointSettings& endpoint = request.endpoint = endpoint_settings(options.endpoint, config);
    endpoint.jobs = whole(options.jobs, 0, "jobs", endpoint.jobs);
    if (options.image_side > 0) endpoint.image_side = options.image_side;
    if (options.max_tokens > 0) endpoint.max_tokens = options.max_tokens;
    endpoint.overall_timeout_s = std::max(endpoint.overall_timeout_s, endpoint.request_timeout_s * 2);
    if (options.breaker >= 0) endpoint.breaker = options.breaker;
    if (options.tries > 0) endpoint.tries = options.tries;
    endpoint.continuity = options.continuity;
    endpoint.stream = options.stream;
    if (options.budget_usd > 0 && endpoint.price_prompt == 0 && endpoint.price_completion == 0) {
      throw base::Error(base::ErrorCode::kInvalidArgument, "--budget-usd needs to know what tokens cost", {},
                        "reelgraph config set price_prompt USD_PER_MILLION, and price_completion; or use --budget-tokens");
    }
  }
  const bool local = !local_folder(request.captioner).empty();
  const bool own_words = options.words.temperature > 0 || options.words.top_p < 1 || options.words.seed != 0;
  if (!local && (!options.dtype.empty() || (!options.device.empty() && options.device != "cpu") || !options.lora.empty() || own_words ||
                 options.detail_frames > 0)) {
    throw base::Error(
        base::ErrorCode::kInvalidArgument,
        "--device, --dtype, --lora, --temperature, --top-p, --seed and --detail-frames are for a model folder, and the captioner is " +
            request.captioner,
        {}, "leave them out, or use --captioner local:FOLDER");
  }
  if (local) {
    if (!options.device.empty()) request.local.device = options.device;
    request.local.dtype = !options.dtype.empty() ? options.dtype : config.text("dtype").value_or(request.local.dtype);
    request.local.threads = whole(options.threads, -1, "threads", 0);
    if (options.max_tokens > 0) request.local.max_tokens = options.max_tokens;
    request.local.continuity = options.continuity;
    request.local.adapter = options.lora;
    request.local.temperature = options.words.temperature;
    request.local.top_p = options.words.top_p;
    request.local.seed = options.words.seed;
    request.local.detail_frames = options.detail_frames;
  }
  request.limits = {options.budget_usd, options.budget_tokens, options.budget_time ? base::to_seconds(*options.budget_time) : 0};
  request.sampling.skip_static = options.skip_static;
  request.jobs = whole(options.jobs, 0, "jobs", request.captioner.rfind("endpoint:", 0) == 0 ? request.endpoint.jobs : 1);
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
  if (outcome.usage.prompt_tokens + outcome.usage.completion_tokens > 0) json["usage"] = base::usage_json(outcome.usage);
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
  pipeline::BatchPlan batch =
      media().plan(request, archive ? &std::as_const(*archive).store() : nullptr, context.console.log_sink(), interrupt.token());
  std::vector<pipeline::VideoPlan>& plans = batch.videos;
  const bool paid = !batch.basis.empty();
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
    if (paid) {
      json["requests"] = plan.sent;
      json["usage"] = base::usage_json(plan.usage);
    }
    json["seconds"] = plan.seconds;
    json["reason"] = plan.reason.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(plan.reason);
    videos.push_back(std::move(json));
    rows.push_back({plan.status, base::format_time(plan.duration), std::to_string(plan.chunks), std::to_string(plan.frames),
                    format_bytes(plan.bytes), format_effort(plan.seconds),
                    plan.path + (plan.reason.empty() ? "" : "  (" + plan.reason + ")")});
    total.chunks += plan.chunks;
    total.frames += plan.frames;
    total.sent += plan.sent;
    total.usage.prompt_tokens += plan.usage.prompt_tokens;
    total.usage.completion_tokens += plan.usage.completion_tokens;
    total.usage.cost_usd += plan.usage.cost_usd;
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
                         {"requests", total.sent},
                         {"prompt_tokens", total.usage.prompt_tokens},
                         {"completion_tokens", total.usage.completion_tokens},
                         {"cost_usd", total.usage.cost_usd}};
    if (paid) document["basis"] = batch.basis;
    document["free_bytes"] = space;
    context.print(document);
  } else {
    context.print(table(rows));
    context.print("In all " + base::format_time(total.duration) + ": " + count_of(total.chunks, "chunk") + ", at most " +
                  count_of(total.frames, "picture") + ", about " + format_bytes(total.bytes) + " of " + format_bytes(space) +
                  " free, about " + format_effort(total.seconds) + " of work (an estimate from the headers" +
                  (paid ? " and some windows" : "") + "). Nothing was done.\n");
    if (paid) {
      char cost[32];
      std::snprintf(cost, sizeof cost, "$%.4f", total.usage.cost_usd);
      const bool priced = request.endpoint.price_prompt > 0 || request.endpoint.price_completion > 0;
      context.print("To be sent: " + count_of(total.sent, "request") + ", about " + std::to_string(total.usage.prompt_tokens) +
                    " prompt and " + std::to_string(total.usage.completion_tokens) + " completion tokens, " +
                    (priced ? std::string(cost) : "cost unknown (reelgraph config set price_prompt USD_PER_MILLION)") + "; from " +
                    batch.basis + ".\n");
    }
  }
  return failed ? kExitBadInput : kExitDone;
}

/// New texts get their vectors at once if an embedder is installed. What fails here can be made up for by `reelgraph index`.
std::optional<Embedded> embed_new(Context& context, graph::Archive& archive) {
  try {
    const std::unique_ptr<base::TextEmbedder> embedder = make_embedder(context, embedder_spec(context, {}), {}, {});
    if (!embedder) return std::nullopt;
    return embed_texts(context, archive, *embedder);
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::kArchive || error.code() == base::ErrorCode::kInternal) throw;
    context.console.err("reelgraph: the new texts were not embedded: " + std::string(error.what()) + "; `reelgraph index` does it");
    return std::nullopt;
  }
}

int run(Context& context, const IngestOptions& options) {
  const auto began = std::chrono::steady_clock::now();
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
  std::optional<graph::Archive> archive;
  if (!request.files.empty()) {
    const auto open_store = [&]() -> graph::Store& { return archive.emplace(context.open_archive(graph::OpenMode::kCreate)).store(); };
    ArchiveFrames frames(archive);
    IngestProgress progress(context.console, static_cast<int>(request.files.size()), tell);
    const Interrupt interrupt("\nreelgraph: finishing the chunk in hand; once more to quit at once\n");
    pipeline::BatchResult result = media().ingest(request, open_store, frames, progress, context.console.log_sink(), interrupt.token());
    interrupted = result.interrupted;
    outcomes.insert(outcomes.end(), std::make_move_iterator(result.videos.begin()), std::make_move_iterator(result.videos.end()));
  }

  std::optional<Embedded> embedded;
  if (archive && !interrupted) embedded = embed_new(context, *archive);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (context.json) {
    nlohmann::ordered_json document;
    document["videos"] = nlohmann::ordered_json::array();
    for (const pipeline::VideoOutcome& outcome : outcomes) document["videos"].push_back(outcome_json(outcome));
    document["embeddings"] = nullptr;
    if (embedded) document["embeddings"] = embedded_json(*embedded);
    document["seconds"] = seconds;
    context.print(document);
  } else if (embedded && embedded->made > 0) {
    context.print(embedded_line(*embedded) + "\n");
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
  auto options = std::make_shared<IngestOptions>();
  CLI::App& app =
      program.add("ingest", "Watch films and write what was seen into the archive",
                  {"reelgraph ingest match.mp4", "reelgraph -a cctv.reel ingest recordings/ --jobs 2",
                   "reelgraph ingest \"clips/*.mkv\" --fast --from 0:10:00 --to 0:20:00", "reelgraph ingest archive/ --dry-run",
                   "reelgraph ingest lecture.mp4 --captioner local:SmolVLM2-256M-Video-Instruct --dtype bf16",
                   "reelgraph ingest night.mp4 --captioner endpoint:http://localhost:8000 --jobs 8 --skip-static --budget-usd 5"},
                  [&program, options] { return run(program.context(), *options); });
  app.add_option("PATH", options->paths, "Files, folders (recursively), globs")->required()->type_name("");
  app.add_option("--captioner", options->captioner,
                 "What looks at the film: signals (measured, no model), local:FOLDER (a SmolVLM folder, run here), or endpoint:URL (a "
                 "model server, OpenAI-compatible) [signals]")
      ->type_name("NAME");
  add_endpoint(app, options->endpoint);
  app.add_option("--image-side", options->image_side, "Longer side of pictures sent to an endpoint, pixels [512]")
      ->type_name("N")
      ->check(CLI::Range(16, 4096));
  app.add_option("--max-tokens", options->max_tokens, "Most tokens of one reply [1500; 512 of a model folder]")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--tries", options->tries, "Most tries of one request to an endpoint [5]")->type_name("N")->check(CLI::Range(1, 100));
  app.add_option("--breaker", options->breaker, "Failures in a row after which an endpoint is given up; 0: never [5]")
      ->type_name("N")
      ->check(CLI::Range(0, 100'000));
  app.add_flag("--continuity", options->continuity, "Show a model the end of the description before; one chunk of a film at a time");
  app.add_flag("--skip-static", options->skip_static, "Do not describe again what looks like the chunk before (fixed cameras)");
  app.add_flag("--stream", options->stream, "Ask an endpoint for replies in pieces (for proxies that cut quiet connections)");
  app.add_option("--budget-usd", options->budget_usd, "Stop before the films have cost more, over all runs")
      ->type_name("USD")
      ->check(CLI::PositiveNumber);
  app.add_option("--budget-tokens", options->budget_tokens, "Stop before they have taken more tokens, over all runs")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  add_length(app, "--budget-time", options->budget_time, "Stop before they have taken longer, over all runs");
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
  app.add_option("--jobs", options->jobs, "Files at once, and requests to an endpoint at once [1; 4 for an endpoint]")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app.add_option("--threads", options->threads, "Threads of one decoder and of a model folder; 0: one per core [0]")
      ->type_name("N")
      ->check(CLI::Range(0, 256));
  app.add_option("--device", options->device, "Where a model folder runs: cpu, cuda or cuda:N [cpu]")->type_name("DEVICE");
  app.add_option("--dtype", options->dtype, "What a model folder computes in: fp32 or bf16 [fp32]")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"fp32", "bf16"}));
  add_adapter(app, options->lora);
  add_sampling(app, options->words);
  app.add_option("--detail-frames", options->detail_frames,
                 "Frames of a chunk that a model folder sees cut into tiles as well, for small details [0]")
      ->type_name("N")
      ->check(CLI::Range(0, 64));
  app.add_flag("--ocr", options->ocr, "Read the text on the screen (Tesseract), for models, search and questions");
  app.add_option("--ocr-language", options->ocr_language, "Its language, as Tesseract names it: eng, deu+eng; means --ocr [eng]")
      ->type_name("LANG");
  app.add_flag("--recaption", options->recaption, "Describe again what was described with other settings");
  app.add_flag("--dry-run", options->dry_run, "Say how much work and disk it would take; do nothing");
  overlap->excludes(app.get_option("--by-shots"));
  add_absent(app, {"--speech", "--detector", "--no-sandbox"});
}

}  // namespace reelgraph::cli
