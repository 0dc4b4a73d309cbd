// Lines of an import: whatever comes in is refused with base::Error, or is written in a form that reads as the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/observation_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reelgraph::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string written;
  try {
    ObservationLine line = parse_observation_line(text, nullptr);
    if (auto* o = std::get_if<Observation>(&line)) renumber_refs(*o);
    written = std::visit([](const auto& l) { return to_json_line(l); }, line);
  } catch (const Error&) {
    return 0;
  }
  try {
    ObservationLine again = parse_observation_line(written, nullptr);
    if (auto* o = std::get_if<Observation>(&again)) renumber_refs(*o);
    if (std::visit([](const auto& l) { return to_json_line(l); }, again) != written) std::abort();
  } catch (const Error&) {
    std::abort();  // what we write must be readable
  }
  return 0;
}
