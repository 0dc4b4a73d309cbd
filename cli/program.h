#pragma once
// The command line: every command defined once, for parsing, for --help, for the completions and for the manual.

#include <CLI/App.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/context.h"

namespace reelgraph::cli {

/// Owns the definitions. A command's file adds itself by one function (`commands/commands.h`).
class Program {
 public:
  Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Runs one command line. @returns the exit code; throws nothing
  [[nodiscard]] int run(int argc, const char* const* argv);

  /// Adds a command. @param examples lines "reelgraph ..." with a remark after "  # "
  CLI::App& add(const std::string& name, const std::string& description, const std::vector<std::string>& examples,
                std::function<int()> body);

  [[nodiscard]] Context& context() { return context_; }
  [[nodiscard]] const CLI::App& root() const { return root_; }
  /// In the order of the manual; hidden ones left out.
  [[nodiscard]] std::vector<const CLI::App*> commands() const;
  [[nodiscard]] const std::vector<std::string>& examples(const std::string& command) const { return examples_.at(command); }

 private:
  [[nodiscard]] int parse_and_run(int argc, const char* const* argv);

  Context context_;
  CLI::App root_;
  bool quiet_ = false, verbose_ = false;
  std::map<std::string, std::function<int()>> bodies_;
  std::map<std::string, std::vector<std::string>> examples_;
};

/// Options that several commands have, worded alike.
CLI::Option* add_time(CLI::App& app, const std::string& name, std::optional<base::Timestamp>& value, const std::string& description);
CLI::Option* add_videos(CLI::App& app, std::vector<std::string>& videos);
void add_range(CLI::App& app, std::optional<base::Timestamp>& from, std::optional<base::Timestamp>& to);
CLI::Option* add_output(CLI::App& app, std::string& file);
/// A length of time ("30", "1:30") with bounds in seconds.
CLI::Option* add_length(CLI::App& app, const std::string& name, std::optional<base::Duration>& value, const std::string& description);
/// Options of the contract that this version does not have: given, each is refused in plain words; --help lists them in one line.
void add_absent(CLI::App& app, const std::vector<std::string>& names);
/// Names of `add_absent`, for --help.
inline constexpr const char* kAbsentGroup = "";

}  // namespace reelgraph::cli
