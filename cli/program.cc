#include "cli/program.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>

#include "base/utf8.h"
#include "cli/commands/commands.h"
#include "cli/commands/report.h"
#include "cli/version.h"

namespace reelgraph::cli {
namespace {

bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--") == 0) return false;
    if (std::strcmp(argv[i], "--json") == 0) return true;
  }
  return false;
}

std::string footer_of(const std::vector<std::string>& examples) {
  std::string text = "Examples:";
  for (const std::string& line : examples) text += "\n  " + line;
  return text;
}

}  // namespace

Program::Program() : root_("Watches long videos once and answers questions about them, with citations.", "reelgraph") {
  root_.set_version_flag("--version", std::string("reelgraph ") + kVersion, "Show the version");
  root_.set_help_flag("-h,--help", "Show this help");
  root_.add_option("-a,--archive", context_.archive_option, "The archive folder [REELGRAPH_ARCHIVE, else archive.reel]")
      ->type_name("ARCHIVE.reel");
  root_.add_flag("--json", context_.json, "One JSON document on standard output (JSON lines where a command streams)");
  CLI::Option* quiet = root_.add_flag("-q,--quiet", quiet_, "Errors only on standard error");
  root_.add_flag("-v,--verbose", verbose_, "More about what is done")->excludes(quiet);
  root_.require_subcommand(1);
  root_.fallthrough();
  root_.get_formatter()->column_width(34);
  root_.footer(
      "Times are seconds or H:MM:SS.mmm. reelgraph COMMAND --help tells more.\n"
      "Exit codes: 0 done, 1 nothing found, 2 usage, 3 bad input, 4 model, 5 archive, 6 interrupted (resumable).");
  add_ingest(*this);
  add_import(*this);
  add_index(*this);
  add_ask(*this);
  add_search(*this);
  add_timeline(*this);
  add_entities(*this);
  add_show(*this);
  add_identity(*this);
  add_report(*this);
  add_frame(*this);
  add_clip(*this);
  add_export(*this);
  add_eval(*this);
  add_info(*this);
  add_verify(*this);
  add_models(*this);
  add_config(*this);
  add_doctor(*this);
  add_completion(*this);
  add_man(*this);
}

CLI::App& Program::add(const std::string& name, const std::string& description, const std::vector<std::string>& examples,
                       std::function<int()> body) {
  CLI::App* command = root_.add_subcommand(name, description);
  command->footer(footer_of(examples));
  bodies_[name] = std::move(body);
  examples_[name] = examples;
  return *command;
}

std::vector<const CLI::App*> Program::commands() const { return root_.get_subcommands({}); }

int Program::parse_and_run(int argc, const char* const* argv) {
  try {
    root_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::string before = root_.get_name();
    const CLI::App* app = &root_;
    for (std::vector<CLI::App*> chosen = root_.get_subcommands(); !chosen.empty(); chosen = app->get_subcommands()) {
      if (app != &root_) before += " " + app->get_name();
      app = chosen.front();
    }
    context_.print(app == &root_ ? root_.help() : app->help(before));
    return kExitDone;
  } catch (const CLI::CallForVersion& version) {
    context_.print(std::string(version.what()) + "\n");
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    const std::vector<CLI::App*> chosen = root_.get_subcommands();
    if (chosen.empty() && !root_.remaining().empty()) {
      throw base::Error(base::ErrorCode::kInvalidArgument,
                        "there is no command or option " + base::sanitize_utf8(root_.remaining().front(), 200), {}, "see reelgraph --help");
    }
    throw base::Error(base::ErrorCode::kInvalidArgument, error.what(), {},
                      "see reelgraph " + (chosen.empty() ? "" : chosen.front()->get_name() + " ") + "--help");
  }
  context_.console.set_verbosity(quiet_ ? Verbosity::kQuiet : verbose_ ? Verbosity::kVerbose : Verbosity::kNormal);
  return bodies_.at(root_.get_subcommands().front()->get_name())();
}

int Program::run(int argc, const char* const* argv) {
  const bool json = asks_for_json(argc, argv);
  const auto tell = [&](const base::Error& error) {
    context_.console.status({});
    if (json) {
      try {
        context_.print(error_json(error));
      } catch (const base::Error&) {  // standard output is what failed
      }
    }
    context_.console.err(error_text(error));
    return base::exit_code(error.code());
  };
  try {
    return parse_and_run(argc, argv);
  } catch (const base::Error& error) {
    return tell(error);
  } catch (const std::bad_alloc&) {
    return tell({base::ErrorCode::kInternal, "out of memory", {}, "free some, or work with --jobs 1"});
  } catch (const std::exception& error) {
    return tell({base::ErrorCode::kInternal, error.what(), {}, "this is a defect of reelgraph; please report it with the command line"});
  }
}

CLI::Option* add_time(CLI::App& app, const std::string& name, std::optional<base::Timestamp>& value, const std::string& description) {
  const auto read = [name, &value](const std::string& text) {
    value = base::parse_time(text);
    if (!value) throw CLI::ValidationError(name, "\"" + text + "\" is no time; write seconds (83.5) or H:MM:SS.mmm (1:23.5)");
  };
  return app.add_option_function<std::string>(name, read, description)->type_name("TIME");
}

CLI::Option* add_length(CLI::App& app, const std::string& name, std::optional<base::Duration>& value, const std::string& description) {
  return add_time(app, name, value, description)->type_name("SECONDS");
}

CLI::Option* add_videos(CLI::App& app, std::vector<std::string>& videos) {
  return app.add_option("--video", videos, "Only this video: id, title or path (may be repeated)")
      ->type_name("VIDEO")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void add_range(CLI::App& app, std::optional<base::Timestamp>& from, std::optional<base::Timestamp>& to) {
  add_time(app, "--from", from, "Only from this time on");
  add_time(app, "--to", to, "Only up to this time");
}

CLI::Option* add_output(CLI::App& app, std::string& file) {
  return app.add_option("-o,--output", file, "Write to this file")->type_name("FILE");
}

void add_absent(CLI::App& app, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += " " + name;
    const auto refuse = [name](const std::vector<std::string>&) -> bool {
      throw CLI::ValidationError(name + " is not in this version of reelgraph");
    };
    app.add_option(name, CLI::callback_t(refuse), "Not in this version")->expected(0, 1)->group(kAbsentGroup);
  }
  app.footer(app.get_footer() + "\nNot in this version:" + list);
}

}  // namespace reelgraph::cli
