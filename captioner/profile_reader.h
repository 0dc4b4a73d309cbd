#pragma once
// Internal to captioner: one profile file as written, before the general words are merged in. Includes toml++ only in its .cc.

#include <optional>
#include <string>
#include <vector>

#include "base/commentary.h"
#include "base/profile.h"

namespace reelgraph::captioner {

/// Roles an event type names, with the line, so that they can be checked once all roles are known.
struct RoleUse {
  std::string event_type;
  std::string role;
  std::string place;  ///< "FILE:LINE"
};

struct RawProfile {
  base::Profile profile;  ///< without digest
  std::vector<RoleUse> role_uses;
  std::optional<base::Commentary> commentary;  ///< of [commentary]
};

/// @throws base::Error kBadInput with "WHERE:LINE", what is wrong and the cure
[[nodiscard]] RawProfile read_profile(const std::string& toml, const std::string& where);

}  // namespace reelgraph::captioner
