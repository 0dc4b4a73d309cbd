// From a JSON Schema to the graph of its replies.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/utf8.h"
#include "captioner/local/json_file.h"
#include "captioner/local/schema_automaton.h"

namespace reelgraph::captioner::local {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostStates = 200'000;
constexpr int kDeepest = 32;
constexpr std::int64_t kLargest = 999'999'999;  ///< of a number without bounds
constexpr int kFractionDigits = 6;
constexpr const char* kComma = ", ";

const std::set<std::string> kUnderstood{
    "type",  "enum",     "const",    "anyOf",     "$ref",      "properties", "required", "additionalProperties",
    "items", "minItems", "maxItems", "minLength", "maxLength", "minimum",    "maximum"};
const std::set<std::string> kAnnotations{"title",      "description", "$schema",   "$id",   "$comment",    "default", "examples",
                                         "deprecated", "readOnly",    "writeOnly", "$defs", "definitions", "format"};

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

class Compiler {
 public:
  explicit Compiler(const Json& root) : root_(root) {}

  ByteGraph compile() {
    graph_.start = node();
    graph_.end = value(graph_.start, root_, "#", 0);
    return std::move(graph_);
  }

 private:
  [[noreturn]] static void refuse_schema(const std::string& at, const std::string& why) {
    throw base::Error(base::ErrorCode::kInvalidArgument, why, "schema " + base::ellipsize(base::sanitize_utf8(at), 200),
                      "see docs/models.md for what a schema may say");
  }

  int node(bool text = false) {
    if (graph_.nodes.size() >= kMostStates) refuse_schema("#", "is too large (more than " + std::to_string(kMostStates) + " states)");
    graph_.nodes.emplace_back().text = text;
    return static_cast<int>(graph_.nodes.size()) - 1;
  }
  ByteGraph::Node& at(int index) { return graph_.nodes[static_cast<std::size_t>(index)]; }
  void edge(int from, int low, int high, int to) {
    at(from).edges.push_back({static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high), to});
  }
  void skip(int from, int to) { at(from).empty.push_back(to); }

  int literal(int from, std::string_view bytes) {
    for (const char c : bytes) {
      const int to = node();
      edge(from, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(c), to);
      from = to;
    }
    return from;
  }

  /// One character of a string, as UTF-8 or as a short escape.
  void character(int from, int to) {
    edge(from, 0x20, 0x21, to);
    edge(from, 0x23, 0x5B, to);
    edge(from, 0x5D, 0x7E, to);
    const int escape = node(true);
    edge(from, '\\', '\\', escape);
    for (const char c : std::string_view("\"\\/bfnrt")) edge(escape, c, c, to);
    const int last = node(true), last_two = node(true), last_three = node(true);
    edge(last, 0x80, 0xBF, to);
    edge(last_two, 0x80, 0xBF, last);
    edge(last_three, 0x80, 0xBF, last_two);
    edge(from, 0xC2, 0xDF, last);
    edge(from, 0xE1, 0xEC, last_two);
    edge(from, 0xEE, 0xEF, last_two);
    edge(from, 0xF1, 0xF3, last_three);
    // Neither overlong forms, nor surrogates, nor what is beyond U+10FFFF.
    const auto second = [&](int lead, int low, int high, int then) {
      const int middle = node(true);
      edge(from, lead, lead, middle);
      edge(middle, low, high, then);
    };
    second(0xE0, 0xA0, 0xBF, last);
    second(0xED, 0x80, 0x9F, last);
    second(0xF0, 0x90, 0xBF, last_two);
    second(0xF4, 0x80, 0x8F, last_two);
  }

  int string(int from, const Json& schema, const std::string& place) {
    const std::int64_t least = count(schema, "minLength", place).value_or(0);
    const std::optional<std::int64_t> most = count(schema, "maxLength", place);
    if (most && *most < least) refuse_schema(place, "maxLength is below minLength");
    const int end = node();
    int here = node(true);
    edge(from, '"', '"', here);
    for (std::int64_t i = 0; i < most.value_or(least); ++i) {
      if (i >= least) edge(here, '"', '"', end);
      const int next = node(true);
      character(here, next);
      here = next;
    }
    edge(here, '"', '"', end);
    if (!most) character(here, here);
    return end;
  }

  /// Digits from `low` to `high`, both of one length. @param low_tight false: what went before is above `low` already
  void digits(int from, const std::string& low, const std::string& high, std::size_t i, bool low_tight, bool high_tight, int end) {
    if (i == low.size()) return skip(from, end);
    const char first = low_tight ? low[i] : '0', last = high_tight ? high[i] : '9';
    const auto step = [&](char a, char b, bool keeps_low, bool keeps_high) {
      if (a > b) return;
      const int next = node();
      edge(from, a, b, next);
      digits(next, low, high, i + 1, keeps_low, keeps_high, end);
    };
    if (first == last) return step(first, last, low_tight, high_tight);
    const char inner_first = low_tight ? static_cast<char>(first + 1) : first, inner_last = high_tight ? static_cast<char>(last - 1) : last;
    if (low_tight) step(first, first, true, false);
    step(inner_first, inner_last, false, false);
    if (high_tight) step(last, last, false, true);
  }

