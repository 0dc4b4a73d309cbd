// reelgraph export: the archive as text.

#include <cstdio>
#include <filesystem>
#include <ostream>
#include <streambuf>

#include "base/write_file.h"
#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"
#include "graph/transfer.h"

namespace reelgraph::cli {
namespace {

struct ExportOptions {
  std::string format = "jsonl", output;
  std::vector<std::string> videos;
};

/// Hands what is streamed to the console in large pieces, so that an export of any size needs no memory.
class ConsoleBuffer final : public std::streambuf {
 public:
  explicit ConsoleBuffer(Console& console) : console_(console) { held_.reserve(kPiece); }
  void finish() {
    console_.out(held_);
    held_.clear();
  }

 private:
  static constexpr std::size_t kPiece = 1 << 16;
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char byte = traits_type::to_char_type(c);
    xsputn(&byte, 1);
    return c;
  }
  std::streamsize xsputn(const char* bytes, std::streamsize n) override {
    held_.append(bytes, static_cast<std::size_t>(n));
    if (held_.size() >= kPiece) finish();
    return n;
  }

  Console& console_;
  std::string held_;
};

int run(Context& context, const ExportOptions& options) {
  if (context.json && options.output.empty() && options.format != "jsonl") {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--json and --format " + options.format + " both want standard output", {},
                      "write the export to a file with -o");
  }
  const graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::ExportOptions asked{options.format, video_ids(archive.store(), options.videos)};
  if (options.output.empty()) {
    ConsoleBuffer buffer(context.console);
    std::ostream out(&buffer);
    out.exceptions(std::ios::badbit);  // lets the console's own error through
    graph::export_archive(archive, out, asked);
    buffer.finish();
    return kExitDone;
  }
  base::write_file(options.output, [&](std::ostream& out) { graph::export_archive(archive, out, asked); });
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(options.output, error);
  const std::int64_t bytes = error ? 0 : static_cast<std::int64_t>(size);
  if (context.json) {
    nlohmann::ordered_json document;
    document["file"] = options.output;
    document["format"] = options.format;
    document["bytes"] = bytes;
    context.print(document);
  } else {
    context.print(options.output + ": " + format_bytes(bytes) + "\n");
  }
  return kExitDone;
}

}  // namespace

void add_export(Program& program) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App& app = program.add("export", "Write the archive as text; jsonl imports again to the same graph",
                              {"reelgraph export > backup.jsonl", "reelgraph export --format srt --video match-1 -o match-1.srt",
                               "reelgraph export --format graphml -o graph.graphml"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("--format", options->format, "jsonl, graphml, csv, srt or vtt")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"jsonl", "graphml", "csv", "srt", "vtt"}));
  add_videos(app, options->videos);
  add_output(app, options->output);
}

}  // namespace reelgraph::cli
