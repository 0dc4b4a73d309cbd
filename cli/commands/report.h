#pragma once
// The kinds of report, one file each.

#include <CLI/App.hpp>
#include <functional>
#include <string>

namespace reelgraph::cli {

class Context;
class Program;

void add_report(Program& program);

/// What is written: `asked`, else json with --json, else text.
/// @param output the file of -o; empty: standard output
/// @throws base::Error kInvalidArgument where --json and another document both want standard output
[[nodiscard]] std::string report_format(const Context& context, const std::string& asked, const std::string& output);

/// Each adds its subcommand to `report`, and sets `body` to what runs it when it is the one that was chosen.
void add_report_bottlenecks(Program& program, CLI::App& report, std::function<int()>& body);
void add_report_commentary(Program& program, CLI::App& report, std::function<int()>& body);
void add_report_summary(Program& program, CLI::App& report, std::function<int()>& body);

}  // namespace reelgraph::cli
