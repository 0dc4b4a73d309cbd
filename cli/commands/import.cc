// reelgraph import: observations that somebody already has, as JSON lines.

#include <chrono>
#include <fstream>
#include <iostream>

#include "cli/commands/commands.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/text.h"
#include "graph/transfer.h"

namespace reelgraph::cli {
namespace {

struct ImportOptions {
  std::vector<std::string> files;
  bool keep_going = false;
};

graph::ImportResult import_one(graph::Archive& archive, const std::string& name, const graph::ImportOptions& options) {
  if (name == "-") return graph::import_jsonl(archive, std::cin, "standard input", options);
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(name, error);
  if (!std::filesystem::exists(status)) throw base::Error(base::ErrorCode::kBadInput, "no such file", name);
  if (!std::filesystem::is_regular_file(status)) {
    throw base::Error(base::ErrorCode::kBadInput, std::filesystem::is_directory(status) ? "is a folder" : "is no regular file", name,
                      "name files of JSON lines, or - for standard input");
  }
  std::ifstream in(name, std::ios::binary);
  if (!in) throw base::Error(base::ErrorCode::kBadInput, "cannot be read: " + base::errno_text(errno), name);
  return graph::import_jsonl(archive, in, name, options);
}

nlohmann::ordered_json result_json(const std::string& path, const graph::ImportResult& result) {
  nlohmann::ordered_json json;
  json["path"] = path;
  json["status"] = result.added > 0 ? "done" : "unchanged";
  json["lines"] = result.lines;
  json["added"] = result.added;
  json["unchanged"] = result.unchanged;
  json["skipped"] = result.skipped;
  json["warnings"] = result.warnings;
  json["errors"] = result.errors;
  return json;
}

int run(Context& context, const ImportOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  const Interrupt interrupt("\nreelgraph: stopping; once more to quit at once\n");
  graph::Archive archive = context.open_archive(graph::OpenMode::kCreate);
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  int exit_code = kExitDone;
  for (const std::string& file : options.files) {
    try {
      const graph::ImportResult result = import_one(archive, file, {.keep_going = options.keep_going, .stop = interrupt.token()});
      for (const std::string& warning : result.warnings) context.console.log_sink()(base::LogLevel::kWarning, warning);
      for (const std::string& problem : result.errors) context.console.err("reelgraph: " + problem);
      files.push_back(result_json(file, result));
      if (!context.json) {
        context.print((result.added > 0 ? "done       " : "unchanged  ") + file + "  " + count_of(result.added, "observation") + " new, " +
                      std::to_string(result.unchanged) + " known" +
                      (result.skipped > 0 ? ", " + count_of(result.skipped, "bad line") + " skipped" : "") + "\n");
      }
    } catch (const base::Error& error) {
      // Nothing of this file was taken; the others are no worse for it.
      if (error.code() != base::ErrorCode::kBadInput) throw;
      exit_code = kExitBadInput;
      nlohmann::ordered_json json;
      json["path"] = file;
      json["status"] = "failed";
      json.update(error_json(error));
      files.push_back(std::move(json));
      context.console.err(error_text(error));
      if (!context.json) context.print("failed     " + file + "  nothing imported\n");
    }
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["files"] = std::move(files);
    document["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    context.print(document);
  }
  return exit_code;
}

}  // namespace

void add_import(Program& program) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App& app = program.add("import", "Take observations from JSON lines into the archive",
                              {"reelgraph import match.observations.jsonl", "tool | reelgraph import -",
                               "reelgraph import *.jsonl --keep-going  # skip and count bad lines"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("FILE.jsonl", options->files, "Files in the observation format; - is standard input")->required()->type_name("");
  app.add_flag("--keep-going", options->keep_going, "Skip and count bad lines instead of refusing the file");
}

}  // namespace reelgraph::cli
