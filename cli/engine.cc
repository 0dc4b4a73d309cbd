#include "cli/engine.h"

#include <algorithm>

#include "captioner/profiles.h"

namespace reelgraph::cli {

query::Engine make_engine(Context& context, const graph::Store& store) {
  std::vector<std::string> names = captioner::builtin_profile_names();
  if (const std::optional<std::string> own = context.config().text("profile");
      own && std::find(names.begin(), names.end(), *own) == names.end()) {
    names.push_back(*own);
  }
  std::vector<base::Profile> profiles;
  for (const std::string& name : names) profiles.push_back(captioner::load_profile(name));
  return {store, std::move(profiles)};
}

}  // namespace reelgraph::cli
