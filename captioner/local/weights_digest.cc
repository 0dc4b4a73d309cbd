#include "captioner/local/weights_digest.h"

#include <xxhash.h>

#include <cstdio>
#include <memory>

namespace reelgraph::captioner::local {

std::string weights_identity(const std::filesystem::path& folder, const Weights& weights) {
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  XXH3_64bits_reset(state.get());
  for (const auto& [name, entry] : weights.tensors()) {
    const std::string head = name + "\n" + name_of(entry.view.dtype) + shape_text(entry.view.shape) + "\n";
    XXH3_64bits_update(state.get(), head.data(), head.size());
    XXH3_64bits_update(state.get(), entry.view.data.data(), entry.view.data.size());
  }
  char digest[17];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(state.get())));
  std::filesystem::path name = std::filesystem::absolute(folder).lexically_normal();
  if (name.filename().empty()) name = name.parent_path();
  return name.filename().string() + "@" + digest;
}

}  // namespace reelgraph::captioner::local
