#pragma once
// What every command gets: global options, the archive, the user's defaults, where to print.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "cli/config.h"
#include "cli/console.h"
#include "graph/archive.h"

namespace reelgraph::cli {

/// Exit codes of the contract; the codes of errors are `base::exit_code`.
inline constexpr int kExitDone = 0;
inline constexpr int kExitNothingFound = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 3;
inline constexpr int kExitModel = 4;
inline constexpr int kExitArchive = 5;
inline constexpr int kExitInterrupted = 6;

class Context {
 public:
  // Global options, as parsed.
  std::string archive_option;
  bool json = false;

  Console console;

  /// The user's config file, read at the first use. @throws base::Error kBadInput if it is broken
  [[nodiscard]] const Config& config();
  /// -a, else REELGRAPH_ARCHIVE, else the config's, else archive.reel here.
  [[nodiscard]] std::filesystem::path archive_path();
  [[nodiscard]] graph::Archive open_archive(graph::OpenMode mode);

  /// Prints one JSON document, indented; or on one line, where a command streams.
  void print(const nlohmann::ordered_json& document);
  void print_line(const nlohmann::ordered_json& document);
  void print(const std::string& text) { console.out(text); }

 private:
  std::optional<Config> config_;
};

/// A document as it is printed or written: with a newline, and whatever is not UTF-8 replaced. @param indent -1: on one line
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& document, int indent = 2);

/// Videos that the user named by id, title or path, as ids. @throws base::Error kInvalidArgument for one that the archive does not have
[[nodiscard]] std::vector<std::string> video_ids(const graph::Store& store, const std::vector<std::string>& named);
/// The one video meant: the named one, or the only one. @throws base::Error kInvalidArgument
[[nodiscard]] graph::VideoRecord one_video(const graph::Store& store, const std::string& named);
/// Its media file. @throws base::Error kBadInput if the archive knows no file or it is gone
[[nodiscard]] std::filesystem::path film_of(const graph::VideoRecord& video);

/// What `--from` and `--to` mean together; empty if neither was given. @throws base::Error kInvalidArgument if from >= to
[[nodiscard]] std::optional<base::TimeSpan> span_of(const std::optional<base::Timestamp>& from, const std::optional<base::Timestamp>& to);

/// {"error":{"code","message","context","cure"}}
[[nodiscard]] nlohmann::ordered_json error_json(const base::Error& error);
/// "reelgraph: CONTEXT: MESSAGE" and, on a line of its own, the cure.
[[nodiscard]] std::string error_text(const base::Error& error);

}  // namespace reelgraph::cli
