// reelgraph doctor: the machine, the build, the codecs, the archive; every problem with its cure.

#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <thread>

#include "captioner/profiles.h"
#include "cli/commands/commands.h"
#include "cli/endpoint.h"
#include "cli/local_models.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/text.h"
#include "cli/version.h"

namespace reelgraph::cli {
namespace {

enum class Health { kFine, kNote, kProblem };

struct Check {
  std::string name;
  Health health = Health::kFine;
  std::string text;
  std::string cure;
  int exit_code = kExitDone;
  nlohmann::ordered_json facts = nullptr;
};

/// Runs one check; an error in it is its finding.
Check look(const std::string& name, const std::function<void(Check&)>& body) {
  Check check;
  check.name = name;
  try {
    body(check);
  } catch (const base::Error& error) {
    check.health = Health::kProblem;
    check.text = (error.context().empty() ? "" : error.context() + ": ") + error.message();
    check.cure = error.cure();
    check.exit_code = base::exit_code(error.code());
  }
  return check;
}

void problem(Check& check, const std::string& text, const std::string& cure, int exit_code) {
  check.health = Health::kProblem;
  check.text += (check.text.empty() ? "" : "; ") + text;
  check.cure = cure;
  check.exit_code = exit_code;
}

void machine(Check& check) {
  utsname system{};
  ::uname(&system);
  struct sysinfo memory {};
  ::sysinfo(&memory);
  const auto bytes = static_cast<std::int64_t>(memory.totalram) * memory.mem_unit;
  check.text = std::string(system.sysname) + " " + system.release + ", " + system.machine + ", " +
               count_of(std::max(1U, std::thread::hardware_concurrency()), "core") + ", " + format_bytes(bytes) + " of memory";
  if (bytes < 1'000'000'000) problem(check, "less than 1 GB of memory", "use --jobs 1 and short chunks (--chunk 10)", kExitBadInput);
}

void build(Check& check) {
  check.text = std::string("reelgraph ") + kVersion + ", compiler " + __VERSION__ + ", " + program_path().string();
}

void codecs(Check& check) {
  const ingest::FfmpegFacts facts = media().ffmpeg();
  check.text = "FFmpeg " + facts.version + (facts.can_encode_h264 ? ", cuts clips as H.264" : ", cuts clips as MPEG-4 (no H.264 encoder)");
  check.facts = {{"version", facts.version}, {"missing_decoders", facts.missing_decoders}, {"can_encode_h264", facts.can_encode_h264}};
  if (!facts.missing_decoders.empty()) {
    std::string names;
    for (const std::string& name : facts.missing_decoders) names += (names.empty() ? "" : ", ") + name;
    problem(check, "cannot decode " + names, "install a full build of FFmpeg's libraries (Debian: apt-get install libavcodec59)",
            kExitBadInput);
  }
}

void torch(Check& check) {
  const nlohmann::json facts = media().torch(program_path());
  if (facts.is_null()) {
    check.health = Health::kNote;
    check.text = "not built (only in-process models would need it)";
    return;
  }
  check.facts = nlohmann::ordered_json(facts);
  check.text = "libtorch " + facts.value("version", "?") + ", " + facts.value("cpu_capability", "?");
  if (facts.contains("cuda") && facts["cuda"].is_boolean() && facts["cuda"].get<bool>()) check.text += ", CUDA";
}

void models(Check& check) {
  const std::filesystem::path folder = models_folder();
  check.facts = {{"path", folder.string()}, {"models", nlohmann::ordered_json::array()}};
  std::string names, limits;
  bool embedder = false;
  for (const InstalledModel& model : installed_models(folder)) {
    check.facts["models"].push_back(model.name);
    names += (names.empty() ? "" : ", ") + model.name;
    embedder |= model.type == "bert" && model.problem.empty();
    if (!model.limits.empty()) limits += "; " + model.name + ": " + model.limits;
    if (!model.problem.empty()) problem(check, model.name + " is unusable: " + model.problem, "copy it again, or remove it", kExitModel);
  }
  check.text = (names.empty() ? "none in " + folder.string() : names) + (check.text.empty() ? "" : "; " + check.text);
  if (!limits.empty() && check.health == Health::kFine) check.health = Health::kNote;
  check.text += limits;
  if (embedder || check.health == Health::kProblem) return;
  check.health = Health::kNote;
  check.text += "; without a sentence embedder texts are found by their words only, not by their meaning";
  check.cure = "scripts/fetch_models brings all-MiniLM-L6-v2 (90 MB); then run reelgraph index";
}

void settings(Check& check) {
  const std::filesystem::path file = config_file();
  const Config config = Config::load(file);
  check.text = std::filesystem::exists(file) ? file.string() : "none (" + file.string() + ")";
  if (const std::optional<std::string> profile = config.text("profile")) (void)captioner::load_profile(*profile);
}

/// Which videos were described by a model that knows little, in its own words; empty if none.
std::string limits_of_descriptions(const graph::Store& store) {
  std::map<std::string, std::vector<std::string>> videos;  // by what the model says
  for (const graph::VideoRecord& video : store.videos()) {
    for (const graph::ObservationRecord& record : store.observations(video.id, {0, std::max<base::Duration>(video.duration, 1)}, 1)) {
      const auto limits = record.observation.attributes.find("limits");
      if (limits != record.observation.attributes.end() && limits->is_string()) videos[limits->get<std::string>()].push_back(video.id);
    }
  }
  std::string text;
  for (const auto& [limits, ids] : videos) {
    text += (text.empty() ? "" : "; ") + ids.front() +
            (ids.size() > 1 ? " and " + count_of(static_cast<std::int64_t>(ids.size()) - 1, "other video") : "") + ": " + limits;
  }
  return text;
}

void archive(Context& context, Check& check) {
  const std::filesystem::path folder = context.archive_path();
  if (!std::filesystem::exists(folder)) {
    check.health = Health::kNote;
    check.text = folder.string() + " is not there yet; the first ingest or import makes it";
    return;
  }
  graph::Archive opened = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(opened).store();
  const graph::Counts counts = store.counts();
  check.text = folder.string() + ": " + count_of(counts.videos, "video") + ", " + count_of(counts.observations, "observation") + ", " +
               count_of(counts.events, "event");
  check.facts = {{"path", folder.string()}, {"videos", counts.videos}, {"observations", counts.observations}, {"events", counts.events}};
  int unfinished = 0, failed = 0, gone = 0;
  for (const graph::VideoRecord& video : store.videos()) {
    std::error_code error;
    unfinished += video.state == graph::VideoState::kIngesting ? 1 : 0;
    failed += video.state == graph::VideoState::kFailed ? 1 : 0;
    gone += video.state != graph::VideoState::kImported && !video.path.empty() && !std::filesystem::exists(video.path, error) ? 1 : 0;
  }
  if (unfinished > 0)
    problem(check, count_of(unfinished, "unfinished video"), "run the same ingest again to go on (reelgraph info shows which)",
            kExitArchive);
  if (failed > 0) problem(check, count_of(failed, "failed video"), "see the reasons in reelgraph info", kExitArchive);
  if (gone > 0)
    problem(check, count_of(gone, "film") + " no longer where it was", "ingest them where they are now; they will be known again",
            kExitArchive);
  if (const std::string limits = limits_of_descriptions(store); !limits.empty()) {
    if (check.health == Health::kFine) check.health = Health::kNote;
    check.text += "; " + limits;
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    if (check.health == Health::kFine) check.health = Health::kNote;
    check.text += "; it can be read but not written here";
  }
}

void disk(Context& context, Check& check) {
  std::filesystem::path folder = std::filesystem::absolute(context.archive_path());
  struct statvfs facts {};
  while (::statvfs(folder.c_str(), &facts) != 0 && folder != folder.parent_path()) folder = folder.parent_path();
  const auto bytes = static_cast<std::int64_t>(facts.f_bavail) * static_cast<std::int64_t>(facts.f_frsize);
  check.text = format_bytes(bytes) + " free at " + folder.string();
  check.facts = {{"path", folder.string()}, {"free_bytes", bytes}};
  if (bytes < 500'000'000) problem(check, "little room", "make room, or put the archive elsewhere with -a", kExitArchive);
}

void endpoint(Context& context, const std::string& url, const EndpointOptions& options, Check& check) {
  base::EndpointSettings settings = endpoint_settings(options, context.config());
  const std::string bare = endpoint_url(url);
  settings.url = bare.empty() ? url : bare;
  settings.tries = 2;
  if (options.request_timeout <= 0) settings.request_timeout_s = 60;
  const Media::ServerReport report = media().examine(settings, context.console.log_sink());
  check.text = report.text;
  check.facts = nlohmann::ordered_json(report.facts);
  for (const auto& [what, cure] : report.problems) problem(check, what, cure, kExitModel);
}

int run(Context& context, const std::string& url, const EndpointOptions& options) {
  std::vector<Check> checks{look("machine", machine),
                            look("build", build),
                            look("codecs", codecs),
                            look("libtorch", torch),
                            look("models", models),
                            look("config", settings),
                            look("archive", [&](Check& check) { archive(context, check); }),
                            look("disk", [&](Check& check) { disk(context, check); })};
  if (!url.empty()) checks.push_back(look("endpoint", [&](Check& check) { endpoint(context, url, options, check); }));
  int exit_code = kExitDone;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string text;
  for (const Check& check : checks) {
    static constexpr const char* kNames[] = {"ok", "note", "problem"};
    const char* health = kNames[static_cast<std::size_t>(check.health)];
    if (exit_code == kExitDone) exit_code = check.exit_code;
    nlohmann::ordered_json json;
    json["name"] = check.name;
    json["status"] = health;
    json["text"] = check.text;
    json["cure"] = check.cure.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(check.cure);
    if (!check.facts.is_null()) json["facts"] = check.facts;
    list.push_back(std::move(json));
    std::string line = health;
    line.resize(9, ' ');
    line += check.name;
    line.resize(18, ' ');
    text += line + check.text + "\n";
    if (!check.cure.empty()) text += std::string(18, ' ') + "cure: " + check.cure + "\n";
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["ok"] = exit_code == kExitDone;
    document["checks"] = std::move(list);
    context.print(document);
  } else {
    context.print(text);
  }
  return exit_code;
}

}  // namespace

void add_doctor(Program& program) {
  auto url = std::make_shared<std::string>();
  auto options = std::make_shared<EndpointOptions>();
  CLI::App& app =
      program.add("doctor", "Look for problems: machine, build, codecs, archive, disk, a model server; each with its cure",
                  {"reelgraph doctor", "reelgraph -a cctv.reel doctor --json", "reelgraph doctor --endpoint http://localhost:8000"},
                  [&program, url, options] { return run(program.context(), *url, *options); });
  app.add_option("--endpoint", *url, "Ask this model server what it can do (three small requests)")->type_name("URL");
  add_endpoint(app, *options);
}

}  // namespace reelgraph::cli