  /// A whole number of low .. high (both >= 0) without leading zeros.
  void magnitude(int from, std::int64_t low, std::int64_t high, int end) {
    std::int64_t floor = 0, ceiling = 9;
    for (int length = 1; length <= 16 && floor <= high; ++length) {
      const std::int64_t a = std::max(low, floor), b = std::min(high, ceiling);
      if (a <= b) digits(from, std::to_string(a), std::to_string(b), 0, true, true, end);
      floor = ceiling + 1;
      ceiling = ceiling * 10 + 9;
    }
  }

  int number(int from, const Json& schema, const std::string& place, bool whole) {
    const auto least = bound(schema, "minimum", place, true), most = bound(schema, "maximum", place, false);
    const std::int64_t low = least.value_or(std::min(-kLargest, most.value_or(0))), high = most.value_or(std::max(kLargest, low));
    if (low > high) refuse_schema(place, "no whole number lies between minimum and maximum");
    const int end = node();
    // A magnitude of `a` .. `b` may have a fraction behind it.
    const auto with_fraction = [&](int start, std::int64_t a, std::int64_t b) {
      if (a > b) return;
      const int integer = node();
      magnitude(start, a, b, integer);
      int here = literal(integer, ".");
      for (int i = 0; i < kFractionDigits; ++i) {
        const int next = node();
        edge(here, '0', '9', next);
        skip(next, end);
        here = next;
      }
    };
    if (high >= 0) {
      magnitude(from, std::max<std::int64_t>(low, 0), high, end);
      if (!whole) with_fraction(from, std::max<std::int64_t>(low, 0), high - 1);
    }
    if (low < 0) {
      const int minus = literal(from, "-");
      magnitude(minus, std::max<std::int64_t>(-high, 1), -low, end);
      if (!whole) with_fraction(minus, std::max<std::int64_t>(-high, 0), -low - 1);
    }
    return end;
  }

  int list(int from, const Json& schema, const std::string& place, int depth) {
    const std::int64_t least = count(schema, "minItems", place).value_or(0);
    const std::optional<std::int64_t> most = count(schema, "maxItems", place);
    if (most && *most < least) refuse_schema(place, "maxItems is below minItems");
    static const Json kAnything = Json::object();
    const Json& items = schema.contains("items") ? schema["items"] : kAnything;
    const int open = literal(from, "["), end = node();
    if (least == 0) edge(open, ']', ']', end);
    int before = open, start = open;
    for (std::int64_t i = 0; i < most.value_or(std::max<std::int64_t>(least, 1)); ++i) {
      start = node();
      skip(i == 0 ? open : literal(before, kComma), start);
      before = value(start, items, place + "/items", depth + 1);
      if (i + 1 >= least) edge(before, ']', ']', end);
    }
    if (!most) skip(literal(before, kComma), start);
    return end;
  }

  int object(int from, const Json& schema, const std::string& place, int depth) {
    static const Json kNothing = Json::object();
    const Json& properties = schema.contains("properties") ? schema["properties"] : kNothing;
    if (!properties.is_object()) refuse_schema(place, "properties must be an object");
    std::set<std::string> required;
    if (schema.contains("required")) {
      if (!schema["required"].is_array()) refuse_schema(place, "required must be a list");
      for (const Json& name : schema["required"]) {
        if (!name.is_string() || !properties.contains(name.get<std::string>()))
          refuse_schema(place, "required names " + dump(name) + ", which is none of its properties");
        required.insert(name.get<std::string>());
      }
    }
    const int open = literal(from, "{"), end = node();
    std::optional<int> none = open, some;  // where one may be with no member written, and with some
    for (const auto& [name, inner] : properties.items()) {
      const int start = node();
      if (none) skip(*none, start);
      if (some) skip(literal(*some, kComma), start);
      int after = value(literal(start, dump(Json(name)) + ": "), inner, place + "/properties/" + name, depth + 1);
      if (required.contains(name)) {
        none.reset();
      } else if (some) {
        const int joined = node();
        skip(after, joined);
        skip(*some, joined);
        after = joined;
      }
      some = after;
    }
    if (none) edge(*none, '}', '}', end);
    if (some) edge(*some, '}', '}', end);
    return end;
  }

  int choice(int from, const Json& values, const std::string& place, const std::vector<std::string>& types) {
    if (!values.is_array()) refuse_schema(place, "enum must be a list");
    const int end = node();
    bool any = false;
    for (const Json& one : values) {
      if (!types.empty() && std::none_of(types.begin(), types.end(), [&](const std::string& type) { return is_of(one, type); })) continue;
      skip(literal(from, dump(one)), end);
      any = true;
    }
    if (!any) refuse_schema(place, "no value of the enum fits");
    return end;
  }

  static bool is_of(const Json& one, const std::string& type) {
    return type == "string"    ? one.is_string()
           : type == "number"  ? one.is_number()
           : type == "integer" ? one.is_number_integer()
           : type == "boolean" ? one.is_boolean()
           : type == "null"    ? one.is_null()
           : type == "array"   ? one.is_array()
                               : one.is_object();
  }

