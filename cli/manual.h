#pragma once
// The manual page, made from the definitions of the commands.

#include <string>

namespace reelgraph::cli {

class Program;

/// roff for section 1. The same text for the same version.
[[nodiscard]] std::string manual_page(const Program& program);

}  // namespace reelgraph::cli
