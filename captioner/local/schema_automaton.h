#pragma once
// A JSON Schema as an automaton over the bytes of a reply: whatever path is walked to its end, the bytes are JSON that fits the schema.

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::captioner::local {

/// A nondeterministic automaton as it is built: states with ranges of bytes and with empty moves. Acyclic but for strings and lists.
struct ByteGraph {
  struct Edge {
    std::uint8_t low = 0, high = 0;
    int to = 0;
  };
  struct Node {
    std::vector<Edge> edges;
    std::vector<int> empty;
    bool text = false;  ///< within the characters of a string
  };
  std::vector<Node> nodes;
  int start = 0, end = 0;
};

/// Compiles a schema. Written are objects with their properties in the order of the schema, in the style {"a": 1, "b": [2, 3]}.
/// Understood: type, enum, const, anyOf, $ref (within the schema, not recursive), properties, required, additionalProperties, items,
/// minItems, maxItems, minLength, maxLength, minimum, maximum; annotations are passed over. What is written is a part of what the schema
/// allows: no property that it does not name, numbers of at most nine digits before and six behind the point, no escapes of Unicode.
/// @throws base::Error kInvalidArgument naming the place: any other keyword, a contradiction, nesting beyond 32, more than 200 000 states
[[nodiscard]] ByteGraph compile_schema(std::string_view schema);

/// The graph made deterministic as far as it is walked. Not thread-safe: walking adds states.
class ByteAutomaton {
 public:
  static constexpr int kDead = -1;

  /// @param writable bytes that can be written one at a time: the way to the end is measured over them
  /// @throws base::Error kInvalidArgument if the end cannot be reached over writable bytes
  ByteAutomaton(ByteGraph graph, const std::bitset<256>& writable);

  [[nodiscard]] int start() const { return 0; }
  /// kDead if no reply goes on like this.
  [[nodiscard]] int next(int state, std::uint8_t byte) {
    const int known = states_[static_cast<std::size_t>(state)].next[byte];
    return known != kUnknown ? known : explore(state, byte);
  }
  /// The reply may end here.
  [[nodiscard]] bool accepting(int state) const { return states_[static_cast<std::size_t>(state)].accepting; }
  /// The reply must end here.
  [[nodiscard]] bool complete(int state) const;
  /// Fewest bytes to an end.
  [[nodiscard]] int distance(int state) const { return states_[static_cast<std::size_t>(state)].distance; }
  [[nodiscard]] bool in_text(int state) const { return states_[static_cast<std::size_t>(state)].text; }
  /// The one byte that must follow; nothing if there is a choice, or if the reply may end.
  [[nodiscard]] std::optional<std::uint8_t> forced(int state);
  /// Largest finite distance of any state.
  [[nodiscard]] int longest_distance() const { return longest_; }

 private:
  static constexpr int kUnknown = -2;
  struct State {
    std::vector<int> nodes;  ///< those of the graph that it stands for
    std::array<int, 256> next;
    int distance = 0;
    bool accepting = false, text = false;
  };
  int explore(int state, std::uint8_t byte);
  int intern(std::vector<int> nodes);
  void close_over_empty(std::vector<int>& nodes);
  void measure(const std::bitset<256>& writable);

  ByteGraph graph_;
  std::vector<int> distances_;  ///< of the graph's nodes; -1: no way to the end
  int longest_ = 0;
  std::vector<State> states_;
  std::map<std::vector<int>, int> known_;
  std::vector<int> seen_;  ///< scratch: the walk in which a node was met
  int walk_ = 0;
};

}  // namespace reelgraph::captioner::local
