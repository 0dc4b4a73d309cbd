#include "cli/engine.h"

#include <algorithm>

#include "captioner/profiles.h"

namespace reelgraph::cli {

query::Engine make_engine(Context& context, const graph::Store& store, const std::string& profile,
                          std::shared_ptr<base::TextEmbedder> embedder) {
  std::vector<std::string> names = captioner::builtin_profile_names();
  if (const std::optional<std::string> own = context.config().text("profile");
      own && std::find(names.begin(), names.end(), *own) == names.end()) {
    names.push_back(*own);
  }
  if (!profile.empty() && std::find(names.begin(), names.end(), profile) == names.end()) names.push_back(profile);
  std::vector<base::Profile> profiles;
  for (const std::string& name : names) profiles.push_back(captioner::load_profile(name));
  return {store, std::move(profiles), std::move(embedder), context.console.log_sink_once()};
}

}  // namespace reelgraph::cli