  int value(int from, const Json& schema, const std::string& place, int depth) {
    if (depth > kDeepest) refuse_schema(place, "nests deeper than " + std::to_string(kDeepest) + ", or refers to itself");
    const int start = node();  // so that every level costs a state
    skip(from, start);
    if (schema == true) return value(start, Json::object(), place, depth + 1);
    if (!schema.is_object()) refuse_schema(place, "must be an object or true");
    for (const auto& [keyword, unused] : schema.items()) {
      if (!kUnderstood.contains(keyword) && !kAnnotations.contains(keyword))
        refuse_schema(place, "keyword " + keyword + " is not understood");
    }
    const auto alone = [&](const char* keyword) {
      for (const auto& [other, unused] : schema.items()) {
        if (other != keyword && !kAnnotations.contains(other))
          refuse_schema(place, std::string(keyword) + " beside " + other + " is not understood");
      }
    };
    if (schema.contains("$ref")) {
      alone("$ref");
      return value(start, target(schema["$ref"], place), place + "/$ref", depth + 1);
    }
    if (schema.contains("anyOf")) {
      alone("anyOf");
      if (!schema["anyOf"].is_array() || schema["anyOf"].empty()) refuse_schema(place, "anyOf must be a list with something in it");
      const int end = node();
      for (const Json& one : schema["anyOf"]) skip(value(start, one, place + "/anyOf", depth + 1), end);
      return end;
    }
    const std::vector<std::string> types = types_of(schema, place);
    if (schema.contains("const")) return choice(start, Json::array({schema["const"]}), place, types);
    if (schema.contains("enum")) return choice(start, schema["enum"], place, types);
    const int end = node();
    // Of what may be anything, something flat is written.
    const std::vector<std::string> flat{"string", "number", "boolean", "null"};
    for (const std::string& type : types.empty() ? (schema.contains("properties") ? std::vector<std::string>{"object"} : flat) : types)
      skip(of_type(start, type, schema, place, depth), end);
    return end;
  }

  int of_type(int from, const std::string& type, const Json& schema, const std::string& place, int depth) {
    if (type == "string") return string(from, schema, place);
    if (type == "number") return number(from, schema, place, false);
    if (type == "integer") return number(from, schema, place, true);
    if (type == "boolean") return choice(from, Json::array({true, false}), place, {});
    if (type == "null") return literal(from, "null");
    if (type == "array") return list(from, schema, place, depth);
    return object(from, schema, place, depth);
  }

  static std::vector<std::string> types_of(const Json& schema, const std::string& place) {
    static const std::set<std::string> kTypes{"string", "number", "integer", "boolean", "null", "array", "object"};
    std::vector<std::string> types;
    if (!schema.contains("type")) return types;
    const Json list = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
    for (const Json& type : list) {
      if (!type.is_string() || !kTypes.contains(type.get<std::string>())) refuse_schema(place, "type " + dump(type) + " is none of JSON's");
      types.push_back(type.get<std::string>());
    }
    if (types.empty()) refuse_schema(place, "type names none");
    return types;
  }

  [[nodiscard]] const Json& target(const Json& reference, const std::string& place) const {
    if (reference.is_string() && reference.get_ref<const std::string&>().starts_with("#")) {
      try {
        const Json::json_pointer pointer(reference.get_ref<const std::string&>().substr(1));
        if (root_.contains(pointer)) return root_.at(pointer);
      } catch (const Json::exception&) {  // no pointer
      }
    }
    refuse_schema(place, "$ref " + dump(reference) + " leads nowhere within the schema");
  }

  static std::optional<std::int64_t> count(const Json& schema, const char* keyword, const std::string& place) {
    if (!schema.contains(keyword)) return std::nullopt;
    const Json& number = schema[keyword];
    if (!number.is_number_unsigned() || number.get<std::uint64_t>() > kMostStates)
      refuse_schema(place, std::string(keyword) + " must be a whole number up to " + std::to_string(kMostStates));
    return number.get<std::int64_t>();
  }

  static std::optional<std::int64_t> bound(const Json& schema, const char* keyword, const std::string& place, bool up) {
    if (!schema.contains(keyword)) return std::nullopt;
    const Json& number = schema[keyword];
    if (!number.is_number() || !(std::abs(number.get<double>()) <= 1e15))
      refuse_schema(place, std::string(keyword) + " must be a number up to 1e15");
    const double limit = number.get<double>();
    return static_cast<std::int64_t>(up ? std::ceil(limit) : std::floor(limit));
  }

  const Json& root_;
  ByteGraph graph_;
};

}  // namespace

ByteGraph compile_schema(std::string_view schema) {
  try {
    static_cast<void>(parse_json_unique(schema, "schema", "property"));  // size, nesting, encoding
  } catch (const base::Error& error) {
    throw base::Error(base::ErrorCode::kInvalidArgument, error.message(), error.context(), "give a JSON Schema");
  }
  const Json root = Json::parse(schema);  // with the order of the properties
  return Compiler(root).compile();
}

}  // namespace reelgraph::captioner::local
