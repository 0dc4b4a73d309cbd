#include "captioner/local/json_fields.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {

JsonFields::JsonFields(const nlohmann::json& object, std::string context, std::string at)
    : object_(object), context_(std::move(context)), at_(std::move(at)) {
  if (!object_.is_object()) refuse(context_, at_.empty() ? "is not an object" : at_.substr(0, at_.size() - 1) + " is not an object");
}

bool JsonFields::has(const char* name) const {
  const auto it = object_.find(name);
  return it != object_.end() && !it->is_null();
}

void JsonFields::refuse_field(const char* name, const std::string& why) const { refuse(context_, where(name) + " " + why); }

std::int64_t JsonFields::whole(const char* name, std::int64_t low, std::int64_t high, std::optional<std::int64_t> fallback) const {
  if (!has(name)) {
    if (fallback) return *fallback;
    refuse_field(name, "is missing");
  }
  const nlohmann::json& value = object_.at(name);
  if (!value.is_number_integer()) refuse_field(name, "must be an integer");
  const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  const std::int64_t number = huge ? INT64_MAX : value.get<std::int64_t>();
  if (low == 1 && number < 1) refuse_field(name, "must be positive");
  if (number < low || number > high) {
    refuse_field(name, "is out of range: " + value.dump() + " is not in " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

std::int64_t JsonFields::size(const char* name, std::int64_t limit, std::optional<std::int64_t> fallback) const {
  return whole(name, 1, limit, fallback);
}

double JsonFields::positive(const char* name, std::optional<double> fallback) const {
  if (!has(name)) {
    if (fallback) return *fallback;
    refuse_field(name, "is missing");
  }
  const nlohmann::json& value = object_.at(name);
  if (!value.is_number()) refuse_field(name, "must be a number");
  const double number = value.get<double>();
  if (!std::isfinite(number) || number <= 0) refuse_field(name, "must be positive");
  return number;
}

bool JsonFields::flag(const char* name, bool fallback) const {
  if (!has(name)) return fallback;
  if (!object_.at(name).is_boolean()) refuse_field(name, "must be true or false");
  return object_.at(name).get<bool>();
}

std::string JsonFields::text(const char* name, const std::string& fallback) const {
  if (!has(name)) return fallback;
  if (!object_.at(name).is_string()) refuse_field(name, "must be text");
  return base::ellipsize(object_.at(name).get<std::string>(), 200);
}

const nlohmann::json& JsonFields::raw(const char* name) const { return object_.at(name); }

JsonFields JsonFields::object(const char* name) const {
  if (!has(name)) refuse_field(name, "is missing");
  return {object_.at(name), context_, at_ + name + "."};
}

}  // namespace reelgraph::captioner::local
