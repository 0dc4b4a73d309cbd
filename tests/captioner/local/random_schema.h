#pragma once
// JSON Schemas drawn at random, and the check that a text fits one by a validator that knows nothing of ours.

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace reelgraph::test {

class RandomSchema {
 public:
  explicit RandomSchema(unsigned seed) : random_(seed) {}

  [[nodiscard]] int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  nlohmann::ordered_json object(int depth) {
    nlohmann::ordered_json schema{{"type", "object"}, {"additionalProperties", false}};
    schema["properties"] = nlohmann::ordered_json::object();
    schema["required"] = nlohmann::ordered_json::array();
    for (int i = draw(0, 4); i >= 0; --i) {
      const std::string name = "k" + std::to_string(i) + (draw(0, 3) == 0 ? "é" : "");
      schema["properties"][name] = any(depth - 1);
      if (draw(0, 2) > 0) schema["required"].push_back(name);
    }
    return schema;
  }

  nlohmann::ordered_json any(int depth) {
    switch (draw(0, depth > 0 ? 9 : 6)) {
      case 0: return bounded({{"type", "string"}}, "minLength", "maxLength", 12);
      case 1: return {{"type", "string"}, {"enum", {"goal", "goal_kick", "go", "ünder", "a \"quote\""}}};
      case 2: return limited({{"type", "integer"}});
      case 3: return limited({{"type", "number"}});
      case 4: return {{"type", "boolean"}};
      case 5: return {{"const", 12.5}};
      case 6: return {{"type", {"null", "string"}}, {"maxLength", 5}};
      case 7: return {{"anyOf", {{{"type", "integer"}}, object(depth - 1), {{"type", "null"}}}}};
      case 8: return object(depth - 1);
      default: {
        nlohmann::ordered_json list = bounded({{"type", "array"}}, "minItems", "maxItems", 4);
        list["items"] = any(depth - 1);
        return list;
      }
    }
  }

 private:
  nlohmann::ordered_json bounded(nlohmann::ordered_json schema, const char* least, const char* most, int limit) {
    const int low = draw(0, 2);
    if (draw(0, 1) == 0) schema[least] = low;
    if (draw(0, 1) == 0) schema[most] = draw(low, limit);
    return schema;
  }
  nlohmann::ordered_json limited(nlohmann::ordered_json schema) {
    const int low = draw(-1200, 1200);
    if (draw(0, 1) == 0) schema["minimum"] = low;
    if (draw(0, 1) == 0) schema["maximum"] = draw(low, 3000);
    return schema;
  }
  std::mt19937 random_;
};

/// Is it JSON, and does it fit? By valijson, which knows nothing of ours.
[[nodiscard]] bool fits(const nlohmann::json& schema, const std::string& text);

}  // namespace reelgraph::test
