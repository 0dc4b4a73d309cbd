#include "captioner/endpoint/schema.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/observation_json.h"

namespace reelgraph::captioner::endpoint {
namespace {

nlohmann::json words(const std::vector<base::Term>& terms) {
  nlohmann::json list = nlohmann::json::array();
  bool other = false;
  for (const base::Term& term : terms) {
    list.push_back(term.name);
    other |= term.name == "other";
  }
  if (!other) list.push_back("other");
  return {{"type", "string"}, {"enum", std::move(list)}};
}

nlohmann::json object(nlohmann::json properties) {
  nlohmann::json required = nlohmann::json::array();
  for (const auto& [name, schema] : properties.items()) required.push_back(name);
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}};
}

nlohmann::json list_of(nlohmann::json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

// What must be so for a reply to be of any use. A time may come as a number or as text ("0:13"); what a word means is settled later.
constexpr const char* kLenient = R"json({
  "type": "object",
  "required": ["caption"],
  "properties": {
    "caption": {"type": "string", "minLength": 1},
    "ocr": {"type": ["array", "null"], "items": {"type": "string"}},
    "entities": {"type": ["array", "null"], "maxItems": 2000, "items": {
      "type": "object", "required": ["ref"],
      "properties": {
        "ref": {"type": ["string", "number"]}, "type": {"type": ["string", "null"]}, "word": {"type": ["string", "null"]},
        "name": {"type": ["string", "null"]}, "description": {"type": ["string", "null"]}
      }}},
    "events": {"type": ["array", "null"], "maxItems": 2000, "items": {
      "type": "object", "required": ["type"],
      "properties": {
        "type": {"type": "string", "minLength": 1}, "word": {"type": ["string", "null"]},
        "start": {"type": ["number", "string", "null"]}, "end": {"type": ["number", "string", "null"]},
        "description": {"type": ["string", "null"]},
        "participants": {"type": ["array", "null"], "maxItems": 200, "items": {
          "type": "object", "required": ["ref"],
          "properties": {"ref": {"type": ["string", "number"]}, "role": {"type": ["string", "null"]}}}}
      }}}
  }
})json";

}  // namespace

nlohmann::json strict_schema(const base::Profile& profile) {
  const nlohmann::json text{{"type", "string"}}, number{{"type", "number"}};
  return object(
      {{"caption", text},
       {"ocr", list_of(text)},
       {"entities",
        list_of(object({{"ref", text}, {"type", words(profile.entity_types)}, {"word", text}, {"name", text}, {"description", text}}))},
       {"events", list_of(object({{"type", words(profile.event_types)},
                                  {"word", text},
                                  {"start", number},
                                  {"end", number},
                                  {"description", text},
                                  {"participants", list_of(object({{"ref", text}, {"role", words(profile.roles)}}))}}))}});
}

struct ReplySchema::State {
  valijson::Schema schema;
};

ReplySchema::ReplySchema() : state_(std::make_unique<State>()) {
  const nlohmann::json lenient = nlohmann::json::parse(kLenient);
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(lenient), state_->schema);
}
ReplySchema::~ReplySchema() = default;

std::string ReplySchema::problem(const nlohmann::json& reply) const {
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(reply);
  if (validator.validate(state_->schema, adapter, &results)) return {};
  // valijson tells the innermost failure first and then every level around it: the first one says it best.
  valijson::ValidationResults::Error error;
  if (!results.popError(error)) return "it does not fit the schema";
  std::string place;
  for (const std::string& step : error.context) {
    if (step == "<root>") continue;
    std::string word = step;
    word.erase(std::remove_if(word.begin(), word.end(), [](char c) { return c == '[' || c == ']' || c == '"'; }), word.end());
    place += (place.empty() ? "" : "/") + word;
  }
  return base::clean_line((place.empty() ? std::string("the reply") : place) + ": " + error.description, 300);
}

}  // namespace reelgraph::captioner::endpoint
