#include "tests/captioner/local/random_schema.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace reelgraph::test {

bool fits(const nlohmann::json& schema, const std::string& text) {
  const nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) return false;
  valijson::Schema compiled;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled);
  return valijson::Validator(valijson::Validator::kStrongTypes).validate(compiled, valijson::adapters::NlohmannJsonAdapter(value), nullptr);
}

}  // namespace reelgraph::test
