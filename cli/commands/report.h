#pragma once
// The kinds of report, one file each.

#include <CLI/App.hpp>
#include <functional>

namespace reelgraph::cli {

class Program;

void add_report(Program& program);

/// Each adds its subcommand to `report`, and sets `body` to what runs it when it is the one that was chosen.
void add_report_bottlenecks(Program& program, CLI::App& report, std::function<int()>& body);
void add_report_commentary(Program& program, CLI::App& report, std::function<int()>& body);
void add_report_summary(Program& program, CLI::App& report, std::function<int()>& body);

}  // namespace reelgraph::cli
