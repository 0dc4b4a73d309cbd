// Schemas: refused by name or compiled; what is compiled can be walked to an end.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "captioner/local/schema_automaton.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using reelgraph::captioner::local::ByteAutomaton;
  try {
    ByteAutomaton automaton(reelgraph::captioner::local::compile_schema({reinterpret_cast<const char*>(data), size}),
                            std::bitset<256>().set());
    int state = automaton.start();
    for (int left = automaton.distance(state); left > 0; --left) {
      int next = ByteAutomaton::kDead;
      for (int byte = 0; byte < 256 && next == ByteAutomaton::kDead; ++byte) {
        const int to = automaton.next(state, static_cast<std::uint8_t>(byte));
        if (to != ByteAutomaton::kDead && automaton.distance(to) == left - 1) next = to;
      }
      if (next == ByteAutomaton::kDead) std::abort();  // the distance lied
      state = next;
    }
    if (!automaton.accepting(state)) std::abort();
  } catch (const reelgraph::base::Error&) {
  }
  return 0;
}
