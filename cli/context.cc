#include "cli/context.h"

#include <cstdlib>

namespace reelgraph::cli {
namespace {

std::string known_videos(const graph::Store& store) {
  std::string names;
  int shown = 0;
  for (const graph::VideoRecord& video : store.videos()) {
    if (++shown > 5) return "it has " + names + " and more; see reelgraph info";
    names += (names.empty() ? "" : ", ") + video.id;
  }
  return names.empty() ? "it has none yet; see reelgraph ingest --help" : "it has " + names;
}

}  // namespace

std::string json_text(const nlohmann::ordered_json& document, int indent) {
  return document.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

const Config& Context::config() {
  if (!config_) {
    // Without a home there are no defaults to be had, and that is all right.
    const bool homeless = std::getenv("HOME") == nullptr && std::getenv("XDG_CONFIG_HOME") == nullptr;
    config_ = homeless ? Config() : Config::load(config_file());
  }
  return *config_;
}

std::filesystem::path Context::archive_path() {
  if (!archive_option.empty()) return archive_option;
  if (const char* named = std::getenv("REELGRAPH_ARCHIVE"); named != nullptr && *named != '\0') return named;
  return config().text("archive").value_or("archive.reel");
}

graph::Archive Context::open_archive(graph::OpenMode mode) { return graph::Archive::open(archive_path(), mode, console.log_sink()); }

void Context::print(const nlohmann::ordered_json& document) { console.out(json_text(document)); }
void Context::print_line(const nlohmann::ordered_json& document) { console.out(json_text(document, -1)); }

std::vector<std::string> video_ids(const graph::Store& store, const std::vector<std::string>& named) {
  std::vector<std::string> ids;
  for (const std::string& name : named) ids.push_back(one_video(store, name).id);
  return ids;
}

graph::VideoRecord one_video(const graph::Store& store, const std::string& named) {
  if (named.empty()) {
    std::vector<graph::VideoRecord> videos = store.videos();
    if (videos.size() == 1) return videos.front();
    throw base::Error(base::ErrorCode::kInvalidArgument, "which video?", "--video", known_videos(store));
  }
  std::optional<graph::VideoRecord> found = store.find_video(named);
  if (!found) throw base::Error(base::ErrorCode::kInvalidArgument, "the archive has no video " + named, "--video", known_videos(store));
  return std::move(*found);
}

std::filesystem::path film_of(const graph::VideoRecord& video) {
  if (video.path.empty()) {
    throw base::Error(base::ErrorCode::kBadInput, "the archive knows no film of it (its observations were imported)", video.id,
                      "ingest the film with --id " + video.id);
  }
  std::error_code error;
  if (!std::filesystem::exists(video.path, error)) {
    throw base::Error(base::ErrorCode::kBadInput, "the film is no longer at " + video.path, video.id,
                      "ingest it where it is now; it will be known again");
  }
  return video.path;
}

std::optional<base::TimeSpan> span_of(const std::optional<base::Timestamp>& from, const std::optional<base::Timestamp>& to) {
  if (!from && !to) return std::nullopt;
  const base::TimeSpan span{from.value_or(0), to.value_or(base::kMaxTimestamp)};
  if (span.start >= span.end) {
    throw base::Error(base::ErrorCode::kInvalidArgument,
                      "--from " + base::format_time(span.start) + " is not before --to " + base::format_time(span.end), {},
                      "give times as seconds or H:MM:SS, --from the earlier one");
  }
  return span;
}

nlohmann::ordered_json error_json(const base::Error& error) {
  static constexpr const char* kNames[] = {"internal", "usage", "bad_input", "model", "archive", "interrupted", "internal"};
  nlohmann::ordered_json body;
  body["code"] = kNames[static_cast<std::size_t>(error.code())];
  body["message"] = error.message();
  body["context"] = error.context().empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.context());
  body["cure"] = error.cure().empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.cure());
  nlohmann::ordered_json document;
  document["error"] = std::move(body);
  return document;
}

std::string error_text(const base::Error& error) {
  std::string text = "reelgraph: ";
  if (!error.context().empty()) text += error.context() + ": ";
  text += error.message();
  if (!error.cure().empty()) text += "\n  " + error.cure();
  return text;
}

}  // namespace reelgraph::cli
