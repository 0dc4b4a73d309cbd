// reelgraph info: what an archive holds.

#include <cmath>
#include <cstdio>

#include "base/span_set.h"
#include "base/usage_json.h"
#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct InfoOptions {
  std::vector<std::string> videos;
};

const char* state_name(graph::VideoState state) {
  switch (state) {
    case graph::VideoState::kIngesting: return "unfinished";
    case graph::VideoState::kDone: return "done";
    case graph::VideoState::kPartial: return "partial";
    case graph::VideoState::kFailed: return "failed";
    case graph::VideoState::kImported: return "imported";
  }
  return "failed";
}

struct VideoFacts {
  graph::VideoRecord video;
  std::int64_t done = 0, failed = 0, pending = 0;
  base::SpanSet described, broken, skipped;
  std::string limited;  ///< reasons why less was said somewhere
  base::Usage usage;
};

/// Chunks that an unfinished ingest still has before it, by its own settings.
std::int64_t pending_chunks(const graph::VideoRecord& video, const base::SpanSet& settled) {
  if (video.state != graph::VideoState::kIngesting || !video.media.is_object()) return 0;
  const nlohmann::json settings = video.media.value("settings", nlohmann::json::object());
  const double step = settings.value("length", 0.0) - settings.value("overlap", 0.0);
  if (step <= 0) return 0;
  base::SpanSet left = settled.complement({0, video.duration});
  return static_cast<std::int64_t>(std::ceil(base::to_seconds(left.total()) / step));
}

void add(base::Usage& sum, const base::Usage& more) {
  sum.prompt_tokens += more.prompt_tokens;
  sum.completion_tokens += more.completion_tokens;
  sum.cost_usd += more.cost_usd;
}

VideoFacts facts_of(const graph::Store& store, graph::VideoRecord video) {
  VideoFacts facts;
  for (const graph::ChunkRecord& chunk : store.chunks(video.id)) {
    if (chunk.state != graph::ChunkState::kUnderWay) ++(chunk.state == graph::ChunkState::kDone ? facts.done : facts.failed);
    add(facts.usage, chunk.usage);
  }
  base::SpanSet settled;
  for (const graph::CoverageSpan& part : store.coverage(video.id)) {
    switch (part.status) {
      case graph::CoverageStatus::kDescribed: facts.described.add(part.span); break;
      case graph::CoverageStatus::kFailed: facts.broken.add(part.span); break;
      case graph::CoverageStatus::kNotSampled: facts.skipped.add(part.span); break;
      case graph::CoverageStatus::kLimited:
        if (facts.limited.find(part.reason) == std::string::npos) facts.limited += (facts.limited.empty() ? "" : ", ") + part.reason;
        break;
    }
    settled.add(part.span);
  }
  facts.pending = pending_chunks(video, settled);
  facts.video = std::move(video);
  return facts;
}

nlohmann::ordered_json spans_json(const base::SpanSet& set) {
  nlohmann::ordered_json spans = nlohmann::ordered_json::array();
  for (const base::TimeSpan& span : set.spans()) spans.push_back({base::to_seconds(span.start), base::to_seconds(span.end)});
  return spans;
}

nlohmann::ordered_json video_json(const VideoFacts& facts) {
  const auto text = [](const std::string& value) { return value.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(value); };
  nlohmann::ordered_json json;
  json["id"] = facts.video.id;
  json["path"] = text(facts.video.path);
  json["title"] = text(facts.video.title);
  json["duration"] = base::to_seconds(facts.video.duration);
  json["state"] = state_name(facts.video.state);
  json["reason"] = text(facts.video.reason);
  json["wall_start"] = text(facts.video.wall_start.value_or(""));
  json["chunks"] = {{"done", facts.done}, {"failed", facts.failed}, {"pending", facts.pending}};
  json["coverage"]["described"] = spans_json(facts.described);
  json["coverage"]["failed"] = spans_json(facts.broken);
  json["coverage"]["not_sampled"] = spans_json(facts.skipped);
  json["limited"] = text(facts.limited);
  json["usage"] = base::usage_json(facts.usage);
  return json;
}

