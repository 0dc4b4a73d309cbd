#include "cli/manual.h"

#include "cli/config.h"
#include "cli/option_facts.h"
#include "cli/program.h"
#include "cli/version.h"

namespace reelgraph::cli {
namespace {

/// Text that roff takes as it is: no control lines, no escapes, hyphens that can be copied.
std::string roff(const std::string& text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string options_text(const CLI::App& app) {
  std::string text;
  for (const OptionFacts& option : options_of(app)) {
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
    if (option.names.empty()) names = "\\fI" + roff(option.positional) + "\\fR";
    if (!option.value.empty()) names += " \\fI" + roff(option.value) + "\\fR";
    text += ".TP\n" + names + "\n" + roff(option.description) + (option.required ? " (required)" : "") + "\n";
    if (!option.choices.empty()) {
      std::string list;
      for (const std::string& choice : option.choices) list += (list.empty() ? "" : ", ") + choice;
      text += ".br\nOne of: " + roff(list) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string manual_page(const Program& program) {
  std::string page = std::string(".TH REELGRAPH 1 \"\" \"reelgraph ") + kVersion + "\" \"User Commands\"\n";
  page += ".SH NAME\nreelgraph \\- " + roff("watch long videos once, ask about them, get answers with citations") + "\n";
  page +=
      ".SH SYNOPSIS\n.B reelgraph\n[\\fB\\-a\\fR \\fIARCHIVE.reel\\fR] [\\fB\\-\\-json\\fR] [\\fB\\-q\\fR | \\fB\\-v\\fR] \\fICOMMAND\\fR "
      "[options]\n";
  page +=
      ".SH DESCRIPTION\n" +
      roff(
          "reelgraph watches a video once, in chunks, writes what can be measured or was imported into a temporal graph, and answers "
          "questions from it. "
          "An archive is one folder. Results go to standard output, everything else to standard error. Times are seconds or H:MM:SS.mmm.") +
      "\n.SH OPTIONS\n" + roff("These may stand before or after the command.") + "\n" + options_text(program.root());
  page += ".SH COMMANDS\n";
  for (const CLI::App* command : program.commands()) {
    page += ".SS " + roff(command->get_name());
    for (const OptionFacts& option : options_of(*command)) {
      if (option.names.empty()) page += " " + roff(option.required ? option.positional : "[" + option.positional + "]");
    }
    page += "\n" + roff(command->get_description()) + ".\n" + options_text(*command);
    for (const CLI::App* kind : command->get_subcommands({}))
      page += ".SS " + roff(command->get_name() + " " + kind->get_name()) + "\n" + roff(kind->get_description()) + ".\n" + options_text(*kind);
    page += ".PP\nExamples:\n.nf\n";
    for (const std::string& example : program.examples(command->get_name())) page += "  " + roff(example) + "\n";
    page += ".fi\n";
  }
  page += ".SH EXIT STATUS\n";
  static constexpr const char* kCodes[][2] = {{"0", "done"},
                                              {"1", "nothing found, or a question without an answer in the archive"},
                                              {"2", "wrong usage"},
                                              {"3", "bad input: a file, stream or line cannot be used"},
                                              {"4", "a model or its server failed"},
                                              {"5", "the archive cannot be opened, read or written"},
                                              {"6", "interrupted; the same command goes on where it stopped"},
                                              {"70", "a defect of reelgraph or of its installation"}};
  for (const auto& [code, meaning] : kCodes) page += std::string(".TP\n\\fB") + code + "\\fR\n" + roff(meaning) + "\n";
  page += ".SH ENVIRONMENT\n.TP\n\\fBREELGRAPH_ARCHIVE\\fR\n" +
          roff("The archive when -a is left out; without it, the config's, else archive.reel in the present folder.") + "\n";
  page += ".TP\n\\fBXDG_CONFIG_HOME\\fR, \\fBHOME\\fR\nWhere the config file is looked for.\n";
  page += ".SH FILES\n.TP\n\\fI~/.config/reelgraph/config.toml\\fR\nYour defaults. Keys:\n";
  for (const ConfigKey& key : config_keys())
    page += ".RS\n.TP\n\\fB" + roff(key.name) + "\\fR (" + key.type + ")\n" + roff(key.description) + "\n.RE\n";
  page += ".TP\n\\fINAME.reel/\\fR\n" +
          roff("An archive: graph.db (all that is known) and frames/ (pictures). Copying the folder copies the archive.") + "\n";
  return page;
}

}  // namespace reelgraph::cli
