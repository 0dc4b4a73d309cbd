#pragma once
// How a profile tells what happens: its part [commentary], which only reports need.

#include <optional>
#include <string>

#include "base/commentary.h"

namespace reelgraph::captioner {

/// @param name_or_file a built-in profile's name, or the path of a .toml file
/// @returns nothing if that profile has no [commentary]
/// @throws base::Error kBadInput naming file, line and cure, as `load_profile`
[[nodiscard]] std::optional<base::Commentary> load_commentary(const std::string& name_or_file);

/// The same from text; `where` names it in errors.
[[nodiscard]] std::optional<base::Commentary> parse_commentary(const std::string& toml, const std::string& where);

}  // namespace reelgraph::captioner