std::string percent(base::Duration part, base::Duration whole) {
  if (whole <= 0) return "-";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  // Never round a gap away.
  return std::to_string(static_cast<int>(share >= 100 ? 100 : std::floor(share))) + " %";
}

int run(Context& context, const InfoOptions& options) {
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(archive).store();
  const std::vector<std::string> wanted = video_ids(store, options.videos);
  std::vector<VideoFacts> videos;
  for (graph::VideoRecord& video : store.videos()) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), video.id) != wanted.end())
      videos.push_back(facts_of(store, std::move(video)));
  }
  const graph::Counts counts = store.counts();
  const graph::Archive::Size size = archive.size_on_disk();
  const std::vector<std::string> models = store.captioners();
  base::Usage usage;
  for (const VideoFacts& facts : videos) add(usage, facts.usage);

  if (context.json) {
    nlohmann::ordered_json document;
    document["archive"] = archive.folder().string();
    document["videos"] = nlohmann::ordered_json::array();
    for (const VideoFacts& facts : videos) document["videos"].push_back(video_json(facts));
    document["models"] = models;
    document["counts"] = {{"videos", counts.videos},       {"chunks", counts.chunks},     {"observations", counts.observations},
                          {"entities", counts.entities},   {"mentions", counts.mentions}, {"events", counts.events},
                          {"relations", counts.relations}, {"frames", counts.frames}};
    document["bytes"] = {{"database", size.database}, {"frames", size.frames}, {"vectors", size.vectors}};
    document["usage"] = base::usage_json(usage);
    document["cost_usd"] = usage.cost_usd;
    context.print(document);
    return kExitDone;
  }
  std::string text = archive.folder().string() + "\n";
  if (videos.empty()) text += "No videos yet; see reelgraph ingest --help.\n";
  if (!videos.empty()) {
    std::vector<std::vector<std::string>> rows{{"VIDEO", "STATE", "DURATION", "CHUNKS", "DESCRIBED", "NOTE"}};
    for (const VideoFacts& facts : videos) {
      std::string chunks = std::to_string(facts.done);
      if (facts.failed > 0) chunks += ", " + std::to_string(facts.failed) + " failed";
      if (facts.pending > 0) chunks += ", " + std::to_string(facts.pending) + " to do";
      std::string note = facts.video.reason;
      if (!facts.limited.empty()) note += (note.empty() ? "" : "; ") + ("less was said: " + facts.limited);
      rows.push_back({facts.video.id, state_name(facts.video.state), base::format_time(facts.video.duration), chunks,
                      percent(facts.described.total(), facts.video.duration), note});
    }
    text += table(rows);
  }
  text += count_of(counts.observations, "observation") + ", " + count_of(counts.events, "event") + ", " +
          count_of(counts.entities, "entity") + ", " + count_of(counts.frames, "picture") + "\n";
  std::string names;
  for (const std::string& model : models) names += (names.empty() ? "" : ", ") + model;
  if (!names.empty()) text += "described by " + names + "\n";
  if (usage.prompt_tokens + usage.completion_tokens > 0) {
    char cost[32];
    std::snprintf(cost, sizeof cost, "%.4f", usage.cost_usd);
    text += "models took " + std::to_string(usage.prompt_tokens) + " prompt and " + std::to_string(usage.completion_tokens) +
            " completion tokens, $" + cost + "\n";
  }
  text += "on disk " + format_bytes(size.database + size.frames + size.vectors) + ": database " + format_bytes(size.database) +
          ", pictures " + format_bytes(size.frames) + "\n";
  context.print(text);
  return kExitDone;
}

}  // namespace

void add_info(Program& program) {
  auto options = std::make_shared<InfoOptions>();
  CLI::App& app = program.add("info", "Show what the archive holds: videos, chunks, coverage, counts, sizes",
                              {"reelgraph info", "reelgraph info --video match-1 --json"},
                              [&program, options] { return run(program.context(), *options); });
  add_videos(app, options->videos);
}

}  // namespace reelgraph::cli
