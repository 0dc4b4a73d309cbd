// Profiles are files of users: whatever they hold, there is a profile or a base::Error.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "captioner/profiles.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    static_cast<void>(reelgraph::captioner::parse_profile(std::string(reinterpret_cast<const char*>(data), size), "fuzz.toml"));
  } catch (const reelgraph::base::Error&) {
  }
  return 0;
}
