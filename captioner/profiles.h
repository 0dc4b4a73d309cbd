#pragma once
// Profiles: the words of a domain, from TOML. Four are compiled in; any file will do.

#include <string>
#include <vector>

#include "base/profile.h"

namespace reelgraph::captioner {

/// general, sports, warehouse, traffic.
[[nodiscard]] std::vector<std::string> builtin_profile_names();

/// @param name_or_file a built-in name, or the path of a .toml file
/// @throws base::Error kBadInput naming file, line and cure (unknown key, unknown role of an event type, bad polygon, TOML error)
[[nodiscard]] base::Profile load_profile(const std::string& name_or_file);

/// The same from text; `where` names it in errors.
[[nodiscard]] base::Profile parse_profile(const std::string& toml, const std::string& where);

}  // namespace reelgraph::captioner
