// Config files: any bytes are read or refused with a base::Error, and what is read can be written and read again.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "cli/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  try {
    const auto config = reelgraph::cli::Config::parse(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    std::string again;
    for (const auto& [key, value] : config.values().items()) again += key + " = " + value.dump() + "\n";
    if (reelgraph::cli::Config::parse(again, "again").values() != config.values()) __builtin_trap();
  } catch (const reelgraph::base::Error&) {
  }
  return 0;
}
