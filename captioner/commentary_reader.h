#pragma once
// Internal to captioner: the part [commentary] of a profile.

#include <toml++/toml.h>

#include <string>
#include <vector>

#include "base/commentary.h"

namespace reelgraph::captioner {

/// @param where the file, for errors
/// @throws base::Error kBadInput with "WHERE:LINE", what is wrong and the cure: an unknown key, topic, family, recap, style or <word>, a template
/// that is not closed, a topic that must be told and has no words for it
[[nodiscard]] base::Commentary read_commentary(const toml::table& table, const std::string& where,
                                               const std::vector<base::Tally>& tallies);

}  // namespace reelgraph::captioner
